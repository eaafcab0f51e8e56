// A1 policies: what the non-RT RIC asks for, and whether it is so.

import { text } from "./draw.js";
import { when } from "./format.js";

const NAMES = { ENFORCED: "enforced", NOT_ENFORCED: "not enforced" };
const SHOWN = ["policy", "asks", "status", "why", "since"];

export function showA1(policies) {
  document.getElementById("a1-none").hidden = policies.length > 0;
  document.getElementById("a1-table").hidden = policies.length === 0;
  const body = document.querySelector("#a1-table tbody");
  while (body.children.length > policies.length) body.lastChild.remove();
  while (body.children.length < policies.length) body.append(row());
  policies.forEach((policy, index) => fill(body.children[index], policy));
}

function row() {
  const made = document.createElement("tr");
  for (const name of SHOWN) {
    const cell = document.createElement(name === "policy" ? "th" : "td");
    if (name === "policy") cell.scope = "row";
    cell.dataset.label = name;
    made.append(cell);
  }
  return made;
}

function fill(made, policy) {
  const [name, asks, status, why, since] = made.children;
  const enforced = policy.status === "ENFORCED";
  text(name, policy.policy_id);
  name.title = policy.type_id;
  text(asks, policy.asks);
  text(status, NAMES[policy.status]);
  status.dataset.level = enforced ? "good" : "warn";
  const reason = policy.reason === null ? "" : policy.reason.toLowerCase().replaceAll("_", " ");
  text(why, enforced ? "–" : `${reason}: ${policy.details}`);
  text(since, when(policy.changed_unix_s));
}

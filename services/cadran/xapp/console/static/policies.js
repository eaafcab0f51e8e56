// Policies: what runs, what should, and the way back.

import { ask as call } from "./access.js";
import { text } from "./draw.js";
import { clock } from "./format.js";

const ask = document.getElementById("ask");
let confirmed = null;

export function startPolicies(refresh) {
  for (const row of document.querySelectorAll("[data-policy]")) {
    const du = Number(row.dataset.policy);
    row.querySelector('[data-do="rollback"]').addEventListener("click", () => askFor(row, du, refresh));
    row.querySelector('[data-do="release"]').addEventListener("click", () => {
      send(`/v1/policies/${du}/pin`, "DELETE", null, (target) => `DU ${du} is released: version ${target.version}`, refresh);
    });
  }
  document.getElementById("ask-no").addEventListener("click", () => ask.close());
  document.getElementById("ask-yes").addEventListener("click", () => {
    ask.close();
    confirmed?.();
  });
}

export function showPolicies(dus) {
  for (const { du, policy } of dus) showPolicy(document.querySelector(`[data-policy="${du}"]`), policy);
}

function showPolicy(row, policy) {
  const { target, refusal } = policy;
  const field = (name) => row.querySelector(`[data-field="${name}"]`);
  text(field("running"), policy.running === null ? "–" : policy.running === 0 ? "none" : `version ${policy.running}`);
  text(field("target"), target ? `version ${target.version}${target.pinned ? ", pinned" : ""}` : "–");
  const state = policy.delivery.replace("_", " ");
  text(field("delivery"), refusal ? `${state}: ${refusal.cause}` : state);
  field("delivery").dataset.level = refusal ? "bad" : "good";
  const others = policy.held.filter((held) => held.version !== target?.version);
  const select = row.querySelector("select");
  if (document.activeElement !== select) offer(select, others, target);
  row.querySelector('[data-do="rollback"]').disabled = !others.length;
  row.querySelector('[data-do="release"]').disabled = !target?.pinned;
  row.dataset.pinned = target?.pinned ? "yes" : "no";
}

// The versions to choose from; what was chosen stays chosen while it is held.
function offer(select, held, target) {
  const names = held.map((one) => String(one.version));
  if (names.join() === [...select.options].map((option) => option.value).join()) return;
  const before = select.dataset.chosen;
  const older = held.find((one) => target && one.version < target.version) ?? held[0];
  select.replaceChildren(
    ...held.map((one) => {
      const updates = one.updates ? `, ${one.updates} updates` : "";
      return new Option(`${one.version}${updates}, ${clock(one.created_unix_s)}`, one.version);
    }),
  );
  if (names.includes(before)) select.value = before;
  else if (older) select.value = String(older.version);
  select.disabled = !held.length;
  select.onchange = () => (select.dataset.chosen = select.value);
}

function askFor(row, du, refresh) {
  const version = Number(row.querySelector("select").value);
  text(
    document.getElementById("ask-text"),
    `DU ${du} goes back to version ${version} and stays there: newer versions are kept and wait until you release it.`,
  );
  confirmed = () =>
    send(
      `/v1/policies/${du}/rollback`,
      "POST",
      { version },
      (target) => `DU ${du} is on its way back to version ${target.version} and pinned to it`,
      refresh,
    );
  ask.showModal();
}

export async function send(path, method, body, words, refresh) {
  const said = document.getElementById("said");
  try {
    const answer = await call(path, {
      method,
      headers: body ? { "content-type": "application/json" } : {},
      body: body ? JSON.stringify(body) : undefined,
    });
    const told = await answer.json();
    said.dataset.level = answer.ok ? "good" : "bad";
    text(said, answer.ok ? words(told) : `Refused: ${told.detail}`);
  } catch (error) {
    said.dataset.level = "bad";
    text(said, `Not known whether it was done: ${error.message}`);
  }
  refresh();
}

// The guard: by what each DU decides, how its policy does beside its own scheduler, and what was said last.

import { text } from "./draw.js";
import { number, when } from "./format.js";
import { send } from "./policies.js";

const LEVELS = {
  open: "bad", refused: "bad", failed: "bad", half_open: "warn", unproven: "wait", clipped: "warn",
};
const STATES = {
  unproven: "policy, not proven yet", closed: "policy", half_open: "policy, on trial", open: "own scheduler",
};
const SHOWN = ["time", "DU", "source", "control", "verdict", "why"];

export function startGuard(refresh) {
  for (const row of document.querySelectorAll("[data-breaker]")) {
    const du = Number(row.dataset.breaker);
    row.querySelector("button").addEventListener("click", () => {
      const state = row.dataset.state === "open" ? "closed" : "open";
      const words = (told) =>
        `DU ${du} ${told.answered ? "is" : "will be"} under its ${told.baseline ? "own scheduler" : "policy"}`;
      send(`/v1/guard/breakers/${du}`, "PUT", { state }, words, refresh);
    });
  }
}

export function showGuard(guard) {
  for (const breaker of guard.breakers) showBreaker(breaker, guard.mode);
  const counts = Object.entries(guard.verdicts).map(([verdict, count]) => `${count} ${verdict.replace("_", " ")}`);
  text(document.getElementById("guard-verdicts"), counts.join(", ") || "nothing yet");
  showLines(guard.lines);
}

function showBreaker(breaker, mode) {
  const row = document.querySelector(`[data-breaker="${breaker.du}"]`);
  const field = (name) => row.querySelector(`[data-field="${name}"]`);
  row.dataset.state = breaker.state;
  const only = breaker.state === "open" && !breaker.baseline ? " (told only)" : "";
  const by = breaker.manual ? ", by an operator" : "";
  text(field("state"), `${STATES[breaker.state]}${by}${only}${breaker.answered ? "" : ", not answered yet"}`);
  field("state").dataset.level = LEVELS[breaker.state] ?? "good";
  field("state").title = `circuit breaker ${breaker.state.replace("_", " ")}, mode ${mode}`;
  text(field("measured"), number(breaker.measured));
  text(field("estimate"), number(breaker.estimate));
  text(field("error"), number(breaker.model_error) + (breaker.trusted ? "" : ", too large to act on"));
  text(field("trial"), breaker.next_trial_s === null ? "–" : `in ${Math.ceil(breaker.next_trial_s)} s`);
  text(row.querySelector("button"), breaker.state === "open" ? "Back to the policy" : "Own scheduler");
  row.querySelector("button").disabled = false;
}

function showLines(lines) {
  document.getElementById("guard-table").hidden = lines.length === 0;
  const body = document.querySelector("#guard-table tbody");
  while (body.children.length > lines.length) body.lastChild.remove();
  while (body.children.length < lines.length) body.append(made());
  lines.forEach((line, index) => {
    const [time, du, source, control, verdict, why] = body.children[index].children;
    text(time, when(line.unix_s));
    text(du, String(line.du));
    text(source, line.name ? `${line.source} ${line.name}` : line.source);
    text(control, line.control.replace("_", " "));
    text(verdict, line.verdict.replace("_", " "));
    verdict.dataset.level = LEVELS[line.verdict] ?? "good";
    text(why, line.text || "–");
  });
}

function made() {
  const row = document.createElement("tr");
  for (const name of SHOWN) {
    const cell = document.createElement(name === "time" ? "th" : "td");
    if (name === "time") cell.scope = "row";
    cell.dataset.label = name;
    row.append(cell);
  }
  return row;
}

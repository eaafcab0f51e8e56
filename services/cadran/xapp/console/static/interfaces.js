// Health of the xApp and of its E2 sessions, and what a person should look at.

import { text } from "./draw.js";
import { ago, count } from "./format.js";

const NAMES = {
  pdus_sent: "PDUs sent",
  pdus_received: "PDUs received",
  pdus_dropped: "PDUs dropped",
  pdus_refused: "PDUs refused",
  indications_missed: "indications missed",
  sessions_opened: "sessions opened",
  sessions_closed: "sessions closed",
  tls_handshakes: "TLS handshakes",
};

export function showInterfaces(state) {
  showConditions(state.conditions);
  for (const du of state.dus) showNode(document.querySelector(`[data-node="${du.du}"]`), du);
  showTotals(state.e2);
}

export function showAlerts(alerts) {
  const list = document.querySelector("#alerts ul");
  const wanted = alerts.map(({ level, du, text: words }) => [level, du === null ? words : `DU ${du}: ${words}`]);
  if (!wanted.length) wanted.push(["good", "nothing to look at"]);
  fill(list, wanted, ([level, words], item) => {
    item.dataset.level = level;
    text(item, words);
  });
}

function showConditions(conditions) {
  fill(document.getElementById("conditions"), conditions, ({ name, reason }, item) => {
    item.dataset.level = reason === null ? "good" : "bad";
    text(item, reason === null ? name : `${name}: ${reason}`);
  });
}

function showNode(row, du) {
  const field = (name) => row.querySelector(`[data-field="${name}"]`);
  text(field("id"), du.node ?? "–");
  text(field("association"), du.node ? "up" : "down");
  field("association").dataset.level = du.node ? "good" : "bad";
  text(field("measurements"), du.cell ? ago(du.cell.age_s) : "none");
  text(field("experience"), du.rows_age_s === null ? "none" : ago(du.rows_age_s));
  text(field("stored"), count(du.stored));
}

function showTotals(totals) {
  const list = document.getElementById("e2");
  if (!list.children.length) {
    for (const name of Object.keys(totals)) {
      const pair = document.createElement("div");
      const term = document.createElement("dt");
      const value = document.createElement("dd");
      term.textContent = NAMES[name] ?? name;
      value.dataset.total = name;
      pair.append(term, value);
      list.append(pair);
    }
  }
  for (const value of list.querySelectorAll("dd")) text(value, count(totals[value.dataset.total]));
}

function fill(list, wanted, write) {
  while (list.children.length > wanted.length) list.lastChild.remove();
  while (list.children.length < wanted.length) list.append(document.createElement("li"));
  wanted.forEach((one, index) => write(one, list.children[index]));
}

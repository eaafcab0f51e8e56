// The rApp's registry: versions, what the gate said of them, and which one DUs start from.

import { paths, text } from "./draw.js";
import { ago, count, number, when } from "./format.js";

const SILENT_S = 300;  // an evaluation may take minutes
const LEAST_REACH = 0.001;  // a difference in the digits that nobody sees is not to fill the scale
const STAGES = { promoted: "good", retired: "wait", refused: "bad", waiting: "note" };
let drawn = "";

export function showRegistry(registry) {
  const note = document.getElementById("registry-note");
  const words = registry.absent
    ? "No rApp has kept a registry for this region: DUs start from fresh networks, or from what is delivered by hand."
    : registry.trouble
      ? `The registry's copy in Redis: ${registry.trouble}.`
      : registry.versions.length ? "" : "The rApp is at work and has cut no version yet.";
  text(note, words);
  note.hidden = !words;
  note.dataset.level = registry.trouble ? "bad" : "note";
  showSeen(registry);
  const known = JSON.stringify(registry.versions);
  if (known === drawn) return;
  drawn = known;
  showVersions(registry.versions);
  const more = registry.held - registry.versions.length;
  text(document.getElementById("registry-more"), more > 0 ? `and ${count(more)} older` : "");
}

function showSeen(registry) {
  const delivered = registry.versions.find((one) => one.delivered);
  fact("promoted", registry.promoted === null ? "none" : `version ${registry.promoted}`);
  fact("delivered", delivered ? `version ${delivered.version}` : "none of these");
  fact("held", count(registry.held));
  fact("gate", registry.pinned ? "pinned by a roll-back" : "open", registry.pinned ? "warn" : "good");
  const silent = registry.seen_age_s === null || registry.seen_age_s > SILENT_S;
  fact("seen", ago(registry.seen_age_s), silent ? "warn" : "good");
}

function fact(name, words, level) {
  const field = document.getElementById(`registry-${name}`);
  text(field, words);
  if (level) field.dataset.level = level;
}

function showVersions(versions) {
  const table = document.getElementById("registry-table");
  table.hidden = !versions.length;
  const differences = versions.map((one) => one.comparison).filter((one) => one !== null);
  const ends = differences.flatMap((one) => [one.low ?? one.mean, one.high ?? one.mean]);
  const reach = 1.08 * Math.max(LEAST_REACH, ...ends.map(Math.abs));
  table.querySelector("tbody").replaceChildren(...versions.map((one) => row(one, reach)));
}

function row(version, reach) {
  const made = document.createElement("tr");
  const stage = version.stage === "candidate" ? (version.judged ? "refused" : "waiting") : version.stage;
  made.dataset.stage = stage;
  const name = document.createElement("th");
  name.scope = "row";
  name.append(String(version.version));
  if (version.delivered) name.append(chip("delivered", "good"));
  made.append(
    name,
    cell("gate", chip(stage, STAGES[stage])),
    cell("score", number(version.score, 3)),
    cell("against the best", whisker(version.comparison, reach, stage)),
    cell("why", version.reason, "why"),
    cell("iterations", count(version.iterations)),
    cell("cut", when(version.created_unix_s)),
  );
  return made;
}

function cell(label, content, name) {
  const made = document.createElement("td");
  made.dataset.label = label;
  if (name) made.className = name;
  made.append(content);
  return made;
}

function chip(words, level) {
  const made = document.createElement("span");
  made.className = "chip";
  made.dataset.level = level;
  made.append(words);
  return made;
}

// Mean and 95 % interval of the difference; the line in the middle is no difference. What the gate let pass as
// not worse is not drawn as if it were.
function whisker(comparison, reach, stage) {
  if (comparison === null) return "–";
  const { against, mean, low, high } = comparison;
  const x = (value) => (50 + (50 * value) / reach).toFixed(2);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 100 12");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "whisker");
  svg.setAttribute("role", "img");
  const interval = low === null ? "" : `, from ${number(low, 3)} to ${number(high, 3)}`;
  svg.setAttribute("aria-label", `${number(mean, 3)} against version ${against}${interval}`);
  const sign = low !== null && low > 0 ? "better" : stage === "refused" ? "worse" : "even";
  const wanted = [["zero", "M50 0V12"]];
  if (low !== null) wanted.push([`span ${sign}`, `M${x(low)} 6H${x(high)}`]);
  wanted.push([`mean ${sign}`, `M${x(mean)} 1.5V10.5`]);
  paths(svg, wanted);
  return svg;
}

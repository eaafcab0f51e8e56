// The whole RAN in a few numbers.

import { text } from "./draw.js";
import { count, duration, mean, megabits, number, sum } from "./format.js";

export function showFacts(state) {
  const cells = state.dus.map((du) => du.cell).filter((cell) => cell !== null);
  const qualities = state.dus.map((du) => du.quality).filter((quality) => quality !== null);
  const met = qualities.flatMap((quality) => quality.met).filter((share) => share !== null);
  const blocks = sum([...document.querySelectorAll(".prbs")].map((grid) => Number(grid.dataset.rbs)));
  const used = sum(cells.flatMap((cell) => cell.rbs_used));
  const share = (value) => (value === null ? "–" : `${Math.round(100 * value)} %`);
  fact("reward", number(mean(qualities.map((quality) => quality.reward)), 3));
  fact("met", share(mean(met)));
  fact("ues", cells.length ? count(sum(cells.flatMap((cell) => cell.ues))) : "–");
  fact("rbs", cells.length ? share(used / blocks) : "–");
  fact("throughput", cells.length ? `${megabits(sum(cells.flatMap((cell) => cell.throughput_bps)))} Mbit/s` : "–");
  fact("frame", cells.length ? count(Math.max(...cells.map((cell) => cell.last_frame))) : "–");
  const shots = state.learner.shots;
  fact("updates", count(shots ? sum(shots) : state.learner.updates));
  text(document.getElementById("uptime"), `xApp up for ${duration(state.uptime_s)}`);
  showState(state);
}

function showState(state) {
  const badge = document.getElementById("state");
  const serious = state.alerts.filter((alert) => alert.level !== "note");
  const worst = serious.length ? serious[0].level : "good";
  badge.dataset.level = worst;
  text(badge, serious.length ? `${serious.length} alert${serious.length > 1 ? "s" : ""}` : "all well");
}

function fact(name, words) {
  text(document.getElementById(`fact-${name}`), words);
}

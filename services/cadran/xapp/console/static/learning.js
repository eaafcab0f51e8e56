// Curves of learning and of adapting.

import { bounds, line, paths, text } from "./draw.js";
import { duration, number, short } from "./format.js";

export function showLearning(state) {
  const { curves } = state;
  const end = curves.span_s;
  const mark = curves.before_s || null;
  const range = bounds(curves.reward);
  document.querySelectorAll('[data-curve="reward"]').forEach((figure) => {
    const du = Number(figure.dataset.du);
    show(figure, curves.reward[du], end, range, (value) => number(value, 3), { mark });
    showDuty(figure.querySelector(".duty"), curves.sam_share[du], end);
    showSpan(figure, end);
  });
  for (const name of ["critic_loss", "temperature"]) {
    const figure = document.querySelector(`[data-curve="${name}"]`);
    if (!figure) continue;
    show(figure, curves[name], end, bounds([curves[name]]), short, { mark });
    showSpan(figure, end);
  }
}

function showSpan(figure, end) {
  text(figure.querySelector(".x span"), `${duration(end)} ago`);
  text(figure.querySelector(".end"), "now");
}

export function showAdaptation(adaptation) {
  if (!adaptation) return;
  const origin = adaptation.initialisation;
  const name = origin ? `version ${origin.version} (${origin.sha256.slice(0, 8)})` : "none yet";
  text(document.getElementById("initialisation"), name);
  text(document.getElementById("shot-frames"), String(adaptation.shot_frames));
  const range = bounds(adaptation.dus.map((du) => du.rewards));
  for (const du of adaptation.dus) {
    const figure = document.querySelector(`[data-adapting="${du.du}"]`);
    show(figure, du.rewards, Math.max(du.shots, 1), range, (value) => number(value, 3), { from: du.joined });
    showGain(figure.querySelector(".gain"), du);
    const start = du.start === null ? "fresh networks" : `initialisation ${du.start}`;
    text(figure.querySelector(".origin"), du.cold ? "cold: fresh networks" : start);
    const settled = du.shots_to_95 === null ? "" : `, 95 % after ${du.shots_to_95}`;
    text(figure.querySelector(".end"), du.diverged ? `diverged: ${du.diverged}` : `${du.shots} shots${settled}`);
  }
}

// By how much the reward has changed since the DU joined.
function showGain(field, du) {
  const last = du.rewards.values.length ? du.rewards.values[du.rewards.values.length - 1] : null;
  const gain = last === null || du.joined === null ? null : last - du.joined;
  text(field, gain === null ? "" : `${gain < 0 ? "−" : "+"}${number(Math.abs(gain), 3)}`);
  field.dataset.level = gain === null ? "wait" : gain < 0 ? "warn" : "good";
}

// A curve with a level to compare it with (from) and the time of a restart (mark), where there are such.
function show(figure, curve, end, [low, high], format, { from = null, mark = null }) {
  const last = curve.values.length ? curve.values[curve.values.length - 1] : null;
  text(figure.querySelector("figcaption b"), format(last));
  text(figure.querySelector(".top"), short(high));
  text(figure.querySelector(".bottom"), short(low));
  const path = line(curve.seconds, curve.values, end, low, high);
  const rules = [["rule", "M0 25H100M0 50H100M0 75H100"]];
  if (from !== null) rules.push(["from", line([0, end], [from, from], end, low, high)]);
  if (mark !== null) rules.push(["mark", line([mark, mark], [low, high], end, low, high)]);
  paths(figure.querySelector(".plot svg"), [...rules, ["curve", path]]);
}

function showDuty(strip, share, end) {
  if (!strip) return;
  const last = share.values.length ? share.values[share.values.length - 1] : null;
  text(strip.querySelector("b"), last === null ? "–" : `${Math.round(100 * last)} %`);
  const wanted = [];
  share.seconds.forEach((second, index) => {
    if (share.values[index] <= 0) return;
    const from = (100 * (index ? share.seconds[index - 1] : 0)) / end;
    wanted.push(["sam", `M${from} 0H${(100 * second) / end}V1H${from}z`, share.values[index].toFixed(2)]);
  });
  paths(strip.querySelector("svg"), wanted);
}

// Cells: resource blocks, traffic and quality of each DU.

import { blocks, stack, text } from "./draw.js";
import { SLICES, megabits, milliseconds, mean, number, short, sum } from "./format.js";

const WINDOWS = 60;

export function showRan(state) {
  for (const du of state.dus) showDu(document.querySelector(`[data-du="${du.du}"].du`), du);
}

function showDu(card, du) {
  const field = (name, within = card) => within.querySelector(`[data-field="${name}"]`);
  const cell = du.cell;
  const pinned = du.policy.target?.pinned;
  const level = du.node === null ? "bad" : belowTarget(card, du) ? "warn" : "good";
  const words = { bad: "no E2", warn: "below target", good: pinned ? "pinned" : "on target" };
  const chip = field("state");
  chip.dataset.level = du.node !== null && du.quality === null ? "wait" : level;
  text(chip, chip.dataset.level === "wait" ? "waiting" : words[level]);
  text(field("reward"), number(du.quality?.reward ?? null, 3));
  showBlocks(card, cell, du.rbs_before);
  card.querySelectorAll("tr[data-slice]").forEach((row, slice) => {
    text(field("ues", row), cell ? number(cell.ues[slice], Number.isInteger(cell.ues[slice]) ? 0 : 1) : "–");
    text(field("rbs", row), cell ? `${number(cell.rbs_used[slice], 0)}/${number(cell.rbs_quota[slice], 0)}` : "–");
    text(field("throughput", row), cell ? megabits(cell.throughput_bps[slice]) : "–");
    text(field("delay", row), cell ? milliseconds(cell.delay_s[slice]) : "–");
    showQuality(row, du.quality, slice, field("quality", row));
  });
  const efficiency = cell ? mean(cell.spectral_efficiency.filter((value) => value !== null)) : null;
  const radio = [];
  if (efficiency !== null) radio.push(`${number(efficiency, 1)} bit/s/Hz`);
  if (cell?.power_w) radio.push(`${short(cell.power_w)} W`);
  if (cell?.handovers) radio.push(`${cell.handovers} handovers`);
  text(field("radio"), radio.join(" · ") || "–");
  text(field("policy"), du.policy.running ? `policy ${du.policy.running}${pinned ? ", pinned" : ""}` : "no policy known");
}

function belowTarget(card, du) {
  if (!du.quality) return false;
  return [...card.querySelectorAll(".gauge")].some(
    (gauge, slice) => gauge.dataset.target && du.quality.slices[slice] < Number(gauge.dataset.target),
  );
}

function showQuality(row, quality, slice, field) {
  const gauge = row.querySelector(".gauge");
  const value = quality ? quality.slices[slice] : 0;
  gauge.setAttribute("aria-valuenow", value.toFixed(2));
  gauge.style.setProperty("--value", value);
  if (gauge.dataset.target) gauge.style.setProperty("--target", gauge.dataset.target);
  const below = quality && gauge.dataset.target && value < Number(gauge.dataset.target);
  row.dataset.below = below ? "yes" : "no";
  text(field, quality ? number(value) : "–");
}

function showBlocks(card, cell, before) {
  const grid = card.querySelector(".prbs");
  const total = Number(grid.dataset.rbs);
  const used = SLICES.map((_, slice) => Math.round(cell?.rbs_used[slice] ?? 0));
  let room = Math.max(0, total - sum(used));
  const parts = [];
  SLICES.forEach((name, slice) => {
    const granted = Math.max(0, Math.min(Math.round(cell?.rbs_quota[slice] ?? 0) - used[slice], room));
    room -= granted;
    parts.push([name, used[slice]], [`${name} unused`, granted]);
  });
  blocks(grid, total, [...parts, ["free", room]]);
  const told = SLICES.map((name, slice) => `${name} ${used[slice]}`).join(", ");
  grid.setAttribute("aria-label", `Resource blocks used of ${total}: ${told}`);
  stack(card.querySelector(".before"), SLICES, before, WINDOWS, total);
}

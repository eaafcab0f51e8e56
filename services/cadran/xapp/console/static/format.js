// Numbers and times as people read them.

export const SLICES = ["embb", "mmtc", "urllc"];
const NOTHING = "–";

export function number(value, digits = 2) {
  return value === null || value === undefined ? NOTHING : value.toFixed(digits);
}

export function count(value) {
  return value === null || value === undefined ? NOTHING : Math.round(value).toLocaleString("en");
}

export function short(value) {
  if (value === null || value === undefined) return NOTHING;
  if (value === 0) return "0";
  const size = Math.abs(value);
  return size >= 0.001 && size < 10000 ? String(Number(value.toPrecision(3))) : value.toExponential(1);
}

export function milliseconds(seconds) {
  if (seconds === null) return NOTHING;
  const ms = 1000 * seconds;
  return `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms`;
}

export function megabits(bps) {
  if (bps === null) return NOTHING;
  const mega = bps / 1e6;
  return mega < 10 ? mega.toFixed(2) : mega.toFixed(1);
}

export function ago(seconds) {
  if (seconds === null) return NOTHING;
  return seconds < 2 ? "now" : `${duration(seconds)} ago`;
}

export function duration(seconds) {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function clock(unixSeconds) {
  return new Date(1000 * unixSeconds).toLocaleTimeString("en-GB");
}

// The time of a day that is today, else also the day.
export function when(unixSeconds) {
  const time = new Date(1000 * unixSeconds);
  if (time.toDateString() === new Date().toDateString()) return clock(unixSeconds);
  return time.toLocaleString("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

export function sum(values) {
  return values.reduce((total, value) => total + (value ?? 0), 0);
}

export function mean(values) {
  return values.length ? sum(values) / values.length : null;
}

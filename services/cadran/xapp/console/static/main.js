// Asks the xApp for its state, again and again, and shows it.

import { showA1 } from "./a1.js";
import { ask } from "./access.js";
import { showFacts } from "./facts.js";
import { clock } from "./format.js";
import { showGuard, startGuard } from "./guard.js";
import { showAlerts, showInterfaces } from "./interfaces.js";
import { showAdaptation, showLearning } from "./learning.js";
import { showPolicies, startPolicies } from "./policies.js";
import { showRan } from "./ran.js";
import { showRegistry } from "./registry.js";

const PERIOD_MS = 1000;
const PATIENCE_MS = 5000;
const lost = document.getElementById("lost");
let answeredAt = null;
let timer = null;

async function poll() {
  clearTimeout(timer);
  try {
    const answer = await ask("/v1/console", { cache: "no-store", signal: AbortSignal.timeout(PATIENCE_MS) });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    show(await answer.json());
  } catch (error) {
    complain(error);
  }
  clearTimeout(timer);
  if (!document.hidden) timer = setTimeout(poll, PERIOD_MS);
}

function show(state) {
  answeredAt = state.time_s;
  lost.hidden = true;
  document.body.dataset.link = "up";
  showRan(state);
  showLearning(state);
  showAdaptation(state.adaptation);
  if (state.adaptation) showRegistry(state.adaptation.registry);
  showPolicies(state.dus);
  showA1(state.a1);
  showGuard(state.guard);
  showInterfaces(state);
  showAlerts(state.alerts);
  showFacts(state);
}

function complain(error) {
  const since = answeredAt === null ? "yet" : `since ${clock(answeredAt)}; what is shown is from then`;
  lost.textContent = `The xApp has not answered ${since} (${error.message}).`;
  lost.hidden = false;
  document.body.dataset.link = "lost";
  const badge = document.getElementById("state");
  badge.dataset.level = "bad";
  badge.textContent = "no answer";
}

function startScheme() {
  const select = document.getElementById("scheme");
  const apply = () => {
    if (select.value) document.documentElement.dataset.scheme = select.value;
    else delete document.documentElement.dataset.scheme;
  };
  select.value = localStorage.getItem("cadran-scheme") ?? "";
  apply();
  select.addEventListener("change", () => {
    localStorage.setItem("cadran-scheme", select.value);
    apply();
  });
}

startScheme();
startPolicies(poll);
startGuard(poll);
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) poll();
});
poll();

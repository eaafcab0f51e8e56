"""Studies of arXiv 2512.13715: initialisations are trained, adapted in networks never seen, and compared."""

from cadran.lab.meta.studies.budget import BUDGETS, Budget
from cadran.lab.meta.studies.command import Order, plan_studies, run_studies
from cadran.lab.meta.studies.studies import STUDIES
from cadran.lab.meta.studies.study import Study

__all__ = ["BUDGETS", "STUDIES", "Budget", "Order", "Study", "plan_studies", "run_studies"]

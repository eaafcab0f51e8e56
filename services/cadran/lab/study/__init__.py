"""Studies: what must run, kept so that nothing runs twice, on worker processes, resumable at any moment."""

from cadran.lab.study.budget import BUDGETS, Budget, PresetBudget
from cadran.lab.study.cell import Baseline, Cell, Exam
from cadran.lab.study.command import Order, plan_studies, run_studies
from cadran.lab.study.engine import Engine
from cadran.lab.study.folder import Answer
from cadran.lab.study.local import LocalEngine
from cadran.lab.study.results import Results
from cadran.lab.study.runner import StudyFailed
from cadran.lab.study.study import HELD_OUT, HELD_OUT_SEED, Context, Question, Study

__all__ = [
    "BUDGETS",
    "HELD_OUT",
    "HELD_OUT_SEED",
    "Answer",
    "Baseline",
    "Budget",
    "Cell",
    "Context",
    "Engine",
    "Exam",
    "LocalEngine",
    "Order",
    "PresetBudget",
    "Question",
    "Results",
    "Study",
    "StudyFailed",
    "plan_studies",
    "run_studies",
]

"""Nothing that comes from a file or a peer can run code: no format that does is read anywhere."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

SOURCES = sorted((Path(__file__).parents[2] / "services").rglob("*.py"))
MODULES = {"pickle", "_pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve", "jsonpickle"}
UNSAFE = {"yaml": {"unsafe_load", "full_load"}, "torch": {"load", "save"}}


def imported(tree: ast.AST) -> set[str]:
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            found.add((node.module or "").partition(".")[0])
    return found


def unsafe_calls(tree: ast.AST) -> list[str]:
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        match node.func:
            case ast.Attribute(value=ast.Name(id=module), attr=name) if name in UNSAFE.get(module, ()):
                found.append(f"{module}.{name}")
            case ast.Name(id="eval" | "exec" as name):
                found.append(name)
        allowed = [word.value for word in node.keywords if word.arg == "allow_pickle"]
        if any(not (isinstance(value, ast.Constant) and value.value is False) for value in allowed):
            found.append("allow_pickle")
    return found


@pytest.mark.parametrize("text", ["import pickle", "from dill import loads", "import joblib.externals"])
def test_a_module_that_pickles_is_seen(text: str) -> None:
    assert imported(ast.parse(text)) & MODULES


@pytest.mark.parametrize("text", ["torch.load(f)", "np.load(f, allow_pickle=True)", "eval(t)"])
def test_a_call_that_runs_what_it_reads_is_seen(text: str) -> None:
    assert unsafe_calls(ast.parse(text))


def test_nothing_pickles_or_runs_what_it_reads() -> None:
    assert SOURCES
    found = {}
    for path in SOURCES:
        tree = ast.parse(path.read_text())
        faults = sorted(imported(tree) & MODULES) + unsafe_calls(tree)
        if faults:
            found[path.name] = faults
    assert found == {}

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from cadran.lab.meta.studies.manifest import Manifest as MetaManifest
from cadran.lab.study.manifest import Manifest
from cadran.lab.study.origin import Origin, origin


def some(tmp_path: Path) -> Origin:
    scenario = tmp_path / "s.yaml"
    scenario.write_text("name: s\n")
    return origin(
        command="cadran lab",
        studies=["one", "two"],
        scenario=scenario,
        overrides=[],
        budget="smoke",
        plan={"iterations": 3, "shots": (1, 2)},
        seeds=[0, 1, 2],
        device="cpu",
        trained_on="2 processes",
        sessions=[],
        training_cpu_s=7200.0,
    )


def test_a_record_names_each_fact_once_and_at_the_top(tmp_path: Path) -> None:
    shared = some(tmp_path)
    whole = Manifest(shared, preset="table1", core_seeds=(0,), held_out_seed=9, left_out={"a": "b"})
    meta = MetaManifest(shared, shots={"envs": 4}, new_networks=(10, 11))
    for made, own in ((whole, "held_out_seed"), (meta, "new_networks")):
        record = json.loads(json.dumps(made.record()))
        assert "origin" not in record
        assert record["studies"] == ["one", "two"]
        assert record["scenario_sha256"] == hashlib.sha256(b"name: s\n").hexdigest()
        assert own in record


def test_a_page_tells_what_was_asked_before_where_it_ran(tmp_path: Path) -> None:
    facts = some(tmp_path).facts({"Seeds": "0 to 2"})
    assert list(facts) == [
        *("Command", "Scenario", "Overrides", "Budget", "Seeds"),
        *("Versions", "Machine", "Trained on", "Run time", "Date"),
    ]
    assert facts["Budget"] == "smoke: iterations 3, shots 1 2"
    assert facts["Run time"] == "0 s in 0 sessions; trainings 2.0 h of processor time"

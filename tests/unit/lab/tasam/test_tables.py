"""What tables and sentences say of results that are known."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cadran.lab.experiment import varied
from cadran.lab.statistics import Interval
from cadran.lab.tasam.figures.distributions import physical, share_reaching, target
from cadran.lab.tasam.orderings import Ordering, orderings, orderings_of_runs, pairs_of, tally
from cadran.lab.tasam.scores import gain_percent, over_runs, paired
from cadran.lab.tasam.standing import place, standing, verdict
from cadran.lab.tasam.studies import STUDIES
from cadran.lab.tasam.table2 import PAPER, RANKED
from cadran.lab.tasam.table2 import STUDY as TABLE2
from cadran.lab.tasam.table3 import CLAIMS, OVER_CENTRAL
from cadran.problem import ProblemSpec

from .made_up import MadeUpArchive, context, made_up

SPEC = ProblemSpec(reward="eq8")


def ranked_as(names):
    """Levels that fall along the names."""
    place = {name: 1.0 - 0.1 * at for at, name in enumerate(names)}
    return MadeUpArchive(lambda name, setting, condition: place.get(name, 0.5), noise=0.001)


def test_the_papers_numbers_agree_with_its_text():
    leads = [a - b for a, b in zip(OVER_CENTRAL["tasam"], OVER_CENTRAL["plastic"], strict=True)]
    assert leads == pytest.approx([8.5, 5.3, 23.6], abs=0.1)
    assert OVER_CENTRAL["tasam"] == PAPER["tasam"]
    for column in zip(*PAPER.values(), strict=True):
        assert list(column) == sorted(column, reverse=True)


@pytest.mark.usefixtures("_undrawn")
def test_table_2_counts_what_holds_if_all_is_as_in_the_paper():
    section = TABLE2.analyse(made_up(TABLE2, ranked_as(RANKED)))
    assert "6 hold here" in section.answer[0]
    assert "18 hold here" in section.answer[1]


@pytest.mark.usefixtures("_undrawn")
def test_table_2_counts_what_is_reversed_if_all_is_the_other_way_round():
    section = TABLE2.analyse(made_up(TABLE2, ranked_as(RANKED[::-1])))
    assert "0 hold here" in section.answer[0]
    assert "6 are reversed" in section.answer[0]


@pytest.mark.usefixtures("_undrawn")
def test_table_2_has_the_papers_percentages_beside_ours():
    section = TABLE2.analyse(made_up(TABLE2))
    gains = section.tables[0]
    assert [row[0] for row in gains.rows] == list(RANKED)
    for row in gains.rows:
        assert (row[2], row[4], row[6]) == PAPER[str(row[0])]
        assert isinstance(row[1], Interval)


@pytest.mark.usefixtures("_undrawn")
def test_what_is_measured_with_a_clock_is_in_tables_called_cost():
    section = TABLE2.analyse(made_up(TABLE2))
    timed = [table.name for table in section.tables if any("(s)" in column for column in table.columns)]
    assert timed
    assert all(name.startswith("cost") for name in timed)


def test_the_way_to_the_oracle_is_0_at_the_best_heuristic_and_100_at_the_oracle():
    levels = {"random": 0.0, "tuned-priority": 0.5, "frame-oracle": 1.0, "bound": 1.2, "sac": 0.75}
    archive = MadeUpArchive(lambda name, setting, condition: levels.get(name, 0.4), noise=0.0)
    table = standing(made_up(TABLE2, archive), RANKED, setting="alpha=static")
    way = {row[0]: row[-1] for row in table.rows}
    assert way["tuned-priority"] == pytest.approx(0)
    assert way["sac"] == pytest.approx(50)
    assert way["frame-oracle"] == pytest.approx(100)
    assert way["bound"] == pytest.approx(140)
    kinds = [row[1] for row in table.rows]
    assert kinds == sorted(kinds, key=["heuristic", "learned", "clairvoyant", "bound"].index)


@given(st.floats(0.5, 2.0), st.floats(0.1, 5.0))
def test_a_gain_is_the_ratio_of_means_whatever_the_scale(ratio, scale):
    base = np.array([[0.2, 0.4, 0.3], [0.3, 0.5, 0.4]])
    gain = gain_percent(ratio * base, base)
    scaled = gain_percent(scale * ratio * base, scale * base)
    assert gain is not None
    assert scaled is not None
    assert gain.value == pytest.approx(100 * (ratio - 1), abs=1e-9)
    assert gain.low <= gain.value <= gain.high
    assert (scaled.low, scaled.high) == pytest.approx((gain.low, gain.high))


def test_a_gain_over_fixed_episodes_that_all_agree_is_exact():
    base = np.array([[0.2, 0.4, 0.3]])
    gain = gain_percent(1.2 * base, base)
    assert gain is not None
    assert (gain.low, gain.value, gain.high) == pytest.approx((20, 20, 20))


def test_there_is_no_gain_over_nothing():
    assert gain_percent(np.ones((2, 3)), np.zeros((2, 3))) is None


def test_only_an_interval_that_excludes_0_decides():
    found = [
        Ordering("a", "b", Interval(1.0, 0.1, 2.0)),
        Ordering("a", "b", Interval(-1.0, -2.0, -0.1)),
        Ordering("a", "b", Interval(1.0, -0.1, 2.0)),
        Ordering("a", "b", 1.0),
    ]
    assert tally(found, "4 pairs") == (
        "Of 4 pairs, 1 holds here (the 95 % interval excludes 0), 1 is reversed, and 2 cannot be told apart; "
        "about 0.2 would be told apart by chance alone."
    )


def test_orderings_go_from_the_better_to_the_worse():
    scores = {"a": np.full((2, 4), 2.0), "b": np.full((2, 4), 1.0), "c": np.full((2, 4), 1.5)}
    found = orderings(pairs_of(("a", "b", "c")), scores.__getitem__)
    assert [(one.above, one.below, one.verdict) for one in found] == [
        ("a", "b", "holds"),
        ("a", "c", "holds"),
        ("b", "c", "reversed"),
    ]


def test_orderings_of_runs_are_paired_by_seed():
    numbers = {"a": {0: 1.0, 1: 5.0, 2: 9.0}, "b": {0: 0.9, 1: 4.9, 2: 8.9, 3: 100.0}}
    (found,) = orderings_of_runs([("a", "b")], numbers)
    assert found.verdict == "holds"
    assert isinstance(paired(numbers["a"], numbers["b"]), Interval)
    assert over_runs([3.0]) == 3.0


def test_claims_of_table_3_do_not_contradict_each_other():
    assert not {(below, above) for above, below in CLAIMS} & set(CLAIMS)


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        (Interval(0.1, 0.05, 0.15), "A earns more than B"),
        (Interval(-0.1, -0.15, -0.05), "A earns less than B"),
        (Interval(0.0, -0.1, 0.1), "A and B cannot be told apart"),
    ],
)
def test_a_difference_in_words(interval, words):
    assert verdict(interval, "A", "B").startswith(words)


def test_targets_are_those_of_section_vi_in_their_units():
    levels = [float(physical(np.array(target(index, SPEC)), index, SPEC)) for index in range(3)]
    assert levels == pytest.approx([10.0, 50.0, 2.0])


@given(st.floats(0.0, 1.0))
def test_the_share_that_reaches_a_level_of_a_uniform_distribution(level):
    assert share_reaching(np.linspace(0.0, 1.0, 101), level) == pytest.approx(1.0 - level, abs=0.011)


@pytest.mark.usefixtures("_undrawn")
def test_the_best_learned_agent_is_chosen_on_tuning_episodes():
    archive = MadeUpArchive(
        level=lambda name, setting, condition: {"sac": 2.0, "equal": 1.5}.get(name, 1.0),
        tuning=lambda name: 2.0 if name == "tasam-static-rho" else 1.0,
    )
    said = place(made_up(TABLE2, archive), RANKED, "alpha=static")
    assert said[0].startswith(
        "The learned agent that is best on tuning episodes (tasam-static-rho) earns less"
    )
    assert "(equal)" in said[0]


@pytest.mark.usefixtures("_undrawn")
def test_tables_say_which_intervals_are_over_runs_alone():
    notes = {
        table.name: table.note
        for study in (STUDIES["fig10"], STUDIES["table3"])
        for table in study.analyse(made_up(study)).tables
    }
    assert "paired by seed" in notes["orderings-urllc"]
    assert "training runs and episodes" in notes["orderings"]


@pytest.mark.usefixtures("_undrawn")
def test_a_negative_eigenvalue_counts_by_its_magnitude_and_is_shown():
    class Saddles(MadeUpArchive):
        def trained(self, cell):
            run = super().trained(cell)
            return replace(run, curvature={"critic": np.array(-100.0), "actor": np.full(6, 10.0)})

    study = STUDIES["fig9"]
    section = study.analyse(made_up(study, Saddles()))
    (table,) = [table for table in section.tables if table.name == "sharpness"]
    for row in table.rows:
        shown = dict(zip(table.columns, row, strict=True))
        assert shown["critic: log10 of |λ_max|"].value == pytest.approx(2.0)
        assert shown["actor: log10 of |λ_max|"].value == pytest.approx(1.0)
        assert (shown["critic: share with λ_max < 0"], shown["actor: share with λ_max < 0"]) == (1.0, 0.0)


@pytest.mark.parametrize(("lead", "sure"), [(0.5, True), (0.0001, False)])
@pytest.mark.usefixtures("_undrawn")
def test_the_best_number_of_dus_is_surely_best_only_if_an_interval_says_so(lead, sure):
    archive = MadeUpArchive(
        level=lambda name, setting, condition: 1.0 + (lead if setting == "dus=6" else 0.0),
        noise=1e-3,
    )
    study = STUDIES["fig8"]
    (said,) = [text for text in study.analyse(made_up(study, archive)).answer if "is highest" in text]
    assert ("it is more than that" in said) == sure
    assert ("cannot be told apart" in said) == (not sure)


@pytest.mark.usefixtures("_undrawn")
def test_quartiles_of_a_handful_of_runs_have_no_interval():
    study = STUDIES["fig7"]
    (table,) = [table for table in study.analyse(made_up(study)).tables if table.name == "quartiles"]
    for _, _, _, low, high, width in table.rows:
        assert width == pytest.approx(high - low)
        assert width >= 0


@pytest.mark.parametrize(("name", "table"), [("fig10", "targets"), ("fig11", "rates")])
@pytest.mark.usefixtures("_undrawn")
def test_distributions_stand_beside_heuristics_and_yardsticks(name, table):
    section = STUDIES[name].analyse(made_up(STUDIES[name]))
    (found,) = [one for one in section.tables if one.name == table]
    rows = [row[0] for row in found.rows]
    assert {"tuned-priority", "frame-oracle", "both-sam"} <= set(rows)
    assert "bound" not in rows


def test_links_reach_50_ms_and_20_percent_on_either_path():
    links = [cell.experiment.link for cell in STUDIES["link"].cells(context())]
    frame_ms = 1e3 * context().experiment.world.frame_s
    for path in ("report", "policy"):
        delays = {getattr(link, f"{path}_delay_frames") for link in links}
        assert {frame_ms * delay for delay in delays} == {0, 10, 30, 50}
        assert {getattr(link, f"{path}_loss") for link in links} == {0, 0.05, 0.2}


@pytest.mark.usefixtures("_undrawn")
def test_the_best_threshold_is_chosen_on_tuning_episodes():
    archive = MadeUpArchive(
        level=lambda name, setting, condition: 2.0 if name == "tasam-threshold-2" else 1.0,
        tuning=lambda name: 2.0 if name == "tasam-threshold-0.8" else 1.0,
    )
    study = STUDIES["threshold"]
    said = study.analyse(made_up(study, archive)).answer
    assert any(text.startswith("On tuning episodes a threshold of 0.8 is best") for text in said)


@pytest.mark.parametrize("setting", ["problem.reward=delivered", "problem.eq8.quality=eq6"])
@pytest.mark.usefixtures("_undrawn")
def test_figure_10_has_no_units_for_other_qualities(setting):
    place = context()
    other = replace(place, experiment=varied(place.experiment, (setting,)))
    section = STUDIES["fig10"].analyse(made_up(STUDIES["fig10"], of=other))
    assert section.answer[0].startswith("Not answered")
    assert not section.tables


@pytest.mark.parametrize("preset", ["repaired", "literal"])
@pytest.mark.usefixtures("_undrawn")
def test_figure_6_asks_for_the_papers_falling_radius_where_it_is_another(preset):
    study = STUDIES["fig6"]
    said = study.analyse(made_up(study, of=context(preset))).answer[-1]
    assert said.startswith("TA-SAM")
    assert ("is the paper's" in said) == (preset == "literal")

"""`experiment=cascade`: its numbers are those of the formulas, and its sentences say what they mean."""

from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.cascade import Cascade
from cofail_lab.grades import Grades
from tests.conftest import real_path
from tests.experiments.sources import Fixed


def pool(rng, n=600, price=5.0, edge=0.0, **cells):
    """L right with probability .2 + .7c at confidence c, H with .9 (less where c is low, by ``edge``)."""
    c = rng.random(n)
    right = rng.random((n, 2)) < np.column_stack([0.2 + 0.7 * c, 0.9 - edge * (1 - c)])
    per_cell = {"confidence": np.column_stack([c, c]), "cost": np.tile([1.0, price], (n, 1)), **cells}
    names = tuple(f"q{i}" for i in range(n))
    return Grades((~right).astype(np.int8), names, ("small", "big"), "made", per_cell=per_cell)


def read(grades, **parameters):
    experiment = Cascade(**{"bootstrap": 20, **parameters})
    return experiment.run(Inputs(RunOptions(), source=lambda: Fixed(grades)))


def test_numbers_and_words(rng):
    result = read(pool(rng), fraction=0.4)
    m = result.metrics
    assert m["gap_area"] == pytest.approx(m["gap_area_by_auc"], abs=1e-12)
    assert m["gap_area"] == pytest.approx(m["gap_area_by_covariance"], abs=1e-12)
    assert m["gap_area_lower"] < m["gap_area"] < m["gap_area_upper"]
    assert m["escalation_gap"] > m["dollar_gap"] > 0
    assert m["mixed_fraction"] == pytest.approx(0.4 * 5 / 4)
    assert (result.labels["cheap"], result.labels["strong"], result.labels["signal"]) == ("small", "big", "confidence")
    assert "small → big by confidence: the cascade gains" in result.headline
    assert "At 40% escalated it gains" in result.headline
    rows = result.tables["fractions"].to_pylist()
    assert [row["fraction"] for row in rows] == [0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9]
    assert rows[3]["dollar_gap"] == m["dollar_gap"]
    assert result.tables["verifier"].column("noise").to_pylist() == [0, 0.25, 0.5, 0.75, 0.9, 1]
    said = " ".join(sentence for section in result.sections for sentence in section.sentences)
    assert "escalated on it costs more than big alone" in said
    assert "pure noise gives" in said
    assert "is no gain" not in said
    assert "covers zero" in said
    result.figures["cascade"]()


def test_the_gain_of_deferral_is_over_the_threshold(rng):
    """H adds .3 where L is the surer one, and nothing elsewhere: a threshold has it the wrong way round."""
    n, x = 3000, rng.random(3000)
    cheap = 0.2 + 0.4 * x
    right = rng.random((n, 2)) < np.column_stack([cheap, cheap + 0.3 * (x > 0.5)])
    cells = {"confidence": np.column_stack([x, x]), "cost": np.tile([1.0, 4.0], (n, 1))}
    grades = Grades((~right).astype(np.int8), tuple(map(str, range(n))), ("small", "big"), "made", per_cell=cells)
    m = read(grades, fraction=0.5).metrics
    assert m["deferral_gain"] == pytest.approx(0.15, abs=0.05)
    assert m["deferral_gain_lower"] > 0
    assert m["gap_area"] < 0 < m["largest_gap"]


def test_where_the_strong_model_is_cheaper_there_is_no_dollar_gap(rng):
    result = read(pool(rng, price=0.5), cheap="small", strong="big", bootstrap=0)
    assert result.labels["prices"] == "strong_cheaper"
    for name in ("dollar_gap", "mixed_fraction", "best_dollar_gap", "dollar_gap_lower"):
        assert result.metrics[name] is None
    assert result.metrics["gap_area_lower"] is None
    assert "mixing them trades no dollars for accuracy" in result.headline
    said = " ".join(result.sections[0].sentences)
    assert "no mix of the two trades dollars for accuracy" in said
    assert "big alone is cheaper and better" in said
    result.figures["cascade"]()


def test_equal_prices_are_called_equal(rng):
    result = read(pool(rng, price=1.0), cheap="small", strong="big", bootstrap=0)
    assert "big costs as much, so that mixing them trades no dollars" in result.headline
    assert "big alone is as cheap and better" in " ".join(result.sections[0].sentences)


def test_where_costs_are_unknown_only_escalation_is_compared(rng):
    priced = pool(rng)
    grades = replace(priced, per_cell={name: held for name, held in priced.per_cell.items() if name != "cost"})
    result = read(grades, cheap="small")
    assert result.metrics["dollar_gap"] is None
    assert result.metrics["price_cheap"] is None
    assert "dollars are unknown" in result.headline
    with pytest.raises(InputError, match=r"no costs to find a cheap model by; experiment.cheap can name it"):
        read(grades)


def test_an_auc_above_one_half_that_does_not_help_is_explained(rng):
    """H fails where L does, and is better separated."""
    result = read(pool(rng, n=1500, edge=0.88), cheap="small", strong="big")
    assert result.metrics["auc_cheap"] > 0.5
    assert result.metrics["gap_area"] < 0
    assert "An AUC above one half is no gain" in " ".join(result.sections[0].sentences)
    assert "the cascade loses" in result.headline


def test_real_pairs_through_the_command(run):
    path = real_path("medagents_zeroshot")
    done = run(
        "experiment=cascade",
        "data=csv",
        f"data.path={path}",
        "experiment.cheap=o3-mini",
        "experiment.strong=DeepSeek-R1",
        "experiment.bootstrap=0",
        "record.figures=false",
    )
    assert done.code == 0, done.err
    text = " ".join(done.out.split())
    assert "o3-mini → DeepSeek-R1 by tokens: the cascade gains 0.71 points" in text
    assert "+0.00707" in text


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"signal": "frac"}, "experiment.signal: 'frac' is known only after grading, it would leak"),
        ({"cheap": "tiny"}, "experiment.cheap: 'tiny' is not one of the 2 models (small, big)"),
        ({"fraction": 2}, "experiment.fraction: 2 is outside [0, 1]"),
        ({"fractions": 0.3}, "experiment.fractions: 0.3 is not a list of numbers in [0, 1]"),
        ({"fractions": [0.3, -1]}, "experiment.fractions: -1 is outside [0, 1]"),
        ({"bootstrap": -1}, "experiment.bootstrap: -1 is not a whole number >= 0"),
        ({"level": 1}, "experiment.level: 1 is outside (0, 1)"),
        ({"signal": "tokens"}, "experiment=cascade: there is no tokens column for the answers of small"),
    ],
)
def test_bad_parameters_are_named(rng, parameters, message):
    with pytest.raises(InputError) as raised:
        read(pool(rng, n=50), **parameters)
    assert str(raised.value).startswith(message)


def test_another_seed_is_another_bootstrap(rng):
    grades = pool(rng, n=100)
    lower = {
        seed: Cascade(bootstrap=20).run(Inputs(RunOptions(seed=seed), lambda: Fixed(grades))).metrics["gap_area_lower"]
        for seed in (0, 1)
    }
    assert lower[0] == read(grades).metrics["gap_area_lower"] != lower[1]

"""What else a matrix says, in words: regimes, parts, pools, null matrices, luck."""

import numpy as np

from cofail_lab.fitting.readings.luck import Luck
from cofail_lab.fitting.readings.parts import Part, PartFit
from cofail_lab.fitting.readings.regimes import PoolRegime
from cofail_lab.fitting.replicates.intervals import Interval
from cofail_lab.report.fit import names, reading
from cofail_lab.report.fit.brief import last_sections
from tests.report.by_hand import CERTIFICATE, SCAN, UNTESTED, fitted, null, replicates, rows


def test_regimes_parts_and_slopes() -> None:
    made = tuple(
        PoolRegime(name, 3, 100, k, 0, errors)
        for name, k, errors in (("bound", 40, 41), ("open", 0, 30), ("p", 11, 24), ("q", 12, 25))
    )
    (said,) = reading.regime_sections(fitted(regimes=made))
    assert said.sentences[0].startswith("Of 4 datasets, 1 are ceiling-bound and 1 realizability-bound")
    part = PartFit(Part("strong", "the best half", np.array([0, 1])), 14, 0.76, 0.43, np.log(0.07))
    slopes = {"pearson": np.array([0.1, 0.5, 0.25])}
    (said,) = reading.pool_sections(fitted(parts=(part,), slopes=slopes))
    assert rows(said)["the best half (2)"] == ("2.00×", "14 queries defeat all of them, r 0.430")
    assert [row.value for row in said.rows[1:]] == ["0.050", "0.250"]
    assert said.rows[1].note == "per 10 points of the pair's mean accuracy"


def test_pools_that_were_not_looked_at_are_not_without_a_tail() -> None:
    (said,) = reading.pool_sections(fitted(scan=SCAN))
    assert "Random pools of 3 models: 50% have a tail" in said.sentences[0]
    filled = SCAN._replace(null_all_wrong=np.array([[0.1, 0.1], [np.nan, 0.05]]))
    (said,) = reading.pool_sections(fitted(scan=filled))
    assert "without a common mode 100% have a tail" in said.sentences[0]


def test_the_null_in_words() -> None:
    (said,) = reading.null_sections(fitted(null=null()))
    assert said.sentences[0].startswith("4 matrices of the same shape were simulated")
    assert said.sentences[1].startswith("Of at most 9, no more are simulated from a law once none of its p-values can")
    assert said.sentences[2].endswith("No p-value can be below 0.100.")
    for whole in (null(interrupted=True), null(n_affordable=4)):
        assert "Of at most" not in " ".join(reading.null_sections(fitted(null=whole))[0].sentences)
    several = null(laws={"one_factor": replicates(), "full_sigma": replicates().take(np.arange(2))})
    assert reading.null_sections(fitted(null=several))[0].sentences[0].startswith("2 to 4 matrices of the same shape")
    assert said.rows[0].value == "2.00×"
    assert said.rows[0].note == "without a common mode 1.20× (90% 0.83× to 2.60×), p = 0.071"
    assert rows(said)["power"][0] == "62%" and rows(said)["of all tests"][0] == "37%"
    assert names.null_label(fitted(null=null())).startswith("4 matrices of this shape from ")


LUCK = Luck(
    3,
    100,
    2,
    4,
    False,
    Interval(0.7, 0.68, 0.72),
    Interval(0.71, 0.6, 0.8),
    Interval(0.73, 0.61, 0.81),
    Interval(0.83, 0.62, 0.84),
    Interval(0.85, 0.75, 0.9),
    Interval(0.3, 0.21, 0.66),
    Interval(0.6, 0.22, 0.71),
)


def test_luck_and_its_limits() -> None:
    (said,) = reading.luck_sections(fitted(luck=LUCK))
    assert said.sentences[1] == (
        "Between 30% and 60% of the one-run oracle gain of these models is luck (95% 21% to 71%)."
    )
    found = rows(said)
    assert found["routable, at least"][0] == "73.0%" and found["routable, at most"][0] == "83.0%"
    assert found["one run's pick, run again"][0] == "71.0%" and found["oracle of one run"][0] == "85.0%"
    more, _ = last_sections(fitted(luck=LUCK), CERTIFICATE, UNTESTED)
    assert rows(more)["luck"] == ("30% to 60%", "of the one-run gain, from repeated runs")
    assert rows(more)["best, held out"][0] == "74.5%"

"""Which rows the figure of the null calibration has: all laws against the first null, and each against its own."""

from typing import Any

import pytest

from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.report.figures import null as drawn
from cofail_lab.report.fit.figures import figures
from tests.report.by_hand import fitted, null


def test_a_law_stands_beside_its_own_null_with_a_star(monkeypatch: pytest.MonkeyPatch) -> None:
    one = null().tests["one_factor", "one_factor"]
    pairs = [("one_factor", "one_factor"), ("one_factor", "clayton"), ("clayton", "clayton")]
    others = [("clayton", "one_factor"), ("one_factor", "independent")]
    tests = {pair: one._replace(p_value=k / 100) for k, pair in enumerate([*pairs, *others])}
    seen: list[Any] = []
    monkeypatch.setattr(drawn, "null_calibration", lambda *given: seen.append(given))
    fit = fitted(null=null(tests=tests))
    figures(fit, {})["null_calibration"]()
    ((labels, shown, ratios, limits, level),) = seen
    factor, clayton = (FITTED_LAWS[law].label for law in ("one_factor", "clayton"))
    assert labels == [factor, clayton, f"{clayton}*"]
    assert [test.p_value for test in shown] == [0, 0.01, 0.02]
    assert ratios == pytest.approx([2.0, 1.1, 1.1]) and limits == [None] * 3 and level == 0.9

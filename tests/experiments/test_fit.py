"""Options of `experiment=fit`: what they change, and bad ones."""

from collections.abc import Callable

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.errors import InputError
from cofail_lab.experiments.fit import Fit
from cofail_lab.outcomes import Outcomes


@pytest.mark.slow
def test_published_conventions_are_named_and_clip(real: Callable[[str], Outcomes]) -> None:
    """The published full Σ: clip and rescale by 4 million draws; it agrees with the net on the same matrix."""
    outcomes = real("misguided_attention")
    result = cl.fit(outcomes, bootstrap=0, null=0, folds=0, conventions="published")
    assert result.labels["conventions"].startswith("published")
    value, error = result.metrics["predicted_full_sigma"], result.metrics["predicted_full_sigma_error"]
    clipped, other = result.metrics["predicted_full_sigma_clip"], result.metrics["predicted_full_sigma_clip_error"]
    assert value is not None
    assert error is not None
    assert clipped is not None
    assert other is not None
    assert value == pytest.approx(clipped, abs=5 * np.hypot(error, other))
    lab = cl.fit(outcomes, bootstrap=0, null=0, folds=0)
    assert lab.metrics["predicted_full_sigma"] > 1.5 * clipped  # type: ignore[operator]


def test_another_matrix_correlation(real: Callable[[str], Outcomes]) -> None:
    """At its own correlation the read is its own; a lower one shrinks the denominator."""
    outcomes = real("swebench_pro_public")
    own = cl.fit(outcomes, bootstrap=0, null=0, folds=0).metrics
    r = own["tetrachoric"]
    assert r is not None
    again = cl.fit(outcomes, bootstrap=0, null=0, folds=0, correlation=r).metrics
    assert again["ratio_one_factor_elsewhere"] == pytest.approx(own["ratio_one_factor"])
    lower = cl.fit(outcomes, bootstrap=0, null=0, folds=0, correlation=r - 0.2).metrics
    assert lower["ratio_one_factor_elsewhere"] > own["ratio_one_factor"]  # type: ignore[operator]


def test_frechet_bounds_hold_the_observed_rate(real: Callable[[str], Outcomes]) -> None:
    for name in ("swebench_pro_public", "misguided_attention"):
        metrics = cl.fit(real(name), bootstrap=0, null=0, folds=0).metrics
        low, high = metrics["frechet_lower"], metrics["frechet_upper"]
        assert low - 1e-9 <= metrics["all_wrong"] <= high + 1e-9  # type: ignore[operator]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"null": -1}, "experiment.null"),
        ({"atom": 0.0}, "experiment.atom"),
        ({"conventions": "june"}, "experiment.conventions"),
        ({"choices": 1}, "experiment.choices"),
        ({"correlation": 1.5}, "experiment.correlation"),
        ({"folds": 1}, "experiment.folds"),
        ({"laws": ["one_factor", "two_factor"]}, "experiment.laws"),
    ],
)
def test_bad_options_are_one_line(options: dict[str, object], field: str) -> None:
    with pytest.raises(InputError, match=field):
        Fit(**options)  # type: ignore[arg-type]

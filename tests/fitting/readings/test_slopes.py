"""Slopes of pairs by least squares."""

import numpy as np
import pytest

from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.readings import slopes as module
from cofail_lab.fitting.readings.slopes import slopes


@pytest.mark.parametrize("at_once", [21, 20, 4])
def test_slopes_by_least_squares(monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    """Against NumPy's solver, with pairs left out, so many at once; without families there is no third slope."""
    monkeypatch.setattr(module, "PAIRS_AT_ONCE", at_once)
    rng = np.random.default_rng(0)
    rates, family = rng.random(7), np.array(list("aabbcca"), dtype=object)
    pairs = Pairs.of(7, family)
    y = rng.normal(size=21)
    y[[3, 9]] = np.nan
    found = slopes(rates[None], y[None], pairs)[0]
    accuracy = 0.5 - (rates[pairs.left] + rates[pairs.right]) / 2
    x = np.stack([np.ones(21), accuracy, pairs.same_family], axis=1)[~np.isnan(y)]  # type: ignore[list-item]
    np.testing.assert_allclose(found, np.linalg.lstsq(x.astype(float), y[~np.isnan(y)], rcond=None)[0], rtol=1e-9)
    assert np.isnan(slopes(rates[None], y[None], Pairs.of(7))[0, 2])
    # Nor where all pairs share one, or none do: the other two are those of two columns, and need three pairs.
    plain = np.linalg.lstsq(x[:, :2].astype(float), y[~np.isnan(y)], rcond=None)[0]
    for names in ("aaaaaaa", "abcdefg"):
        alike = slopes(rates[None], y[None], Pairs.of(7, np.array(list(names), dtype=object)))[0]
        np.testing.assert_allclose(alike, [*plain, np.nan], rtol=1e-9)
    three = np.where(np.arange(21) < 3, y[4], np.nan)
    assert np.isfinite(slopes(rates[None], three[None], Pairs.of(7))[0, :2]).all()
    three[0] = np.nan
    assert np.isnan(slopes(rates[None], three[None], Pairs.of(7))).all()

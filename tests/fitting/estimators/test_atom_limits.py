"""Limits of an atom over a base from pairs, where log-likelihoods of C are a parabola, against every k in turn."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import binom, binomtest, chi2

from cofail_lab.fitting.estimators import atom_profile

N, K, PEAK = 200, 40, 22


@pytest.mark.parametrize(
    ("width", "slope", "bases", "held"),
    [
        (3, 0.01, range(K + 1), (16, 29)),  # 18 to 26 by C, one more below and two above by K
        (3, 0.05, range(K + 1), (17, 27)),  # by C alone
        (8, 0.02, range(K + 1), (10, 34)),  # K alone would be rare much earlier
        (8, 0.02, range(16, 28), (15, 28)),  # others have no base
        (30, 0.02, range(K + 1), (0, None)),
    ],
)
def test_limits_against_every_k(
    monkeypatch: pytest.MonkeyPatch, width: float, slope: float, bases: range, held: tuple[int, int | None]
) -> None:
    """Log-likelihood -(k - 22)²/width² and β .2 + slope (k - 22) at k of 40 all-wrong queries, of 200 in all."""
    k = np.arange(K + 1)
    logs, beta = -(((k - PEAK) / width) ** 2), np.clip(0.2 + slope * (k - PEAK), 0.001, 0.999)

    def count_law(law: Any) -> Any:
        return SimpleNamespace(
            log_likelihood=lambda _: float(logs[law.k]), log_probs=np.log([0.1, 0.3, float(beta[law.k])])
        )

    monkeypatch.setattr(atom_profile, "count_law", count_law)
    monkeypatch.setattr(atom_profile, "AtomInflated", lambda _, base: base)
    pool: Any = SimpleNamespace(
        n_all_wrong=K, error_counts=np.array([50, 60]), n_queries=N, histogram=None, tetrachoric_without=list
    )
    base_of: Any = lambda _, k: SimpleNamespace(k=int(k)) if k in bases else None  # noqa: E731
    found = atom_profile.profile(pool, base_of, intervals=True)
    tail = np.where(k > PEAK, binom.cdf(K, N, beta), binom.sf(K - 1, N, beta))
    likely = np.flatnonzero(((logs >= -chi2.ppf(0.95, 1) / 2) | (tail >= 0.025)) & np.isin(k, bases))
    assert found is not None and found.dropped == PEAK and found.shock_interval is not None
    top = binomtest(K, N).proportion_ci(0.95).high
    assert found.shock_interval == pytest.approx((held[0] / N, top if held[1] is None else held[1] / N))
    assert (max(likely[0] - 1, 0), None if likely[-1] == K else likely[-1] + 1) == held

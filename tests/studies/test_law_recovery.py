"""The study of law recovery: planted atoms are recovered."""

import pytest
from scipy.stats import binom

from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import AtomInflated
from studies import law_recovery


@pytest.mark.parametrize(
    ("shift", "passes"), [(0.0, True), (0.02, False)], ids=["the truth", "control: another atom is not it"]
)
def test_atoms_are_recovered(shift: float, passes: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Profile intervals of ω over 20 matrices hold the truth at least 15 times (chance of fewer at 95%: 3e-4).

    studies/law_recovery.py does it for every law and 100 matrices; docs/fit_laws.md has its table.
    """
    assert binom.cdf(14, 20, 0.95) < 4e-4
    cases, held = law_recovery.cases(), 0
    monkeypatch.setattr(law_recovery, "SHOCK", law_recovery.SHOCK + shift)
    for seed in range(20):
        case = cases["atom + independent" if seed % 2 else "atom + one factor"]
        assert isinstance(case.law, AtomInflated)
        held += all(inside for _, inside in case.inside(VaryingPool(law_recovery.drawn(case.law, seed)), seed))
    assert (held >= 15) is passes

"""An atom over a base on a likelihood that is a parabola: where it is found, what is held, and what is reported."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.stats import chi2

from cofail_lab.fitting.estimators import atom, atom_profile
from cofail_lab.fitting.estimators.atom import Base, LikelihoodFit, fit, fit_pool
from cofail_lab.fitting.estimators.atom_profile import ProfileFit
from cofail_lab.fitting.estimators.fitted import AbsentLawError
from cofail_lab.fitting.estimators.pool import VaryingPool

# Forty queries of three models: all fail on eight, each alone on some more.
WRONG = np.zeros((40, 3), bool)
WRONG[:8] = True
WRONG[8:20, 0] = WRONG[20:26, 1] = WRONG[26:28, 2] = True
POOL = VaryingPool(WRONG)
RATES = np.array([20, 14, 10]) / 40


@pytest.fixture
def peak(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Log-likelihoods of C and of the matrix are -(ω - shock)²/.005 - (position - place)²/.02; their peaks may move."""
    at = SimpleNamespace(shock=0.1, place=0.4, matrix_shock=0.15, seen=[])

    def value(law: Any, shock: float) -> float:
        at.seen.append(law)
        return -((law.shock - shock) ** 2) / 0.005 - (law.position - at.place) ** 2 / 0.02

    def law(rates: np.ndarray, position: float) -> Any:
        return SimpleNamespace(rates=rates, position=position, shock=0.0)

    counted: Any = lambda law: SimpleNamespace(log_likelihood=lambda _: value(law, at.shock))  # noqa: E731
    monkeypatch.setattr(atom, "count_law", counted)
    monkeypatch.setattr(atom, "matrix_log_likelihood", lambda law, wrong: value(law, at.matrix_shock))
    monkeypatch.setattr(atom, "AtomInflated", lambda shock, base: SimpleNamespace(**{**vars(base), "shock": shock}))
    for name, parameter in (("independent", ""), ("one_factor", "correlation"), ("clayton", "theta")):
        monkeypatch.setitem(atom.BASES, name, Base(law, parameter, lambda x: 10 * x, 0.9))
    return at


def test_without_an_atom_the_dependence_is_where_the_likelihood_is_highest(peak: SimpleNamespace) -> None:
    found = fit(POOL, "one_factor", atom=False, intervals=True)
    assert (found.shock, found.shock_interval, found.at_limit) == (0.0, None, False)
    assert found.dependence == pytest.approx(4.0, abs=1e-3)
    assert found.log_likelihood == pytest.approx(-(0.1**2) / 0.005, abs=1e-4)
    width = 10 * np.sqrt(chi2.ppf(0.95, 1) / 2 * 0.02)
    assert found.dependence_interval == pytest.approx((4 - width, 4 + width), abs=2e-3)
    np.testing.assert_allclose(found.law.rates, RATES)  # type: ignore[attr-defined]
    peak.place = 2.0
    edge = fit(POOL, "one_factor", atom=False, intervals=True)
    assert (edge.dependence, edge.at_limit) == (9.0, True) and edge.dependence_interval is not None
    assert edge.dependence_interval[1] == 9.0


def test_an_atom_is_found_beside_the_dependence(peak: SimpleNamespace) -> None:
    """ω = .1 on C and .15 on the matrix, both below the .25 of the best model; rates of the base are what is left."""
    found = fit(POOL, "one_factor", atom=True)
    assert found.shock == pytest.approx(0.1, abs=1e-3) and found.dependence == pytest.approx(4.0, abs=0.05)
    assert found.log_likelihood == pytest.approx(0.0, abs=1e-3) and not found.at_limit
    np.testing.assert_allclose(found.law.rates, (RATES - found.shock) / (1 - found.shock))  # type: ignore[attr-defined]
    assert fit(POOL, "one_factor", atom=True, target="matrix").shock == pytest.approx(0.15, abs=1e-3)
    peak.shock = 0.7
    assert fit(POOL, "one_factor", atom=True).shock == pytest.approx(0.999 * 0.25, rel=1e-3)
    peak.shock = -0.2
    none = fit(POOL, "one_factor", atom=True)
    assert none.shock == 0.0 and none.dependence == pytest.approx(4.0, abs=1e-3)


def test_a_base_without_a_parameter_has_the_likeliest_rates(peak: SimpleNamespace) -> None:
    """Of the eight all-wrong queries the atom is expected to cause a share that the base does not."""
    peak.place = 0.0
    found = fit(POOL, "independent", atom=True)
    assert found.shock == pytest.approx(0.1, abs=1e-3) and found.dependence is None
    rates = found.law.rates  # type: ignore[attr-defined]
    share = found.shock / (found.shock + (1 - found.shock) * rates.prod())
    np.testing.assert_allclose(rates, (np.array([20, 14, 10]) - 8 * share) / (40 - 8 * share), rtol=1e-9)
    assert fit(POOL, "independent", atom=False).shock == 0.0


def test_a_held_atom_is_held_and_none_is_sought_where_no_query_is_all_wrong(peak: SimpleNamespace) -> None:
    held = fit(POOL, "one_factor", atom=True, held_shock=0.2)
    assert held.shock == 0.2 and held.log_likelihood == pytest.approx(-(0.1**2) / 0.005, abs=1e-4)
    pool = VaryingPool(WRONG[8:])
    peak.seen.clear()
    assert fit(pool, "one_factor", atom=True).shock == 0.0 and all(law.shock == 0 for law in peak.seen)


def test_limits_are_asked_for_with_what_was_found(peak: SimpleNamespace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of ω with an atom, of θ in small matrices with free rates; they always hold the estimate."""
    asked: list[Any] = []
    monkeypatch.setattr(atom.limits, "shock_interval", lambda *given: asked.append(given[1:]) or (0.12, 0.3))
    monkeypatch.setattr(atom.limits, "theta_interval", lambda *given: asked.append(given[1:]) or (1.0, 3.0))
    found = fit(POOL, "clayton", atom=True, intervals=True)
    assert found.shock_interval == (found.shock, 0.3) and found.dependence_interval is None
    assert asked == [("clayton", found.shock, found.dependence)]
    asked.clear()
    plain = fit(POOL, "clayton", atom=False, intervals=True)
    assert plain.dependence_interval == (1.0, plain.dependence) and asked == [(plain.dependence,)]
    monkeypatch.setattr(atom.limits, "FREE_RATE_CELLS", 119)
    asked.clear()
    wide = fit(POOL, "clayton", atom=False, intervals=True).dependence_interval
    assert asked == [] and wide is not None and wide[0] < 3
    nobody = VaryingPool(WRONG[8:])
    assert fit(nobody, "independent", atom=True, intervals=True).shock_interval == (0.0, 0.3)
    assert asked == [("independent", 0.0, 0.0)]
    # An atom was asked for: there are limits of ω, and none of the dependence beside it.
    beside = fit(nobody, "one_factor", atom=True, intervals=True)
    assert beside.dependence_interval is None and beside.shock_interval == (0.0, 0.3)


def test_in_large_pools_an_end_is_tried_only_where_it_is_near(
    peak: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for many, ends in ((4, True), (3, False)):
        monkeypatch.setattr(atom, "MANY_MODELS", many)
        peak.seen.clear()
        fit(POOL, "one_factor", atom=False)
        assert ({0.0, 0.9} <= {law.position for law in peak.seen}) == ends


@pytest.mark.parametrize("intervals", [False, True])
def test_what_is_reported(monkeypatch: pytest.MonkeyPatch, intervals: bool) -> None:
    asked: list[Any] = []
    limits = ((0.01, 0.1), (0.2, 0.6)) if intervals else (None, None)
    made = LikelihoodFit("law", 0.05, 0.4, -3.0, *limits, at_limit=True)  # type: ignore[arg-type]

    def fitted(pool: Any, base: str, **given: Any) -> LikelihoodFit:
        asked.append((base, given))
        return made._replace(shock=0.07) if given.get("target") == "matrix" else made

    monkeypatch.setattr(atom, "fit", fitted)
    found = fit_pool(POOL, intervals, base="one_factor", atom=True)
    matrix = {"shock_on_matrix": 0.07} if intervals else {}
    assert found.parameters == {"correlation": 0.4, "shock": 0.05} | matrix
    assert found.intervals == ({"correlation": (0.2, 0.6), "shock": (0.01, 0.1)} if intervals else {})
    assert found.notes == ("the likeliest correlation is at the end of its range",)
    assert asked[0] == ("one_factor", {"atom": True, "intervals": intervals})
    assert asked[1:] == ([("one_factor", {"atom": True, "target": "matrix"})] if intervals else [])
    made = made._replace(dependence=None)
    found = fit_pool(POOL, intervals, base="independent", atom=True)
    assert "correlation" not in found.parameters and found.notes == ()
    made = made._replace(dependence=0.4, at_limit=False, shock_interval=None)
    plain = fit_pool(POOL, intervals, base="clayton", atom=False)
    assert plain.parameters == {"theta": 0.4} and plain.notes == ()


def test_an_atom_over_a_law_of_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    """ω = k/n; the notes are those of the matrix without the k queries; large pools and absent bases have reasons."""
    asked: list[Any] = []
    best: ProfileFit | None = ProfileFit("law", 3, -2.0, (0, 3), (0.05, 0.2))  # type: ignore[arg-type]
    monkeypatch.setattr(atom_profile, "profile", lambda pool, base, **given: asked.append((pool, base, given)) or best)
    seen: list[Any] = []
    vars(POOL).pop("joint_counts", None)
    monkeypatch.setattr(VaryingPool, "tetrachoric_without", lambda _, dropped: [("without", dropped.tolist())])
    options: Any = {"base_of": lambda pool: ("base", pool), "n_points": 7, "absent": "no base", "notes_of": seen.append}
    found = atom_profile.fit_pool(POOL, True, **options)
    assert asked == [(POOL, ("base", POOL), {"n_points": 7, "intervals": True})]
    assert (found.law, found.parameters, found.intervals) == ("law", {"shock": 3 / 40}, {"shock": (0.05, 0.2)})
    assert seen == [("without", [3])]
    best = best and best._replace(shock_interval=None)
    assert atom_profile.fit_pool(POOL, **options).intervals == {}
    best = None
    with pytest.raises(AbsentLawError, match="no base"):
        atom_profile.fit_pool(POOL, **options)
    monkeypatch.setattr(atom_profile, "MAX_MODELS", 3)
    with pytest.raises(AbsentLawError, match="no base"):
        atom_profile.fit_pool(POOL, **options)
    monkeypatch.setattr(atom_profile, "MAX_MODELS", 2)
    with pytest.raises(AbsentLawError, match="not tried in pools of more than 2 models"):
        atom_profile.fit_pool(POOL, **options)


def test_edges_of_what_is_likely_between_two_that_were_tried() -> None:
    """Likely are 5 to 11 of 0, 4, 8, 12, 16: the limits are the nearest unlikely numbers outside, over n."""
    pool: Any = SimpleNamespace(n_queries=100, n_all_wrong=16)
    top = float(atom_profile.clopper_pearson(16, 100, 0.05)[1])
    likely: Any = lambda k: 5 <= k <= 11  # noqa: E731
    assert atom_profile._likely_shocks(likely, [0, 4, 8, 12, 16], pool) == (0.04, 0.12)
    assert atom_profile._likely_shocks(lambda k: k <= 11, [0, 4, 8, 12, 16], pool) == (0.0, 0.12)
    assert atom_profile._likely_shocks(lambda k: k >= 5, [0, 4, 8, 12, 16], pool) == (0.04, top)
    assert atom_profile._likely_shocks(likely, [5, 8, 11], pool) == (0.05, top)
    none: Any = SimpleNamespace(n_queries=100, n_all_wrong=0)
    rare = float(atom_profile.clopper_pearson(0, 100, 0.05)[1])
    assert atom_profile._likely_shocks(likely, [0], none) == (0.0, rare)
    assert atom_profile._edge(likely, 8, 16) == 11 and atom_profile._edge(likely, 8, 0) == 5


def test_the_grid_of_omega_is_refined_on_both_sides_of_the_best(monkeypatch: pytest.MonkeyPatch) -> None:
    """Likelihoods fall from k = 22: of 0, 5, ..., 40 the best is 20, then 17 and 22 are tried; some have no base."""
    none: set[int] = set()

    def base_of(rates: np.ndarray, matrix: int) -> Any:
        np.testing.assert_allclose(rates, (np.array([50, 60]) - matrix) / (200 - matrix))
        return None if matrix in none else SimpleNamespace(k=matrix)

    def count_law(law: Any) -> Any:
        return SimpleNamespace(log_likelihood=lambda _: -((law.k - peak) ** 2), log_probs=np.log([0.5, 0.5]))

    monkeypatch.setattr(atom_profile, "count_law", count_law)
    monkeypatch.setattr(atom_profile, "AtomInflated", lambda shock, base: SimpleNamespace(k=base.k, shock=shock))
    pool: Any = SimpleNamespace(
        n_all_wrong=40, error_counts=np.array([50, 60]), n_queries=200, histogram=None, tetrachoric_without=list
    )
    grid = set(range(0, 41, 5))
    for peak, missing, dropped, more in (
        (22, set(), 22, {17, 22}),
        (22, {22}, 20, {17, 22}),
        (0, set(), 0, {2}),
        (40, set(), 40, {37}),
    ):
        none = missing
        found = atom_profile.profile(pool, base_of, n_points=9)
        assert found is not None and found.dropped == dropped and set(found.tried) == grid | more
        assert found.log_likelihood == -((dropped - peak) ** 2) and found.shock_interval is None
        assert getattr(found.law, "shock", 0.0) == dropped / 200
    none = grid
    assert atom_profile.profile(pool, base_of, n_points=9) is None

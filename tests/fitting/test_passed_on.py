"""What a fit passes on to the parts that it is made of, by hand: shares, splits, seeds, members; little is fitted."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr, ndtri

from cofail_lab.fitting import matrix
from cofail_lab.fitting.estimators import atom, atom_profile
from cofail_lab.fitting.estimators.clayton import fit_pool
from cofail_lab.fitting.estimators.pairs import PairValues
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.readings import correlations
from cofail_lab.fitting.readings.parts import Part, PartFit, fit_parts
from cofail_lab.fitting.tasks import Tasks
from cofail_lab.models import Independent
from tests.conftest import outcomes_from
from tests.report.by_hand import fitted, point, pool, replicates

# The best model, a, fails with everybody else or not at all.
NEVER_ALONE = {"none": 6, "a": 20, "ab": 10, "ac": 8, "abc": 56}
ATOM = {"none": 20, "abc": 71, "ab": 2, "ac": 3, "bc": 4}


def test_tasks_pass_on_how_much_is_asked_for() -> None:
    fit: Any = object()
    tasks = Tasks(fit, bootstrap=30, null=40, atom=0.02, seed=5, groups=6, n_histograms=70)
    assert vars(tasks.resampling) == {"fit": fit, "n_replicates": 30, "seed": 5, "groups": 6}
    assert vars(tasks.calibration) == {"fit": fit, "n_replicates": 40, "atom": 0.02, "seed": 5, "n_histograms": 70}


def test_a_share_of_pairs_on_their_bound_is_one_of_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple] = []
    monkeypatch.setattr(correlations, "tetrachoric_limits", lambda *given: seen.append(given))
    columns = np.arange(32).reshape(8, 4) % 7 < 3
    fit = fitted(outcomes_from(np.tile(columns, (3, 1))), replicates=replicates())
    for name, value in (("tetrachoric", 0.41), ("tetrachoric_interior", 0.39)):
        fit.correlation_interval(name)
        found, drawn, share, level = seen.pop()
        assert (found, share, drawn.tolist()) == (value, 1 / len(fit.pairs.left), [value] * 4)
        assert level == correlations.level_of(fit.outcomes.error_counts, 24, 0.95)


def test_what_is_drawn_at_random_has_the_seed_and_the_number_of_the_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(matrix, "fit_counts", lambda *_: (point(), SimpleNamespace(tetrachoric=np.zeros((1, 3)))))
    whole = SimpleNamespace(laws={}, negative_eigenvalues=0, nearest_mean=0.1, nearest_distance=0.2)
    monkeypatch.setattr(matrix, "read_matrix", lambda *given: seen.append(given[3:]) or whole)
    for name in ("pair_slopes", "regimes_by_dataset"):
        monkeypatch.setattr(matrix, name, lambda *_: {})
    monkeypatch.setattr(matrix.readings, "fit_parts", lambda *_: [])
    monkeypatch.setattr(matrix.one_factor, "implied_correlation", lambda rates, beta: (rates, beta))
    monkeypatch.setattr(matrix, "single_best_heldout", lambda _wrong, *given: given)
    monkeypatch.setattr(matrix, "find_runs", lambda _: "runs" if not seen else SimpleNamespace())
    monkeypatch.setattr(matrix, "measure_luck", lambda _runs, seed: ("luck", seed))
    seen: list[Any] = []
    fit: Any = matrix.fit_matrix(pool(), level=0.9, seed=7, conventions="published")
    assert seen == [(7, "published")]
    assert fit.single_best_heldout == (200, 7)
    assert fit.luck == ("luck", 7)
    assert (fit.level, fit.n_asked, fit.replicates) == (0.9, 0, None)
    rates, beta = fit.implied_correlation
    assert (rates.tolist(), beta) == ([0.24, 0.39, 0.48], 0.11)


def test_a_part_has_numbers_of_its_own_members() -> None:
    """Of pairs 01, 02, ..., 23 with correlations .1 to .6; the law by quadrature."""
    wrong = np.random.default_rng(3).random((50, 4)) < [0.2, 0.5, 0.4, 0.6]
    outcomes, pairs = outcomes_from(wrong), np.arange(1, 7) / 10
    for members, mean in (((1, 3), 0.5), ((0, 2, 3), (0.2 + 0.3 + 0.6) / 3), ((1, 2, 3), 0.5)):
        index = np.array(members)
        (found,) = fit_parts(outcomes, pairs, (Part("some", "", index),))
        rates = wrong[:, index].mean(axis=0)
        assert found.n_all_wrong == sum(all(row[i] for i in members) for row in wrong)
        assert found.single_best == pytest.approx(1 - rates.min())
        assert found.tetrachoric == pytest.approx(mean)

        def given(z: float, rates: np.ndarray = rates, mean: float = mean) -> float:
            u = (ndtri(rates) - np.sqrt(mean) * z) / np.sqrt(1 - mean)
            return float(np.exp(-z * z / 2) / np.sqrt(2 * np.pi) * ndtr(u).prod())

        assert found.log_predicted == pytest.approx(np.log(quad(given, -9, 9, epsabs=1e-12)[0]), abs=1e-9)


def test_clayton_has_the_mean_pair_of_the_pool() -> None:
    outcomes = pool()
    law = fit_pool(VaryingPool.of(outcomes)).law
    pairs = np.triu_indices(3, 1)
    expected = outcomes.joint_wrong_counts[pairs].mean() / 100
    assert np.asarray(law.pairwise_wrong())[pairs].mean() == pytest.approx(expected, rel=1e-10)


def test_an_atom_may_be_nearly_all_errors_of_the_best_model() -> None:
    found = atom.fit(VaryingPool.of(pool(ATOM)), "independent", atom=True)
    assert 0.18 < found.shock <= 0.2


def test_no_model_is_without_an_error_beside_an_atom() -> None:
    """Six all-wrong queries, the only ones on which the best model errs: at most five of them are dropped."""
    asked: list[np.ndarray] = []

    def base_of(rates: np.ndarray, _tetrachoric: np.ndarray) -> Independent:
        asked.append(rates)
        return Independent(rates)

    found = atom_profile.profile(VaryingPool.of(pool(NEVER_ALONE)), base_of)
    assert found is not None and found.tried == tuple(range(6))
    assert min(map(np.min, asked)) == pytest.approx(1 / 95)


def test_why_a_law_has_no_prediction_is_read_off_the_pairs() -> None:
    """One pair of three on a bound of either sign is enough, where the mean correlation is positive."""
    nothing = np.full((1, 3), 0.4)
    for boundary, tetrachoric, words in (
        ([0, 1, 0], 0.41, "on their Fréchet bound"),
        ([0, 0, -1], 0.41, "on their Fréchet bound"),
        ([0, 0, 0], 0.41, "no more frequent than under independence"),
        ([0, 1, 0], -0.2, "no more frequent than under independence"),
    ):
        values = PairValues(nothing, nothing, np.array([boundary]))
        fit = fitted(pair_values=values, point=point(tetrachoric=tetrachoric, pearson=-tetrachoric))
        assert words in fit.why_absent("clayton")
    published = fitted(conventions="published").why_absent("full_sigma")
    assert published == "not seen in 4,000,000 draws: below 7.5e-07 with 95% confidence"
    alone = fitted(outcomes_from(np.array([[True, True, False], [True, False, False]])))
    assert alone.why_absent("one_factor").startswith("does not exist: 1 of the models sometimes right")


def test_each_part_has_limits_of_its_own() -> None:
    made = [PartFit(Part(str(k), "", np.array([0, 1])), k, 0.5, 0.2, np.log(0.05)) for k in (0, 4, 5)]
    drawn = np.array([[1.0, 1.0, 5.0], [2.0, 2.0, 6.0], [3.0, 4.0, 7.0], [4.0, 9.0, 8.0]])
    fit = fitted(parts=tuple(made), replicates=replicates(parts=drawn))
    assert [fit.part_ratio(k) for k in range(3)] == [None, pytest.approx(0.8), pytest.approx(1.0)]
    expected = [None, *(pytest.approx(tuple(np.quantile(drawn[:, k], [0.05, 0.95]))) for k in (1, 2))]
    assert [fit.part_interval(k) for k in range(3)] == expected

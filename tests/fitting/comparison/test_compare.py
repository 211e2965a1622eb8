"""The comparison of laws: what it reports against the same figures by hand, and what it says where there is none."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import jax
import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.errors import InputError
from cofail_lab.fitting.comparison.compare import LawComparison, _judged, compare_laws, n_steps
from cofail_lab.fitting.comparison.law_fits import LawFit, why_no_ratio
from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.models import Independent, OneFactorGaussian
from cofail_lab.numerics.streams import FOLDS, generator
from cofail_lab.report.fit import law_comparison
from tests.conftest import outcomes_from
from tests.report.by_hand import ELEVEN, NOBODY, pool

QUICK = ("independent", "one_factor", "one_factor_pearson", "one_factor_loadings", "full_sigma", "atom_independent")


@pytest.fixture(scope="module")
def wrong() -> np.ndarray:
    law = OneFactorGaussian(np.linspace(0.3, 0.6, 12), np.full(12, 0.75))
    return np.asarray(law.sample(jax.random.key(5), 900))


@pytest.fixture(scope="module")
def comparison(wrong: np.ndarray) -> LawComparison:
    finished: list[int] = []
    found = compare_laws(outcomes_from(wrong), seed=2, laws=QUICK, advance=finished.append)
    assert sum(finished) == n_steps(5, QUICK) == 36
    return found


def test_figures_by_hand(wrong: np.ndarray, comparison: LawComparison) -> None:
    """Held-out likelihood of two laws, their paired difference and its error, from the definition."""
    part = generator(2, FOLDS).permutation(np.arange(900) % 5)
    number, logs = wrong.sum(axis=1), {name: np.empty(900) for name in ("independent", "one_factor")}
    for k in range(5):
        train = VaryingPool(wrong[part != k])
        r = train.tetrachoric[np.triu_indices(12, 1)].mean()
        laws = {
            "independent": Independent(train.error_rates),
            "one_factor": OneFactorGaussian(train.error_rates, np.full(12, np.sqrt(r))),
        }
        for name, law in laws.items():
            logs[name][part == k] = np.log(np.asarray(law.count_probs()))[number[part == k]]
    for name, values in logs.items():
        fit = comparison[name]
        assert fit.heldout == pytest.approx(values.mean(), abs=1e-7)
        assert fit.heldout_error == pytest.approx(values.std(ddof=1) / 30, abs=1e-7)
    independent, one_factor = comparison["independent"], comparison["one_factor"]
    assert None not in (independent.difference, one_factor.difference)
    gap = logs["independent"] - logs["one_factor"]
    assert independent.difference - one_factor.difference == pytest.approx(gap.mean(), abs=1e-7)
    assert comparison.best is not None
    assert comparison.best.difference == comparison.best.difference_error == 0
    assert independent.log_likelihood == pytest.approx(
        np.log(np.asarray(Independent(wrong.mean(axis=0)).count_probs()))[number].sum(), abs=1e-6
    )
    assert independent.ratio == pytest.approx(wrong.all(axis=1).mean() / wrong.mean(axis=0).prod(), rel=1e-9)


def test_the_generating_law_is_close_and_wrong_ones_are_not(comparison: LawComparison) -> None:
    assert comparison["one_factor"].close
    for name in ("independent", "one_factor_pearson", "atom_independent"):
        assert not comparison[name].close, name


def test_metrics_labels_table_and_words(comparison: LawComparison) -> None:
    metrics, labels = law_comparison.metrics(comparison), law_comparison.labels(comparison)
    for name in QUICK:
        assert metrics[f"predicted_{name}"] == comparison[name].predicted.value
        assert metrics[f"heldout_{name}"] is not None
    assert metrics["predicted_atom_inflated"] == metrics["predicted_atom_independent"]
    assert labels["atom_inflated_law"] == "atom_independent"
    assert comparison["full_sigma"].predicted.kind == "monte_carlo"
    assert metrics["predicted_full_sigma_error"] > 0
    table = law_comparison.table(comparison)
    assert table["law"].to_pylist() == [name for name in FITTED_LAWS if name in QUICK]
    section = law_comparison.section(comparison)
    assert section.sentences[0].startswith("Of queries held out (5 parts in turn)")
    assert len(section.rows) == len(QUICK)


def test_no_ratio_without_an_all_wrong_query(wrong: np.ndarray) -> None:
    kept = wrong[~wrong.all(axis=1)]
    found = compare_laws(outcomes_from(kept), folds=0, laws=("one_factor", "atom_independent"), intervals=False)
    assert found.why_no_ratio is not None
    assert "K = 0" in found.why_no_ratio
    assert found["one_factor"].ratio is None
    assert found["one_factor"].heldout_absent == "no held-out comparison was asked for"
    assert found["atom_independent"].parameters["shock"] == 0
    assert found["atom_independent"].notes == ("no query is all wrong: the likeliest atom is 0",)
    assert law_comparison.section(found).figures == {}


def test_constant_models_stay_out(wrong: np.ndarray) -> None:
    """A model that never errs ends every ratio; one that always does changes nothing about the law of the others."""
    always = compare_laws(outcomes_from(np.column_stack([wrong, np.ones(900, bool)])), folds=0, laws=["one_factor"])
    alone = compare_laws(outcomes_from(wrong), folds=0, laws=["one_factor"])
    assert always["one_factor"].predicted == alone["one_factor"].predicted
    assert always["one_factor"].ratio == alone["one_factor"].ratio
    assert always.n_constant == 1
    never = compare_laws(outcomes_from(np.column_stack([wrong, np.zeros(900, bool)])), folds=0, laws=["one_factor"])
    assert never["one_factor"].ratio is None
    assert never.why_no_ratio is not None
    assert "m12 is never wrong" in never.why_no_ratio


def test_a_model_with_few_errors_leaves_the_held_out_count(wrong: np.ndarray) -> None:
    rare = np.zeros(900, bool)
    rare[7] = True
    found = compare_laws(outcomes_from(np.column_stack([wrong, rare])), laws=["independent"])
    assert (found.n_models, found.n_heldout_models) == (13, 12)
    assert found["independent"].heldout is not None


def test_laws_that_do_not_exist_say_why() -> None:
    """Disjoint errors: no common factor, no Clayton law; a pool of one varying model has no pair at all."""
    disjoint = np.arange(60)[:, None] % 3 == np.arange(3)
    found = compare_laws(outcomes_from(disjoint), folds=2, laws=("independent", "one_factor", "clayton"))
    assert found["independent"].absent is None
    assert found["one_factor"].absent == "the mean correlation is negative, and a common factor cannot give it"
    assert found["clayton"].absent is not None
    assert "no θ > 0" in found["clayton"].absent
    assert law_comparison.labels(found)["predicted_one_factor"].startswith("does not exist: the mean correlation")
    single = compare_laws(outcomes_from(disjoint[:, :1]), folds=2)
    assert all(fit.absent is not None and "no pair" in fit.absent for fit in single.fits)
    assert single.best is None


@pytest.mark.parametrize("row", [[True, False, True], [True, True, True]])
def test_one_query_is_fitted_without_a_held_out_comparison(row: list[bool]) -> None:
    """No parts, no halves and nothing to leave out; folds are the default and not at fault."""
    result = cl.fit(outcomes_from(np.array([row])), bootstrap=20, null=20)
    assert result.metrics["single_best_heldout"] is None
    assert result.metrics["n_replicates"] == 20
    assert "heldout_best_law" not in result.labels


def test_bad_input(wrong: np.ndarray) -> None:
    for folds, message in ((1, "folds: 1 is not a whole number >= 2"), (901, "folds: 901 is above 900")):
        with pytest.raises(InputError, match=message):
            compare_laws(outcomes_from(wrong), folds=folds)
    with pytest.raises(InputError, match="laws: 'gauss' is not one of independent, one_factor"):
        compare_laws(outcomes_from(wrong), laws=["gauss"])


def law(name: str, heldout: float | None, **more: Any) -> LawFit:
    return LawFit(name, law=SimpleNamespace(), heldout=heldout, **more)  # type: ignore[arg-type]


def compared(*fits: LawFit, k: int = 11) -> LawComparison:
    return LawComparison(fits, 0.11, k, 100, 3, 0, 3, 2, None)


def test_the_best_law_with_an_atom_is_a_judged_one_where_there_is_one() -> None:
    judged, better = law("atom_clayton", -1.9, log_likelihood=-400.0), law("atom_block", -1.8, log_likelihood=-500.0)
    likely = law("atom_one_factor", None, log_likelihood=-0.5)
    absent = LawFit("atom_independent", heldout=-0.1)
    assert compared(judged, likely, better, absent, law("clayton", -1.0)).atom is better
    assert compared(law("atom_clayton", None, log_likelihood=-9.0), likely).atom is likely
    assert compared(absent, law("clayton", -1.0)).atom is None


def test_laws_are_judged_by_paired_differences() -> None:
    logs = {"one_factor": np.array([-1.0, -2.0, -3.0]), "clayton": np.array([-1.5, -2.0, -4.0]), "block": None}
    fits = [(LawFit(name), None if logs[name] is not None else "too large") for name in logs]
    first, second, third = _judged(fits, logs)
    assert (first.heldout, first.difference, first.difference_error) == (-2.0, 0.0, 0.0)
    assert first.heldout_error == pytest.approx(1 / np.sqrt(3))
    # Differences of -.5, 0 and -1: mean -.5 and standard error .5/√3.
    assert (second.heldout, second.difference) == (-2.5, -0.5)
    assert second.difference_error == pytest.approx(0.5 / np.sqrt(3))
    assert (third.heldout, third.heldout_absent) == (None, "too large")
    assert second.close and not replace(second, difference=-0.58).close and replace(second, difference=-0.57).close
    assert not third.close


def test_whether_an_atom_is_needed() -> None:
    base = law("one_factor", -1.3, difference=-0.01, difference_error=0.001)
    near = replace(base, difference_error=0.005)
    atom = law("atom_one_factor", -1.29)
    assert compared(base, atom).atom_need == "needed" and compared(near, atom).atom_need == "as_good_without"
    assert compared(base, replace(atom, heldout=-1.3)).atom_need == "not_better"
    assert compared(base, atom, k=0).atom_need == "no_tail"
    assert (
        compared(base).atom_need == "not_judged"
        and compared(base, replace(atom, heldout=None)).atom_need == "not_judged"
    )
    both = compared(base, atom, law("atom_clayton", -1.28), law("clayton", -1.27))
    assert (both.atom or base).name == "atom_clayton" and (both.base or atom).name == "clayton"
    assert (both.best or atom).name == "clayton" and both["one_factor"] is base
    # The factor of any law can follow an atom: a law that it beats is not needed for that, nor does it need one.
    any_law = law("factor_mixture", -1.2)
    assert (compared(base, atom, any_law).base, compared(base, atom, any_law).best) == (base, any_law)
    assert compared(any_law, atom).base is None and compared(any_law, atom).atom_need == "not_judged"
    unjudged = [
        law(name, None, log_likelihood=value) for name, value in (("atom_clayton", -9.0), ("atom_one_factor", -8.0))
    ]
    assert (compared(*unjudged).atom or base).name == "atom_one_factor" and compared(*unjudged).best is None


def test_why_there_is_no_ratio() -> None:
    assert why_no_ratio(pool(ELEVEN)) is None
    assert str(why_no_ratio(pool(NOBODY))).startswith("no query defeats every model (K = 0)")
    assert why_no_ratio(pool({"a": 20, "ab": 80})) == "a is never wrong, so no query can defeat the pool"

"""Quantities of laws at many points, against the laws' own methods and other paths; their errors hold the truth."""

import numpy as np
import pytest
from scipy.stats import binom

from cofail_lab import models
from cofail_lab.claims.reference import exchangeable
from cofail_lab.language import parse
from cofail_lab.language.evaluate import Evaluator, check_names
from cofail_lab.language.pools import LAWS, BuiltPool, ClosedPool, build
from cofail_lab.language.quantities import QUANTITIES

# One or two points of each law; sizes on both sides of what float64 probabilities reach.
POINTS = {
    "independent": {"error_rate": [0.3, 0.02]},
    "common_shock": {"shock": [0.05, 0.001], "base_error_rate": [0.3, 0.9]},
    "clayton": {"theta": [2.0, 0.1], "error_rate": [0.4, 0.05]},
    "one_factor_gaussian": {"error_rate": [0.335, 0.1], "correlation": [0.172, 0.6]},
    "beta_mixing": {"a": [2.0, 0.3], "b": [3.0, 4.0]},
}
M = np.array([5.0, 12.0])


def pool(name: str) -> ClosedPool:
    return ClosedPool(name, {key: np.array(x) for key, x in POINTS[name].items()})


def value(text: str, name: str, m: np.ndarray = M, **more: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Middle and half-width of a quantity at the points of a law."""
    parameters = {key: np.array(x) for key, x in POINTS[name].items()} | {"m": m, **more}
    tree = parse(f"{text} > 0", "claim.says")
    check_names(tree, tuple(parameters), "claim.says")
    low, high = Evaluator(parameters, {"": pool(name)}, None).number(tree.parts[0]).floats()
    return (low + high) / 2, (high - low) / 2


def laws(name: str, sizes: np.ndarray = M) -> list[models.AbstractErrorLaw]:
    parameters = POINTS[name]
    return [build(name, {k: x[i] for k, x in parameters.items()}, int(sizes[i])) for i in range(2)]


# Their own methods compile for every size; another path is the quick sibling.
COMPILED = [pytest.param(name, marks=pytest.mark.slow) for name in ("clayton", "one_factor_gaussian")]
QUICK = ["independent", "common_shock", "beta_mixing"]


def test_the_heavier_closed_forms_against_another_path() -> None:
    a, theta = (np.array(POINTS["clayton"][name]) for name in ("error_rate", "theta"))
    found, error = value("log(all_wrong(m))", "clayton")
    assert (np.abs(found + np.log(M * a**-theta - M + 1) / theta) <= error + 1e-13).all()
    rates, r = (POINTS["one_factor_gaussian"][name] for name in ("error_rate", "correlation"))
    expected = [exchangeable.one_factor(*of).log_all_wrong for of in zip(rates, r, M, strict=True)]
    found, error = value("log(all_wrong(m))", "one_factor_gaussian")
    assert found == pytest.approx(expected, abs=1e-9) and (error < 1e-11).all()


@pytest.mark.parametrize("name", [*QUICK, *COMPILED])
def test_closed_forms_are_the_laws_own_numbers(name: str) -> None:
    found, error = value("log(all_wrong(m))", name)
    own = [float(law.log_all_wrong()) for law in laws(name)]
    assert (
        np.abs(found - own) <= error + [law.log_all_wrong_error(x) for law, x in zip(laws(name), own, strict=True)]
    ).all()
    assert (error < 1e-12 * (1 + np.abs(found))).all()
    pairs = [float(law.pairwise_wrong()[0, 1]) for law in laws(name)]
    assert value("pair", name)[0] == pytest.approx(pairs, rel=1e-12)
    assert value("error_rate", name)[0] == pytest.approx([float(law.error_rates[0]) for law in laws(name)], rel=1e-14)


@pytest.mark.parametrize("name", ["common_shock", "clayton", "beta_mixing"])
def test_calibrated_predictions_against_another_path(name: str) -> None:
    rates = [float(law.error_rates[0]) for law in laws(name)]
    pairs = [float(law.pairwise_wrong()[0, 1]) for law in laws(name)]
    r = [exchangeable.tetrachoric(a, p) for a, p in zip(rates, pairs, strict=True)]
    rho = [exchangeable.pearson(a, p) for a, p in zip(rates, pairs, strict=True)]
    found, error = value("tetrachoric", name)
    assert (np.abs(found - r) <= error + 1e-12).all() and (error < 1e-10).all()
    assert value("pearson", name)[0] == pytest.approx(rho, rel=1e-9)
    for text, at in (("one_factor(m)", r), ("one_factor_pearson(m)", rho)):
        expected = [exchangeable.one_factor(a, c, m).log_all_wrong for a, c, m in zip(rates, at, M, strict=True)]
        assert value(f"log({text})", name)[0] == pytest.approx(expected, abs=1e-8)
    ratio = value("ratio_one_factor(m)", name)[0]
    assert ratio == pytest.approx(value("all_wrong(m)/one_factor(m)", name)[0], rel=1e-9)
    implied = value("implied_correlation(m)", name)[0]
    beta = value("log(all_wrong(m))", name)[0]
    assert [exchangeable.one_factor(a, c, m).log_all_wrong for a, c, m in zip(rates, implied, M, strict=True)] == (
        pytest.approx(list(beta), abs=1e-8)
    )


def test_a_ratio_is_one_at_two_models_up_to_its_error() -> None:
    for text in ("ratio_one_factor(2)", "ratio_clayton(2)", "ratio_gaussian(2)"):
        found, error = value(text, "common_shock")
        assert (np.abs(found - 1) <= error).all() and (error < 1e-8).all()


def test_clayton_finds_its_own_parameter() -> None:
    assert value("ratio_clayton(m)", "clayton")[0] == pytest.approx([1, 1], abs=1e-10)
    assert value("ratio_one_factor(m)", "one_factor_gaussian")[0] == pytest.approx([1, 1], abs=1e-10)
    assert value("ratio_independent(m)", "independent")[0] == pytest.approx([1, 1], abs=1e-13)


def test_what_follows_from_rates_and_beta() -> None:
    beta, rate = value("all_wrong(m)", "common_shock")[0], value("error_rate", "common_shock")[0]
    assert value("oracle_gain(m)", "common_shock")[0] == pytest.approx(rate - beta, rel=1e-12)
    assert value("single_best", "common_shock")[0] == pytest.approx(1 - rate, rel=1e-12)
    assert value("foreclosed(m)", "common_shock")[0] == pytest.approx(beta / rate, rel=1e-12)


def test_frechet_limits_are_the_published_ones() -> None:
    one = {"shock": np.array([0.05]), "base_error_rate": np.array([0.3])}
    evaluator = Evaluator({**one, "m": np.array([67.0])}, {"": ClosedPool("common_shock", one)}, None)
    lower, upper = (evaluator.number(parse(f"frechet_{end} > 0", "s").parts[0]) for end in ("lower", "upper"))
    assert upper.middle()[0] == pytest.approx(0.0559712, abs=5e-8)
    assert lower.middle()[0] == 0


@pytest.mark.parametrize("name", [*QUICK, *COMPILED])
def test_counts_and_majorities_are_sums_of_the_laws_own(name: str) -> None:
    five = np.array([5.0, 4.0])
    probs = [np.asarray(law.count_probs()) for law in laws(name, five)]
    j = np.array([2.0, 4.0])
    assert value("count(j, m)", name, five, j=j)[0] == pytest.approx([probs[0][2], probs[1][4]], abs=1e-10)
    votes = [probs[0][:3].sum(), probs[1][:2].sum() + probs[1][2] / 2]
    assert value("majority(k)", name, five, k=five)[0] == pytest.approx(votes, abs=1e-10)


def test_majority_of_independent_models_is_binomial() -> None:
    k = np.array([7.0, 9.0])
    expected = [binom.cdf(3, 7, 0.3), binom.cdf(4, 9, 0.02)]
    assert value("majority(k)", "independent", k=k)[0] == pytest.approx(expected, rel=1e-12)


def test_first_models_of_a_list_have_their_own_rates_and_pairs() -> None:
    base = np.array([[0.2, 0.5, 0.8, 0.9]])
    closed = ClosedPool("common_shock", {"shock": np.array([0.06]), "base_error_rate": base})
    rates = 0.06 + 0.94 * base[0, :3]
    both = 0.06 + 0.94 * np.array([0.2 * 0.5, 0.2 * 0.8, 0.5 * 0.8])
    expected = {"all_wrong": 0.06 + 0.94 * 0.08, "error_rate": rates.mean(), "pair": both.mean()}
    expected |= {"independent": rates.prod(), "single_best": 1 - rates[0]}
    for name, true in expected.items():
        tree = parse(f"{name} > 0", "claim.says").parts[0]
        assert Evaluator({"m": np.array([3.0])}, {"": closed}, None).number(tree).middle()[0] == pytest.approx(true)


@pytest.mark.slow
def test_unlike_models_are_the_first_of_a_list() -> None:
    """Every quantity of three of four unlike models, against the law object's own."""
    base = np.array([[0.2, 0.5, 0.8, 0.9]])
    parameters = {"shock": np.array([0.06]), "base_error_rate": base}
    closed = ClosedPool("common_shock", parameters)
    built = BuiltPool([models.CommonShock(0.06, base[0])], alike=False)
    m = {"m": np.array([3.0])}
    names = [n for n in QUANTITIES if n not in ("count", "majority", "k_star", "mean_score", "frechet_lower")]
    for name in names:
        tree = parse(f"{name} > 0", "claim.says").parts[0]
        one, other = (Evaluator(m, {"": p}, None).number(tree).middle()[0] for p in (closed, built))
        if name == "gaussian" or name == "ratio_gaussian":
            assert one == pytest.approx(other, rel=1e-3)
        else:
            assert one == pytest.approx(other, rel=1e-9), name
    law = models.CommonShock(0.06, base[0, :3])
    all_wrong = Evaluator(m, {"": closed}, None).number(parse("all_wrong > 0", "s").parts[0]).middle()[0]
    assert all_wrong == pytest.approx(float(law.all_wrong()), rel=1e-13)


def test_sizes_that_there_are_not_do_not_exist() -> None:
    for text in ("all_wrong(m - 5)", "all_wrong(m/2)", "pair(m - 20)"):
        assert np.isnan(value(text, "common_shock", np.array([5.0, 5.0]))[0][0])


def test_every_law_of_the_configuration_has_a_name() -> None:
    from cofail_lab.cli import config_folder

    assert set(LAWS) == {path.stem for path in (config_folder() / "law").glob("*.yaml")}

"""Quantities of laws at many points, against the laws' own methods and other paths; their errors hold the truth."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy.stats import binom, multivariate_normal, norm

from cofail_lab import models
from cofail_lab.bounds import wrong_count_range
from cofail_lab.claims.reference import exchangeable
from cofail_lab.errors import ConvergenceError
from cofail_lab.language import parse, quantities, values
from cofail_lab.language.evaluate import Evaluator, check_names
from cofail_lab.language.pools import LAWS, AbstractPool, BuiltPool, ClosedPool, build
from cofail_lab.language.quantities import QUANTITIES, sizes

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


def test_sizes_are_whole_numbers_without_an_error() -> None:
    exact = values.exactly(np.array([3.0, 2.5, 0.0]))
    np.testing.assert_array_equal(sizes(exact), [3, np.nan, 0])
    np.testing.assert_array_equal(sizes(values.within(np.array([3.0, 4.0]), np.array([0.5, 0.0]))), [np.nan, 4])


def numbers(name: str, of: AbstractPool, *arguments: list[float]) -> np.ndarray:
    """Middles of a quantity."""
    return QUANTITIES[name].compute(of, *(values.exactly(np.array(x)) for x in arguments)).middle()


def test_counts_at_both_ends_and_beyond() -> None:
    """Common shock by hand, and a law of counts object by object: 0 and m are counts, -1 and m + 1 are none."""
    shock = ClosedPool("common_shock", {"shock": np.full(5, 0.1), "base_error_rate": np.full(5, 0.2)})
    found = numbers("count", shock, [0, 2, 3, 4, -1], [3] * 5)
    np.testing.assert_allclose(found[:3], [0.9 * 0.512, 0.9 * 3 * 0.04 * 0.8, 0.9 * 0.008 + 0.1])
    assert np.isnan(found[3:]).all()
    law = models.ExchangeableCount([0.1, 0.4, 0.2, 0.3])
    built = BuiltPool([law] * 5, alike=True)
    found = numbers("count", built, [0, 1, 3, 4, -1], [3] * 5)
    np.testing.assert_allclose(found[:3], [0.1, 0.4, 0.3])
    assert np.isnan(found[3:]).all()
    low, high = (
        QUANTITIES["count"].compute(built, *(values.exactly(np.array(x)) for x in ([0.0] * 5, [3.0] * 5))).floats()
    )
    assert (low < 0.1).all() and (high > 0.1).all() and (high - low < 1e-11).all()


def test_a_probability_may_be_zero_but_not_less() -> None:
    low, high = quantities._probability(np.array([0.0, 1e-295, 0.5]), np.full(3, 4.0)).floats()
    assert low.tolist()[:2] == [0, 0] and 0 < high[0] < 1e-289 and 0.5 - 1e-11 < low[2] < 0.5 < high[2] < 0.5 + 1e-11


def test_majorities_of_odd_and_even_pools() -> None:
    law = models.ExchangeableCount([0.1, 0.4, 0.2, 0.2, 0.1])
    built = BuiltPool([law] * 3, alike=True)
    three = np.asarray(law.subpool([0, 1, 2]).count_probs())
    two = np.asarray(law.subpool([0, 1]).count_probs())
    expected = [0.1 + 0.4 + 0.1, three[0] + three[1], two[0] + two[1] / 2]
    np.testing.assert_allclose(numbers("majority", built, [4, 3, 2]), expected)
    shock = ClosedPool("common_shock", {"shock": np.full(3, 0.1), "base_error_rate": np.full(3, 0.2)})
    expected = [0.9 * (0.4096 + 0.4096 + 0.1536 / 2), 0.9 * (0.512 + 0.384), 0.9 * 0.8]
    np.testing.assert_allclose(numbers("majority", shock, [4, 3, 1]), expected)


def test_an_unreached_law_is_no_zero(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(_: object) -> None:
        raise ConvergenceError("too many nodes")

    built = BuiltPool([models.Independent([0.2, 0.4])], alike=False)
    monkeypatch.setattr(models.Independent, "count_probs", refused)
    assert np.isnan(numbers("count", built, [1], [2])[0]) and np.isnan(numbers("majority", built, [2])[0])


@pytest.mark.parametrize("m", [2, 3, 6, 11])
@pytest.mark.parametrize(("alpha", "pair"), [(0.3, 0.12), (0.7, 0.52), (0.05, 0.004)])
def test_limits_of_like_models_are_the_programs(m: int, alpha: float, pair: float) -> None:
    """The sharp program in counts, from the same rate and pair."""
    points, weights = _two_points(alpha, pair)
    built = BuiltPool([models.ExchangeableMixing(points, weights, m)], alike=True)
    exact = wrong_count_range([alpha, pair], m)
    found = [numbers(name, built, [m])[0] for name in ("frechet_lower", "frechet_upper")]
    assert found == pytest.approx(exact[:2], abs=1e-9)
    for name, value in zip(("frechet_lower", "frechet_upper"), exact[:2], strict=True):
        low, high = (x[0] for x in QUANTITIES[name].compute(built, values.exactly(np.array([float(m)]))).floats())
        assert low - 1e-15 <= value <= high + 1e-15 and high - low < 1e-11


def _two_points(alpha: float, pair: float) -> tuple[list[float], list[float]]:
    """Rates 1/4 below and the rest above the mean with this pair: E[p²] = pair."""
    off = np.sqrt(pair - alpha**2)
    return [alpha - off, alpha + off], [0.5, 0.5]


def test_what_is_made_of_the_least_rate_of_a_list() -> None:
    """Three unlike independent models: the second is the best."""
    built = BuiltPool([models.Independent([0.5, 0.2, 0.4])], alike=False)
    for m, least, beta, mean in ((1, 0.5, 0.5, 0.5), (2, 0.2, 0.1, 0.35), (3, 0.2, 0.04, 1.1 / 3)):
        assert numbers("single_best", built, [m])[0] == pytest.approx(1 - least)
        assert numbers("oracle_gain", built, [m])[0] == pytest.approx(least - beta, abs=1e-12)
        assert numbers("foreclosed", built, [m])[0] == pytest.approx(beta / least)
        assert numbers("error_rate", built, [m])[0] == pytest.approx(mean)
        assert numbers("independent", built, [m])[0] == pytest.approx(beta)
        assert numbers("ratio_independent", built, [m])[0] == pytest.approx(1)


def test_a_ratio_has_the_errors_of_both(monkeypatch: pytest.MonkeyPatch) -> None:
    built = BuiltPool([models.Independent([0.5, 0.2])], alike=False)
    monkeypatch.setattr(built, "log_all_wrong", lambda m: (np.log([0.3]), np.array([1e-6])))
    found = quantities._ratio(lambda *_: (np.log([0.1]), np.array([3e-6])), built, values.exactly([2.0]))
    low, high = (x[0] for x in found.floats())
    assert (low, high) == pytest.approx((3 * np.exp(-4e-6), 3 * np.exp(4e-6)), rel=1e-9)


def test_correlations_of_no_joint_law_have_no_prediction() -> None:
    """Of three that are each the opposite of the others there is none; of the first two there is."""
    built = BuiltPool([models.CommonShock(0.1, [0.3, 0.5, 0.2])] * 2, alike=False)
    vars(built)["correlations"] = built.correlations._replace(tetrachoric=np.full((2, 3), -0.9))
    value, error = quantities._gaussian(built, np.array([3.0, 2.0]))
    assert np.isnan([value[0], error[0]]).all() and np.isfinite([value[1], error[1]]).all()
    rates = 0.1 + 0.9 * np.array([0.3, 0.5])
    pair = multivariate_normal.cdf(norm.ppf(rates), cov=[[1, -0.9], [-0.9, 1]])
    assert np.exp(value[1]) == pytest.approx(pair, rel=1e-4)


def test_the_gaussian_prediction_of_a_list_has_four_standard_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    built = BuiltPool([models.CommonShock(0.1, [0.3, 0.5, 0.2])], alike=False)
    seen = []

    def noted(self: models.GaussianCopula) -> np.ndarray:
        seen.append(np.asarray(self.correlation))
        np.testing.assert_allclose(self.error_rates, (0.1 + 0.9 * np.array([0.3, 0.5, 0.2]))[: len(seen[-1])])
        return np.log(0.25)

    monkeypatch.setattr(models.GaussianCopula, "log_all_wrong", noted)
    monkeypatch.setattr(models.GaussianCopula, "log_all_wrong_error", lambda *_: 1e-5)
    value, error = quantities._gaussian(built, np.array([2.0]))
    assert value[0] == np.log(0.25) and error[0] == pytest.approx(4e-5)
    quantities._gaussian(built, np.array([3.0]))
    r = built.correlations.tetrachoric[0]
    np.testing.assert_allclose(seen[0], [[1, r[0]], [r[0], 1]])
    np.testing.assert_allclose(seen[1], [[1, r[0], r[1]], [r[0], 1, r[2]], [r[1], r[2], 1]])
    assert np.isnan(quantities._gaussian(built, np.array([1.0]))[0][0])


def test_scores_and_sizes_are_of_the_tetrachoric_correlation() -> None:
    """Of common shock, whose Pearson correlation is another: Φ(-μ/√V), and k*(k* + 1) = λ(1-ρ)/c at V = 1."""
    of = pool("common_shock")
    rate, r = (numbers(name, of, M.tolist()) for name in ("error_rate", "tetrachoric"))
    assert np.abs(r - numbers("pearson", of, M.tolist()))[0] > 0.02
    mu = -norm.ppf(rate)
    expected = norm.cdf(mu / np.sqrt(r + (1 - r) / M))
    np.testing.assert_allclose(numbers("mean_score", of, M.tolist()), expected, rtol=1e-9)
    price = np.abs(mu) * norm.pdf(mu) / 2
    found = numbers("k_star", of, [0.001, 0.001], M.tolist())
    np.testing.assert_allclose((found * (found + 1))[mu > 0], (price * (1 - r) / 0.001)[mu > 0], rtol=1e-9)


def test_limits_of_unlike_models_are_those_of_the_program_where_they_are_sharp(monkeypatch: pytest.MonkeyPatch) -> None:
    """From the rates and pairs of the first models; known to 1e-9, and unknown where the program is not sharp."""
    built = BuiltPool([models.CommonShock(0.1, [0.3, 0.5, 0.2])] * 2, alike=False)
    rates = 0.1 + 0.9 * np.array([0.3, 0.5, 0.2])
    pairs = 0.1 + 0.9 * np.outer([0.3, 0.5, 0.2], [0.3, 0.5, 0.2])
    np.fill_diagonal(pairs, rates)
    seen = []

    def program(alpha: np.ndarray, table: np.ndarray) -> SimpleNamespace:
        m = len(alpha)
        np.testing.assert_allclose(alpha, rates[:m], rtol=1e-12)
        np.testing.assert_allclose(table, pairs[:m, :m], rtol=1e-12)
        seen.append(m)
        return SimpleNamespace(lower=0.1, upper=0.3, sharp=m == 3)

    monkeypatch.setattr(quantities, "all_wrong_range", program)
    for name, value in (("frechet_lower", 0.1), ("frechet_upper", 0.3)):
        low, high = QUANTITIES[name].compute(built, values.exactly(np.array([3.0, 2.0]))).floats()
        assert (low[0], high[0]) == pytest.approx((value - 1e-9, value + 1e-9), rel=1e-12)
        assert np.isnan(low[1]) and np.isnan(high[1])
    assert seen == [3, 2] * 2
    assert np.isnan(numbers("frechet_lower", built, [1, 4])).all()

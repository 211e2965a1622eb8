"""Laws matched to another one: by algebra, and with errors that hold what an error of the pairs does."""

import numpy as np
import pytest

from cofail_lab.claims.checking.matching import matched
from cofail_lab.errors import InputError
from cofail_lab.language.pools import AbstractPool, BuiltPool, ClosedPool
from cofail_lab.models import CommonShock

TWO, FIVE = np.array([2.0]), np.array([5.0])
# Rate .37 and pair .208, of a shock.
ALPHA, PAIR = 0.1 + 0.9 * 0.3, 0.1 + 0.9 * 0.09


def driver() -> ClosedPool:
    return ClosedPool("common_shock", {"shock": np.array([0.1]), "base_error_rate": np.array([0.3])})


def by_pair(name: str) -> AbstractPool:
    return matched(name, driver(), ("error_rate", "pair"), {}, 1)


@pytest.mark.parametrize("name", ["common_shock", "beta_mixing", "one_factor_gaussian", "clayton"])
def test_rate_and_pair_are_the_drivers(name: str) -> None:
    found = by_pair(name)
    assert found.rates[0, 0] == pytest.approx(ALPHA, rel=1e-12)
    value, error = found.log_all_wrong(TWO)
    assert abs(value[0] - np.log(PAIR)) <= error[0] < 1e-10
    assert isinstance(found, ClosedPool)
    # The shock's own parameters come back; those of a beta law by its moments.
    expected = {"shock": 0.1, "base_error_rate": 0.3} if name == "common_shock" else {}
    if name == "beta_mixing":
        total = (ALPHA - PAIR) / (PAIR - ALPHA**2)
        expected = {"a": ALPHA * total, "b": (1 - ALPHA) * total}
    for key, true in expected.items():
        assert found.parameters[key][0, 0] == pytest.approx(true, rel=1e-12)


@pytest.mark.parametrize("name", ["common_shock", "beta_mixing", "one_factor_gaussian", "clayton"])
def test_an_error_of_the_pairs_is_one_of_what_is_matched(name: str) -> None:
    exact = by_pair(name).log_all_wrong(FIVE)[0][0]
    moved, wide = driver(), driver()
    pairs = driver().pairs
    vars(moved)["pairs"] = pairs._replace(log_joint=pairs.log_joint + 1e-7)
    vars(wide)["pairs"] = pairs._replace(error=pairs.error + 1e-7)
    step = abs(matched(name, moved, ("error_rate", "pair"), {}, 1).log_all_wrong(FIVE)[0][0] - exact)
    error = matched(name, wide, ("error_rate", "pair"), {}, 1).log_all_wrong(FIVE)[1][0]
    assert step <= error <= 12 * step


def test_by_rate_alone_the_rest_is_that_of_the_box() -> None:
    box = {"shock": np.array([0.2]), "a": np.array([0.8]), "theta": np.array([1.5]), "correlation": np.array([0.4])}
    for name in ("common_shock", "beta_mixing", "clayton", "one_factor_gaussian", "independent"):
        found = matched(name, driver(), ("error_rate",), box, 1)
        assert found.rates[0, 0] == pytest.approx(ALPHA, rel=1e-14)
        assert isinstance(found, ClosedPool)
        for key in box.keys() & found.parameters.keys():
            assert found.parameters[key][0, 0] == box[key][0]
    too_much = matched("common_shock", driver(), ("error_rate",), {"shock": np.array([0.5])}, 1)
    assert np.isnan(too_much.rates[0, 0])


def test_independence_has_the_rate_whatever_the_pairs() -> None:
    found = by_pair("independent")
    value, error = found.log_all_wrong(FIVE)
    assert abs(value[0] - 5 * np.log(ALPHA)) <= error[0] + 1e-14 and error[0] < 1e-12


def test_a_law_that_cannot_have_the_pair_does_not_exist() -> None:
    """Pairs below independence are of no shock, no beta law and no positive correlation."""
    apart = driver()
    low = apart.pairs._replace(log_joint=np.log(np.array([[ALPHA**2 - 0.01]])))
    vars(apart)["pairs"] = low
    free = {"common_shock": "shock", "beta_mixing": "a", "one_factor_gaussian": "correlation", "clayton": "theta"}
    for name, parameter in free.items():
        with np.errstate(all="ignore"):
            found = matched(name, apart, ("error_rate", "pair"), {}, 1)
            assert np.isnan(found.log_all_wrong(FIVE)[0][0]), name
        assert isinstance(found, ClosedPool) and np.isnan(found.parameters[parameter]).all(), name


def test_what_cannot_be_matched_is_refused() -> None:
    with pytest.raises(InputError, match="student_factor has no closed form to match"):
        matched("student_factor", driver(), ("error_rate",), {}, 1)
    unlike = BuiltPool([CommonShock(0.1, [0.2, 0.3])], alike=False)
    with pytest.raises(InputError, match="pools of unlike models"):
        matched("clayton", unlike, ("error_rate", "pair"), {}, 1)

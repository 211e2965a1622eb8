"""The laws that a proposition names: which they are, what is fixed, and which box they bring."""

from typing import Any

import numpy as np
import pytest

from cofail_lab import models
from cofail_lab.claims.checking.laws import DEFAULT_BOXES, parameters_of, read_laws
from cofail_lab.errors import InputError
from cofail_lab.models import AbstractErrorLaw

SHOCK = models.CommonShock(0.05, [0.3] * 5)
BOTH = ("error_rate", "pair")
# No one correlation of all pairs.
UNLIKE = models.OneFactorGaussian([0.2, 0.3], [0.5, 0.7])


def test_names_and_the_box_of_the_driver() -> None:
    laws, box = read_laws(("", "clayton"), SHOCK, BOTH, None)
    assert laws.driver == "common_shock"
    assert laws.alias == {"clayton": "clayton", "": "common_shock"}
    assert box == DEFAULT_BOXES["common_shock"]
    assert laws.fixed == {"shock": 0.05, "base_error_rate": 0.3}
    assert not laws.slow
    pools = laws.pools({"m": np.array([3.0]), "shock": np.array([0.2])})
    assert pools[""].rates[0, 0] == pytest.approx(0.2 + 0.8 * 0.3)
    assert pools["clayton"].rates[0, 0] == pytest.approx(0.2 + 0.8 * 0.3)
    other, box = read_laws(("shock", "beta"), None, BOTH, None)
    assert (other.driver, other.fixed) == ("common_shock", {})
    numbers, box = read_laws((), None, (), {"x": 1})
    assert (numbers.driver, box, numbers.pools({"x": np.ones(2)})) == ("", {"x": 1}, {})


@pytest.mark.parametrize(
    ("law", "expected"),
    [
        (models.OneFactorGaussian.equicorrelated([0.2] * 4, 0.36), {"error_rate": 0.2, "correlation": 0.36}),
        (models.BetaMixing(2, 3, 7), {"a": 2.0, "b": 3.0}),
        (models.Clayton([0.4] * 3, 1.5), {"error_rate": 0.4, "theta": 1.5}),
    ],
)
def test_what_a_configured_law_fixes(law: AbstractErrorLaw, expected: dict[str, float]) -> None:
    laws, box = read_laws(("",), law, (), {"m": None})
    assert laws.fixed == pytest.approx(expected)
    assert box["m"] == law.n_models
    unlike, _ = read_laws(("",), models.CommonShock(0.1, [0.2, 0.5]), (), {"m": 2})
    assert unlike.fixed["base_error_rate"].tolist() == [0.2, 0.5]


def test_laws_without_a_closed_form_are_built_at_every_point() -> None:
    law = models.ExchangeableMixing([0.1, 0.6], [0.5, 0.5], 6)
    laws, box = read_laws(("",), law, (), None)
    assert laws.slow and box == {"m": [2, 6]}
    assert read_laws(("",), law, (), {"weights": [0.1, 0.9], "m": None})[1]["m"] == 6
    pools = laws.pools({"m": np.array([3.0, 4.0]), "weights": np.array([[1.0, 3.0], [2.0, 2.0]])})
    # Drawn weights are made to sum to one, and the pool keeps its size.
    assert pools[""].rates[:, 0] == pytest.approx([0.25 * 0.1 + 0.75 * 0.6, 0.35])
    assert (pools[""].width, pools[""].alike) == (6, True)
    # Also where the box has its size: what is asked for is a size of sub-pools.
    sized = laws.pools({"m": np.array([3.0]), "n_models": np.array([4.0])})[""]
    assert (sized.width, sized.law(0, 6).n_models) == (6, 6)
    student = models.StudentFactor([0.3] * 3, [0.5] * 3, 4.0)
    moved = read_laws(("",), student, (), None)[0].pools({"error_rate": np.array([0.2]), "m": np.array([2.0])})[""]
    assert moved.alike and moved.rates[0, 0] == pytest.approx(0.2)
    assert (
        not read_laws(("",), models.StudentFactor([0.3, 0.4], [0.5] * 2, 4.0), (), None)[0]
        .pools({"m": np.array([2.0])})[""]
        .alike
    )


@pytest.mark.parametrize(
    ("names", "law", "match", "over", "message"),
    [
        ((), None, (), None, "claim.over: null"),
        (("",), None, (), None, "law: the proposition asks for quantities of a law"),
        (("", "clayton"), SHOCK, (), None, "clayton has to share something with common_shock"),
        (("", "clayton"), SHOCK, ("error_rate",), None, "clayton needs theta"),
        (("clayton",), None, (), {"m": 3, "theta": 1}, "clayton needs error_rate, such as error_rate"),
        (("",), UNLIKE, (), {"m": 2}, "one_factor_gaussian needs correlation, such as correlation"),
        (("",), SHOCK, (), {"shock": [0, 1.01]}, r"claim.over.shock: 1.01; numbers from 0 to 1 are accepted"),
        (("clayton",), None, (), {"theta": [-1, 1], "error_rate": 0.3}, "theta: -1; numbers >= 0 are accepted"),
        (("",), SHOCK, (), {"base_error_rates": [0.1, 0.2], "m": [3, 25]}, "up to 25 unlike models; at most 24"),
    ],
)
def test_what_cannot_be_read_is_refused(names: Any, law: Any, match: Any, over: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read_laws(names, law, match, over)


def test_a_law_without_a_closed_form_is_that_of_the_configuration() -> None:
    laws, _ = read_laws(("student_factor",), None, (), {"m": 3})
    with pytest.raises(InputError, match="law: student_factor is built from its configuration; add law=student_factor"):
        laws.pools({"m": np.array([3.0])})


def test_a_correlation_of_the_box_stands_for_loadings_that_differ() -> None:
    laws, _ = read_laws(("",), UNLIKE, (), {"m": 2, "correlation": 0.3})
    assert laws.fixed["error_rate"].tolist() == pytest.approx([0.2, 0.3]) and "correlation" not in laws.fixed


def test_ends_of_parameters_are_inside() -> None:
    for over in ({"shock": [0, 1], "m": 3}, {"base_error_rates": [0, 1], "m": 24}):
        assert read_laws(("",), SHOCK, (), over)[1] == over
    assert read_laws(("clayton",), None, (), {"theta": [0, 7], "error_rate": 1, "m": 3})[0].driver == "clayton"


def test_which_parameters_laws_have() -> None:
    assert parameters_of(("", "clayton"), SHOCK) == ("shock", "base_error_rate", "error_rate", "theta")
    assert parameters_of((), models.ExchangeableCount([0.5, 0.5])) == ("count_probs",)
    assert parameters_of(("beta",), None) == ("a", "b")

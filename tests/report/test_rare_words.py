"""Words of rare values."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.claims.checking.check import Sides
from cofail_lab.report import atlas, check
from cofail_lab.report.errors import Errors
from tests.conftest import outcomes_from


def test_a_point_of_unlike_models_lists_them() -> None:
    assert check._value([0.123456, 0.5]) == "[0.1235, 0.5]" and check._value(0.1234567) == "0.123457"
    proposition: Any = SimpleNamespace(box=SimpleNamespace(varying=("rates",)))
    assert check.at({"rates": [0.25, 0.5], "m": 3.0}, proposition) == "rates = [0.25, 0.5]"


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [
        (0.5, 0.25, "0.5 < 0.25"),
        (0.12345678, 0.12345679, "0.12345678 < 0.12345679"),
        (0.5, 0.5, "0.5 < 0.5"),
        (0.1 + 0.2, 0.3, "0.3 < 0.3"),  # alike in fifteen digits
    ],
)
def test_sides_have_as_many_digits_as_tell_them_apart(left: float, right: float, text: str) -> None:
    assert check.sides_text(Sides(left, 0.0, "<", right, 0.0)) == text


def test_an_atlas_without_regimes_names_none() -> None:
    def about(*regimes: str) -> str:
        made: list[Any] = [
            SimpleNamespace(name=f"m{k}", pricing="none", values={"regime": regime}, sheet_fault=None)
            for k, regime in enumerate(regimes)
        ]
        return " ".join(atlas._about(made))

    assert "Regimes:" not in about("none")
    some = atlas._REGIMES[0]
    assert f"Regimes: {some.replace('_', '-')} 2." in about(some, some, "none")


def test_a_spectral_number_is_of_models_that_vary() -> None:
    """Two that vary alike are one; beside models that always fail, one is none."""
    none: Any = None
    wrong = np.array([[1, 1, 1], [1, 0, 0], [1, 1, 1], [1, 0, 0]], dtype=bool)
    assert Errors(outcomes_from(wrong), none, none, none, 0.0, none).spectral == pytest.approx(1)
    assert Errors(outcomes_from(wrong[:, :2]), none, none, none, 0.0, none).spectral is None

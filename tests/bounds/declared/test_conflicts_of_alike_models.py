"""Facts of models that nothing tells apart contradict each other as a whole: one pair of them need not."""

import pytest

from cofail_lab.bounds.declared.known import Known
from cofail_lab.bounds.declared.targets import target
from cofail_lab.errors import InputError


def refusal(**facts: object) -> str:
    known = Known(**facts).on()  # pyright: ignore[reportArgumentType]
    with pytest.raises(InputError) as caught:
        known.range(target("all_wrong", known.pool))
    return str(caught.value)


def test_three_disjoint_errors_of_one_half_each() -> None:
    """Two of them exist: the message says that the third has the same facts."""
    said = refusal(rates=[0.5] * 3, pairs=[0.0] * 3)
    assert "P(0 wrong) = 0.5 (rates), P(0 and 1 wrong) = 0 (pairs) together, and the same for any of 0, 1 and 2" in said


def test_many_alike_models_are_counted() -> None:
    assert "and the same for any of 0, 1, 2, 3, 4 and 3 more;" in refusal(rates=[0.5] * 8, pairs=0.05)


def test_models_that_differ_are_not_called_alike() -> None:
    assert "the same" not in refusal(rates=[0.5, 0.6, 0.7], pairs=[0.05, 0.06, 0.07])

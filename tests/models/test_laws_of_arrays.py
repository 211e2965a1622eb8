"""A law keeps the numbers it was made of, whatever becomes of the array; members of it in any integers."""

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.models import Independent, _checks


def aligned(values: list[float]) -> np.ndarray:
    """An array at a multiple of 64 bytes, such as JAX would share on a CPU."""
    memory = np.empty(len(values) + 8)
    start = -memory.ctypes.data % 64 // 8
    array = memory[start : start + len(values)]
    array[:] = values
    return array


def test_a_law_does_not_change_with_the_array_it_was_made_of() -> None:
    rates = aligned([0.1, 0.2])
    law = Independent(rates)
    rates[0] = 0.9
    np.testing.assert_array_equal(law.error_rates, [0.1, 0.2])


@pytest.mark.parametrize("kind", [np.int8, np.uint8])
def test_members_in_short_integers(kind: type) -> None:
    np.testing.assert_array_equal(_checks.members(np.array([3, 0], kind), 300), [3, 0])


@pytest.mark.parametrize(("members", "named"), [([0, -5], "-5"), ([0, 4], "4"), ([-5, 7], "-5")])
def test_the_member_named_is_the_one_that_is_not_there(members: list[int], named: str) -> None:
    with pytest.raises(InputError, match=rf"^members: {named} is not one of the models 0\.\.3$"):
        _checks.members(members, 4)


@pytest.mark.parametrize("entry", ["0.3x-2", "0.3x99999999999"])
def test_a_number_of_models_that_no_pool_has(entry: str) -> None:
    with pytest.raises(InputError, match=f"law: '{entry}'; a number up to 1,000,000 times is accepted"):
        _checks.vector(entry)

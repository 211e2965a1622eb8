"""The options of a run."""

from typing import Any

import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.options import RunOptions


@pytest.mark.parametrize(
    ("field", "inside", "outside"),
    [
        ("seed", (0, 2**64 - 1), (-1, 2**64)),
        ("draws", (1, 2**53), (0, 2**53 + 1)),
        ("chunk", (1, 2**31 - 1), (0, 2**31)),
        ("shards", (1, 2**16), (0, 2**16 + 1)),
        ("workers", (None, 1, 1024), (0, 1025)),
        ("smoke", (True, False), (1, "yes")),
        ("shard", (None, 0), (-1, 1)),
    ],
)
def test_options_of_a_run_have_limits(field: str, inside: tuple[Any, ...], outside: tuple[Any, ...]) -> None:
    for value in inside:
        assert getattr(RunOptions(**{field: value}), field) == value
    for value in outside:
        with pytest.raises(InputError, match=rf"^run\.{field}"):
            RunOptions(**{field: value})
    assert RunOptions(shards=3, shard=2).shard == 2

"""Families of the block factor: which labels are one family, and what is no list of labels."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.models import BlockFactor


@pytest.mark.parametrize(
    ("labels", "families"),
    [
        (["a", "b", "a"], [[0, 2], [1]]),
        ([1, 1.0, 2], [[0, 1], [2]]),
        ([1, "1", 2], [[0], [1], [2]]),
        ([np.int64(1), "b", 1], [[0, 2], [1]]),
        (np.array(["b", "b", "a"]), [[0, 1], [2]]),
        ((3, 1, 3), [[0, 2], [1]]),
    ],
)
def test_equal_labels_are_one_family(labels: Any, families: list[list[int]]) -> None:
    law = BlockFactor([0.1, 0.2, 0.3], labels, 0.1, 0.4)
    assert [members.tolist() for members in law.families] == families
    apart = np.asarray(law.pairwise_wrong())
    one = np.zeros((3, 3), bool)
    for members in families:
        one[np.ix_(members, members)] = True
    within = np.asarray(BlockFactor([0.1, 0.2, 0.3], ["a"] * 3, 0.1, 0.4).pairwise_wrong())
    assert (np.isclose(apart, within, rtol=1e-9) == one).all()


@pytest.mark.parametrize("labels", ["aab", 3, None])
def test_labels_are_a_list(labels: Any) -> None:
    with pytest.raises(InputError, match=r"law\.block: .*; a list with one label per model is accepted"):
        BlockFactor([0.1, 0.2, 0.3], labels, 0.1, 0.4)


def test_too_few_labels() -> None:
    with pytest.raises(InputError, match=r"law\.block: 2 labels for 3 models"):
        BlockFactor([0.1, 0.2, 0.3], ["a", "b"], 0.1, 0.4)

"""Streams of random numbers: one per seed, purpose and replicate, and none twice."""

import numpy as np

from cofail_lab.numerics import streams
from cofail_lab.numerics.streams import generator

PURPOSES = {name: number for name, number in vars(streams).items() if name.isupper()}


def test_every_purpose_has_a_number_of_its_own() -> None:
    assert len(set(PURPOSES.values())) == len(PURPOSES) >= 18


def test_no_two_streams_are_the_same() -> None:
    """Seeds, purposes and replicates next to each other, and where their sums or parts would coincide."""
    places = [
        (seed, purpose, index)
        for seed in (0, 1, 2, 2**40)
        for purpose in (0, *PURPOSES.values())
        for index in (0, 1, 2, 6, 7, 2**20)
    ]
    first = {tuple(generator(*place).integers(2**63, size=2).tolist()) for place in places}
    assert len(first) == len(places)


def test_a_stream_is_that_of_the_philox_key() -> None:
    """Published results were drawn from these: a seed keeps its numbers for good."""
    expected = np.random.Generator(np.random.Philox(key=[(6 << 32) + 3, 11])).random(4)
    np.testing.assert_array_equal(generator(11, 6, 3).random(4), expected)
    assert generator(0, 6).random() == generator(0, 6, 0).random()

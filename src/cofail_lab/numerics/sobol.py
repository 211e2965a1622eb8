"""The first points of Sobol's sequence, with the direction numbers of Joe and Kuo: those of SciPy.

`scipy.stats` takes .4 s to import, which every process of a fit would wait for. The table of direction numbers that
comes with it is read on its own.
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from jaxtyping import UInt

_WORD = 64
# Of SciPy's points, and so the most that this makes.
_BITS = 30


def points(dimensions: int, log2_points: int) -> UInt[np.ndarray, "points dimensions"]:
    """The first 2^log2_points points in ``dimensions`` coordinates, as 64-bit fractions of 1."""
    table = _table()
    if table is None or not 1 <= dimensions <= len(table[0]) or not 0 <= log2_points <= _BITS:
        return _by_scipy(dimensions, log2_points)
    polynomials, initial = table
    directions = _directions(polynomials[:dimensions], initial[:dimensions], log2_points)
    # The order of SciPy: a point is the sum of the directions of the bits of its Gray code.
    index = np.arange(1 << log2_points)
    gray = index ^ (index >> 1)
    found = np.zeros((len(index), dimensions), dtype=np.uint64)
    for bit in range(log2_points):
        found[(gray >> bit) & 1 == 1] ^= directions[:, bit]
    return found


def _directions(polynomials: np.ndarray, initial: np.ndarray, n: int) -> UInt[np.ndarray, "dimensions n"]:
    """The first n direction numbers of each coordinate, as 64-bit fractions."""
    degrees = np.frexp(polynomials.astype(float))[1] - 1
    numbers = np.zeros((len(polynomials), max(n, initial.shape[1])), dtype=np.int64)
    numbers[:, : initial.shape[1]] = initial
    for degree in np.unique(degrees[1:]).tolist():
        rows = np.flatnonzero(degrees == degree)
        for at in range(degree, n):
            new = numbers[rows, at - degree].copy()
            for k in range(degree):
                used = (polynomials[rows] >> (degree - 1 - k)) & 1
                new ^= used * (numbers[rows, at - k - 1] << (k + 1))
            numbers[rows, at] = new
    # The first coordinate is van der Corput's: it has no polynomial.
    numbers[0] = 1
    shifts = np.uint64(_WORD) - np.arange(1, n + 1, dtype=np.uint64)
    return numbers[:, :n].astype(np.uint64) << shifts


@cache
def _table() -> tuple[np.ndarray, np.ndarray] | None:
    """Polynomials and initial numbers of all coordinates; None where SciPy keeps them elsewhere."""
    # The package around `scipy.stats` is imported for this, it itself is not.
    found = find_spec("scipy.stats")
    path = Path(found.origin).with_name("_sobol_direction_numbers.npz") if found and found.origin else None
    try:
        with np.load(str(path), allow_pickle=False) as archive:
            return archive["poly"], archive["vinit"]
    except (OSError, KeyError):
        return None


def _by_scipy(dimensions: int, log2_points: int) -> UInt[np.ndarray, "points dimensions"]:
    from scipy.stats import qmc

    found = qmc.Sobol(dimensions, scramble=False, bits=_BITS).random_base2(log2_points)
    return (found * 2**_BITS).astype(np.uint64) << np.uint64(_WORD - _BITS)

"""Smooth laws of difficulty: the law of C, the number of wrong models, under one factor that need not be Gaussian.

Given its difficulty z, model i fails a query with probability Φ((t_i - ℓ_i z)/√(1 - ℓ_i²)); z has one of `FAMILIES`,
moved and stretched so that the error rates stay the observed ones. P(C = c) is then a weighted mean of laws given z
that do not depend on the family: they are computed once for each loading, and every family, shape and place only
changes the weights. Hence tens of thousands of laws cost less than a second.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import gammainc, ndtr, ndtri, stdtr

_X = np.linspace(-40.0, 40.0, 8001)
_STEP = _X[1] - _X[0]
_SMALLEST = 1e-300
_MAX_NODES, _REACH = 601, 14.0
# Loadings stay within this: at 1 a model would have no error of its own.
_LIMIT = 0.995

# A shape this near 0 is the Gaussian law.
_GAUSSIAN = 1e-3

Cdf = Callable[[float, np.ndarray], np.ndarray]


class Family(NamedTuple):
    """Laws of one factor: easy queries have a large z, hard ones a small z.

    Attributes:
        label: what texts call a difficulty of this family.
        shapes: the shapes tried first; at and near 0 is the Gaussian law.
        cdf: P(Z <= x) at a shape, with a spread near that of the standard normal law.
        fixed: whether the shapes are not refined.
    """

    label: str
    shapes: Float[np.ndarray, " shapes"]
    cdf: Cdf
    fixed: bool = False


def _gaussian(_: float, x: np.ndarray) -> np.ndarray:
    return ndtr(x)


def _student(inverse: float, x: np.ndarray) -> np.ndarray:
    """Student's t with 1/``inverse`` degrees of freedom."""
    return stdtr(1 / inverse, x)


def _skewed(skewness: float, x: np.ndarray) -> np.ndarray:
    """Pearson's type III (a gamma law): ``skewness`` towards hard queries; 2 is exponential difficulty."""
    k = 4 / skewness**2

    def below(y: np.ndarray) -> np.ndarray:
        return gammainc(k, np.maximum(0.0, k + np.sqrt(k) * y))

    return 1 - below(-x) if skewness > 0 else below(x)


def _lognormal(sigma: float, x: np.ndarray) -> np.ndarray:
    """A lognormal law, standardized: heavy towards hard queries where ``sigma`` is positive."""
    size = abs(sigma)
    growth = np.exp(size**2)
    spread, mean = np.sqrt((growth - 1) * growth), np.sqrt(growth)

    def below(y: np.ndarray) -> np.ndarray:
        return ndtr(np.log(np.maximum(_SMALLEST, mean + spread * y)) / size)

    return 1 - below(-x) if sigma > 0 else below(x)


_TAILS = (0.08, 0.16, 0.24, 0.32, 0.4, 0.48, 0.56, 0.65, 0.75, 0.85, 1.0, 1.2, 1.45)
_SKEWS = (-2.6, -1.7, -1.2, -0.8, -0.5, -0.25, 0.0, 0.25, 0.5, 0.8, 1.2, 1.7, 2.6)
_JOHNSON = ((0.0, 0.0), *((tail, skew) for tail in _TAILS for skew in _SKEWS))


def _johnson(number: float, x: np.ndarray) -> np.ndarray:
    """Johnson's S_U law: z = sinh((g - γ)/δ) for a normal g, standardized by quantiles; shapes are listed pairs."""
    tail, skew = _JOHNSON[round(number)]
    middle, low, high = np.sinh(-skew), np.sinh(-tail - skew), np.sinh(tail - skew)
    return ndtr((skew + np.arcsinh(middle + (high - low) / 2 * x)) / tail)


FAMILIES: Mapping[str, Family] = {
    "gaussian": Family("Gaussian", np.zeros(1), _gaussian),
    "student": Family("Student t", np.linspace(0, 0.5, 9), _student),
    "skew": Family("skewed (gamma)", np.linspace(-2, 4, 13), _skewed),
    "lognormal": Family("lognormal", np.linspace(-0.8, 1.4, 12), _lognormal),
    "johnson": Family("skewed and heavy (Johnson)", np.arange(float(len(_JOHNSON))), _johnson, fixed=True),
}
"""Name (as in ``results.json``: ``tail_p_<name>``) -> family. Each of the others contains the Gaussian law."""


class Laws(NamedTuple):
    """Laws of C that are compared with histograms.

    Attributes:
        probs: P(C = 0..m), one law a row.
        logs: their logs.
        parameters: loading, shape and place of each law.
    """

    probs: Float[np.ndarray, "laws m_plus_1"]
    logs: Float[np.ndarray, "laws m_plus_1"]
    parameters: Float[np.ndarray, "laws 3"]


class _Given(NamedTuple):
    """Laws given z at one loading.

    Attributes:
        edges: between the cells of z.
        counts: P(C = c | z).
        rates: P(wrong | z) of two models that stand for the pool.
    """

    edges: Float[np.ndarray, " nodes_minus_1"]
    counts: Float[np.ndarray, "nodes m_plus_1"]
    rates: Float[np.ndarray, "nodes 2"]


@dataclass
class Pool:
    """The models of a matrix as the smooth laws see them.

    Attributes:
        error_rates: in (0, 1).
        pattern: relative loadings, with mean size 1.
    """

    error_rates: Float[np.ndarray, " m"]
    pattern: Float[np.ndarray, " m"]
    _given: dict[float, _Given] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self._thresholds = ndtri(self.error_rates)
        middle, spread = self._thresholds.mean(), max(float(self._thresholds.std()), 0.3)
        self._two = np.array([middle - spread, middle + spread])

    def laws(
        self, family: Family, loadings: Iterable[float], shapes: np.ndarray, places: np.ndarray
    ) -> Float[np.ndarray, "loadings shapes places m_plus_1"]:
        """P(C = c) at every loading and shape, and at places relative to the one with the observed error rates."""
        table = np.stack([ndtr(_X) if abs(shape) < _GAUSSIAN else family.cdf(float(shape), _X) for shape in shapes])
        probs = []
        for loading in loadings:
            given = self._at(float(loading))
            middle, scale = self._matched(table, given)
            probs.append(
                _weights(table, given.edges, middle[:, None] + scale[:, None] * places, scale[:, None]) @ given.counts
            )
        return np.maximum(np.stack(probs), _SMALLEST)

    def _at(self, loading: float) -> _Given:
        if loading not in self._given:
            own = np.clip(loading * self.pattern, -_LIMIT, _LIMIT)
            noise = np.sqrt(1 - own**2)
            # A cell is narrower than what m answers can tell about z, so that a law is that of a smoothed factor.
            spacing = 1.2 / np.sqrt(1 + np.sum((own / noise) ** 2))
            reach = min(_REACH, (np.abs(self._thresholds).max() + 5) / loading)
            z = np.linspace(-reach, reach, min(_MAX_NODES, int(2 * reach / spacing) + 2))
            counts = _count_table(ndtr((self._thresholds - own * z[:, None]) / noise))
            rates = ndtr((self._two - loading * z[:, None]) / np.sqrt(1 - loading**2))
            self._given[loading] = _Given((z[1:] + z[:-1]) / 2, counts, rates)
        return self._given[loading]

    def _matched(self, table: np.ndarray, given: _Given) -> tuple[np.ndarray, np.ndarray]:
        """Place and scale of z at which two models, an able and a weak one, have their error rates; Newton's method."""

        def excess(x: np.ndarray) -> np.ndarray:
            """At several x for every shape, (shapes, several, 2)."""
            weights = _weights(table, given.edges, x[..., 0], np.exp(x[..., 1]))
            return ndtri(np.clip(weights @ given.rates, 1e-12, 1 - 1e-12)) - self._two

        x, step = np.zeros((len(table), 2)), 1e-4
        moves = step * np.concatenate([np.zeros((1, 2)), np.eye(2)])
        for _ in range(4):
            now, *moved = np.moveaxis(excess(x[:, None] + moves), 1, 0)
            jacobian = (np.stack(moved, axis=-1) - now[..., None]) / step + 1e-6 * np.eye(2)
            x += np.clip(np.linalg.solve(jacobian, -now[..., None])[..., 0], -0.5, 0.5)
            x[:, 1] = np.clip(x[:, 1], -3, 1.5)
        return x[:, 0], np.exp(x[:, 1])


def _weights(table: np.ndarray, edges: np.ndarray, places: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Mass of the cells of z, (shapes, places, nodes), from a table of distribution functions, a row a shape.

    Args:
        table: at `_X`, (shapes, points).
        edges: between the cells.
        places, scales: of z, (shapes, places).
    """
    # In place, and from the flat table: this is most of the test of the tail.
    position = (edges - places[..., None]) / scales[..., None]
    position -= _X[0]
    position /= _STEP
    np.clip(position, 0, len(_X) - 1.000001, out=position)
    cell = position.astype(int)
    position -= cell
    cell += (len(_X) * np.arange(len(table)))[:, None, None]
    low = table.ravel().take(cell)
    below = np.zeros((*low.shape[:-1], low.shape[-1] + 2))
    below[..., -1] = 1
    inner = below[..., 1:-1]
    np.subtract(table.ravel().take(cell + 1), low, out=inner)
    inner *= position
    inner += low
    return np.diff(below, axis=-1)


def _count_table(success: Float[np.ndarray, "nodes m"]) -> Float[np.ndarray, "nodes m_plus_1"]:
    """P(C = c) of independent errors at each node, model by model."""
    n_nodes, m = success.shape
    table = np.zeros((m + 1, n_nodes))
    table[0] = 1
    for i in range(m):
        moved = table[: i + 1] * success[:, i]
        table[: i + 1] -= moved
        table[1 : i + 2] += moved
    return np.maximum(table.T, 0)


def atom_gain(share: Float[np.ndarray, "..."], probs: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Log-likelihood per query that the best atom adds to a law with P(C = m) = ``probs``, where C = m has ``share``.

    An atom of size ω over the law makes P(C = m) anything above ``probs`` and multiplies the rest by one number. So the
    best ω is in closed form, and the gain is KL(share ‖ probs) where ``share`` is larger, 0 elsewhere.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        rest = np.where(share < 1, (1 - share) * (np.log1p(-share) - np.log1p(-probs)), 0.0)
        gain = np.where(share > 0, share * (np.log(share) - np.log(probs)), 0.0) + rest
    return np.where(share > probs, gain, 0.0)


# Points per axis of the grids: the first, and the later ones. Laws this much less likely than the best are dropped.
_FIRST_LOADINGS, _FIRST_PLACES = np.concatenate([np.linspace(0.05, 0.95, 19), [0.975, 0.99]]), 13
_LOADINGS, _SHAPES, _PLACES = 31, 25, 21
_SLACK = 10.0
# Refined until this share of the loadings has a plausible law.
_FINE, _MAX_ROUNDS = 0.4, 4


def near(
    pool: Pool, names: Iterable[str], references: Float[np.ndarray, "references m_plus_1"], n: int
) -> dict[str, Laws]:
    """The laws of each family that n queries with the shares ``references`` of C = 0..m cannot rule out.

    A grid over loading, shape and place is narrowed to the laws whose likelihood, with or without an atom, is within
    a factor e^10 of the best of the family for some reference, and refined, until it is fine enough.
    """
    atom = max(0.03, float(references[:, -1].max()))
    loadings = _FIRST_LOADINGS
    places = np.linspace(-5 / np.sqrt(n), 5 / np.sqrt(n) + 2 * atom, _FIRST_PLACES)
    shapes = {name: FAMILIES[name].shapes for name in names}
    grids, kept = _grids(pool, loadings, shapes, places, references, n)
    for _ in range(_MAX_ROUNDS):
        used = np.logical_or.reduce([keep.any((1, 2)) for keep in kept.values()])
        inner = np.logical_or.reduce([keep.any((0, 1)) for keep in kept.values()])
        shapes = {
            name: shapes[name]
            if FAMILIES[name].fixed
            else _box(shapes[name], np.asarray(kept[name].any((0, 2))), _SHAPES)
            for name in shapes
        }
        loadings, places = _box(loadings, used, _LOADINGS), _box(places, inner, _PLACES)
        grids, kept = _grids(pool, loadings, shapes, places, references, n)
        if np.logical_or.reduce([keep.any((1, 2)) for keep in kept.values()]).mean() > _FINE:
            break
    laws = {}
    for name, keep in kept.items():
        probs = grids[name][keep]
        axes = np.meshgrid(loadings, shapes[name], places, indexing="ij")
        laws[name] = Laws(probs, np.log(probs), np.stack([axis[keep] for axis in axes], axis=-1))
    return laws


def _grids(
    pool: Pool,
    loadings: np.ndarray,
    shapes: Mapping[str, np.ndarray],
    places: np.ndarray,
    references: np.ndarray,
    n: int,
) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """The laws of each family on a grid, and which of them are plausible."""
    grids = {name: pool.laws(FAMILIES[name], loadings, values, places) for name, values in shapes.items()}
    return grids, {name: _plausible(grid, references, n) for name, grid in grids.items()}


def _plausible(grid: np.ndarray, references: np.ndarray, n: int) -> Bool[np.ndarray, "loadings shapes places"]:
    keep = np.zeros(grid.shape[:-1], dtype=bool)
    logs = np.log(grid)
    for shares in references:
        smooth = n * (logs @ shares)
        with_atom = smooth + n * atom_gain(shares[-1], grid[..., -1])
        keep |= (smooth >= smooth.max() - _SLACK) | (with_atom >= with_atom.max() - _SLACK)
    return keep


def _box(values: np.ndarray, kept: np.ndarray, number: int) -> np.ndarray:
    """``number`` values over the range of the kept ones and their neighbours."""
    if len(values) == 1:
        return values
    rows = np.flatnonzero(kept)
    return np.linspace(values[max(0, rows[0] - 1)], values[min(len(values) - 1, rows[-1] + 1)], number)

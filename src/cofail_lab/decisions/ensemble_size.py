"""How many members a majority vote is worth paying for: predicted from error rates and correlation, and cast (P5, P6).

Even sizes are left out: with a fair coin for ties an even vote is exactly as good as that of one member fewer.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtr, ndtri
from scipy.stats import hypergeom, norm

from cofail_lab import checks
from cofail_lab.decisions.diversification import majority_accuracy

# Beyond it the shared factor has less than 1e-16 of its mass.
_REACH = 8.5
_MAX_NODES = 4001


def odd_sizes(n_models: int, at_most: int | None = None) -> Int[np.ndarray, " sizes"]:
    """1, 3, 5, ... up to the number of models, or ``at_most``."""
    return np.arange(1, min(n_models, at_most or n_models) + 1, 2)


def predicted_any(error_rate: float, correlation: float, sizes: Int[np.ndarray, " sizes"]) -> Float[np.ndarray, " s"]:
    """Accuracy of a majority of k models of one error rate and one latent correlation, (sizes,) (P7.ii).

    Args:
        error_rate: α in [0, 1].
        correlation: tetrachoric ρ in [0, 1].
        sizes: k, odd.
    """
    if error_rate in (0, 1):
        return np.full(len(sizes), 1.0 - error_rate)
    return np.array([majority_accuracy(error_rate, correlation, int(k)).value or 0.0 for k in sizes])


def predicted_in_order(
    error_rates: Float[np.ndarray, " m"], correlation: float, sizes: Int[np.ndarray, " sizes"]
) -> Float[np.ndarray, " sizes"]:
    """The same for the first k of models with error rates of their own, one factor of equal loadings, (sizes,).

    Args:
        error_rates: in [0, 1], in the order in which models are added.
        correlation: ρ in [0, 1); 1 is taken as just below.
        sizes: k, odd, ascending.
    """
    checks.share("correlation", correlation)
    rho = min(correlation, 1 - 1e-6)
    # A vote of k turns over a width of √((1-ρ)/kρ) of the factor; at .7 of it the trapezoidal rule errs by e^-40.
    spacing = min(0.05, 0.7 * np.sqrt((1 - rho) / (sizes[-1] * rho))) if rho else 0.05
    nodes = np.linspace(-_REACH, _REACH, min(int(2 * _REACH / spacing) + 2, _MAX_NODES))
    weight = norm.pdf(nodes)
    weight /= weight.sum()
    with np.errstate(invalid="ignore"):
        threshold = ndtri(np.asarray(error_rates, dtype=float))
    counts, found, wanted = np.ones((len(nodes), 1)), [], set(sizes.tolist())
    for k, t in enumerate(threshold[: sizes[-1]], 1):
        right = ndtr((np.sqrt(rho) * nodes - t) / np.sqrt(1 - rho))[:, None]
        grown = np.zeros((len(nodes), k + 1))
        grown[:, :-1] = counts * (1 - right)
        grown[:, 1:] += counts * right
        counts = grown
        if k in wanted:
            found.append(float(weight @ counts[:, k // 2 + 1 :].sum(axis=1)))
    return np.array(found)


def cast_any(right: Bool[np.ndarray, "n m"], sizes: Int[np.ndarray, " sizes"]) -> Float[np.ndarray, " sizes"]:
    """Mean accuracy of the majorities of all sets of k models, (sizes,): hypergeometric in the number of right ones."""
    m = right.shape[1]
    share = np.bincount(right.sum(axis=1), minlength=m + 1) / len(right)
    return np.array([float(share @ hypergeom.sf(k // 2, m, np.arange(m + 1), k)) for k in sizes])


def cast_in_order(
    right: Bool[np.ndarray, "n m"], order: Sequence[int] | np.ndarray, sizes: Int[np.ndarray, " sizes"]
) -> Float[np.ndarray, " sizes"]:
    """Accuracy of the majority of the first k models of an order, (sizes,)."""
    votes = np.cumsum(right[:, np.asarray(order)], axis=1)[:, sizes - 1]
    return (2 * votes > sizes).mean(axis=0)


def best_size(sizes: Int[np.ndarray, " sizes"], accuracy: Float[np.ndarray, " sizes"], cost: float) -> int:
    """The k that maximizes accuracy - cost·k, the smallest if several do."""
    net = accuracy - cost * sizes
    return int(sizes[np.flatnonzero(net >= net.max() - 1e-12)[0]])


class Trial(NamedTuple):
    """A prediction from some queries, and votes cast on others.

    Attributes:
        predicted, cast: accuracies, (sizes,).
        size: at which adding members stops paying by the prediction.
        best: at which it does by the votes.
        regret: accuracy less cost at the best size, less the same at the predicted one, by the votes.
    """

    predicted: Float[np.ndarray, " sizes"]
    cast: Float[np.ndarray, " sizes"]
    size: int
    best: int
    regret: float


def judge(
    sizes: Int[np.ndarray, " sizes"],
    predicted: Float[np.ndarray, " sizes"],
    cast: Float[np.ndarray, " sizes"],
    cost: float,
) -> Trial:
    """Where each curve stops paying."""
    size, best = best_size(sizes, predicted, cost), best_size(sizes, cast, cost)
    net = dict(zip(sizes.tolist(), cast - cost * sizes, strict=True))
    return Trial(predicted, cast, size, best, float(net[best] - net[size]))

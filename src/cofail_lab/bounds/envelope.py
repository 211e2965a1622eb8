"""What pairwise statistics say of a pool that can grow without limit (theory P2.vi).

For mixing laws (each query draws a difficulty p, models fail independently with it) only E[p] = α and E[p²] are fixed
by pairs. Then E[p^m] lies between two two-point laws, for every m at once: common shock on top, {0, p/α} below.
"""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

from cofail_lab.errors import InputError


class Mixing(NamedTuple):
    """A two-point law of the difficulty; the parameters of `models.ExchangeableMixing`.

    Attributes:
        points: failure probabilities, (2,).
        weights: their probabilities, (2,).
    """

    points: Float[np.ndarray, " 2"]
    weights: Float[np.ndarray, " 2"]

    def all_wrong(self, n_models: int | Float[np.ndarray, " k"]) -> Float[np.ndarray, " k"]:
        """E[p^m]."""
        return (self.weights * self.points ** np.asarray(n_models)[..., None]).sum(axis=-1)


class Envelope(NamedTuple):
    """The extreme laws; both attain their side at every pool size m >= 2, so both limits are sharp.

    Attributes:
        lower: {0, p/α} with mass α²/p on p/α; all-wrong rate α^{2-m} p^{m-1}.
        upper: the common shock {α0, 1} with mass ω on 1.
        shock, base_error_rate: ω and α0, the parameters of `models.CommonShock`.
    """

    lower: Mixing
    upper: Mixing
    shock: float
    base_error_rate: float


def extendible_envelope(error_rate: float, pairwise_wrong: float) -> Envelope:
    """Largest and smallest E[p^m] among all mixing laws with E[p] = α and E[p²] = p.

    Args:
        error_rate: α in (0, 1).
        pairwise_wrong: p in [α², α].

    Raises:
        InputError: p below α² (such a pool cannot be extended for ever) or above α.
    """
    a, p = float(error_rate), float(pairwise_wrong)
    if not 0 < a < 1:
        raise InputError(f"error_rate: {error_rate} is not inside (0, 1)")
    if not a * a - 1e-15 <= p <= a:
        raise InputError(
            f"pairwise_wrong: {pairwise_wrong} is outside [{a * a:.6g}, {a:.6g}], squared error rate "
            "to error rate: no law of an endless pool has it"
        )
    # From α = ω + (1-ω) α0 and p = ω + (1-ω) α0²: α0 = (α - p)/(1 - α), ω = (p - α²)/(1 - 2α + p).
    base, shock = (a - p) / (1 - a), max(0.0, p - a * a) / (1 - 2 * a + p)
    high, mass = p / a, min(1.0, a * a / p)
    return Envelope(
        Mixing(np.array([0.0, high]), np.array([1 - mass, mass])),
        Mixing(np.array([base, 1.0]), np.array([1 - shock, shock])),
        shock,
        base,
    )

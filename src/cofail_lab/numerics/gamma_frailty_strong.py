"""The lattice of `gamma_frailty` for θ >= 1, however large: nodes only where answers change.

With V = W/θ, model i is wrong given V with probability exp(-V c_i), c_i = α_i^{-θ} - 1. For large θ each model changes
from certainly wrong to certainly right in a stretch of log V about 45 long, and the stretches of two models lie
θ log(α_i/α_j) apart: a lattice over all of them would need any number of nodes. Where no answer changes the density of
v = log V is proportional to e^{kv}, k = 1/θ, and one node has the probability of all the lattice points there. Every
run of overlapping stretches has a lattice of its own, measured from one of its models, so that no digits are lost
however large θ is; the limit is comonotone errors.
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import gammaln

from cofail_lab.numerics import gamma_frailty
from cofail_lab.numerics.poisson_binomial import counts_at_once

# A model's stretch in log(V c): below it errs but for e^-38/m, above it is right, for e^-812 is no float64.
_BELOW, _ABOVE = 38.0, 6.7
# e^-V is no float64 beyond V = 745.
_TOP = float(np.log(745.0))
_NODES_AT_ONCE = 512


class Nodes(NamedTuple):
    """Nodes of one run, or the single node of a gap.

    Attributes:
        log_weights: (nodes,) log probabilities.
        places: (nodes,) log V, measured from the run's reference.
        offsets: (m,) log c_i, measured from it; at a gap's node inf where the model is right, -inf where it is wrong.
    """

    log_weights: Float[np.ndarray, " nodes"]
    places: Float[np.ndarray, " nodes"]
    offsets: Float[np.ndarray, " m"]

    @property
    def log_hazards(self) -> Float[np.ndarray, "nodes m"]:
        """Log V c_i."""
        return self.places[:, None] + self.offsets


def nodes(error_rates: Float[np.ndarray, " m"], theta: float) -> Iterator[Nodes]:
    """All nodes, from below, some at a time; relative error of every pattern as on a lattice of `gamma_frailty`.

    Rounding apart: as α^{-θ} itself, a pattern's probability changes by θ rounding errors with the last digit of a
    rate.
    """
    n_models, k = len(error_rates), 1 / theta
    root = float(np.sqrt(theta))
    spacing = root * float(gamma_frailty.proven_spacing(np.asarray(theta), n_models, gamma_frailty.ERROR))
    below = _BELOW + np.log(n_models)
    with np.errstate(divide="ignore", over="ignore"):
        logs = np.log(-np.expm1(theta * np.log(error_rates)))  # log(1 - α^θ)
        places = theta * np.log(error_rates) - logs  # of the stretches in v: -log c
    order = np.argsort(error_rates, kind="stable")

    def shift(reference: int) -> np.ndarray:
        """log(c_i/c) for the c of a model; no digits are lost where α_i and α are close."""
        change = (error_rates - error_rates[reference]) / error_rates[reference]
        near = np.abs(change) < 0.5
        ratio = np.where(
            near, np.log1p(np.where(near, change, 0)), np.log(error_rates) - np.log(error_rates[reference])
        )
        with np.errstate(over="ignore"):
            return logs - logs[reference] - theta * ratio

    def scaled(node: Any, reference: int | None) -> Any:
        """k v at a node, or at several."""
        return k * node if reference is None else k * (node - logs[reference]) + float(np.log(error_rates[reference]))

    # A lattice's points below its first node add up to the exponential of scaled(...) plus this.
    log_step, log_scale = np.log(spacing * k), -float(gammaln(1 + k))
    to_first = -np.log(np.expm1(spacing * k) / (spacing * k)) if spacing * k > 1e-8 else -spacing * k / 2
    before, passed = -np.inf, np.zeros(n_models, dtype=bool)
    for members, reference in _runs(order, places, shift, below + _ABOVE + 2 * spacing):
        offsets = -places if reference is None else shift(reference)
        first = -below - (offsets[members].max() if len(members) else 0.0)
        first = min(first, -below) if reference is None else first
        last = _TOP if reference is None else _ABOVE - offsets[members].min()
        here = first + spacing * np.arange(int(np.ceil((last - first) / spacing)) + 1)
        reached = scaled(first, reference) + to_first
        gap = reached + (np.log(-np.expm1(before - reached)) if before < reached else -np.inf)
        yield Nodes(np.array([gap + log_scale]), np.zeros(1), np.where(passed, np.inf, -np.inf))
        for some in np.split(here, range(_NODES_AT_ONCE, len(here), _NODES_AT_ONCE)):
            log_density = scaled(some, reference)
            if reference is None:
                log_density = log_density - np.exp(some)
            yield Nodes(log_density + log_step + log_scale, some, offsets)
        before = scaled(here[-1], reference) + to_first + spacing * k
        passed[members] = True


def n_nodes(error_rates: Float[np.ndarray, " m"], theta: float) -> int:
    """How many `nodes` there are."""
    return sum(len(part.places) for part in nodes(error_rates, theta))


def _runs(
    order: np.ndarray, places: np.ndarray, shift: Callable[[int], np.ndarray], length: float
) -> Iterator[tuple[np.ndarray, int | None]]:
    """Models whose stretches overlap (less than ``length`` apart), from below, and the model they are measured from.

    The last run has the models whose stretches overlap that of the density, around V = 1, or lie above; it is measured
    from V = 1 (None).
    """
    run: list[int] = []
    n_low = int((places < 0).sum())
    low, high = order[:n_low], order[n_low:]
    for i in low:
        if run and -shift(run[-1])[i] > length:
            yield np.array(run), run[0]
            run = []
        run.append(int(i))
    if run and places[run[-1]] < -length:
        yield np.array(run), run[0]
        run = []
    yield np.array([*run, *high], dtype=int), None


def count_law(error_rates: Float[np.ndarray, " m"], theta: float) -> Float[np.ndarray, " m+1"]:
    """P(C = j), j = 0..m, with tables for the models only whose answers change; relative error 1e-13 and rounding."""
    total = np.zeros(len(error_rates) + 1)
    sure = -_BELOW - np.log(len(error_rates))
    for part in nodes(error_rates, theta):
        low, high = part.places[0] + part.offsets, part.places[-1] + part.offsets
        active = (high > sure) & (low < _ABOVE)
        hazards = np.exp(np.minimum(part.places[:, None] + part.offsets[active], _ABOVE))
        table = counts_at_once(np.exp(-hazards), -np.expm1(-hazards))
        n_wrong = int((high <= sure).sum())
        total[n_wrong : n_wrong + table.shape[1]] += np.exp(part.log_weights) @ table
    return total

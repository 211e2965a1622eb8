"""Block factor: families share a factor of their own beside the common one (theory section 2)."""

from collections.abc import Iterable
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array
from jax.core import Tracer
from jaxtyping import Float, Int

from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate
from cofail_lab.models import _checks
from cofail_lab.models._samplers import Alias, BlockSampler, integer_threshold
from cofail_lab.models._sampling import Advance
from cofail_lab.models.base import AbstractErrorLaw, ignore
from cofail_lab.models.independent import with_diagonal
from cofail_lab.numerics import bivariate_normal, block_factor, block_table, normal


def _labels(labels: Any) -> tuple[Any, ...]:
    """Names of families as Python has them: 1 and 1.0 are one family, 1 and "1" are two."""
    if isinstance(labels, str) or not isinstance(labels, Iterable):
        raise InputError(f"law.block: {labels!r}; a list with one label per model is accepted")
    labels = list(labels)
    if len({isinstance(label, str) for label in labels}) < 2:
        return tuple(np.asarray(labels).tolist())
    return tuple(label.item() if isinstance(label, np.generic) else label for label in labels)


class BlockFactor(AbstractErrorLaw):
    """Latent scores √ρ_b Z + √(ρ_w-ρ_b) F_g + √(1-ρ_w) ε_i: correlation ρ_w within a family, ρ_b between families.

    Attributes:
        error_rates: α_i in (0, 1), (m,).
        block: family of each model, m labels.
        between, within: 0 <= ρ_b <= ρ_w < 1.
    """

    error_rates: Float[Array, " m"] = eqx.field(converter=_checks.vector)
    block: tuple[Any, ...] = eqx.field(converter=_labels, static=True)
    between: Float[Array, ""] = eqx.field(converter=_checks.scalar)
    within: Float[Array, ""] = eqx.field(converter=_checks.scalar)

    def __check_init__(self) -> None:
        _checks.shape("error_rates", self.error_rates, (None,))
        _checks.inside("error_rates", self.error_rates, 0, 1, "(0, 1)")
        if len(self.block) != self.n_models:
            raise InputError(
                f"law.block: {len(self.block)} labels for {self.n_models} models; one per model is accepted"
            )
        for name, value in (("between", self.between), ("within", self.within)):
            _checks.shape(name, value, ())
            _checks.inside(name, value, 0, 1, "[0, 1)")
        if not isinstance(self.between, Tracer) and not isinstance(self.within, Tracer):
            _checks.inside("between", self.between, 0, float(self.within), "[0, law.within]")

    @property
    def families(self) -> list[np.ndarray]:
        """Indices of the models of each family."""
        labels = np.array([repr(label) for label in self.block])
        return [np.flatnonzero(labels == label) for label in dict.fromkeys(labels.tolist())]

    @property
    def thresholds(self) -> Float[Array, " m"]:
        """t_i = Φ^{-1}(α_i)."""
        return normal.quantile(self.error_rates)

    def log_all_wrong(self) -> Float[Array, ""]:
        """Quadrature over every family's factor inside one over Z; its error is `all_wrong_estimate`'s."""
        return self._nested()[0]

    @_checks.ESTIMATE
    def all_wrong_estimate(self) -> Estimate:
        """β by nested quadrature, with its numerical error."""
        log_value, error = (float(x) for x in self._nested())
        return Estimate(float(np.exp(log_value)), float(np.exp(log_value) * error), "quadrature")

    @_checks.BY_SIZE
    def log_all_wrong_by_size(
        self, sizes: Int[np.ndarray, " k"], advance: Advance = ignore
    ) -> tuple[Float[np.ndarray, " k"], Float[np.ndarray, " k"]]:
        """Every pool from a table of its own; nothing is compiled by size."""
        thresholds, correlations = np.append(self.thresholds, block_table.FILLER), (self.between, self.within)
        rows = []
        for size in sizes:
            index = self._by_family(int(size))
            rows.append(block_table.log_all_below(thresholds[index], *(float(x) for x in correlations)))
            advance(1)
        values, errors = np.array(rows).T
        return values, errors

    def _nested(self) -> tuple[Array, Array]:
        append = jnp.append if _checks.traced(self) else np.append
        filled = append(self.thresholds, block_table.FILLER)[self._by_family(self.n_models)]
        return block_factor.log_all_below(filled, self.between, self.within)

    def _by_family(self, size: int) -> np.ndarray:
        """Indices of the first models by family, (families, most of a family); filled up with m."""
        families = [members[members < size] for members in self.families]
        families = [members for members in families if len(members)]
        index = np.full((len(families), max(map(len, families))), self.n_models)
        for row, members in zip(index, families, strict=True):
            row[: len(members)] = members
        return index

    def pairwise_wrong(self) -> Float[Array, "m m"]:
        """Φ2(t_i, t_j; ρ_w or ρ_b) off the diagonal."""
        labels = np.array([repr(label) for label in self.block])
        correlation = jnp.where(labels[:, None] == labels, self.within, self.between)
        t = _checks.numbers(self.thresholds)
        return with_diagonal(bivariate_normal.relative_cdf(t[:, None], t[None], correlation), self.error_rates)

    def subpool(self, members: Any) -> "BlockFactor":
        """The same families with fewer members."""
        index = _checks.members(members, self.n_models)
        rates = _checks.numbers(self.error_rates)[index]
        return BlockFactor(rates, [self.block[i] for i in index], self.between, self.within)

    def _lattice(self) -> block_factor.Lattice:
        largest = max(map(len, self.families))
        return block_factor.lattice(np.asarray(self.thresholds), largest, float(self.between), float(self.within))

    @_checks.needs_numbers("compute it law by law; log_all_wrong and pairwise_wrong can be traced")
    def count_probs(self) -> Float[Array, " m+1"]:
        """P(C = j), relative error 1e-11 down to about 1e-25; concrete parameters only."""
        return jax.device_put(block_factor.count_law(self._lattice(), self.families))

    @_checks.DRAWS
    def sampler(self) -> BlockSampler:
        """Draws Z and every family's factor on their lattices, then each model."""
        nodes, families = self._lattice(), self.families
        family = np.empty(self.n_models, dtype=np.int32)
        for number, members in enumerate(families):
            family[members] = number
        return BlockSampler(
            Alias.build(nodes.shared),
            Alias.build(nodes.family),
            nodes.stride,
            jnp.asarray(family),
            jnp.asarray(np.ascontiguousarray(integer_threshold(np.exp(nodes.log_wrong)).T)),
            jnp.asarray(block_factor.log_family_all_wrong(nodes, families)),
        )

"""A law at many points of its parameters at once: rates, pairs and all-wrong rates of its first m models."""

from __future__ import annotations

import abc
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab import models
from cofail_lab.errors import InputError
from cofail_lab.language.closed_forms import CLOSED_FORMS, Logs
from cofail_lab.language.pairs import PairCorrelations, Pairs, pair_correlations
from cofail_lab.models import AbstractErrorLaw

LAWS: Mapping[str, type[AbstractErrorLaw]] = {
    "independent": models.Independent,
    "common_shock": models.CommonShock,
    "clayton": models.Clayton,
    "one_factor_gaussian": models.OneFactorGaussian,
    "beta_mixing": models.BetaMixing,
    "student_factor": models.StudentFactor,
    "skew_factor": models.SkewFactor,
    "factor_mixture": models.FactorMixture,
    "exchangeable_mixing": models.ExchangeableMixing,
    "exchangeable_count": models.ExchangeableCount,
    "atom_inflated": models.AtomInflated,
    "block_factor": models.BlockFactor,
    "gaussian_copula": models.GaussianCopula,
}
"""The laws of ``conf/law``, by name."""

LARGEST_LIST = 24
"""Pools of unlike models are at most this large: every pair of them has a correlation of its own."""


class AbstractPool(abc.ABC):
    """The first m models of a law, at n points.

    Attributes:
        rates: α of each model, (n, width); of one model in an exchangeable pool, (n, 1).
        alike: whether the pool is exchangeable.
        width: the largest pool; infinite where models are alike and the law has no size of its own.
    """

    rates: Float[np.ndarray, "n kinds"]
    alike: bool
    width: float

    def __init__(self) -> None:
        self._known: dict[bytes, Logs] = {}

    @abc.abstractmethod
    def _log_all_wrong(self, counts: Float[np.ndarray, "n kinds"]) -> Logs:
        """log β of pools of these counts."""

    @cached_property
    def correlations(self) -> PairCorrelations:
        """Every pair's correlations, computed once."""
        return pair_correlations(self.pairs)

    @abc.abstractmethod
    def law(self, point: int, size: int) -> AbstractErrorLaw:
        """The law of the first ``size`` models at one point, as an object of `models`."""

    def counts(self, m: Float[np.ndarray, " n"]) -> Float[np.ndarray, "n kinds"]:
        """How many models of each kind the first m are."""
        if self.alike:
            return m[:, None]
        return (np.arange(self.rates.shape[1]) < m[:, None]).astype(float)

    def fits(self, m: Float[np.ndarray, " n"]) -> Bool[np.ndarray, " n"]:
        """Whether there are pools of these sizes."""
        with np.errstate(invalid="ignore"):
            return (m >= 1) & (m <= self.width) & (m == np.floor(m))

    def log_all_wrong(self, m: Float[np.ndarray, " n"]) -> Logs:
        """log β(m) and its error, each size computed once; nan where there is no such pool."""
        key = m.tobytes()
        if key not in self._known:
            fits = self.fits(m)
            value, error = self._log_all_wrong(self.counts(np.where(fits, m, 1.0)))
            self._known[key] = np.where(fits, value, np.nan), np.where(fits, error, np.nan)
        return self._known[key]

    @cached_property
    def pairs(self) -> Pairs:
        """Every pair's rates."""
        n, kinds = self.rates.shape
        if self.alike:
            two = np.full(n, 2.0)
            value, error = self.log_all_wrong(two)
            return Pairs(self.rates, self.rates, value[:, None], error[:, None])
        later, earlier = np.tril_indices(kinds, -1)
        both = np.zeros((len(later), kinds))
        both[np.arange(len(later)), later] = both[np.arange(len(later)), earlier] = 1
        columns = [self._log_all_wrong(np.broadcast_to(row, (n, kinds))) for row in both]
        return Pairs(
            self.rates[:, earlier],
            self.rates[:, later],
            np.stack([value for value, _ in columns], axis=1),
            np.stack([error for _, error in columns], axis=1),
        )


class ClosedPool(AbstractPool):
    """A law of `CLOSED_FORMS`.

    Args:
        name: of the law.
        parameters: each (n,), or (n, width) where every model has its own.
    """

    def __init__(self, name: str, parameters: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        self.name, self._form = name, CLOSED_FORMS[name]
        self.parameters = {key: x if x.ndim == 2 else x[:, None] for key, x in parameters.items()}
        self.rates = np.asarray(self._form.rates(self.parameters))
        self.alike = all(x.ndim == 1 for x in parameters.values())
        self.width = np.inf if self.alike else self.rates.shape[1]

    def _log_all_wrong(self, counts: np.ndarray) -> Logs:
        return self._form.log_all_wrong(self.parameters, counts)

    def law(self, point: int, size: int) -> AbstractErrorLaw:
        """The same law as an object."""
        return build(self.name, {key: x[point] for key, x in self.parameters.items()}, size)


class BuiltPool(AbstractPool):
    """Any law, an object for each point: slower, and as exact as its own methods.

    Args:
        laws: one for each point, all of one size.
        alike: whether their models are exchangeable.
    """

    def __init__(self, laws: Sequence[AbstractErrorLaw], alike: bool) -> None:
        super().__init__()
        self._laws = laws
        self.alike = alike
        self.width = laws[0].n_models
        rates = np.stack([np.asarray(law.error_rates) for law in laws])
        self.rates = rates[:, :1] if alike else rates

    def _log_all_wrong(self, counts: np.ndarray) -> Logs:
        value, error = np.empty(len(self._laws)), np.empty(len(self._laws))
        for point, law in enumerate(self._laws):
            if self.alike:
                size = np.array([int(counts[point, 0])])
                value[point], error[point] = (float(np.asarray(x).ravel()[0]) for x in law.log_all_wrong_by_size(size))
                continue
            pool = law.subpool(np.flatnonzero(counts[point]))
            value[point] = float(pool.log_all_wrong())
            error[point] = pool.log_all_wrong_error(value[point])
        return value, error

    def law(self, point: int, size: int) -> AbstractErrorLaw:
        """The first models of the object."""
        return self._laws[point].subpool(np.arange(size))


def build(name: str, parameters: Mapping[str, Any], size: int) -> AbstractErrorLaw:
    """A law of `CLOSED_FORMS` as an object of `models`.

    Args:
        name: of the law.
        parameters: numbers, or lists with a value for each model.
        size: number of models.
    """
    values = {key: np.asarray(x, dtype=float).ravel() for key, x in parameters.items()}
    own = {key: (x if len(x) > 1 else np.repeat(x, size))[:size] for key, x in values.items()}
    one = {key: float(x[0]) for key, x in values.items()}
    makers: Mapping[str, Callable[[], AbstractErrorLaw]] = {
        "independent": lambda: models.Independent(own["error_rate"]),
        "common_shock": lambda: models.CommonShock(one["shock"], own["base_error_rate"]),
        "clayton": lambda: models.Clayton(own["error_rate"], one["theta"]),
        "one_factor_gaussian": lambda: models.OneFactorGaussian.equicorrelated(own["error_rate"], one["correlation"]),
        "beta_mixing": lambda: models.BetaMixing(one["a"], one["b"], size),
    }
    return makers[name]()


def law_name(text: str, field: str) -> str:
    """The law that a short or full name means: ``shock`` is ``common_shock``.

    Raises:
        InputError: no law has this name.
    """
    import difflib

    short = {"shock": "common_shock", "gaussian": "one_factor_gaussian", "beta": "beta_mixing"}
    name = short.get(text, text)
    if name not in LAWS:
        near = difflib.get_close_matches(text, [*LAWS, *short], n=1, cutoff=0.5)
        meant = f", did you mean {near[0]}?" if near else f"; there are {', '.join(LAWS)}"
        raise InputError(f"{field}: {text!r} is no law{meant}")
    return name

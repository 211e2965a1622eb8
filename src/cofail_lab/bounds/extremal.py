"""The laws that attain a bound, as error laws that can be sampled and fitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cofail_lab.bounds.count_lp import CountRange
from cofail_lab.bounds.envelope import Envelope

if TYPE_CHECKING:
    from cofail_lab.models import CommonShock, ExchangeableCount, ExchangeableMixing


class ExtremalPair(NamedTuple):
    """Two pools with the same first moments, one at each end of the interval."""

    lower: ExchangeableCount
    upper: ExchangeableCount


class EndlessPair(NamedTuple):
    """The two laws at the edges of the envelope of endless pools, cut to m models."""

    lower: ExchangeableMixing
    upper: CommonShock


def extremal_laws(limits: CountRange) -> ExtremalPair:
    """The exchangeable laws that attain the two limits; they share every moment that went into the bounds."""
    from cofail_lab.models import ExchangeableCount

    # The exact probabilities sum to one; their floats may miss it by rounding.
    return ExtremalPair(*(ExchangeableCount(law / law.sum()) for law in (limits.lower_law, limits.upper_law)))


def endless_laws(envelope: Envelope, n_models: int) -> EndlessPair:
    """The two laws of P2.vi for a pool of m models."""
    from cofail_lab.models import CommonShock, ExchangeableMixing

    base = np.full(n_models, envelope.base_error_rate)
    return EndlessPair(
        ExchangeableMixing(envelope.lower.points, envelope.lower.weights, n_models),
        CommonShock(shock=envelope.shock, base_error_rates=base),  # pyright: ignore[reportCallIssue]
    )

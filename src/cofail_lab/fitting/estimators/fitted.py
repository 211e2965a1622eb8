"""A law fitted to a pool, and the error that says why a pool has no such law."""

from collections.abc import Mapping
from typing import NamedTuple

from cofail_lab.models import AbstractErrorLaw


class AbsentLawError(Exception):
    """The pool has no such law; the message says why, as the end of a sentence."""


class Fitted(NamedTuple):
    """A law fitted to a pool.

    Attributes:
        law: over the m models of the pool.
        parameters: the parameters of the law that are neither error rates nor matrices, by name.
        intervals: 95% profile-likelihood limits of some parameters, by name, where the caller asked for them.
        notes: what a reader must know about the fit, one sentence each.
    """

    law: AbstractErrorLaw
    parameters: Mapping[str, float] = {}
    intervals: Mapping[str, tuple[float, float]] = {}
    notes: tuple[str, ...] = ()

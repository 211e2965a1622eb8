"""A law fitted to a pool, and the reason where a pool gives none."""

from collections.abc import Mapping
from typing import NamedTuple

from cofail_lab.models import AbstractErrorLaw


class AbsentLawError(Exception):
    """The pool gives no such law; the message says why, as the end of a sentence."""


class Fitted(NamedTuple):
    """A law fitted to a pool.

    Attributes:
        law: with the m models of the pool.
        parameters: its few parameters that are not error rates or matrices.
        intervals: of parameters, 95% by profile likelihood, where they were asked for.
        notes: what a reader must know, one sentence each.
    """

    law: AbstractErrorLaw
    parameters: Mapping[str, float] = {}
    intervals: Mapping[str, tuple[float, float]] = {}
    notes: tuple[str, ...] = ()

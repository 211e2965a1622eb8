"""What a row of the table of fitted laws holds, and the sentences on why a law makes no prediction."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

from cofail_lab.estimate import Kind
from cofail_lab.fitting.estimators import full_sigma
from cofail_lab.fitting.estimators.fitted import Fitted
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import ObservedPairs, Prediction, TetrachoricStack
from cofail_lab.models import AbstractErrorLaw

MAX_SLOW_MODELS = 300
"""In larger pools slow laws are not compared on held-out queries, and no profile limits are computed."""

Speed = Literal["quick", "slow", "slowest"]
"""``slow``: refitted in every fold only in pools of up to `MAX_SLOW_MODELS` models. ``slowest``: the same, and compared
only with ``laws=all``, because these laws together take longer than the rest of a fit."""


class AbsenceFacts(NamedTuple):
    """Facts about a matrix that explain why a law makes no prediction.

    Attributes:
        mean_tetrachoric: mean correlation of the pairs.
        on_bound: whether some pair's joint error rate is on a Fréchet bound.
        published: whether full Σ follows the published convention.
    """

    mean_tetrachoric: float
    on_bound: bool
    published: bool


class NullLaw(NamedTuple):
    """A law without a common mode that matrices are simulated from.

    Attributes:
        stream: purpose of its random numbers (`numerics.streams`).
        law: makes the law from the observed pairs.
    """

    stream: int
    law: Callable[[ObservedPairs], AbstractErrorLaw]


def no_such_law(facts: AbsenceFacts) -> str:
    """Why a law has no prediction where nothing more is known."""
    del facts
    return "does not exist for these error rates and pairs"


def no_common_factor(facts: AbsenceFacts) -> str:
    """Why a factor that all models share has none."""
    del facts
    return "does not exist: the mean correlation is negative, and a common factor cannot give it"


def no_block(facts: AbsenceFacts) -> str:
    """Why the block factor by family has none."""
    del facts
    return "does not exist: the mean correlation across families is negative, above that within them, or 1"


def no_theta(facts: AbsenceFacts) -> str:
    """Why the Clayton law has none."""
    at_bound = facts.on_bound and facts.mean_tetrachoric > 0
    where = "on their Fréchet bound" if at_bound else "no more frequent than under independence"
    return f"does not exist: joint errors are {where}, and no θ > 0 gives them"


def not_drawn(facts: AbsenceFacts) -> str:
    """Why full Σ has none, which under the published convention is simulated."""
    if not facts.published:
        return no_common_factor(facts)
    draws = full_sigma.PUBLISHED_DRAWS
    return f"not seen in {draws:,} draws: below {3 / draws:.1e} with 95% confidence"


@dataclass(frozen=True, kw_only=True)
class FittedLaw:
    """One row of the table.

    Attributes:
        label: what pages, tables and figures call the law.
        phrase: what a running sentence calls it, where it differs from ``label``.
        how: how its parameters are estimated.
        fit: fits the law to a pool; True asks for profile limits. Raises AbsentLawError, ConvergenceError.
        speed: see `Speed`.
        from_counts: whether `estimators.point.PointFit` predicts β under the law (``log_<name>``) from counts only.
        predict: β under the law for a stack of tetrachoric matrices; None for laws that are only compared.
        null: how the law is simulated as a null law; None for laws that are not.
        error_kind: of the numerical error of the prediction.
        atom: whether the law has an atom, an event in which every model is wrong.
        imitates_atom: whether the law, without one, can follow an atom as closely as it likes: no law that it beats
            needs an atom for that.
        why_absent: why there may be no prediction, as the end of a sentence "the law ...".
    """

    label: str
    phrase: str = ""
    how: str
    fit: Callable[[VaryingPool, bool], Fitted]
    speed: Speed = "quick"
    from_counts: bool = False
    predict: Callable[[TetrachoricStack], Prediction | None] | None = None
    null: NullLaw | None = None
    error_kind: Kind = "exact"
    atom: bool = False
    imitates_atom: bool = False
    why_absent: Callable[[AbsenceFacts], str] = no_such_law

    def __post_init__(self) -> None:
        if self.null is not None and self.predict is None and not self.from_counts:
            raise ValueError(f"{self.label}: a null law needs its own prediction, by predict or from_counts")

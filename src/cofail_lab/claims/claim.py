"""What a registered claim is: a formula under test, checks that measure it another way, mutants and a control.

The side that is *claimed* is `Claim.formula`; the side that is *measured* is `Check.measure`, another code path that
takes the formula as an argument. So a false variant of a claim (a mutant, or the June form of a September statement)
goes through the very same checks.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from math import inf, isfinite
from typing import Any, NamedTuple

from cofail_lab.claims.adversary import Search
from cofail_lab.estimate import Kind
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.verdict import Release, Status, judge

Case = Mapping[str, Any]
Number = float | Fraction


class Measured(NamedTuple):
    """A quantity of a claim on one case: it lies in [low, high]; the claim says it lies in [least, most].

    Attributes:
        low, high: the measured interval; equal for exact arithmetic.
        least, most: where the claim allows it; infinite on a side it does not bound.
    """

    low: Number
    high: Number
    least: Number
    most: Number

    @property
    def slack(self) -> Number:
        """How far the whole interval is inside what is allowed; negative where some of it is outside."""
        return min(self.low - self.least, self.most - self.high)

    @property
    def status(self) -> Status:
        """By the one rule; the case itself is the counterexample of a refutation. An interval of nan is undecided."""
        if not self.low <= self.high:
            return "undecided"
        return judge(self.low, self.high, allowed=(self.least, self.most), counterexample={"case": "this"})

    @property
    def claimed(self) -> float | None:
        """The claimed number: the middle of what is allowed, or its one finite end; None if there is none."""
        ends = [float(end) for end in (self.least, self.most) if isfinite(end)]
        return sum(ends) / len(ends) if ends else None

    @property
    def tolerance(self) -> float | None:
        """Half the width of what is allowed; None where one side is open."""
        return float(self.most - self.least) / 2 if isfinite(self.least) and isfinite(self.most) else None


def equals(value: Number, claimed: Number, tolerance: Number, error: Number = 0) -> Measured:
    """``value``, known up to ``error``, is claimed to be ``claimed``."""
    return Measured(value - error, value + error, claimed - tolerance, claimed + tolerance)


def at_most(value: Number, bound: Number, error: Number = 0) -> Measured:
    """``value``, known up to ``error``, is claimed to be at most ``bound``."""
    return Measured(value - error, value + error, -inf, bound)


def at_least(value: Number, bound: Number, error: Number = 0) -> Measured:
    """``value``, known up to ``error``, is claimed to be at least ``bound``."""
    return Measured(value - error, value + error, bound, inf)


def holds(fact: bool) -> Measured:
    """A statement that is true or false on a case: 1 is claimed."""
    return equals(int(fact), 1, 0)


@dataclass(frozen=True)
class Trial:
    """The conditions of one run over the registry.

    Attributes:
        seed: of every simulation and of the adversary.
        level: error probability of each simulated interval: the stated rate of the run, split over its simulated cases.
        law: an error law to try the claims about laws on, beside their own cases; None for none.
    """

    seed: int
    level: float
    law: AbstractErrorLaw | None = None


@dataclass(frozen=True)
class Check:
    """One line of evidence: a measurement repeated over cases, and over those an adversary finds.

    Attributes:
        name: what is done, in a few words.
        kind: how the quantity is obtained. A ``monte_carlo`` case gets a ``seed`` and a ``level`` from the trial.
        measure: (formula, case) -> Measured, a pure function: a stored case replays.
        cases: given, or made from the trial (which may carry a law). Cases are plain data: numbers, strings, lists.
        search: where the adversary looks for the worst case.
        confirm: the same measurement in rational or high-precision arithmetic, for what the search finds.
    """

    name: str
    kind: Kind
    measure: Callable[[Any, Case], Measured]
    cases: tuple[Case, ...] | Callable[[Trial], Iterable[Case]] = ()
    search: Search | None = None
    confirm: Callable[[Any, Case], Measured] | None = None

    def listed(self, trial: Trial) -> list[Case]:
        """The cases of a trial, without those the adversary adds."""
        cases: list[Case] = list(self.cases(trial)) if callable(self.cases) else list(self.cases)
        if self.kind == "monte_carlo":
            cases = [{**case, "seed": trial.seed, "level": trial.level} for case in cases]
        return cases


@dataclass(frozen=True)
class Control:
    """A run of the checks that must come out otherwise: what shows that they can.

    Attributes:
        name: what is changed, in plain words.
        expected: ``refuted`` beside a claim that holds, ``confirmed`` beside one that does not.
        formula: put in the place of the claim's.
        checks: in the place of the claim's own; None keeps them.
    """

    name: str
    expected: Status
    formula: Any
    checks: tuple[Check, ...] | None = None


@dataclass(frozen=True)
class Claim:
    """One statement of the theory; a row of the registry for each release it stands in.

    Attributes:
        id: of the theory file, ``P2.ii``; a letter after a dot names one of several statements under an id.
        releases: those that make this statement in this form.
        statement: in plain words, one or two sentences.
        symbols: the same in symbols.
        hypothesis: what is assumed.
        expected: the status the evidence must give.
        formula: what is asserted, as code: a closed form, a bound or a rule.
        checks: the evidence.
        control: see `Control`.
        mutants: false variants of the formula by what is wrong with them; each must come out refuted.
        universal: the claim speaks of all values of its parameters, so that an adversary must have looked.
        note: what a reader should know beside the verdict.
    """

    id: str
    releases: tuple[Release, ...]
    statement: str
    symbols: str
    hypothesis: str
    expected: Status
    formula: Any
    checks: tuple[Check, ...]
    control: Control
    mutants: Mapping[str, Any] = field(default_factory=dict)
    universal: bool = False
    note: str = ""

"""A proposition as it is configured, read and checked before anything is computed."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from cofail_lab.claims.checking.box import Axis, Box, Points, read_box
from cofail_lab.claims.checking.laws import DEFAULT_BOXES, MATCHED, Laws, parameters_of, read_laws
from cofail_lab.errors import InputError
from cofail_lab.language import Node, parse
from cofail_lab.language.evaluate import Evaluator, Truth, check_names, laws_in, needs_size
from cofail_lab.language.pools import LARGEST_LIST
from cofail_lab.language.tree import Name, Operation, walk
from cofail_lab.models import AbstractErrorLaw

_FIELDS = ("claim.says", "claim.when")


@dataclass(frozen=True)
class Proposition:
    """What is claimed, and where.

    Attributes:
        says: the statement that is claimed.
        when: its hypothesis; None where there is none.
        texts: both as they are written; the second is empty without a hypothesis.
        laws: of its quantities.
        box: where its parameters lie.
        tolerance: of ``==``.
    """

    says: Node
    when: Node | None
    texts: tuple[str, str]
    laws: Laws
    box: Box
    tolerance: float | None

    @property
    def numbers_alone(self) -> bool:
        """Whether it is arithmetic of the parameters, with no quantity or formula in it."""
        trees = [self.says] if self.when is None else [self.says, self.when]
        named = [part for tree in trees for part in walk(tree) if isinstance(part, Name)]
        return all(not part.law and not part.arguments and part.name in self.box.axes for part in named)

    def at(self, points: Points) -> Evaluator:
        """What computes its quantities at these points."""
        return Evaluator(points, self.laws.pools(points), self.tolerance)

    def judged(self, points: Points) -> Judged:
        """Hypothesis and statement at these points."""
        with np.errstate(all="ignore"):
            evaluator = self.at(points)
            says = evaluator.truth(self.says)
            n = len(says.true)
            always = Truth(np.ones(n, bool), np.zeros(n, bool), np.ones(n, bool), np.full(n, np.inf))
            when = always if self.when is None else evaluator.truth(self.when)
        return Judged(says, when)


@dataclass(frozen=True)
class Judged:
    """A proposition at some points.

    Attributes:
        says, when: statement and hypothesis.
    """

    says: Truth
    when: Truth

    @property
    def inside(self) -> np.ndarray:
        """Where the hypothesis holds for certain and the statement exists."""
        return self.when.true & self.says.defined

    @property
    def violated(self) -> np.ndarray:
        """Where the hypothesis is true and the statement false, both for certain."""
        return self.when.true & self.says.false

    @property
    def undecided(self) -> np.ndarray:
        """Where the hypothesis is not false and the statement not true, but neither for certain."""
        exists = self.when.defined & self.says.defined
        return exists & ~self.when.false & ~self.says.true & ~self.violated

    @property
    def slack(self) -> np.ndarray:
        """What an adversary makes small: the margin where the hypothesis holds, and how far off it is elsewhere."""
        away = np.where(self.when.true, 0.0, 10.0 + np.nan_to_num(-self.when.margin, nan=1e3, posinf=1e3))
        return np.where(self.says.defined, self.says.margin + away, 1e6)


def read(claim: Mapping[str, Any], law: AbstractErrorLaw | None) -> Proposition:
    """The proposition of a ``claim`` group.

    Args:
        claim: its keys, as in ``conf/claim/own.yaml``.
        law: of the configuration; None where it has none.

    Raises:
        InputError: a statement that is none, an unknown name, a box that is none; one line says which.
    """
    says = parse(claim["says"], "claim.says")
    when = None if claim["when"] is None else parse(claim["when"], "claim.when")
    over, match, tolerance = claim["over"], claim["match"] or (), claim["tolerance"]
    if over is not None and not isinstance(over, Mapping):
        raise InputError(f"claim.over: {over!r} is not a map of parameters to ranges, such as {{m: [3, 200]}}")
    if not isinstance(match, Sequence) or isinstance(match, str) or not set(match) <= set(MATCHED):
        raise InputError(f"claim.match: {match!r}; [error_rate] and [error_rate, pair] are accepted")
    trees = [says] if when is None else [says, when]
    if any(isinstance(part, Operation) and part.symbol == "==" for tree in trees for part in walk(tree)):
        if tolerance is None:
            raise InputError("claim.tolerance: null; an equality needs one, such as 1e-6, and 0 for whole numbers")
        if isinstance(tolerance, bool) or not isinstance(tolerance, int | float) or not 0 <= tolerance < np.inf:
            raise InputError(f"claim.tolerance: {tolerance!r} is not a number >= 0")
    given = tuple(over or ())
    # What is no range is refused before anything asks for its largest value.
    read_box({name: x for name, x in (over or {}).items() if x is not None}, None)
    asked = dict.fromkeys(name for tree in trees for name in laws_in(tree, given))
    # What the law adds to the box is known only when its quantities are: first a name that nothing can have.
    of_laws = {name for box in DEFAULT_BOXES.values() for name in box} if asked or law is not None else set()
    for tree, field in zip(trees, _FIELDS, strict=False):
        check_names(tree, (*given, *sorted(of_laws - set(given))), field)
    _check_parameters(given, trees, asked, law)
    laws, ranges = read_laws(tuple(asked), law, tuple(match), over)
    if "m" not in given and not any(needs_size(tree, given) for tree in trees):
        ranges.pop("m", None)
    largest = int(np.max(ranges["m"])) if isinstance(ranges.get("m"), int | float | list | tuple) else LARGEST_LIST
    box = read_box(ranges, None if not laws.driver else _list_size(law) if laws.slow else largest)
    box = _with_fixed(box, laws)
    for tree, field in zip(trees, _FIELDS, strict=False):
        check_names(tree, tuple(name for name, axis in box.axes.items() if axis.size is None), field)
    texts = str(claim["says"]), "" if when is None else str(claim["when"])
    return Proposition(says, when, texts, laws, box, None if tolerance is None else float(tolerance))


def _check_parameters(
    given: tuple[str, ...], trees: list[Node], asked: Mapping[str, None], law: AbstractErrorLaw | None
) -> None:
    """Raise InputError for a parameter that neither the statement names nor a law has: nothing would move with it."""
    named = {part.name for tree in trees for part in walk(tree) if isinstance(part, Name)}
    of_laws = set(parameters_of(asked, law))
    for name in given:
        if name not in named | of_laws | {"m"} and name.removesuffix("s") not in of_laws:
            near = difflib.get_close_matches(str(name), sorted(named | of_laws), n=1, cutoff=0.6)
            meant = f", did you mean {near[0]}?" if near else ""
            raise InputError(f"claim.over.{name}: no law of the proposition has it, and nothing in it names it{meant}")


def _list_size(law: AbstractErrorLaw | None) -> int:
    return LARGEST_LIST if law is None else law.n_models


def _with_fixed(box: Box, laws: Laws) -> Box:
    """The box with the configured numbers of the law, so that a statement can name them."""
    fixed = {
        name: Axis(float(value), float(value))
        for name, value in laws.fixed.items()
        if np.ndim(value) == 0 and name not in box.axes and f"{name}s" not in box.axes
    }
    return Box({**box.axes, **fixed})

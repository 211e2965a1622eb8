"""Events about who is wrong, written as people write them: ``right(0,1,2) >= 2``, ``wrong(a) and not wrong(b)``.

``wrong(...)`` and ``right(...)`` count the wrong and the right among the models named (``all`` names everyone); alone
they say that all of them are. ``cell(k)`` is 1 on queries of cell k. Counts can be added, weighted and compared;
statements are joined by ``and``, ``or``, ``not``. A name that is no Python word stands in quotes: ``wrong('gpt-4o')``.
Python's parser reads the text and a short list of node types is evaluated: nothing in it is ever executed.
"""

import ast
import operator
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from itertools import pairwise
from typing import Protocol

import numpy as np

from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.errors import InputError

FORMS = "right(0,1) >= 1, wrong(a,b), 0.6*right(a) + 0.4*right(b) > 0.5, joined by and, or, not"
_COMPARED: dict[type, Callable] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_COMBINED: dict[type, Callable] = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul}
# Sums of weights are compared up to this: .1 + .2 is .3 here.
_SAME = 1e-9


class Counted(Protocol):
    """What an event is evaluated on: states, each with the number of wrong in any set it distinguishes."""

    def n_wrong(self, models: tuple[int, ...]) -> np.ndarray:
        """Number of wrong models of a set, one per state."""
        ...

    def in_cell(self, cell: int) -> np.ndarray:
        """1 on the states of a cell, else 0."""
        ...


@dataclass(frozen=True)
class Event:
    """A statement about the pattern of wrong models, true or false in every state.

    Attributes:
        text: as it was written.
        sets: the sets of models that it counts, which states must distinguish.
        holds: True where it holds, given states.
    """

    text: str
    sets: tuple[tuple[int, ...], ...]
    holds: Callable[[Counted], np.ndarray]

    @property
    def models(self) -> frozenset[int]:
        """Every model that it speaks of."""
        return frozenset(model for members in self.sets for model in members)


def event(text: str, pool: Pool, field: str) -> Event:
    """The event that a text describes.

    Raises:
        InputError: it is none; the message names ``field`` and the forms that are accepted.
    """
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"{field}: {text!r} is no event; accepted are {FORMS}") from None
    reader = _Reader(text, pool, field)
    try:
        holds = reader.statement(tree)
    except RecursionError:
        raise InputError(f"{field}: {text[:40]!r}... is nested too deeply; accepted are {FORMS}") from None
    if not reader.sets and not reader.cells:
        raise InputError(f"{field}: {text!r} names no model; accepted are {FORMS}")
    return Event(text.strip(), tuple(dict.fromkeys(reader.sets)), holds)


class _Reader:
    """Turns the nodes of a parsed text into functions of states, and notes the sets of models on the way."""

    def __init__(self, text: str, pool: Pool, field: str):
        self.text, self.pool, self.field = text, pool, field
        self.sets: list[tuple[int, ...]] = []
        self.cells: list[int] = []

    def statement(self, node: ast.expr) -> Callable[[Counted], np.ndarray]:
        if isinstance(node, ast.BoolOp):
            parts = [self.statement(value) for value in node.values]
            join = np.logical_and if isinstance(node.op, ast.And) else np.logical_or
            return lambda states: reduce(join, [part(states) for part in parts])
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.statement(node.operand)
            return lambda states: ~inner(states)
        if isinstance(node, ast.Compare):
            return self._comparison(node)
        if isinstance(node, ast.Call):
            name, members = self._call(node)
            if name == "cell":
                return lambda states: states.in_cell(members[0]) > 0
            whole = len(members) if name == "wrong" else 0
            return lambda states: states.n_wrong(members) == whole
        raise self._refused(node)

    def _comparison(self, node: ast.Compare) -> Callable[[Counted], np.ndarray]:
        terms = [self.number(term) for term in (node.left, *node.comparators)]
        signs = [type(sign) for sign in node.ops]
        if not all(sign in _COMPARED for sign in signs):
            raise self._refused(node)

        def holds(states: Counted) -> np.ndarray:
            values = [np.asarray(term(states), dtype=float) for term in terms]
            gaps = [_snapped(left - right) for left, right in pairwise(values)]
            return reduce(np.logical_and, [_COMPARED[sign](gap, 0) for sign, gap in zip(signs, gaps, strict=True)])

        return holds

    def number(self, node: ast.expr) -> Callable[[Counted], np.ndarray | float]:
        if isinstance(node, ast.Constant) and isinstance(node.value, int | float) and not isinstance(node.value, bool):
            value = float(node.value)
            return lambda _: value
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            inner = self.number(node.operand)
            return lambda states: -inner(states)
        if isinstance(node, ast.BinOp) and type(node.op) in _COMBINED:
            left, right, combine = self.number(node.left), self.number(node.right), _COMBINED[type(node.op)]
            return lambda states: combine(left(states), right(states))
        if isinstance(node, ast.Call):
            name, members = self._call(node)
            if name == "cell":
                return lambda states: states.in_cell(members[0])
            if name == "wrong":
                return lambda states: states.n_wrong(members)
            return lambda states: len(members) - states.n_wrong(members)
        raise self._refused(node)

    def _call(self, node: ast.Call) -> tuple[str, tuple[int, ...]]:
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        if name not in ("wrong", "right", "cell") or node.keywords or not node.args:
            raise self._refused(node)
        arguments = [self._argument(argument) for argument in node.args]
        if name != "cell":
            members = tuple(sorted(self.pool.members(arguments, self.field)))
            self.sets.append(members)
            return name, members
        cell = arguments[0]
        if len(arguments) != 1 or not isinstance(cell, int) or not 0 <= cell < self.pool.n_cells:
            known = (
                f"cell(0) to cell({self.pool.n_cells - 1})" if self.pool.n_cells > 1 else "none: known.cells is null"
            )
            raise InputError(f"{self.field}: {ast.unparse(node)} is no cell; {known} can be named")
        self.cells.append(cell)
        return name, (cell,)

    def _argument(self, node: ast.expr) -> int | str:
        if isinstance(node, ast.Name):
            return node.id
        if isinstance(node, ast.Constant) and isinstance(node.value, int | str) and not isinstance(node.value, bool):
            return node.value
        raise self._refused(node)

    def _refused(self, node: ast.expr) -> InputError:
        return InputError(f"{self.field}: {ast.unparse(node)!r} in {self.text!r} is no event; accepted are {FORMS}")


def _snapped(gap: np.ndarray) -> np.ndarray:
    return np.where(np.abs(gap) < _SAME, 0.0, gap)

"""A tree at many points: numbers with errors, and statements that are true, false or undecided at each point."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.errors import InputError
from cofail_lab.language import formulas, values
from cofail_lab.language.formulas import FORMULAS
from cofail_lab.language.pools import AbstractPool
from cofail_lab.language.quantities import QUANTITIES
from cofail_lab.language.tree import COMPARISONS, FUNCTIONS, Name, Node, Number, Operation, walk
from cofail_lab.language.values import Values


class Truth(NamedTuple):
    """A statement at n points.

    Attributes:
        true, false: for certain, errors included; neither where it is undecided or not defined.
        defined: whether everything in it exists.
        margin: how far it is from turning: above 0 where the middles of the intervals say true. The difference of both
            sides over the larger one, or the difference itself where one side is the number 0.
    """

    true: Bool[np.ndarray, " n"]
    false: Bool[np.ndarray, " n"]
    defined: Bool[np.ndarray, " n"]
    margin: Float[np.ndarray, " n"]


class Evaluator:
    """Evaluates trees at the same points; what occurs twice is computed once.

    Args:
        parameters: of the points, by name.
        pools: the laws by the names that the trees use; the law of the run is called "".
        tolerance: of ``==``.
    """

    def __init__(
        self, parameters: Mapping[str, np.ndarray], pools: Mapping[str, AbstractPool], tolerance: float | None
    ) -> None:
        self._parameters = {name: values.exactly(x) for name, x in parameters.items() if x.ndim == 1}
        self._pools, self._tolerance = pools, tolerance
        self._n = len(next(iter(parameters.values())))
        self._known: dict[Node, Values] = {}

    def number(self, node: Node) -> Values:
        """The values of a number."""
        if node not in self._known:
            self._known[node] = self._computed(node)
        return self._known[node]

    def _computed(self, node: Node) -> Values:
        if isinstance(node, Number):
            nearest = float(node.value)
            if nearest == node.value:
                return values.exactly(np.full(self._n, nearest))
            return values.within(np.full(self._n, nearest), np.full(self._n, abs(nearest) * 1.2e-16))
        if isinstance(node, Name):
            return self._named(node)
        parts = [self.number(part) for part in node.parts]
        match node.symbol:
            case "neg":
                return values.negative(parts[0])
            case "min" | "max":
                pick = values.smaller if node.symbol == "min" else values.larger
                found = parts[0]
                for part in parts[1:]:
                    found = pick(found, part)
                return found
        return _OPERATIONS[node.symbol](*parts)

    def _named(self, node: Name) -> Values:
        if not node.law and not node.arguments and node.name in self._parameters:
            return self._parameters[node.name]
        arguments = tuple(map(self.number, node.arguments))
        if not node.law and node.name in FORMULAS:
            return formulas.evaluate(FORMULAS[node.name], arguments)
        quantity = QUANTITIES[node.name]
        if len(arguments) < len(quantity.arguments):
            arguments += (self._size(node),)
        return quantity.compute(self._pools[node.law], *arguments)

    def _size(self, node: Name) -> Values:
        """The size that is left out: the parameter m of the point, or any size for a law whose models are alike."""
        if "m" in self._parameters:
            return self._parameters["m"]
        width = self._pools[node.law].width
        return values.exactly(np.full(self._n, 2.0 if np.isinf(width) else width))

    def truth(self, node: Node) -> Truth:
        """Where a statement is true and where it is false."""
        if not isinstance(node, Operation):
            raise TypeError(f"{node} is a number, and no statement")
        if node.symbol in COMPARISONS:
            return self._compared(node)
        parts = [self.truth(part) for part in node.parts]
        if node.symbol == "not":
            return _opposite(parts[0])
        if node.symbol == "implies":
            parts[0] = _opposite(parts[0])
        if node.symbol == "and":
            return _opposite(_any([_opposite(part) for part in parts]))
        return _any(parts)

    def _compared(self, node: Operation) -> Truth:
        a, b = map(self._written if all(map(self._plain, node.parts)) else self.number, node.parts)
        if node.symbol == "==":
            return self._equal(a, b)
        if node.symbol in (">", ">="):
            a, b = b, a
        # Now a < b, or a <= b.
        less, at_most = values.below(a, b)
        more, at_least = values.below(b, a)
        true, false = (less, at_least) if node.symbol in ("<", ">") else (at_most, more)
        zero = any(isinstance(part, Number) and part.value == 0 for part in node.parts)
        return Truth(true, false, a.exists & b.exists, _margin(a, b, absolute=zero))

    def _plain(self, node: Node) -> bool:
        """Whether it is a number as written, or a parameter."""
        return isinstance(node, Number) or (
            isinstance(node, Name) and not node.law and not node.arguments and node.name in self._parameters
        )

    def _written(self, node: Node) -> Values:
        """A plain number. At most 15 digits are written, so that floats are equal just where the decimals are."""
        return values.exactly(np.full(self._n, float(node.value))) if isinstance(node, Number) else self.number(node)

    def _equal(self, a: Values, b: Values) -> Truth:
        tolerance = values.exactly(np.full(self._n, self._tolerance))
        apart = values.absolute(values.subtract(a, b))
        _, true = values.below(apart, tolerance)
        false, _ = values.below(tolerance, apart)
        return Truth(true, false, a.exists & b.exists, values.subtract(tolerance, apart).middle())


def _margin(a: Values, b: Values, *, absolute: bool) -> np.ndarray:
    """How much larger b is than a."""
    apart = values.subtract(b, a)
    if absolute:
        return apart.middle()
    power = np.maximum(a.power, b.power)
    size = np.maximum(
        np.ldexp(np.maximum(np.abs(a.low), np.abs(a.high)), np.maximum(a.power - power, -2000).astype(int)),
        np.ldexp(np.maximum(np.abs(b.low), np.abs(b.high)), np.maximum(b.power - power, -2000).astype(int)),
    )
    middle = np.ldexp((apart.low + apart.high) / 2, np.clip(apart.power - power, -2000, 2000).astype(int))
    return np.where(size > 0, middle / np.where(size > 0, size, 1.0), np.where(np.isnan(size), np.nan, 0.0))


def _opposite(truth: Truth) -> Truth:
    return Truth(truth.false, truth.true, truth.defined, -truth.margin)


def _any(parts: list[Truth]) -> Truth:
    """One true part is enough, also where another does not exist."""
    true = np.any([part.true for part in parts], axis=0)
    false = np.all([part.false for part in parts], axis=0)
    defined = true | np.all([part.defined for part in parts], axis=0)
    margins = np.array([part.margin for part in parts])
    known = np.where(np.isnan(margins), -np.inf, margins).max(axis=0)
    return Truth(true, false, defined, np.where(defined & np.isfinite(known), known, np.nan))


_OPERATIONS: dict[str, Callable[..., Values]] = {
    "+": values.add,
    "-": values.subtract,
    "*": values.multiply,
    "/": values.divide,
    "**": values.power,
    "log": values.logarithm,
    "exp": values.exponential,
    "sqrt": values.root,
    "abs": values.absolute,
    "floor": values.floor,
}


def laws_in(node: Node, parameters: tuple[str, ...]) -> tuple[str, ...]:
    """Names of the laws that a tree asks; "" is the law of the run."""
    found = [part.law for part in _asked(node, parameters)]
    return tuple(dict.fromkeys(found))


def needs_size(node: Node, parameters: tuple[str, ...]) -> bool:
    """Whether a tree names m, or a quantity whose size is left out."""
    named = any(isinstance(part, Name) and part.name == "m" for part in walk(node))
    return named or any(
        len(part.arguments) < len(QUANTITIES[part.name].arguments)
        for part in _asked(node, parameters)
        if part.name in QUANTITIES
    )


def _asked(node: Node, parameters: tuple[str, ...]) -> list[Name]:
    """Every quantity of a law that a tree asks for."""
    return [
        part
        for part in walk(node)
        if isinstance(part, Name)
        and (part.law or (part.name in QUANTITIES and (part.arguments or part.name not in parameters)))
    ]


def check_names(node: Node, parameters: tuple[str, ...], field: str) -> None:
    """Raise InputError unless every name is a parameter, a quantity or a formula with the right arguments."""
    for part in walk(node):
        if not isinstance(part, Name) or (not part.law and not part.arguments and part.name in parameters):
            continue
        known = {} if part.law else {name: formula.arguments for name, formula in FORMULAS.items()}
        known |= {name: quantity.arguments for name, quantity in QUANTITIES.items()}
        if part.name not in known:
            raise InputError(f"{field}: {part.name!r} is {_unknown(part, parameters, known)}")
        wanted = known[part.name]
        least = len(wanted) - (part.name in QUANTITIES and wanted[-1] == "m")
        if not least <= len(part.arguments) <= len(wanted):
            raise InputError(
                f"{field}: {part.name} of {len(part.arguments)} numbers; it is {part.name}({', '.join(wanted)})"
            )


def _unknown(part: Name, parameters: tuple[str, ...], known: Mapping[str, object]) -> str:
    words = [*([] if part.law or part.arguments else parameters), *known, *([] if part.law else FUNCTIONS)]
    near = difflib.get_close_matches(part.name, words, n=1, cutoff=0.6)
    if near:
        return f"no quantity, formula or parameter of claim.over, did you mean {near[0]}?"
    return "no quantity, formula or parameter of claim.over; docs/check.md lists them"

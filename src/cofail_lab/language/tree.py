"""What a parsed proposition is made of: numbers, names and operations; nothing else exists in the language."""

from collections.abc import Iterator
from fractions import Fraction
from typing import NamedTuple

COMPARISONS = ("<", "<=", ">", ">=", "==")
LOGICAL = ("and", "or", "not", "implies")
FUNCTIONS = {"log": 1, "exp": 1, "sqrt": 1, "abs": 1, "floor": 1, "min": 2, "max": 2}
"""Functions of numbers, and how many they take; ``min`` and ``max`` take two or more."""


class Number(NamedTuple):
    """A number, exactly as it is written: 0.1 is one tenth."""

    value: Fraction


class Name(NamedTuple):
    """A parameter of the box, or a quantity of a law, ``clayton.all_wrong(m)``.

    Attributes:
        law: the law it is asked of; empty for the law of the run.
        name: as written.
        arguments: in brackets.
    """

    law: str
    name: str
    arguments: tuple["Node", ...]


class Operation(NamedTuple):
    """An operation on numbers or statements.

    Attributes:
        symbol: ``+ - * / ** neg``, one of `FUNCTIONS`, `COMPARISONS` or `LOGICAL`.
        parts: what it is applied to.
    """

    symbol: str
    parts: tuple["Node", ...]


Node = Number | Name | Operation


def is_statement(node: Node) -> bool:
    """Whether it is true or false, and no number."""
    return isinstance(node, Operation) and node.symbol in COMPARISONS + LOGICAL


def children(node: Node) -> tuple[Node, ...]:
    """What a node is made of."""
    return node.arguments if isinstance(node, Name) else node.parts if isinstance(node, Operation) else ()


def walk(node: Node) -> Iterator[Node]:
    """A node and all that is in it."""
    yield node
    for child in children(node):
        yield from walk(child)


def negation(node: Node) -> Node:
    """The opposite statement."""
    return Operation("not", (node,))

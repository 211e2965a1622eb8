"""Which facts contradict each other: a smallest set of rows that no law has, by leaving out one after another."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cofail_lab.bounds.declared.mixing import nodes_of_a_law
from cofail_lab.bounds.declared.program import OPEN, InfeasibleFactsError, Program

if TYPE_CHECKING:
    from cofail_lab.bounds.declared.frechet_class import FrechetClass
    from cofail_lab.bounds.declared.targets import Target

_NAMED = 6


class Conflict(NamedTuple):
    """Facts that no law has together, while it has any all but one of them.

    Attributes:
        facts: kind and label of each row, with its limits.
        structures: kinds of structures (interchangeable, ...) without which they would not conflict.
        minimal: whether it is so; False where only exact arithmetic sees the conflict, and all facts are named.
        alike: names of models that nothing tells apart, by group, where a row names some of them for all.
    """

    facts: tuple[tuple[str, str, float, float], ...]
    structures: tuple[str, ...]
    minimal: bool
    alike: tuple[tuple[str, ...], ...] = ()


def find(known: FrechetClass, target: Target) -> Conflict:
    """The conflict in a class that has no law.

    Args:
        known: the class.
        target: what was asked; it only says which models are told apart.
    """
    structures = list(known.structures)
    for fact in tuple(structures):
        without = type(known)(known.pool, tuple(other for other in known.facts if other is not fact))
        if not _feasible(_program(without, target)):
            known = without
            structures.remove(fact)
    program = _program(known, target)
    rows = [(number, r) for number, fact in enumerate(program.rows) for r in range(len(fact.low))]
    needed = rows if _feasible(program) else _filtered(program, rows)
    told, groups = [], [members for part in program.states.groups for members in part]
    alike: dict[tuple[str, ...], None] = {}
    for number, r in needed:
        fact = program.rows[number]
        told.append((fact.fact, fact.labels[r], float(fact.low[r]), float(fact.high[r])))
        for members in groups:
            if 0 < len(fact.models[r].intersection(members)) < len(members):
                alike[tuple(known.pool.name(model) for model in members)] = None
    shapes = tuple(fact.kind for fact in structures)
    return Conflict(tuple(dict.fromkeys(told)), shapes, needed is not rows, tuple(alike))


def explain(known: FrechetClass, target: Target) -> str:
    """One line that names the conflict."""
    conflict = find(known, target)
    shown = [f"{label} {_limits(low, high)} ({kind})" for kind, label, low, high in conflict.facts]
    more = f" and {len(shown) - _NAMED} more" if len(shown) > _NAMED else ""
    under = f" for {' and '.join(conflict.structures)} models" if conflict.structures else ""
    rest = "; leaving out any one of them removes this conflict" if conflict.minimal and len(shown) > 1 else ""
    alike = "".join(f", and the same for any of {_several(names)}" for names in conflict.alike)
    return f"known: no law has {', '.join(shown[:_NAMED])}{more} together{under}{alike}{rest}"


def _several(names: tuple[str, ...]) -> str:
    shown = names if len(names) <= _NAMED else (*names[: _NAMED - 1], f"{len(names) - _NAMED + 1} more")
    return f"{', '.join(shown[:-1])} and {shown[-1]}"


def _limits(low: float, high: float) -> str:
    return f"= {low:.6g}" if low == high else f"in [{low:.6g}, {high:.6g}]"


def _program(known: FrechetClass, target: Target) -> Program:
    states = known.states(target)
    return Program(states, known.rows(states), loose=True)


def _feasible(program: Program) -> bool:
    try:
        program.maximize(np.zeros((1, program.states.n_states)))
    except InfeasibleFactsError:
        if not any(block.kind == "extendible" for block in program.states.blocks):
            return False
        rows = [
            replace(fact, low=low.value, high=high.value)
            for fact, (low, high) in zip(program.rows, program.limits, strict=True)
        ]
        return nodes_of_a_law(program.states, rows) is not None
    return True


def _filtered(program: Program, rows: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """A subset that is infeasible, and feasible without any of its rows."""
    for number, r in rows:
        kept = [parameter.value.copy() for parameter in program.limits[number]]
        for parameter, end in zip(program.limits[number], OPEN, strict=True):
            opened = parameter.value.copy()
            opened[r] = end
            parameter.value = opened
        if _feasible(program):
            for parameter, value in zip(program.limits[number], kept, strict=True):
                parameter.value = value
    return [(n, r) for n, r in rows if program.limits[n][0].value[r] != OPEN[0]]

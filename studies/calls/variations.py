"""Calls like those that were noted, with one value changed: the edges that no test happens to reach."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import fields
from typing import Any, TypeAlias

import numpy as np

from studies.calls.kept import Call, text
from studies.calls.values import found, read

_Place: TypeAlias = tuple[str | int, ...]

_NAN = {"float": "nan"}
# Kinds of values whose parts may be changed, and those of which one part may be.
_OPEN = ("tuple", "dict", "mapping", "set", "frozenset")
_ARRAYS = ("array", "jax")


def variations(calls: Sequence[Call], random: np.random.Generator, most: int) -> Iterator[Call]:
    """At most so many calls, none of them among those given and none twice."""
    seen = {text(call) for call in calls}
    for _ in range(3 * most if calls else 0):
        made = _varied(_one(calls, random), _one(calls, random), random)
        if made is None or text(made) in seen:
            continue
        seen.add(text(made))
        yield made
        most -= 1
        if not most:
            return


def is_valid(written: Any) -> bool:
    """Whether every object of this project in it is one that its own constructor accepts."""
    if isinstance(written, list):
        return all(map(is_valid, written))
    if not isinstance(written, dict):
        return True
    if not all(map(is_valid, written.values())):
        return False
    kind: Any = found(written["own"][0]) if "own" in written else None
    if not hasattr(kind, "__dataclass_fields__"):
        return True
    held = dict(map(tuple, written["own"][1]))
    try:
        kind(**{one.name: read(held[one.name]) for one in fields(kind) if one.init})
    except Exception:  # whatever a constructor refuses
        return False
    return True


def _varied(call: Call, other: Call, random: np.random.Generator) -> Call | None:
    """A call with one argument of another, or with one value changed; None where neither can be."""
    made = copy.deepcopy(call)
    places: list[_Place] = [("args", k) for k in range(len(made["args"]))]
    places += [("named", "dict", k, 1) for k in range(len(made["named"]["dict"]))]
    if not places:
        return None
    if random.random() < 1 / 4:
        place = _one(places, random)
        try:
            _put(made, place, copy.deepcopy(_at(other, place)))
        except LookupError:
            return None
        return made
    inner = [one for place in places for one in _places(_at(made, place), place)]
    place = _one(inner, random) if inner else ()
    changed = list(_changed(_at(made, place), random)) if inner else []
    if not changed:
        return None
    _put(made, place, _one(changed, random))
    return made


def _places(value: Any, place: _Place) -> Iterator[_Place]:
    """Values that may be changed, with those inside them."""
    if isinstance(value, list):
        yield place
        for k, one in enumerate(value):
            yield from _places(one, (*place, k))
    elif not isinstance(value, dict):
        yield place
    else:
        ((word, held),) = value.items()
        if word in _OPEN:
            yield from _places(held, (*place, word))
        elif word in _ARRAYS:
            yield (*place, word, 2)
        elif word == "own":
            for k, (_, one) in enumerate(held[1]):
                yield from _places(one, (*place, word, 1, k, 1))


def _changed(value: Any, random: np.random.Generator) -> Iterator[Any]:
    if value is None:
        yield 1
    elif isinstance(value, bool):
        yield not value
    elif isinstance(value, int):
        yield from (value + 1, value - 1, 0, 2 * value, -1, True, None)
    elif isinstance(value, float):
        yield from (value / 2, 1 - value, -value, 0.0, 1.0, value * (1 + float(random.random())), _NAN, None)
    elif isinstance(value, str):
        yield from ("", None, value + " x", value.upper(), value[::-1])
    elif isinstance(value, list) and value:
        yield from _changed_list(value, random)


def _changed_list(value: list[Any], random: np.random.Generator) -> Iterator[list[Any]]:
    yield value[::-1]
    yield value[1:]
    yield value[:-1]
    yield [*value, value[-1]]
    k, j = random.integers(len(value), size=2).tolist()
    yield [value[j] if i == k else one for i, one in enumerate(value)]
    swapped = list(value)
    swapped[k], swapped[j] = swapped[j], swapped[k]
    yield swapped
    for one in _changed(value[k], random):
        yield [one if i == k else each for i, each in enumerate(value)]


def _one(values: Sequence[Any], random: np.random.Generator) -> Any:
    return values[int(random.integers(len(values)))]


def _at(call: Any, place: Sequence[str | int]) -> Any:
    for step in place:
        call = call[step]
    return call


def _put(call: Any, place: _Place, value: Any) -> None:
    holder = _at(call, place[:-1])
    holder[place[-1]] = value
    if place[-2] in _ARRAYS and len(holder[1]) == 1:
        holder[1] = [len(value)]

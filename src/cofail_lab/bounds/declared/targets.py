"""What may be asked of a joint law: the probability of an event, or the gain of the best of several models.

A target is the least of the means of a few functions of the state, its pieces: one for a probability; one per model for
the oracle gain G = min_i P(i wrong) - P(all wrong), whose lower limit is one program a model.
"""

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from cofail_lab.bounds.declared.events import Counted, Event, event
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.states import States
from cofail_lab.errors import InputError

FORMS = (
    "all_wrong, all_wrong(0,1), at_least(3), gain, gain(0,1), majority, majority(0,1,2), best_of_three, "
    "weighted(.5,.3,.2), router(0,1), cascade(0,1), or an event such as 'right(0,1) >= 1'"
)


class Threshold(NamedTuple):
    """The event that at least so many of some models are wrong, or (``wanted`` false) that fewer are."""

    members: tuple[int, ...]
    at_least: int
    wanted: bool = True


@dataclass(frozen=True, eq=False)
class Target:
    """A question.

    Attributes:
        text: as it was asked.
        words: what it is, in a few words.
        sets: the sets of models that states must distinguish.
        pieces: functions of the state, given states, (pieces, states).
        singled: models whose piece speaks of them alone, one for each piece; none for a single piece.
        threshold: where the target is the probability of such an event, or holds one (the gain); else None.
        event: the event, where the target is the probability of one.
    """

    text: str
    words: str
    sets: tuple[tuple[int, ...], ...]
    pieces: Callable[[States], np.ndarray]
    singled: tuple[int, ...] = ()
    threshold: Threshold | None = None
    event: Event | None = None


def target(text: str, pool: Pool, field: str = "target", best: Sequence[int] = ()) -> Target:
    """The target that a text asks for.

    Args:
        text: one of `FORMS`.
        pool: the models.
        field: named in errors.
        best: models from the least error rate on, where rates are known: what ``best_of_three`` takes.

    Raises:
        InputError: it is none, or names models that are not in the pool.
    """
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise InputError(f"{field}: {text!r}; accepted are {FORMS}") from None
    name = node.id if isinstance(node, ast.Name) else ""
    arguments: list[int | str | float] = []
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _MADE:
        name = node.func.id
        if node.keywords:
            raise InputError(f"{field}: {text!r}; accepted are {FORMS}")
        for argument in node.args:
            if isinstance(argument, ast.Name):
                arguments.append(argument.id)
            elif isinstance(argument, ast.Constant) and isinstance(argument.value, int | float | str):
                arguments.append(argument.value)
            else:
                raise InputError(f"{field}: {text!r}; accepted are {FORMS}")
    called = node.func if isinstance(node, ast.Call) else node
    if name not in _MADE and isinstance(called, ast.Name) and called.id not in ("wrong", "right", "cell"):
        raise InputError(f"{field}: {text!r}; accepted are {FORMS}")
    if name not in _MADE:
        return _of_event(event(text, pool, field))
    return replace(_MADE[name](arguments, pool, field, best), text=text.strip())


def _members(arguments: list, pool: Pool, field: str) -> tuple[int, ...]:
    return tuple(sorted(pool.members(arguments or "all", field)))


def _of_event(found: Event, words: str | None = None, threshold: Threshold | None = None) -> Target:
    def pieces(states: Counted) -> np.ndarray:
        return found.holds(states)[None].astype(float)

    return Target(found.text, words or f"P({found.text})", found.sets, pieces, threshold=threshold, event=found)


def _all_wrong(arguments: list, pool: Pool, field: str, _best: Sequence[int]) -> Target:
    members = _members(arguments, pool, field)
    whole = len(members) == pool.n_models
    words = "all wrong" if whole else f"{pool.listed(members)} all wrong"
    return _counted(members, len(members), words)


def _counted(members: tuple[int, ...], at_least: int, words: str) -> Target:
    found = Event(
        f"wrong({','.join(map(str, members))}) >= {at_least}",
        (members,),
        lambda states: states.n_wrong(members) >= at_least,
    )
    return _of_event(found, words, Threshold(members, at_least))


def _at_least(arguments: list, pool: Pool, field: str, _best: Sequence[int]) -> Target:
    if len(arguments) != 1 or not isinstance(arguments[0], int) or not 1 <= arguments[0] <= pool.n_models:
        raise InputError(f"{field}: at_least({arguments}); one whole number in 1..{pool.n_models} is accepted")
    j = arguments[0]
    return _counted(tuple(range(pool.n_models)), j, f"at least {j} wrong")


def _gain(arguments: list, pool: Pool, field: str, _best: Sequence[int]) -> Target:
    members = _members(arguments, pool, field)

    def pieces(states: States) -> np.ndarray:
        together = states.all_wrong(members)
        return np.array([states.all_wrong((model,)) - together for model in members])

    among = "" if len(members) == pool.n_models else f" of {pool.listed(members)}"
    return Target("", f"oracle gain{among}", (members,), pieces, members, Threshold(members, len(members)))


def _majority(arguments: list, pool: Pool, field: str, _best: Sequence[int]) -> Target:
    members = _members(arguments, pool, field)
    return _vote(members, np.ones(len(members)), f"majority of {_who(members, pool)} right", pool)


def _who(members: tuple[int, ...], pool: Pool) -> str:
    return "all" if len(members) == pool.n_models else pool.listed(members)


def _vote(members: tuple[int, ...], weights: np.ndarray, words: str, pool: Pool) -> Target:
    """Right where the right hold more than half of the weight; half of it is not enough."""
    terms = [f"{w:.17g}*right({i})" for i, w in zip(members, weights, strict=True)]
    if np.ptp(weights) == 0:
        listed = ",".join(map(str, members))
        # Wrong as soon as half of them are wrong.
        threshold = Threshold(members, (len(members) + 1) // 2, wanted=False)
        return _of_event(event(f"right({listed}) > wrong({listed})", pool, "target"), words, threshold)
    return _of_event(event(f"{' + '.join(terms)} > {weights.sum() / 2:.17g}", pool, "target"), words)


def _weighted(arguments: list, pool: Pool, field: str, _best: Sequence[int]) -> Target:
    weights = np.array([w if isinstance(w, int | float) else -1 for w in arguments], dtype=float)
    if len(weights) != pool.n_models or not (weights >= 0).all() or not 0 < weights.sum() < np.inf:
        raise InputError(
            f"{field}: weighted{tuple(arguments)}; {pool.n_models} weights >= 0, one a model, are accepted"
        )
    # Sums are compared up to 1e-9: in shares of the whole weight, whatever its unit.
    return _vote(tuple(range(pool.n_models)), weights / weights.sum(), "weighted vote right", pool)


def _best_of_three(arguments: list, pool: Pool, field: str, best: Sequence[int]) -> Target:
    if arguments or len(best) < 3:
        raise InputError(
            f"{field}: best_of_three; it takes no models and needs three known error rates; majority(0,1,2)"
        )
    members = tuple(sorted(best[:3]))
    return _vote(members, np.ones(3), f"majority of the best three ({pool.listed(members)}) right", pool)


def _router(arguments: list, pool: Pool, field: str, _best: Sequence[int]) -> Target:
    chosen = [pool.index(reference, field) for reference in arguments]
    if len(chosen) != pool.n_cells:
        raise InputError(
            f"{field}: {len(chosen)} models for {pool.n_cells} cells; one a cell is accepted (known.cells)"
        )
    parts = [f"(cell({cell}) and right({model}))" for cell, model in enumerate(chosen)]
    names = ", ".join(pool.name(model) for model in chosen)
    return _of_event(event(" or ".join(parts), pool, field), f"router to {names} right")


def _cascade(arguments: list, pool: Pool, field: str, best: Sequence[int]) -> Target:
    """Cell 0 is answered by the first model, cell 1 escalated to the second."""
    if len(arguments) != 2 or pool.n_cells != 2:
        raise InputError(f"{field}: cascade; two models are accepted, and known.cells=[kept, escalated], two shares")
    cheap, strong = (pool.name(pool.index(reference, field)) for reference in arguments)
    return replace(_router(arguments, pool, field, best), words=f"cascade from {cheap} to {strong} right")


_MADE: dict[str, Callable[[list, Pool, str, Sequence[int]], Target]] = {
    "all_wrong": _all_wrong,
    "at_least": _at_least,
    "gain": _gain,
    "majority": _majority,
    "weighted": _weighted,
    "best_of_three": _best_of_three,
    "router": _router,
    "cascade": _cascade,
}

"""Rates of events as people write them: texts such as `ACCEPTED`, and lists [a, b, value]."""

import re
from typing import Any

from cofail_lab.bounds.declared.events import Event, event
from cofail_lab.bounds.declared.facts import EventRate
from cofail_lab.bounds.declared.limits import limits
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.errors import InputError

_FORM = re.compile(r"^\s*P\((?P<event>.*)\)\s*(?:(?P<sign><=|>=|=|in)\s*(?P<value>[^()=<>]+))?$")
ACCEPTED = "P(right(0,1,2) >= 1) = .9, P(wrong(1) | wrong(0)) in [.5, .7], P(...) <= .2; without a value it is measured"


def without_value(text: Any) -> bool:
    """Whether a text names an event that is to be measured."""
    found = _FORM.match(text) if isinstance(text, str) else None
    return found is not None and not found["sign"]


def stated(text: Any, pool: Pool, field: str, measured: Matrix | None) -> EventRate:
    """The rate that a text says, or that the matrix gives where the text has no value.

    Raises:
        InputError: a text that cannot be read, or one without a value where there is no matrix.
    """
    found = _FORM.match(text) if isinstance(text, str) else None
    if found is None:
        raise InputError(f"{field}: {text!r}; accepted are {ACCEPTED}")
    what, _, condition = found["event"].partition("|")
    happens, given = event(what, pool, field), event(condition, pool, field) if condition else None
    kind = "conditional" if given else "events"
    if not found["sign"]:
        if measured is None:
            raise InputError(f"{field}: {text!r} has no value, and there is no matrix to measure it in")
        return EventRate(kind, happens, measured.event(happens, given), given)
    ends = re.split(r"[\s,\[\]]+", found["value"].strip("[] \t"))
    try:
        numbers = [float(end) for end in ends if end]
    except ValueError:
        numbers = []
    if len(numbers) != (2 if found["sign"] == "in" else 1):
        raise InputError(f"{field}: {text!r}; accepted are {ACCEPTED}")
    value = {"<=": [0.0, numbers[0]], ">=": [numbers[0], 1.0]}.get(found["sign"], numbers)
    return EventRate(kind, happens, limits(value if len(value) > 1 else value[0], field), given)


def conditional(entry: Any, pool: Pool, field: str) -> EventRate:
    """P(a wrong | b wrong) from [a, b, value], where a and b are models or lists of them, all wrong."""
    if not isinstance(entry, list | tuple) or len(entry) != 3:
        raise InputError(f"{field}: {entry!r}; [a, b, value] is accepted: P(a wrong | b wrong)")
    a, b = (_all_wrong(side, pool, field) for side in entry[:2])
    return EventRate("conditional", a, limits(entry[2], field), b)


def _all_wrong(models: Any, pool: Pool, field: str) -> Event:
    members = pool.members(models if isinstance(models, list | tuple) else [models], field)
    return event(f"wrong({','.join(map(str, members))})", pool, "known.conditional")

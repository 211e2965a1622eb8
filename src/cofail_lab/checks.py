"""Checks of single values; their messages name the field, the value and what is accepted."""

import math
from numbers import Integral, Real
from typing import Any

from cofail_lab.errors import InputError


def whole(field: str, value: Any, least: int) -> None:
    """Raise InputError unless the value is a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        is_one = isinstance(value, float) and value.is_integer() and value >= least
        same = f"; {value:,.0f} is written {value:.0f}" if is_one else ""
        raise InputError(f"{field}: {_shown(value)} is not a whole number >= {least}{same}")


def within(field: str, value: Any, least: int, most: int) -> None:
    """Raise InputError unless the value is a whole number from ``least`` to ``most``."""
    whole(field, value, least)
    if value > most:
        raise InputError(f"{field}: {value!r} is above {most}")


def patterns(field: str, value: Any) -> None:
    """Raise InputError unless the value is None, a name or a list of names, not empty (a number is a name too)."""
    names = value if isinstance(value, list | tuple) else [value]
    scalars = all(isinstance(name, str | int | float) and not isinstance(name, bool) for name in names)
    if value is not None and not (names and scalars and "" not in names):
        raise InputError(f"{field}: {value!r} is not a name, a pattern or a list of them")


def number(field: str, value: Any) -> None:
    """Raise InputError unless the value is a finite number."""
    if not _is_number(value) or not math.isfinite(value):
        raise InputError(f"{field}: {_shown(value)} is not a finite number")


def probability(field: str, value: Any) -> None:
    """Raise InputError unless the value is a number strictly between 0 and 1."""
    if not _is_number(value) or not 0 < value < 1:
        raise InputError(f"{field}: {_shown(value)} is outside (0, 1){_as_share(value)}")


def share(field: str, value: Any, meaning: str = "") -> None:
    """Raise InputError unless the value is a number in [0, 1]; ``meaning`` is added to the message."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise InputError(f"{field}: {_shown(value)} is outside [0, 1]{meaning and '; '}{meaning}{_as_share(value)}")


def overhead(field: str, value: Any) -> None:
    """Raise InputError unless the value is None or a share of accuracy."""
    if value is not None:
        share(field, value, "0.02 means two points of accuracy")


def flag(field: str, value: Any) -> None:
    """Raise InputError unless the value is true, false or None."""
    if value is not None and not isinstance(value, bool):
        raise InputError(f"{field}: {_shown(value)} is not true, false or null")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)


def _shown(value: Any) -> str:
    """A value as it is written on the command line, a text in quotes."""
    return "null" if value is None else repr(value)


def _as_share(value: Any) -> str:
    """How a percentage is written as a share, where the value is one."""
    text = str(value)
    try:
        percentage = float(text.removesuffix("%"))
    except ValueError:
        return ""
    if isinstance(value, bool) or not (text.endswith("%") or percentage > 1) or not 0 <= percentage <= 100:
        return ""
    return f"; {percentage:g}% is written {percentage / 100:g}"

"""Checks of single values, each with a message that names the field, the value and what is accepted."""

from numbers import Integral, Real
from typing import Any

from cofail_lab.errors import InputError


def whole(field: str, value: Any, least: int) -> None:
    """Raise InputError unless the value is a whole number of at least ``least``."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InputError(f"{field}: {value!r} is not a whole number >= {least}")


def probability(field: str, value: Any) -> None:
    """Raise InputError unless the value is a number strictly between 0 and 1."""
    if not _is_number(value) or not 0 < value < 1:
        raise InputError(f"{field}: {value!r} is outside (0, 1)")


def share(field: str, value: Any, meaning: str = "") -> None:
    """Raise InputError unless the value is a number in [0, 1]; ``meaning`` ends the message."""
    if not _is_number(value) or not 0 <= value <= 1:
        raise InputError(f"{field}: {value!r} is outside [0, 1]{meaning and '; '}{meaning}")


def overhead(field: str, value: Any) -> None:
    """Raise InputError unless the value is None or a share of accuracy."""
    if value is not None:
        share(field, value, "0.02 stands for two points of accuracy")


def flag(field: str, value: Any) -> None:
    """Raise InputError unless the value is true, false or None."""
    if value is not None and not isinstance(value, bool):
        raise InputError(f"{field}: {value!r} is not true, false or null")


def _is_number(value: Any) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool)

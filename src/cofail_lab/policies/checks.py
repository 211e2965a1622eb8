"""Checks of the parameters of policies."""

from typing import Any

from cofail_lab import checks
from cofail_lab.errors import InputError


def positive(field: str, value: Any) -> None:
    """Raise InputError unless the value is a finite number > 0."""
    checks.number(field, value)
    if value <= 0:
        raise InputError(f"{field}: {value!r} is not a number > 0")

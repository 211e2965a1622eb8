"""Checks of single numbers that only decisions need; the shared ones are in `cofail_lab.checks`."""

from math import inf, isfinite
from numbers import Real
from typing import Any

from cofail_lab.errors import InputError


def number(field: str, value: Any, above: float = -inf, least: float = -inf) -> None:
    """Raise InputError unless the value is a finite number, > ``above`` and >= ``least``."""
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not isfinite(value) or value <= above or value < least:
        limit = f" > {above:g}" if above > -inf else f" >= {least:g}" if least > -inf else ""
        raise InputError(f"{field}: {value!r} is not a finite number{limit}")

"""What a call says: its result, or the words that refuse it."""

from collections.abc import Callable
from typing import Any

from cofail_lab.errors import InputError
from tests.experiments.whole import shown


def said(call: Callable[..., Any], *arguments: Any, **named: Any) -> str:
    """The result as text, or the refusal."""
    try:
        return shown(call(*arguments, **named))
    except InputError as error:
        return f"refused: {error}"


def table(call: Callable[..., Any], cases: list[tuple[Any, ...]], **named: Any) -> list[str]:
    """A line for each of some tuples of arguments."""
    return [f"{call.__name__}{arguments!r}: {said(call, *arguments, **named)}" for arguments in cases]

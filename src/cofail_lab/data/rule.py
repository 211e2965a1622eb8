"""Which answers are right: one rule for all readers, and never a guess; what a log leaves open, the user states."""

import fnmatch
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any

from cofail_lab import checks
from cofail_lab.data.names import list_names, shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

# Inspect's letters, and the words that other harnesses write with the same meaning.
_WORDS = {
    **dict.fromkeys(("C", "correct", "true", "pass", "passed"), Cell.RIGHT),
    **dict.fromkeys(("I", "incorrect", "false", "fail", "failed"), Cell.WRONG),
    **dict.fromkeys(("N", "noanswer", "unscored", "none", "null", "nan", ""), Cell.UNSCORED),
    **dict.fromkeys(("error", "timeout"), Cell.ERROR),
    "missing": Cell.MISSING,
}
_PARTIAL = ("P", "partial")


@dataclass(frozen=True)
class Rule:
    """Which of a log's scores decides, and which of its values are right.

    Attributes:
        scorer: name of the scorer, metric or filter (`data.scorer`); a list of names, of which the first that a log has
            decides; or a mapping from tasks (patterns such as ``gsm8k*``) to names. None where a log has only one.
        threshold: the lowest score of a right answer (`data.threshold`). None accepts only scores that need no
            threshold: 0 and 1, true and false, C and I, pass and fail.
    """

    scorer: str | Sequence[str] | Mapping[str, str] | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        check_choice("data.scorer", self.scorer, "scorer")
        if self.threshold is not None:
            checks.number("data.threshold", self.threshold)

    def choose(self, names: Collection[str], where: str, task: str = "") -> str:
        """The scorer that decides, among those that a log has.

        Args:
            names: of the log's scorers.
            where: file, for the message.
            task: of the log, for a choice by task.

        Raises:
            InputError: the log has no scorer of the stated name, or several scorers and none is stated.
        """
        return chosen("data.scorer", self.scorer, names, "scorer", where, task)

    def state(self, value: Any, where: str) -> Cell:
        """State of an answer with this score.

        Booleans are right or wrong; so are words, in any case, and Inspect's letters in capitals. Null, nan and
        Inspect's N are unscored. A number is compared with the threshold; without a threshold it must be 0 or 1. A
        partial score (P) counts as 0.5.

        Args:
            value: as in the log.
            where: file and record, for the message.

        Raises:
            InputError: not a score, such as a list, or a number that needs a threshold.
        """
        if value is None:
            return Cell.UNSCORED
        if isinstance(value, bool):
            return Cell.RIGHT if value else Cell.WRONG
        if isinstance(value, str):
            word = value.strip()
            known = _WORDS.get(word if len(word) == 1 else word.casefold())
            if known is not None:
                return known
        score = raw_score(value)
        if score is None:
            raise InputError(
                f"{where}: {_shown(value)} is not a score; a number, true, false, C, I, P or N was expected"
            )
        if math.isnan(score):
            return Cell.UNSCORED
        if self.threshold is not None:
            return Cell.RIGHT if score >= self.threshold else Cell.WRONG
        if score in (0.0, 1.0):
            return Cell.RIGHT if score else Cell.WRONG
        raise InputError(
            f"{where}: score {_shown(value)} is neither 0 nor 1; data.threshold= says from which value on an answer is "
            "right"
        )


def check_choice(key: str, value: Any, what: str) -> None:
    """Raise InputError unless a choice is None, a name, a list of names or a mapping from tasks to names."""
    names = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else [value]
    if value is not None and not (names and all(isinstance(name, str) and name for name in names)):
        raise InputError(
            f"{key}: {value!r} is not the name of a {what}, a list of names, or a mapping from tasks to names"
        )


def chosen(key: str, stated: Any, names: Collection[str], what: str, where: str, task: str = "") -> str:
    """The one of several names that is meant by a name, a list of preference, a mapping by task, or None.

    Args:
        key: of the configuration, for messages.
        stated: its value.
        names: those that a log has.
        what: they name.
        where: file, for messages.
        task: of the log.

    Raises:
        InputError: none of the stated names is there, or nothing is stated and there is not exactly one.
    """
    known = list_names(sorted(names), 8) or "none"
    if isinstance(stated, Mapping):
        patterns = [pattern for pattern in stated if pattern == task or fnmatch.fnmatchcase(task, pattern)]
        stated = [stated[pattern] for pattern in patterns] or None
    preferred = [stated] if isinstance(stated, str) else stated or []
    for name in preferred:
        if name in names:
            return name
    if len(names) == 1 and not isinstance(stated, str):
        return next(iter(names))
    if preferred:
        listed = repr(preferred[0]) if len(preferred) == 1 else list_names(preferred)
        raise InputError(f"{key}: {listed} is not in {where}, which has {known}")
    of_task = f"; by task: {key}={{{task}: ...}}" if task else ""
    raise InputError(f"{where}: {len(names)} {what}s ({known}); choose with {key}={of_task}")


def raw_score(value: Any) -> float | None:
    """The number that a score stands for (C is 1, P 0.5, I 0; nan for null and N), None if it is not a score."""
    if isinstance(value, bool | float):
        return None if math.isinf(value) else float(value)
    if isinstance(value, str):
        word = value.strip()
        if word in _PARTIAL or word.casefold() == _PARTIAL[1]:
            return 0.5
        state = _WORDS.get(word if len(word) == 1 else word.casefold())
        if state is not None:
            return {Cell.RIGHT: 1.0, Cell.WRONG: 0.0}.get(state, math.nan)
    if value is None:
        return math.nan
    if not isinstance(value, str | Real):
        return None
    try:
        score = float(value)
    except (ValueError, OverflowError):
        return None
    return None if math.isinf(score) else score


def amount(value: Any, where: str) -> float:
    """A cost or a number of tokens as a float >= 0, nan for null or empty; InputError for anything else."""
    if value is None or value == "":
        return math.nan
    score = None if isinstance(value, bool | Mapping | list) else raw_score(value)
    if score is None or score < 0:
        raise InputError(f"{where}: {_shown(value)} is not a number >= 0 or empty")
    return score


def _shown(value: Any) -> str:
    """A value for a message."""
    # Python refuses to print integers of thousands of digits.
    try:
        return shorten(repr(value))
    except ValueError:
        return "a number of thousands of digits"

"""Whether two answers are the same but for how they are written: ``$1{,}200.0$`` and ``1200``."""

import re
from fractions import Fraction

_FRACTION = re.compile(r"\\[dt]?frac\{([^{}]*)\}\{([^{}]*)\}")
_BOX = re.compile(r"^\\(?:boxed|text|mathrm)\{(.*)\}$")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?:\D|$))")
_MARKS = str.maketrans("", "", "$*`")
# Longer texts are no numbers, and a number of thousands of digits takes minutes to read.
_LONGEST_NUMBER = 40


def alike(one: str, other: str) -> bool:
    """Whether both are the same text up to case, white space and marks, or the same number; nothing is like nothing."""
    first, second = plain(one), plain(other)
    if not first or not second:
        return False
    return first == second or (_number(first) is not None and _number(first) == _number(second))


def plain(answer: str) -> str:
    """An answer without marks of Markdown and TeX around it, in lower case, without spaces and a last full stop."""
    text = " ".join(answer.translate(_MARKS).split()).removesuffix(".").strip()
    while (inner := _BOX.match(text)) is not None:
        text = inner[1].strip()
    text = _FRACTION.sub(r"\1/\2", text).replace("{,}", ",").replace("−", "-")
    text = _THOUSANDS.sub("", text.casefold().replace(" ", ""))
    # An option in brackets: (b), b), [b].
    return text.strip("()[]") if re.fullmatch(r"[(\[]?[a-z][)\]]", text) else text


def _number(text: str) -> Fraction | None:
    if len(text) > _LONGEST_NUMBER or not re.fullmatch(r"[+-]?[\d.]+(?:e[+-]?\d{1,2})?(?:/\d+)?%?", text):
        return None
    try:
        top, _, bottom = text.rstrip("%").partition("/")
        value = Fraction(top) / Fraction(bottom or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return value / 100 if text.endswith("%") else value

"""Names from files, which identify queries and models: checks of them, and how they are listed in a sentence."""

from collections.abc import Sequence

from cofail_lab.errors import InputError
from cofail_lab.grades import first_repeated


def check_names(names: list[str], what: str, file: str, *, blank: bool = False) -> tuple[str, ...]:
    """The names of queries or models, after a check.

    Args:
        names: in the order of the file.
        what: ``query``, ``model`` or ``column``, for the message.
        file: for the message.
        blank: whether a name may be blank.

    Raises:
        InputError: a name that is blank, not Unicode or there twice, or two names that differ only in white space.
    """
    trimmed = []
    for i, name in enumerate(names):
        if not name.strip() and not blank:
            raise InputError(f"{file}: {what} number {i + 1} has no name; every {what} needs a unique name")
        if not is_text(name):
            raise InputError(f"{file}: {what} name {name!r} has half of a surrogate pair, which is not Unicode text")
        trimmed.append(" ".join(name.split()))
    if repeated := first_repeated(names):
        raise InputError(f"{file}: {what} name {shorten(repeated)!r} appears twice; names must be unique")
    if repeated := first_repeated(trimmed):
        one, other = [name for name, plain in zip(names, trimmed, strict=True) if plain == repeated][:2]
        raise InputError(
            f"{file}: {what} names {shorten(one)!r} and {shorten(other)!r} differ only in white space; "
            "spell one name in one way"
        )
    return tuple(names)


def is_text(text: str) -> bool:
    """Whether a string can be written as UTF-8; JSON can contain one half of a surrogate pair, which cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def clean_text(text: str) -> str:
    """A text that identifies nothing, such as a prompt, with a replacement character where it is not Unicode."""
    return text if is_text(text) else text.encode("utf-8", "replace").decode()


def shorten(text: str, limit: int = 60) -> str:
    """A value from a file, cut to ``limit`` characters for a message of one line."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def list_names(names: Sequence[str], limit: int = 5) -> str:
    """The first ``limit`` names, each shortened, for a sentence: ``a, b, ...``; dots where there are more."""
    return ", ".join(shorten(name) for name in names[:limit]) + (", ..." if len(names) > limit else "")


def counted(number: int, noun: str) -> str:
    """A number of things: ``1 pair``, ``2 pairs``, ``2 queries``."""
    plural = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2] not in "aeo" else f"{noun}s"
    return f"{number:,} {noun if number == 1 else plural}"

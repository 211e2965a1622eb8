"""Every field of every JSON format, with what it should not hold: read all the same, or refused with these words.

Of a log with everything in it, one field at a time is absent, null, empty, or of another kind. What is kept for each is
the refusal, or the lines of the matrix that are other than without the change; where there are none, nothing.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.data.odd.changes import ABSENT, Step, changed
from tests.data.odd.outcomes import outcome, put, told
from tests.data.odd.rich_logs import RICH
from tests.experiments.whole import keep

VALUES = {
    "absent": ABSENT,
    "null": None,
    "true": True,
    "''": "",
    "'word'": "word",
    "-1": -1,
    "0.5": 0.5,
    "[]": [],
    "{}": {},
}
# What a library that checks its own logs refuses, and so all that the reader sees of other kinds.
_FEW = ("absent", "null", "'word'", "-1")
_REFUSED = "that inspect_ai can read"


def places(held: Any, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """The way to every field."""
    if path:
        yield path
    for step, inner in held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ():
        yield from places(inner, (*path, step))


def first_places(document: Any) -> dict[str, tuple[Step, ...]]:
    """The first of the places at one depth whose last step is the same."""
    found: dict[tuple[int, Step], tuple[Step, ...]] = {}
    for path in places(document):
        found.setdefault((len(path), "*" if isinstance(path[-1], int) else path[-1]), path)
    return {".".join(map(str, path)): path for path in found.values()}


@pytest.mark.parametrize("name", RICH)
def test_what_a_field_may_hold(name: str, tmp_path: Path) -> None:
    kind, log, keys = RICH[name]
    path = put(tmp_path, log)
    kept = plain = outcome(kind, path, keys, tmp_path)
    values = {word: VALUES[word] for word in _FEW} if kind == "inspect" else VALUES
    for file, document in log.items():
        for label, place in first_places(document).items():
            said: dict[str, list[str]] = {}
            for word, value in values.items():
                put(tmp_path, {file: changed(document, place, value)})
                said.setdefault(told(outcome(kind, path, keys, tmp_path), plain), []).append(word)
            said = {what: words for what, words in said.items() if what and not what.endswith(_REFUSED)}
            kept = [*kept, *(f"{label} {', '.join(words)}: {what}" for what, words in said.items())]
        put(tmp_path, {file: document})
    keep(f"fields_{name}", kept, tmp_path, exact=True)

"""What becomes of a log, as lines: all that is read of it, or the words that refuse it."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from cofail_lab.data.auto import AutoSource
from cofail_lab.data.formats import source_class
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.experiments.whole import shown

_REST_OF_A_DIGEST = re.compile(r"(?<=[0-9a-f]{16})[0-9a-f]{48}")


def put(folder: Path, files: Mapping[str, Any]) -> Path:
    """Write files, texts and bytes as they are, anything else as JSON; the path of the first."""
    for name, held in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(held, bytes):
            path.write_bytes(held)
        elif isinstance(held, str):
            path.write_text(held, encoding="utf-8")
        elif name.endswith(".jsonl") and isinstance(held, list):
            path.write_text("".join(json.dumps(line) + "\n" for line in held), encoding="utf-8")
        else:
            path.write_text(json.dumps(held), encoding="utf-8")
    return folder / next(iter(files))


def outcome(kind: str, path: Path, keys: Mapping[str, Any], folder: Path) -> list[str]:
    """The lines of the matrix that the reader of a format reads, or its refusal; no words name the folder."""
    try:
        reader = AutoSource if kind == "auto" else source_class(kind)
        lines = list(described(reader(str(path), **keys).load()))
    except InputError as error:
        # Other versions of a library say it in other words.
        said, mark, _ = str(error).partition("that inspect_ai can read")
        lines = [f"refused: {said}{mark}"]
    lines = [line.replace(str(folder), "").replace(folder.name, "FOLDER") for line in lines]
    return [_REST_OF_A_DIGEST.sub("…", line) for line in lines]


def described(grades: Grades) -> Iterator[str]:
    """A matrix, whole, a line for each of its parts."""
    yield f"models: {' | '.join(grades.models)}"
    yield f"queries: {' | '.join(grades.queries)}"
    yield f"cells: {' '.join(''.join(map(str, row)) for row in grades.cells)}"
    for kind in ("per_query", "per_model", "per_cell"):
        for name, column in sorted(getattr(grades, kind).items()):
            yield f"{name}: {shown(np.asarray(column).tolist())}"
    if grades.settings:
        yield f"settings: {shown(grades.settings)}"
    yield from (f"note: {note}" for note in grades.notes)


def told(lines: list[str], plain: list[str]) -> str:
    """What a change changes, empty where it changes nothing; all that there is, where it changes most."""
    if lines[0].startswith("refused:"):
        return lines[0]
    if len([line for line in lines if line in plain]) < len(plain) / 2:
        return " | ".join(lines)
    kinds = {_kind(line) for line in lines}
    lost = [f"no {_kind(line)}" for line in plain if _kind(line) not in kinds]
    return " | ".join([*lost, *(line for line in lines if line not in plain)])


def _kind(line: str) -> str:
    """Which column a line is of; a note is its own kind."""
    kind = line.partition(":")[0]
    return line if kind == "note" else kind

"""What is known of models by name: family, provider, tier, prices, release date; from a file, or the shipped roster.

``roster.csv`` lists the 67 models of the reference work with family, tier and dollars per million tokens read and
written, June 2026.
"""

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cofail_lab.data.files import read_bytes
from cofail_lab.data.names import check_names, shorten
from cofail_lab.data.prices import PRICES, with_costs
from cofail_lab.data.tables import CSV_SUFFIXES, PARQUET_SUFFIXES, read_sheet
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

ROSTER = "roster"

_ALIASES = {
    "name": "model", "price_in": "usd_per_mtok_in", "price_out": "usd_per_mtok_out", "released": "release_date",
}  # fmt: skip
_MOST_NAMED = 5


def attach(grades: Grades, registry: str) -> Grades:
    """Per-model columns from a registry, and costs from its prices where the log has tokens and no costs.

    A model is looked up by its name, and failing that by what follows its last slash, if only one entry ends so. What a
    log says itself is kept. Models without an entry are named in a note.

    Args:
        grades: a matrix.
        registry: path of a CSV, Parquet or YAML file, or ``roster``.
    """
    known = read_registry(registry)
    entries, short = list(known), {}
    for name in entries:
        short.setdefault(name.rpartition("/")[2], []).append(name)
    found: list[str | None] = []
    loosely: list[str] = []
    for model in grades.models:
        entry = model if model in known else None
        candidates = short.get(model.rpartition("/")[2], [])
        if entry is None and len(candidates) == 1:
            entry = candidates[0]
            loosely.append(f"{shorten(model)} as {shorten(entry)}")
        found.append(entry)
    notes = [*grades.notes]
    label = "the shipped roster (prices of June 2026)" if registry == ROSTER else Path(registry).name
    if loosely:
        notes.append(f"Looked up in {label} without their provider: {_listed(loosely)}.")
    if unmatched := [m for m, entry in zip(grades.models, found, strict=True) if entry is None]:
        near = difflib.get_close_matches(unmatched[0], entries[:10_000], n=1, cutoff=0.6)
        hint = f"; {shorten(unmatched[0])} resembles {shorten(near[0])}" if near else ""
        notes.append(f"{len(unmatched):,} of {len(found):,} models are not in {label}: {_listed(unmatched)}{hint}.")
    if len(unmatched) == len(found):
        raise InputError(
            f"data.registry: none of the {len(found)} models is in {label}, such as {shorten(unmatched[0])!r}; "
            f"it has {_listed(entries)}"
        )
    per_model = dict(grades.per_model)
    for column in dict.fromkeys(key for entry in known.values() for key in entry):
        texts = ["" if entry is None else known[entry].get(column, "") for entry in found]
        if column in PRICES:
            values = np.array([float(text) if text else np.nan for text in texts])
        else:
            values = np.array(texts, dtype=object)
        per_model[column] = _filled(per_model.get(column), values)
    return with_costs(replace(grades, per_model=per_model, notes=tuple(notes)), label)


def read_registry(registry: str) -> dict[str, dict[str, str]]:
    """Model -> column -> text. Prices are numbers >= 0 or empty; a model stands in it once.

    A YAML file is a mapping of names to columns, or a list of entries with a ``name``.
    """
    path = Path(__file__).with_name("roster.csv") if registry == ROSTER else Path(registry).expanduser()
    if path.name.endswith((*CSV_SUFFIXES, *PARQUET_SUFFIXES)):
        sheet = read_sheet(path)
        rows = [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]
    elif path.suffix in (".yaml", ".yml"):
        rows = _read_yaml(path)
    else:
        raise InputError(
            f"data.registry: {registry!r} is not 'roster' and does not end in .csv, .csv.gz, .parquet or .yaml"
        )
    entries = [{_ALIASES.get(key, key): text.strip() for key, text in row.items()} for row in rows]
    names = check_names([entry.get("model", "") for entry in entries], "model", path.name)
    for entry in entries:
        for column in PRICES:
            _check_price(entry.get(column, ""), f"{path.name}: {shorten(entry['model'])}, {column}")
        del entry["model"]
    return dict(zip(names, entries, strict=True))


def _read_yaml(path: Path) -> list[dict[str, str]]:
    import yaml

    class Plain(yaml.SafeLoader):
        """Without aliases: a few lines of them can stand for more than fits in memory."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not accepted")
            return super().compose_node(parent, index)

    try:
        content: Any = yaml.load(read_bytes(path, limit=2**21), Plain)  # noqa: S506  (a SafeLoader)
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        if isinstance(error, InputError):
            raise
        reason = shorten(" ".join(str(error).split()), 120)
        raise InputError(f"{path.name}: not valid YAML ({reason})") from error
    if isinstance(content, dict):
        content = [{"name": name, **entry} if isinstance(entry, dict) else None for name, entry in content.items()]
    rows = []
    for entry in content if isinstance(content, list) else [None]:
        if not isinstance(entry, dict):
            raise InputError(f"{path.name}: a mapping of model names to columns, or a list of entries, was expected")
        if stray := [key for key, value in entry.items() if isinstance(value, list | dict)]:
            raise InputError(f"{path.name}: {shorten(str(stray[0]))} holds a list or mapping; one value was expected")
        rows.append({str(key): "" if value is None else str(value) for key, value in entry.items()})
    return rows


def _check_price(text: str, where: str) -> None:
    try:
        good = not text or 0 <= float(text) < np.inf
    except ValueError:
        good = False
    if not good:
        raise InputError(f"{where}: {shorten(text)!r} is not a number of dollars >= 0 or empty")


def _filled(own: np.ndarray | None, looked_up: np.ndarray) -> np.ndarray:
    """What the log says, and the registry's value where it says nothing."""
    if own is None:
        return looked_up
    if own.dtype != object and looked_up.dtype != object:
        return np.where(np.isnan(own.astype(float)), looked_up, own)
    own = own.astype(object)
    unknown = np.array([value == "" or value != value for value in own], dtype=bool)
    return np.where(unknown, looked_up.astype(object), own)


def _listed(names: list[str]) -> str:
    return ", ".join(shorten(name) for name in names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")

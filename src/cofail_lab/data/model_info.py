"""What is known of models by name: family, provider, tier, prices, release date; from a table or the shipped roster.

``roster.csv`` lists the 67 models of the reference work with their family, their tier, and their prices of June 2026 in
dollars per million tokens read and per million tokens written.
"""

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from cofail_lab.data.files import ends_in, local_path, read_bytes
from cofail_lab.data.names import check_names, list_names, shorten
from cofail_lab.data.prices import PRICES, with_costs
from cofail_lab.data.tables import CSV_SUFFIXES, PARQUET_SUFFIXES, read_sheet
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

ROSTER = "roster"

_ALIASES = {
    "name": "model",
    "price_in": "usd_per_mtok_in",
    "price_out": "usd_per_mtok_out",
    "released": "release_date",
}
"""Other headings that people use, and the column each of them means."""


def attach(grades: Grades, table: str) -> Grades:
    """Add per-model columns from a table of models, and costs from its prices where the log has tokens and no costs.

    A model is looked up by its name. A name that has no entry is looked up by the part after its last slash, if only
    one entry ends with that part. What the log itself says is kept. Notes name the models without an entry.

    Args:
        grades: a matrix.
        table: path of a CSV, Parquet or YAML file, or ``roster``.

    Raises:
        InputError: no model has an entry, or as `read_model_info`.
    """
    info = read_model_info(table)
    entries, by_last_part = list(info), {}
    for name in entries:
        by_last_part.setdefault(name.rpartition("/")[2], []).append(name)
    entry_of: list[str | None] = []
    without_provider: list[str] = []
    for model in grades.models:
        entry = model if model in info else None
        candidates = by_last_part.get(model.rpartition("/")[2], [])
        if entry is None and len(candidates) == 1:
            entry = candidates[0]
            without_provider.append(f"{shorten(model)} as {shorten(entry)}")
        entry_of.append(entry)
    notes = [*grades.notes]
    n_models = len(grades.models)
    label = "the shipped roster (prices of June 2026)" if table == ROSTER else Path(table).name
    if without_provider:
        notes.append(f"Looked up in {label} without their provider: {list_names(without_provider)}.")
    if unmatched := [model for model, entry in zip(grades.models, entry_of, strict=True) if entry is None]:
        near = difflib.get_close_matches(unmatched[0], entries[:10_000], n=1, cutoff=0.6)
        hint = f"; {shorten(unmatched[0])} resembles {shorten(near[0])}" if near else ""
        notes.append(f"{len(unmatched):,} of {n_models:,} models are not in {label}: {list_names(unmatched)}{hint}.")
    if len(unmatched) == n_models:
        raise InputError(
            f"data.registry: none of the {n_models} models, such as {shorten(unmatched[0])!r}, is in {label}, which "
            f"has {list_names(entries)}"
        )
    per_model = dict(grades.per_model)
    for column in dict.fromkeys(key for entry in info.values() for key in entry):
        texts = ["" if entry is None else info[entry].get(column, "") for entry in entry_of]
        if column in PRICES:
            values = np.array([float(text) if text else np.nan for text in texts])
        else:
            values = np.array(texts, dtype=object)
        per_model[column] = _fill_unknown(per_model.get(column), values)
    return with_costs(replace(grades, per_model=per_model, notes=tuple(notes)), label)


def read_model_info(table: str) -> dict[str, dict[str, str]]:
    """A table of models: model -> column -> text. Prices are numbers >= 0 or empty; every model has one entry.

    A YAML file is a mapping of names to columns, or a list of entries with a ``name``.

    Args:
        table: path of a CSV, CSV.gz, Parquet or YAML file, or ``roster``.

    Raises:
        InputError: another ending, not readable, a name that is blank or twice in it, or a bad price.
    """
    path = Path(__file__).with_name("roster.csv") if table == ROSTER else local_path(table)
    if ends_in(path, (*CSV_SUFFIXES, *PARQUET_SUFFIXES)):
        sheet = read_sheet(path)
        rows = [dict(zip(sheet.header, row, strict=True)) for row in sheet.rows]
    elif ends_in(path, (".yaml", ".yml")):
        rows = _read_yaml(path)
    else:
        raise InputError(
            f"data.registry: {table!r} is not 'roster' and does not end in .csv, .csv.gz, .parquet or .yaml"
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
        """Refuses aliases: a few lines of them can expand to more than fits in memory."""

        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("aliases are not accepted")
            return super().compose_node(parent, index)

    try:
        content: Any = yaml.load(read_bytes(path, limit=2**21), Plain)  # noqa: S506  (Plain is a SafeLoader)
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


def _fill_unknown(own: np.ndarray | None, looked_up: np.ndarray) -> np.ndarray:
    """The log's own values (m,), and the values looked up where the log has none."""
    if own is None:
        return looked_up
    if own.dtype != object and looked_up.dtype != object:
        return np.where(np.isnan(own.astype(float)), looked_up, own)
    own = own.astype(object)
    unknown = np.array([value == "" or value != value for value in own], dtype=bool)
    return np.where(unknown, looked_up.astype(object), own)

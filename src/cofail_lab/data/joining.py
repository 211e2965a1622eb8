"""Joins several matrices to one: queries match by name or by content, and what matches nothing is reported."""

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np

from cofail_lab.data.conflicts import content_key, find_conflicts
from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.names import check_names, counted, list_names, shorten
from cofail_lab.data.records import check_size, repeated_note, share_right
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

_MAX_SENTENCES = 6
_MAX_NOTES = 12


def join_grades(parts: Sequence[Grades], by: Literal["id", "content"] | None = None) -> Grades:
    """One matrix with all queries and all models of several matrices.

    Two queries are the same if their names agree, and their datasets where both have one; by content, if their prompts
    agree up to white space, where the k-th of several equal prompts in one part matches the k-th in another part. A
    cell that several parts hold has repeated samples: it keeps the state, cost and other numbers of the first part, and
    the states of all of them as samples (see `records.Records.grades`).
    ``per_query["n_logs"]`` counts the parts that hold a query.

    Args:
        parts: at least one matrix.
        by: ``id`` matches queries by name, ``content`` by prompt; None by name, and refuses two questions of one name.

    Raises:
        InputError: no query that two models answered; queries of one name with other contents or prompts, unless ``by``
            is stated; by content, a query without a prompt; a name without a dataset that is in several datasets; too
            many cells.
    """
    if len(parts) == 1:
        return parts[0]
    if by != "content" and any(NUMBERED in part.notes for part in parts):
        numbered = next(part.source for part in parts if NUMBERED in part.notes)
        raise InputError(
            f"{numbered}: nothing names its queries, so they cannot be matched with those of another file; "
            "data.query_column= (data.names= of an array) says what does, data.join=content matches by prompt"
        )
    source = parts[0].source + (f" and {len(parts) - 1} more" if len(parts) > 1 else "")
    rows, queries = _match_queries(parts, by, source)
    models = check_names(list(dict.fromkeys(model for part in parts for model in part.models)), "model", source)
    column = {model: j for j, model in enumerate(models)}
    columns = [np.array([column[model] for model in part.models]) for part in parts]
    shape = (len(queries), len(models))
    check_size(*shape, 1, source)
    held = [part.per_cell.get("samples", part.cells[..., None]) for part in parts]
    total = np.zeros(shape, np.int32)
    for part_samples, i, j in zip(held, rows, columns, strict=True):
        total[np.ix_(i, j)] += (part_samples != Cell.MISSING).sum(axis=2)
    n_samples = max(int(total.max(initial=0)), 1)
    check_size(*shape, n_samples, source)
    samples = np.full((*shape, n_samples), Cell.MISSING, np.int8)
    filled = np.zeros(shape, np.int32)  # samples of each cell that are placed already
    per_cell: dict[str, np.ndarray] = {}
    for part, part_samples, i, j in zip(parts, held, rows, columns, strict=True):
        here = np.ix_(i, j)
        known = part_samples != Cell.MISSING
        a, b, s = np.nonzero(known)
        place = filled[here][a, b] + (np.cumsum(known, axis=2) - 1)[a, b, s]
        samples[i[a], j[b], place] = part_samples[a, b, s]
        first = (filled[here] == 0) & known.any(axis=2)
        filled[here] += known.sum(axis=2)
        a, b = np.nonzero(first)
        for name, values in part.per_cell.items():
            if name != "samples":
                whole = per_cell[name] = _with_room(per_cell.get(name), values, shape, source)
                whole[(i[a], j[b], *(slice(k) for k in values.shape[2:]))] = values[a, b]
    # Each part counted its own repeated samples; below they are counted over all parts.
    notes = [*dict.fromkeys(note for part in parts for note in part.notes if " with repeated samples (" not in note)]
    if len(notes) > _MAX_NOTES:
        notes[_MAX_NOTES:] = [f"The logs have {len(notes) - _MAX_NOTES:,} more notes of their own."]
    n_logs = np.bincount(np.concatenate(rows), minlength=shape[0])
    notes += _report(parts, rows, n_logs, by or "id", shape)
    if conflict := find_conflicts(parts, rows):
        if by is None:
            raise InputError(
                f"{source}: {conflict}; data.join=content matches by prompt, data.join=id by name all the same"
            )
        how = "name" if by == "id" else "prompt"
        notes.append(f"Joined by {how}, as data.join={by} says, although {conflict}.")
    if n_samples > 1:
        repeated = total > 1
        frac = share_right(samples)
        per_cell["frac"] = np.where(repeated | ("frac" not in per_cell), frac, per_cell.get("frac", frac))
        per_cell["samples"] = samples
        notes.append(repeated_note(int(repeated.sum()), n_samples))
    cells = samples[..., 0].copy()
    if len(models) > 1 and not ((cells != Cell.MISSING).sum(axis=1) > 1).any():
        other = "id" if by == "content" else "content"
        raise InputError(
            f"{source}: no query is in the logs of two models, such as {shorten(queries[0])!r} and "
            f"{shorten(queries[-1])!r}; data.join={other} matches them by {'name' if by == 'content' else 'prompt'}"
        )
    per_query = _merge_columns([part.per_query for part in parts], rows, shape[0])
    return Grades(
        cells,
        queries,
        models,
        source,
        per_query={**per_query, "n_logs": n_logs},
        per_model=_merge_columns([part.per_model for part in parts], columns, shape[1]),
        per_cell=per_cell,
        notes=tuple(notes),
        sha256=hashlib.sha256("".join(part.sha256 for part in parts).encode()).hexdigest(),
    )


def _with_room(whole: np.ndarray | None, values: np.ndarray, shape: tuple[int, int], source: str) -> np.ndarray:
    """The array of the joined cells, enlarged if the values of a part have longer trailing axes.

    Args:
        whole: the array so far, None for the first part.
        values: of one part, (queries, models, ...).
        shape: queries and models of the joined matrix.
        source: for the message of an InputError, if the array would be too large.

    Returns:
        An array of ``shape`` and trailing axes; nan, False, MISSING or an empty text where nothing is known.
    """
    empty = {"b": False, "i": Cell.MISSING, "O": ""}.get(values.dtype.kind, np.nan)
    depth = values.shape[2:] if whole is None else tuple(map(max, whole.shape[2:], values.shape[2:]))
    if whole is not None and whole.shape[2:] == depth:
        return whole
    check_size(*shape, int(np.prod(depth)), source)
    enlarged = np.full((*shape, *depth), empty, values.dtype if values.dtype.kind in "biO" else float)
    if whole is not None:
        enlarged[tuple(slice(k) for k in whole.shape)] = whole
    return enlarged


def _match_queries(parts: Sequence[Grades], by: str | None, source: str) -> tuple[list[np.ndarray], tuple[str, ...]]:
    """For every part the joined row of each of its queries, and the names of the joined rows."""
    keys = [contents(part) if by == "content" else _identities(part) for part in parts]
    if by != "content":
        keys = _with_datasets(keys, source)
    row_of: dict[tuple[str, ...], int] = {}
    names: list[str] = []
    used_names: set[str] = set()
    rows = []
    for part, part_keys in zip(parts, keys, strict=True):
        here = np.empty(len(part_keys), np.int64)
        for i, key in enumerate(part_keys):
            if key not in row_of:
                row_of[key] = len(names)
                name = part.queries[i]
                if name in used_names:
                    # Two queries of one name: the dataset, or the first digits of the digest, distinguishes them.
                    name = f"{name} ({key[0][:8]}{key[1]})" if by == "content" else f"{key[0]}/{name}"
                used_names.add(name)
                names.append(name)
            here[i] = row_of[key]
        rows.append(here)
    return rows, check_names(names, "query", source)


def _identities(part: Grades) -> list[tuple[str, ...]]:
    """(dataset, name) of every query, where a name that begins with its dataset loses that beginning."""
    datasets = part.per_query.get("dataset", np.full(len(part.queries), ""))
    return [
        (str(dataset), query.removeprefix(f"{dataset}/") if dataset else query)
        for dataset, query in zip(datasets, part.queries, strict=True)
    ]


def _with_datasets(keys: list[list[tuple[str, ...]]], source: str) -> list[list[tuple[str, ...]]]:
    """The same keys, where a query without a dataset gets the dataset of the only other query of its name."""
    datasets: dict[str, set[str]] = {}
    for dataset, query in {key for part_keys in keys for key in part_keys}:
        if dataset:
            datasets.setdefault(query, set()).add(dataset)
    for query in {query for part_keys in keys for dataset, query in part_keys if not dataset}:
        if len(known := datasets.get(query, set())) > 1:
            raise InputError(
                f"{source}: query {shorten(query)!r} without a dataset is ambiguous, because queries of that name are "
                f"in {list_names(sorted(known), 3)}; every answer to it needs a dataset"
            )
    return [
        [(dataset or next(iter(datasets.get(query, ("",)))), query) for dataset, query in part_keys]
        for part_keys in keys
    ]


def contents(part: Grades, pattern: re.Pattern[str] | None = None) -> list[tuple[str, ...]]:
    """(digest of the prompt, number) of every query; the number is empty for the first of several equal prompts.

    Args:
        part: a matrix.
        pattern: only what it finds in a prompt counts, its first group where it has one; None for the whole prompt.

    Raises:
        InputError: a query without a prompt, or whose prompt the pattern does not match.
    """
    prompts = part.per_query.get("prompt")
    if prompts is None or not all(str(prompt).strip() for prompt in prompts):
        what = "has no prompts" if prompts is None else "has queries without a prompt"
        raise InputError(f"data.join=content: {part.source} {what} to match by; data.join=id matches by name")
    seen: Counter[str] = Counter()
    keys: list[tuple[str, ...]] = []
    for query, prompt in zip(part.queries, prompts, strict=True):
        text = str(prompt)
        if pattern is not None:
            if (found := pattern.search(text)) is None:
                raise InputError(f"{part.source}: nothing in the prompt of {shorten(query)!r} matches the pattern")
            text = found[1 if pattern.groups else 0] or ""
        digest = content_key(text)
        seen[digest] += 1
        keys.append((digest, str(seen[digest]) if seen[digest] > 1 else ""))
    return keys


def _report(
    parts: Sequence[Grades], rows: list[np.ndarray], n_logs: np.ndarray, by: str, shape: tuple[int, int]
) -> list[str]:
    """What was joined, and which queries of each part matched nothing, in sentences."""
    how = "name" if by == "id" else "content"
    sentences = [f"{len(parts)} logs joined by {how}: {counted(shape[0], 'query')} and {counted(shape[1], 'model')}."]
    lonely = [(part, np.flatnonzero(n_logs[here] == 1)) for part, here in zip(parts, rows, strict=True)]
    alone_anywhere = lonely = [(part, alone) for part, alone in lonely if len(alone)]
    # A log of one query, such as the report of one SWE-bench instance, is not worth a sentence.
    if single := [part for part, _ in lonely if len(part.queries) == 1]:
        names = list_names([part.queries[0] for part in single])
        sentences.append(f"{counted(len(single), 'query')} of logs with one query each in no other log ({names}).")
    lonely = [(part, alone) for part, alone in lonely if len(part.queries) > 1]
    for part, alone in lonely[:_MAX_SENTENCES]:
        examples = list_names([part.queries[i] for i in alone])
        sentences.append(
            f"{part.source}: {len(alone):,} of {len(part.queries):,} queries are in no other log ({examples})."
        )
    if len(lonely) > _MAX_SENTENCES:
        rest = sum(len(alone) for _, alone in lonely[_MAX_SENTENCES:])
        sentences.append(f"{len(lonely) - _MAX_SENTENCES} more logs have {rest:,} queries that are in no other.")
    if by == "id" and (n := _same_content(alone_anywhere)):
        sentences.append(
            f"{n:,} of these queries have the prompt of a query of another name; data.join=content would match them."
        )
    return sentences


def _same_content(lonely: list[tuple[Grades, np.ndarray]]) -> int:
    """Number of prompts that queries of several parts share although their names matched nothing.

    Args:
        lonely: parts, each with the indices of its queries that matched nothing.
    """
    holders: dict[str, set[int]] = {}
    for number, (part, alone) in enumerate(lonely):
        prompts = part.per_query.get("prompt", np.full(len(part.queries), ""))
        for i in alone:
            if prompt := str(prompts[i]).strip():
                holders.setdefault(content_key(prompt), set()).add(number)
    return sum(len(numbers) for numbers in holders.values() if len(numbers) > 1)


def _merge_columns(
    columns: Sequence[Mapping[str, np.ndarray]], places: list[np.ndarray], length: int
) -> dict[str, np.ndarray]:
    """Columns of the parts at their joined places; where several parts know a value, that of the first is kept."""
    merged: dict[str, np.ndarray] = {}
    for part, here in zip(columns, places, strict=True):
        for name, values in part.items():
            if values.ndim != 1:
                continue
            numeric = values.dtype.kind in "fiub"
            empty: Any = np.nan if numeric else ""
            if name not in merged:
                merged[name] = np.full(length, empty, dtype=float if numeric else object)
            whole = merged[name]
            if numeric and whole.dtype != object:
                unknown = np.isnan(whole[here])
            else:
                whole = merged[name] = whole.astype(object)
                unknown = np.array([value == "" or value != value for value in whole[here]], dtype=bool)
            whole[here[unknown]] = values[unknown]
    return merged

"""The same queries under two conditions: which query of one matrix is which of the other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Literal, NamedTuple

import numpy as np
from jaxtyping import Int

from cofail_lab.data.files import absent, local_path
from cofail_lab.data.joining import contents
from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.names import counted, list_names, shorten
from cofail_lab.data.tables import read_sheet
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades, first_repeated

By = Literal["id", "content", "file"]


class Paired(NamedTuple):
    """Two matrices with the same queries in the same order.

    Attributes:
        first, second: the matrices; queries keep the names that they have in their own matrix.
        notes: what matched and what did not, one sentence each.
    """

    first: Grades
    second: Grades
    notes: tuple[str, ...]


def pair_queries(first: Grades, second: Grades, by: By, pattern: str | None = None, keys: str | None = None) -> Paired:
    """Match the queries of two matrices.

    Args:
        first, second: the matrices.
        by: ``id`` by name; ``content`` by prompt up to white space; ``file`` by a table of names.
        pattern: of ``content``: a regular expression; what it finds in a prompt counts, its first group if it has one.
        keys: of ``file``: path of a table whose first two columns hold the names in the first and the second matrix.

    Raises:
        InputError: nothing matches; numbered queries by name; no prompts by content; a bad pattern or table.
    """
    unknown: list[str] = []
    if by == "content":
        sides = [contents(part, _compiled(pattern)) for part in (first, second)]
    elif by == "file":
        sides, unknown = _by_file(first, second, keys)
    else:
        for part in (first, second):
            if NUMBERED in part.notes:
                raise InputError(
                    f"{part.source}: nothing names its queries; experiment.by=content matches by prompt, "
                    "experiment.keys= by a table"
                )
        sides = [[(name,) for name in part.queries] for part in (first, second)]
    place = {key: i for i, key in enumerate(sides[1]) if key is not None}
    rows = np.array([(i, place[key]) for i, key in enumerate(sides[0]) if key in place], dtype=np.int64).reshape(-1, 2)
    if not len(rows):
        raise InputError(
            f"experiment.by={by}: no query of {first.source}, such as {shorten(first.queries[0])!r}, matches one of "
            f"{second.source}, such as {shorten(second.queries[0])!r}"
        )
    how = {"id": "name", "content": "content", "file": "the table of keys"}[by]
    notes = [f"{counted(len(rows), 'query')} of both matrices matched by {how}.", *unknown]
    if by == "content" and (n_again := sum(bool(key[-1]) for key in sides[0] if key in place and key)):
        notes.append(f"{counted(n_again, 'query')} of these asked what another one asks; such matched in their order.")
    for part, used in ((first, rows[:, 0]), (second, rows[:, 1])):
        if left := sorted(set(range(len(part.queries))) - set(used.tolist())):
            names = list_names([part.queries[i] for i in left], 3)
            notes.append(f"{part.source}: {counted(len(left), 'query')} matched nothing and were left out ({names}).")
    paired = Paired(first.take(rows[:, 0]), second.take(rows[:, 1]), tuple(notes))
    return paired if by == "content" else paired._replace(notes=(*notes, *_other_prompts(paired)))


def _other_prompts(paired: Paired) -> list[str]:
    """How many matched queries are asked in other words: as another format does, and two questions of one name."""
    prompts = [part.per_query.get("prompt") for part in (paired.first, paired.second)]
    if prompts[0] is None or prompts[1] is None:
        return []
    texts = [[" ".join(str(prompt).split()) for prompt in one] for one in prompts if one is not None]
    differ = [i for i, (one, two) in enumerate(zip(*texts, strict=True)) if one and two and one != two]
    if not differ:
        return []
    i = differ[0]
    return [
        f"{len(differ):,} of {counted(len(texts[0]), 'query')} have another prompt in the second matrix, such as "
        f"{shorten(paired.first.queries[i])}: {shorten(texts[0][i], 40)!r}, {shorten(texts[1][i], 40)!r}. That they "
        "ask the same is for you to know."
    ]


def renamed(grades: Grades, names: Mapping[str, str]) -> Grades:
    """The matrix with models called as in the first one; ``names`` maps a name there to the name here.

    Raises:
        InputError: no model of that name here; a name that another model here has already.
    """
    back = {}
    for there, here in names.items():
        if here not in grades.models:
            raise InputError(f"experiment.same: {here!r} is no model of {grades.source}")
        if there in grades.models and there != here:
            raise InputError(f"experiment.same: {grades.source} has a model {there!r} already")
        back[here] = there
    if len(back) < len(names):
        raise InputError("experiment.same: two models are to be one of the second matrix; one each is accepted")
    return replace(grades, models=tuple(back.get(name, name) for name in grades.models))


def complete_in_both(first: Grades, second: Grades) -> Int[np.ndarray, " n"]:
    """Rows that are complete in both of two matrices with the same queries."""
    return np.flatnonzero((first.cells <= Cell.WRONG).all(axis=1) & (second.cells <= Cell.WRONG).all(axis=1))


def _compiled(pattern: str | None) -> re.Pattern[str] | None:
    if pattern is None:
        return None
    try:
        return re.compile(pattern)
    except re.error as error:
        raise InputError(f"experiment.pattern: {pattern!r} is not a regular expression ({error})") from None


def _by_file(first: Grades, second: Grades, keys: str | None) -> tuple[list[list[tuple[str, ...] | None]], list[str]]:
    """A key for each query, the name in the first matrix, None for queries that the table lacks; and sentences."""
    if keys is None:
        raise InputError("experiment.keys: null; experiment.by=file needs a table with the names of both matrices")
    path = local_path(keys)
    if not path.exists():
        raise absent(path)
    sheet = read_sheet(path)
    if len(sheet.header) < 2:
        raise InputError(f"{path.name}: {len(sheet.header)} column; two are needed, names in each matrix")
    if sheet.header[0] in first.queries and sheet.header[1] in second.queries:
        raise InputError(
            f"{path.name}: the first row, {shorten(sheet.header[0])!r} and {shorten(sheet.header[1])!r}, are queries; "
            "a row that names the columns is expected above them"
        )
    # A blank row names nothing; a row of one name alone says that the other matrix lacks the query.
    table = [(row[0], row[1]) for row in sheet.rows if row[0].strip() and row[1].strip()]
    unknown = []
    for side, part in enumerate((first, second)):
        names = [row[side] for row in table]
        if (again := first_repeated(names)) is not None:
            raise InputError(f"{path.name}: {shorten(again)!r} is there twice in column {sheet.header[side]!r}")
        there = set(part.queries)
        if names and not set(names) & there:
            raise InputError(
                f"{path.name}: column {sheet.header[side]!r} has no query of {part.source}, such as "
                f"{shorten(part.queries[0])!r}; it has {shorten(names[0])!r}"
            )
        if extra := [name for name in names if name not in there]:
            unknown.append(
                f"{path.name}: {counted(len(extra), 'name')} of column {shorten(sheet.header[side])!r} "
                f"{'is no query' if len(extra) == 1 else 'are no queries'} of {part.source} ({list_names(extra, 3)})."
            )
    forward = {one: (one,) for one, _ in table}
    back = {other: (one,) for one, other in table}
    return [[forward.get(name) for name in first.queries], [back.get(name) for name in second.queries]], unknown

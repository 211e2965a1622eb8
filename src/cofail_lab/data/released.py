"""The matrices of the reference work in a folder: which file, or which dataset of a file, is which published pool."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from cofail_lab.data.auto import AutoSource
from cofail_lab.data.files import digest
from cofail_lab.data.model_info import ROSTER, attach
from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.outcomes import Outcomes

TODAY, JUNE, ARTEFACT = "September", "June", "artefact"
"""Releases of a matrix: of today, the first one, and the one in between whose tail was an artefact of its grader."""

Key = tuple[str, str]
"""(pool, release)."""


@dataclass(frozen=True)
class Released:
    """What a folder holds.

    Attributes:
        pools: pool and release -> its matrix.
        cascades: matrices of two models with the confidence of the first.
        where: pool and release -> file and dataset it was found in.
        others: why a file, or a part of it, is none of the pools.
        sha256: file -> digest.
    """

    pools: Mapping[Key, Outcomes] = field(default_factory=dict)
    cascades: tuple[Outcomes, ...] = ()
    where: Mapping[Key, str] = field(default_factory=dict)
    others: tuple[str, ...] = ()
    sha256: Mapping[str, str] = field(default_factory=dict)


def find_released(folder: str, published: tuple[Mapping[str, str], ...], artefact_all_wrong: float) -> Released:
    """Read every file of a folder, and tell the pools by their number of models, of queries and of all-wrong ones.

    Args:
        folder: with files in a known format, also below it; or one file.
        published: rows with ``pool``, ``n_models``, ``n_queries``, ``n_all_wrong`` and their June counterparts.
        artefact_all_wrong: share of all-wrong queries behind the published tail; only a matrix with it is that one.

    Raises:
        InputError: no such folder, or no file in it is readable.
    """
    root = Path(folder).expanduser()
    paths = sorted(path for path in (root.rglob("*") if root.is_dir() else [root]) if path.is_file() or path == root)
    pools: dict[Key, Outcomes] = {}
    where: dict[Key, str] = {}
    cascades, others, read = [], [], {}
    for path in paths:
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        try:
            grades = _with_families(AutoSource(str(path)).load())
        except InputError as error:
            if not root.is_dir():
                raise
            others.append(f"{name}: {error}")
            continue
        read[name] = digest([path])
        if len(grades.models) == 2 and "confidence" in grades.per_cell:
            cascades.append(grades.outcomes())
            continue
        matched = 0
        for place, outcomes in _parts(grades, name):
            for key in _keys(outcomes, published, artefact_all_wrong):
                matched += 1
                if key in pools:
                    others.append(f"{place}: the same size as {where[key]}, which was taken for {key[0]}")
                else:
                    pools[key], where[key] = outcomes, place
        if not matched:
            size = f"{len(grades.models)} models, {len(grades.queries):,} queries"
            others.append(f"{name}: {size}, none of the published pools")
    if not read:
        raise InputError(
            f"data.path: no file of {root} could be read; {shorten(others[0], 200) if others else 'it is empty'}"
        )
    return Released(pools, tuple(cascades), where, tuple(others), read)


def _with_families(grades: Grades) -> Grades:
    """With the families of the shipped roster, where models are in it."""
    if "family" in grades.per_model:
        return grades
    try:
        return attach(grades, ROSTER)
    except InputError:
        return grades


def _parts(grades: Grades, name: str) -> Iterator[tuple[str, Outcomes]]:
    """The whole file and each of its datasets, without models that answered none of it, where it can be analysed."""
    parts = [(name, grades)]
    dataset = grades.per_query.get("dataset")
    if dataset is not None and len(np.unique(dataset.astype(str))) > 1:
        for one in np.unique(dataset.astype(str)):
            rows = dataset.astype(str) == one
            columns = np.any(grades.cells[rows] <= Cell.WRONG, axis=0)
            parts.append((f"{name}, dataset {shorten(one)}", grades.take(rows, columns)))
    for place, part in parts:
        try:
            yield place, part.outcomes()
        except InputError:
            continue


def _keys(outcomes: Outcomes, published: tuple[Mapping[str, str], ...], artefact: float) -> Iterator[Key]:
    """The pool with as many models and queries; its release by the number of all-wrong queries."""
    n, k = outcomes.n_queries, outcomes.n_all_wrong
    for row in published:
        if (outcomes.n_models, n) != (int(row["n_models"]), int(row["n_queries"])):
            continue
        if str(k) == row["june_n_all_wrong"] and str(k) not in (row["n_all_wrong"], row["n_all_wrong_graded"]):
            yield row["pool"], JUNE
        elif row is published[0] and round(k / n, 3) == artefact:
            yield row["pool"], ARTEFACT
        else:
            yield row["pool"], TODAY

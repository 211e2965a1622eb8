"""NumPy archives and arrays: 0/1 grades, named in the archive or in a file beside it; pickled arrays are refused."""

import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from cofail_lab.data import files
from cofail_lab.data.file_source import FileSource
from cofail_lab.data.files import local_path
from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.names import check_names, clean_text, list_names, shorten
from cofail_lab.data.records import MAX_CELLS, share_right
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

_MATRICES = ("wrong", "correct", "cells")
_UNNAMED = "arr_0"
_LISTS = ("queries", "models")
_PER_QUERY = ("dataset", "prompt")
_PER_MODEL = ("family", "provider", "tier", "usd_per_mtok_in", "usd_per_mtok_out", "release_date")
_PER_CELL = {
    **dict.fromkeys(("cost", "tokens", "tokens_in", "tokens_out"), (0.0, math.inf)),
    "frac": (0.0, 1.0),
    **dict.fromkeys(("score", "confidence"), (-math.inf, math.inf)),
    "at_limit": (0.0, 1.0),
}
"""Name -> lowest and highest value accepted."""


@dataclass(frozen=True)
class NpzSource(FileSource):
    """An archive or an array (``.npy``) of one matrix of n queries and m models.

    Arrays: one of ``wrong``, ``correct`` (0/1, bool, or float with nan for missing) and ``cells`` (values of
    `grades.Cell`), each (n, m) or (n, m, samples); optionally ``queries`` (n,) and ``models`` (m,), text, and the
    columns `_PER_QUERY`, `_PER_MODEL` and `_PER_CELL`. A note names the other arrays, which are not read. An array
    without a name (``.npy``, or ``arr_0`` of an archive) is ``correct``, or ``wrong`` if its file is called so.

    Attributes:
        names: JSON file with the lists ``queries`` and ``models`` (`data.names`); None for ``NAME.names.json``, or
            ``NAME.queries.txt`` and ``NAME.models.txt`` with a name per line, where there are such files.
    """

    names: str | None = None

    patterns: ClassVar[tuple[str, ...]] = ("*.npz", "*.npy")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.names is not None and not (isinstance(self.names, str) and self.names):
            raise InputError(f"data.names: {self.names!r} is not the path of a file")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """An archive with one of the matrices in it, or an array."""
        if files.ends_in(path, ".npy"):
            return "a NumPy array of grades" if _looks_graded(files.head(path)) else ""
        if not files.ends_in(path, ".npz"):
            return ""
        try:
            with files.opened_zip(path) as archive:
                names = {name.removesuffix(".npy") for name in archive.namelist()}
        except InputError:
            return ""
        return "" if names.isdisjoint((*_MATRICES, _UNNAMED)) else "a NumPy archive with a matrix of answers"

    def grades(self, path: Path) -> Grades:
        """The matrix of one archive."""
        alone = files.ends_in(path, ".npy")
        arrays = {_UNNAMED: _read_npy(files.read_bytes(path), path.name)} if alone else read_npz(path)
        notes = []
        if _UNNAMED in arrays and not set(arrays).intersection(_MATRICES):
            kind = "wrong" if re.search(r"(^|[^a-z])wrong$", path.stem.lower()) else "correct"
            arrays[kind] = arrays.pop(_UNNAMED)
            notes.append(f"{path.name}: 1 was taken for {'wrong' if kind == 'wrong' else 'right'}.")
        matrices = [name for name in _MATRICES if name in arrays]
        if len(matrices) != 1:
            held = list_names(list(arrays), 8) or "nothing"
            raise InputError(f"{path.name}: one array of 'wrong', 'correct' and 'cells' is needed; it holds {held}")
        samples = _states(arrays[matrices[0]], matrices[0], path.name)
        n, m = samples.shape[:2]
        listed = _listed_names(path, self.names)
        for name, length in (("queries", n), ("models", m)):
            if name not in arrays and name in listed:
                arrays[name] = _fitting(listed, name, length, (n, m), path.name)
        # Numbers are no names: they say nothing about another file's rows and columns.
        notes += [] if "queries" in arrays else [NUMBERED]
        queries = _names(arrays.get("queries"), n, "q", "queries", path.name)
        models = _names(arrays.get("models"), m, "m", "models", path.name)
        settings = {} if "models" in arrays else {model: {"file": path.stem} for model in models}
        per_query = {k: _column(arrays[k], n, k, path.name) for k in _PER_QUERY if k in arrays}
        per_model = {k: _column(arrays[k], m, k, path.name) for k in _PER_MODEL if k in arrays}
        per_cell = {k: _numbers(arrays[k], (n, m), k, path.name) for k in _PER_CELL if k in arrays}
        if samples.shape[2] > 1:
            per_cell |= {"samples": samples, "frac": share_right(samples)}
        known = {*_MATRICES, "queries", "models", *_PER_QUERY, *_PER_MODEL, *_PER_CELL}
        strangers = sorted(set(arrays) - known)
        notes += [f"Arrays that are not read: {list_names(strangers, 8)}."] if strangers else []
        return Grades(
            samples[..., 0].copy(),
            queries,
            models,
            path.name,
            per_query,
            per_model,
            per_cell,
            tuple(notes),
            files.digest([path]),
            settings=settings,
        )


def _listed_names(path: Path, stated: str | None) -> dict[str, np.ndarray]:
    """``queries`` and ``models``, those that the file of names, stated or beside the array, has."""
    beside = path.with_name(f"{path.stem}.names.json")
    if stated is not None or beside.is_file():
        source = beside if stated is None else local_path(stated)
        whole = files.read_json(source)
        if not isinstance(whole, dict) or set(whole).isdisjoint(_LISTS):
            raise InputError(f"{source.name}: lists called queries and models were expected")
        held = {key: whole[key] for key in _LISTS if key in whole}
        for key, names in held.items():
            if not isinstance(names, list) or not all(isinstance(name, str | int) for name in names):
                raise InputError(f"{source.name}: {key} is not a list of names")
    else:
        texts = {key: path.with_name(f"{path.stem}.{key}.txt") for key in _LISTS}
        held = {key: _lines(file) for key, file in texts.items() if file.is_file()}
    return {key: np.array([str(name) for name in names], dtype=object) for key, names in held.items()}


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in files.read_bytes(path).decode("utf-8-sig").splitlines() if line.strip()]
    except UnicodeDecodeError:
        raise InputError(f"{path.name}: not UTF-8 text; a name per line was expected") from None


def _fitting(listed: dict[str, np.ndarray], name: str, length: int, shape: tuple[int, int], file: str) -> np.ndarray:
    """The names, after a check that there are as many as rows or columns."""
    if len(listed[name]) != length:
        lengths = tuple(len(listed.get(key, ())) for key in _LISTS)
        turned = "; transpose the array: queries are its rows" if lengths == shape[::-1] else ""
        raise InputError(
            f"{file}: the array has shape {shape}, queries by models, but there are {len(listed[name]):,} names of "
            f"{name}{turned}"
        )
    return listed[name]


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an archive; the size that a header states is compared with the bytes before an array is made."""
    arrays = {}
    with files.opened_zip(path) as archive:
        for member in archive.namelist():
            if member.endswith(".npy"):
                content = files.member_bytes(archive, member, path.name)
                arrays[member.removesuffix(".npy")] = _read_npy(content, f"{path.name}: {shorten(member)}")
    return arrays


def _looks_graded(start: bytes) -> bool:
    """Whether the first bytes of a .npy file are a matrix whose first elements are 0, 1 or nan: embeddings are not."""
    try:
        shape, dtype, _, offset = _header(start)
    except Exception:  # the header is Python text, whose parser can raise anything
        return False
    if len(shape) not in (2, 3) or dtype.kind not in "biuf" or dtype.itemsize == 0:
        return False
    first = np.frombuffer(start, dtype, offset=offset, count=(len(start) - offset) // dtype.itemsize).astype(float)
    return bool((np.isnan(first) | (first == 0) | (first == 1)).all())


def _header(content: bytes) -> tuple[tuple[int, ...], np.dtype, bool, int]:
    """Shape, type, order and first byte of the array of a .npy file."""
    stream = io.BytesIO(content)
    form = np.lib.format
    read = form.read_array_header_1_0 if form.read_magic(stream) == (1, 0) else form.read_array_header_2_0
    shape, fortran, dtype = read(stream)
    return shape, dtype, fortran, stream.tell()


def _read_npy(content: bytes, where: str) -> np.ndarray:
    """One array of the archive; ``where`` names it in an InputError."""
    try:
        shape, dtype, fortran, offset = _header(content)
    except Exception as error:  # the header is Python text, whose parser can raise anything
        raise InputError(
            f"{where}: not a NumPy array ({shorten(str(error).splitlines()[0] if str(error) else '')})"
        ) from error
    if dtype.hasobject:
        raise InputError(f"{where}: a pickled array, which could run code; save names as np.array(names, dtype=str)")
    size = math.prod(shape) * dtype.itemsize
    if size != len(content) - offset:
        raise InputError(f"{where}: {len(content) - offset:,} bytes for an array of {size:,}")
    if dtype.itemsize == 0 and math.prod(shape) > MAX_CELLS:
        raise InputError(f"{where}: {math.prod(shape):,} empty elements")
    array = np.frombuffer(content, dtype, offset=offset) if dtype.itemsize else np.zeros(math.prod(shape), dtype)
    return array.reshape(shape, order="F" if fortran else "C")


def _states(array: np.ndarray, name: str, file: str) -> np.ndarray:
    """Cell states of shape (n, m, samples)."""
    if array.ndim not in (2, 3) or array.dtype.kind not in "biuf":
        raise InputError(
            f"{file}: {name!r} is {array.dtype} of shape {array.shape}; numbers (queries, models) were expected"
        )
    array = array.reshape(*array.shape[:2], -1) if array.ndim == 3 and array.size else array
    array = array[..., None] if array.ndim == 2 else array
    if min(array.shape) < 1:
        raise InputError(f"{file}: {name!r} has shape {array.shape}; it holds no answer")
    values = array.astype(float)
    missing = np.isnan(values)
    largest = max(Cell) if name == "cells" else 1
    bad = ~missing & ~((values >= 0) & (values <= largest) & (values == np.floor(values)))
    if bad.any():
        at = tuple(int(i) for i in np.argwhere(bad)[0])
        what = f"0 to {largest}" if name == "cells" else "0, 1 or nan"
        raise InputError(f"{file}: {name}{list(at)} is {values[at]:g}; {what} was expected")
    states = np.where(missing, float(Cell.MISSING), 1 - values if name == "correct" else values).astype(np.int8)
    # Missing samples are moved to the end, so that the first sample is the cell; the order of the others stays.
    order = np.argsort(states == Cell.MISSING, axis=2, kind="stable")
    return np.take_along_axis(states, order, axis=2)


def _names(array: np.ndarray | None, length: int, letter: str, name: str, file: str) -> tuple[str, ...]:
    """Names from an array, checked; without an array, the letter and a number."""
    if array is None:
        return tuple(f"{letter}{i}" for i in range(1, length + 1))
    return check_names(
        [str(x) for x in _column(array, length, name, file)], name.removesuffix("s").replace("querie", "query"), file
    )


def _column(array: np.ndarray, length: int, name: str, file: str) -> np.ndarray:
    """A column of text (object) or numbers (float)."""
    if array.shape != (length,):
        raise InputError(f"{file}: {name!r} has shape {array.shape}; ({length},) was expected")
    if array.dtype.kind in "biuf":
        return array.astype(float) if name.startswith("usd_") else np.array([str(x) for x in array], dtype=object)
    if array.dtype.kind not in "UO":  # objects come from a file of names only: pickled arrays are refused
        raise InputError(f"{file}: {name!r} is {array.dtype}; text or numbers were expected")
    try:
        return np.array([clean_text(text) for text in array.tolist()], dtype=object)
    except (UnicodeError, ValueError, SystemError) as error:  # SystemError: code points beyond the last
        raise InputError(f"{file}: {name!r} is not Unicode text ({error})") from error


def _numbers(array: np.ndarray, shape: tuple[int, int], name: str, file: str) -> np.ndarray:
    """Per-cell numbers as floats (bool for ``at_limit``), in the range of their name."""
    if array.shape != shape or array.dtype.kind not in "biuf":
        raise InputError(
            f"{file}: {name!r} is {array.dtype} of shape {array.shape}; numbers of shape {shape} were expected"
        )
    values, (lowest, highest) = array.astype(float), _PER_CELL[name]
    bad = np.isinf(values) | (values < lowest) | (values > highest)
    if bad.any():
        i, j = np.argwhere(bad)[0]
        raise InputError(
            f"{file}: {name}[{i}, {j}] is {values[i, j]:g}; a number from {lowest:g} to {highest:g} was expected"
        )
    return values == 1 if name == "at_limit" else values

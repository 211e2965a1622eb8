"""NumPy archives: ``wrong``, ``correct`` or ``cells``, with names and other columns; pickled arrays are refused."""

import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import numpy as np

from cofail_lab.data import files
from cofail_lab.data.file_source import FileSource
from cofail_lab.data.names import check_names, clean_text, list_names, shorten
from cofail_lab.data.records import MAX_CELLS, share_right
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

_MATRICES = ("wrong", "correct", "cells")
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
    """An archive of one matrix of n queries and m models.

    Arrays: one of ``wrong``, ``correct`` (0/1, bool, or float with nan for missing) and ``cells`` (values of
    `grades.Cell`), each (n, m) or (n, m, samples); optionally ``queries`` (n,) and ``models`` (m,), text, and the
    columns `_PER_QUERY`, `_PER_MODEL` and `_PER_CELL`. A note names the other arrays, which are not read.
    """

    patterns: ClassVar[tuple[str, ...]] = ("*.npz",)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """An archive with one of the matrices in it."""
        if path.suffix != ".npz":
            return ""
        try:
            with files.opened_zip(path) as archive:
                names = {name.removesuffix(".npy") for name in archive.namelist()}
        except InputError:
            return ""
        return "" if names.isdisjoint(_MATRICES) else "a NumPy archive with a matrix of answers"

    def grades(self, path: Path) -> Grades:
        """The matrix of one archive."""
        arrays = read_npz(path)
        matrices = [name for name in _MATRICES if name in arrays]
        if len(matrices) != 1:
            held = list_names(list(arrays), 8) or "nothing"
            raise InputError(f"{path.name}: one array of 'wrong', 'correct' and 'cells' is needed; it holds {held}")
        samples = _states(arrays[matrices[0]], matrices[0], path.name)
        n, m = samples.shape[:2]
        queries = _names(arrays.get("queries"), n, "q", "queries", path.name)
        models = _names(arrays.get("models"), m, "m", "models", path.name)
        per_query = {k: _column(arrays[k], n, k, path.name) for k in _PER_QUERY if k in arrays}
        per_model = {k: _column(arrays[k], m, k, path.name) for k in _PER_MODEL if k in arrays}
        per_cell = {k: _numbers(arrays[k], (n, m), k, path.name) for k in _PER_CELL if k in arrays}
        if samples.shape[2] > 1:
            per_cell |= {"samples": samples, "frac": share_right(samples)}
        known = {*_MATRICES, "queries", "models", *_PER_QUERY, *_PER_MODEL, *_PER_CELL}
        strangers = sorted(set(arrays) - known)
        notes = [f"Arrays that are not read: {list_names(strangers, 8)}."] if strangers else []
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
        )


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """All arrays of an archive; the size that a header states is compared with the bytes before an array is made."""
    arrays = {}
    with files.opened_zip(path) as archive:
        for member in archive.namelist():
            if member.endswith(".npy"):
                content = files.member_bytes(archive, member, path.name)
                arrays[member.removesuffix(".npy")] = _read_npy(content, f"{path.name}: {shorten(member)}")
    return arrays


def _read_npy(content: bytes, where: str) -> np.ndarray:
    """One array of the archive; ``where`` names it in an InputError."""
    stream = io.BytesIO(content)
    form = np.lib.format
    try:
        version = form.read_magic(stream)
        read = form.read_array_header_1_0 if version == (1, 0) else form.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except Exception as error:  # the header is Python text, whose parser can raise anything
        raise InputError(
            f"{where}: not a NumPy array ({shorten(str(error).splitlines()[0] if str(error) else '')})"
        ) from error
    if dtype.hasobject:
        raise InputError(f"{where}: a pickled array, which could run code; save names as np.array(names, dtype=str)")
    size = math.prod(shape) * dtype.itemsize
    if size != len(content) - stream.tell():
        raise InputError(f"{where}: {len(content) - stream.tell():,} bytes for an array of {size:,}")
    if dtype.itemsize == 0 and math.prod(shape) > MAX_CELLS:
        raise InputError(f"{where}: {math.prod(shape):,} empty elements")
    array = np.frombuffer(content, dtype, offset=stream.tell()) if dtype.itemsize else np.zeros(math.prod(shape), dtype)
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
    if array.dtype.kind != "U":
        raise InputError(f"{file}: {name!r} is {array.dtype}; text or numbers were expected")
    try:
        return np.array([clean_text(text) for text in array.tolist()], dtype=object)
    except (UnicodeError, ValueError) as error:
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

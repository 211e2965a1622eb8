"""Every reader against arbitrary bytes and damaged logs: an InputError of one line, or a matrix that holds together."""

import os
import random
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cofail_lab.data.auto import AutoSource
from cofail_lab.data.file_source import FileSource
from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.data.wide_writer import wide_tables
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell
from tests.data.fuzzing import VARIANTS, attack, attack_bytes, seed_files

# COFAIL_FUZZ=2000 runs the longer campaign whose counts docs/data.md states.
EXAMPLES = int(os.environ.get("COFAIL_FUZZ", "40"))


QUIET = {
    "max_examples": EXAMPLES,
    "deadline": None,
    "derandomize": True,
    "database": None,
    "suppress_health_check": list(HealthCheck),
}


SEEDS = (*FORMATS, *VARIANTS)
# Where the seed has several scorers, one must be chosen; records of any shape need a mapping.
KEYS_OF = {
    "helm": {"scorer": "exact_match"},
    "evalplus": {"scorer": "base"},
    "records": {"query": "task.id", "model": "model", "right": "runs", "cost": "usage.cost"},
}


def read(source: FileSource) -> bool:
    """Whether a source could be read; anything but InputError, and any matrix that is not one, fails the test."""
    try:
        grades = source.load()
        wide_tables(grades)
        grades.outcomes()
    except InputError as error:
        assert "\n" not in str(error)
        str(error).encode("utf-8", "backslashreplace")
        return False
    assert np.isin(grades.cells, list(Cell)).all()
    assert "\n".join((*grades.queries, *grades.models)).encode()
    return True


def sources(name: str, path: Path) -> list[FileSource]:
    reader = source_class(VARIANTS.get(name, name))
    keys = KEYS_OF.get(name, {})
    threshold = {"threshold": 0.5} if "threshold" in reader.__dataclass_fields__ else {}
    guessed = AutoSource(str(path.parent), **({} if name == "records" else keys))
    return [reader(str(path), **keys), reader(str(path), **keys, **threshold), guessed]


@pytest.mark.parametrize("name", SEEDS)
def test_the_undamaged_log_is_read(name: str, tmp_path: Path) -> None:
    """Else the attacks would only ever test the first check of a reader."""
    for file, content in seed_files(name).items():
        (tmp_path / file).write_bytes(content)
    path = tmp_path / next(iter(seed_files(name)))
    grades = sources(name, path)[0].load()
    assert (grades.cells <= Cell.WRONG).any()
    assert source_class(VARIANTS.get(name, name)).sniff(path) or name == "records"  # a mapping is stated, not guessed


@pytest.mark.parametrize("name", SEEDS)
@given(seed=st.integers(0, 2**32 - 1))
@settings(**QUIET)
def test_damaged_logs(name: str, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    files = seed_files(name)
    first, *others = files
    with tempfile.TemporaryDirectory() as folder:
        for file in others:
            content = attack(file, files[file], rng) if rng.random() < 0.2 else files[file]
            (Path(folder) / file).write_bytes(content)
        path = Path(folder) / first
        path.write_bytes(attack(first, files[first], rng))
        read(rng.choice(sources(name, path)))


@pytest.mark.parametrize("name", SEEDS)
@given(content=st.binary(max_size=200), seed=st.integers(0, 2**32 - 1))
@settings(**QUIET)
def test_arbitrary_bytes(name: str, content: bytes, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311
    files = seed_files(name)
    first = next(iter(files))
    with tempfile.TemporaryDirectory() as folder:
        suffix = rng.choice(["", "", ".gz"])
        path = Path(folder) / (first + suffix)
        path.write_bytes(content if rng.random() < 0.5 else attack_bytes(files[first], rng))
        read(rng.choice(sources(name, path)))

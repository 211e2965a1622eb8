"""Edges: matrices as large as accepted and one cell larger, archives, what the wide format has no place for."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import files, joining, records
from cofail_lab.data.health.chance import FALSE_ALARM, MIN_ANSWERS, View, blocks
from cofail_lab.data.joining import join_grades
from cofail_lab.data.parquet import read_parquet
from cofail_lab.data.records import Records, check_size
from cofail_lab.data.wide_writer import wide_tables
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from tests.data.cells import grades_of


def test_a_matrix_has_at_most_so_many_cells_times_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records, "MAX_CELLS", 12)
    check_size(3, 4, 1, "f")
    check_size(2, 3, 2, "f")
    for n, m, samples, said in (
        (13, 1, 1, "13 queries x 1 models make"),
        (1, 13, 1, "1 queries x 13 models make"),
        (3, 4, 2, "3 queries x 4 models x 2 samples make"),
    ):
        with pytest.raises(InputError) as error:
            check_size(n, m, samples, "f")
        assert str(error.value) == (
            f"f: {said} a matrix of more than 12 cells; are the query and model fields the right ones?"
        )


def test_samples_of_records_and_of_joined_matrices_count_as_cells(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = Records()
    for query in "pqp":
        answers.add(query, "m", Cell.RIGHT)
    one, two = (grades_of([[0], [1]], "pq", "m", name) for name in "xy")
    monkeypatch.setattr(records, "MAX_CELLS", 4)
    assert answers.grades(source="f", sha256="").per_cell["samples"].shape == (2, 1, 2)
    assert join_grades([one, two]).per_cell["samples"].shape == (2, 1, 2)
    monkeypatch.setattr(records, "MAX_CELLS", 3)
    for read in (lambda: answers.grades(source="f", sha256=""), lambda: join_grades([one, two])):
        with pytest.raises(InputError, match="2 queries x 1 models x 2 samples make a matrix of more than 3 cells"):
            read()
    assert joining.check_size is check_size


def packed(*sizes: int) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for number, size in enumerate(sizes):
            archive.writestr(f"{number}", b"x" * size)
    return stream.getvalue()


def test_all_members_of_an_archive_together_have_a_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(packed(60, 60))
    monkeypatch.setattr(files, "MAX_BYTES", 120)
    with files.opened_zip(path) as archive:
        assert archive.namelist() == ["0", "1"]
    monkeypatch.setattr(files, "MAX_BYTES", 119)
    with (
        pytest.raises(InputError, match=r"^a\.zip: 120 bytes after decompression; at most 119"),
        files.opened_zip(path),
    ):
        pass


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.xlsx", b"no zip", "a.xlsx: not a readable Excel workbook (File is not a zip file)"),
        ("a.zip", b"no zip", "a.zip: not a readable zip archive (File is not a zip file)"),
    ],
)
def test_what_is_no_archive_is_called_by_its_name(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError) as error, files.opened_zip(tmp_path / name):
        pass
    assert str(error.value) == message


def test_what_is_not_compressed_or_cut_short(tmp_path: Path) -> None:
    path = tmp_path / "a.json.gz"
    whole = gzip.compress(b"[1, 2, 3]" * 50)
    for content, message in (
        (b"[1]", "a.json.gz: not compressed with gzip, although its name ends in .gz; take .gz out of the name"),
        (whole[:-12], "a.json.gz: the compressed stream is cut short or damaged ("),
    ):
        path.write_bytes(content)
        with pytest.raises(InputError) as error:
            files.read_bytes(path)
        assert str(error.value).startswith(message)
    path.write_bytes(whole)
    assert files.read_bytes(path, limit=450) == b"[1, 2, 3]" * 50
    with pytest.raises(InputError, match="over 449 bytes after decompression"):
        files.read_bytes(path, limit=449)
    plain = tmp_path / "a.json"
    plain.write_bytes(b"12345")
    assert files.read_bytes(plain, limit=5) == b"12345" and files.head(plain, 2) == b"12"
    with pytest.raises(InputError, match=r"^a\.json: 5 bytes; at most 4 are read$"):
        files.read_bytes(plain, limit=4)
    assert files.head(tmp_path / "none") == b""


def test_what_the_wide_format_has_no_place_for_is_named() -> None:
    grades = Grades(
        np.array([[0, 1], [4, 3]], np.int8),
        ("p", "q"),
        ("a", "b"),
        "made",
        per_query={"features": np.zeros((2, 3)), "content": np.array(["h:1", "h:2"], object)},
        per_model={"vector": np.zeros((2, 4)), "tier": np.array(["big", float("nan")], object)},
        per_cell={"samples": np.ones((2, 2, 3), bool), "votes": np.zeros((2, 2, 1), np.int8)},
    )
    tables, left = wide_tables(grades)
    assert (sorted(tables), left) == (["grades", "grades.models"], ["features", "vector", "samples", "votes"])
    assert tables["grades.models"].to_pydict() == {"model": ["a", "b"], "tier": ["big", ""]}
    assert tables["grades"]["a"].type == pa.int8() and tables["grades"]["b"].to_pylist() == ["0", "error"]
    for name in ("query", "dataset"):
        with pytest.raises(InputError, match=f"^made: a model named '{name}' cannot have a column in the wide format"):
            wide_tables(grades_of([[0]], "p", [name], "made"))


def test_a_column_twice_is_refused_also_where_it_is_not_wanted(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table([pa.array([1]), pa.array([2]), pa.array([3])], names=["a", "b", "b"])
    pq.write_table(table, path)
    with pytest.raises(InputError, match=r"^t\.parquet: column 'b' appears twice; names must be unique$"):
        read_parquet(path, ["a"], most_cells=9)


@pytest.mark.parametrize(("n", "found"), [(MIN_ANSWERS - 1, 0), (MIN_ANSWERS, 1)])
def test_a_block_of_failures_has_as_many_answers_as_are_needed(n: int, found: int) -> None:
    """One model of eight fails a whole data set that all others solve, and solves the other one."""
    cells = np.zeros((n + 200, 8), np.int8)
    cells[:n, 3] = Cell.WRONG
    cells[n::50] = Cell.WRONG
    dataset = np.array(["x"] * n + ["y"] * 200, object)
    grades = Grades(cells, tuple(map(str, range(len(cells)))), tuple("abcdefgh"), "made", {"dataset": dataset})
    findings = blocks(View(grades, cells <= Cell.WRONG, cells == Cell.WRONG))
    assert [finding.subjects for finding in findings] == [("d on x",)] * found
    assert 0 < FALSE_ALARM < 0.01

"""Records, the rule for what is right, and bounded reading."""

import gzip
import io
import json
import math
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data import files
from cofail_lab.data.records import Records
from cofail_lab.data.rule import Rule, amount, raw_score
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


def test_a_cell_is_its_first_sample_and_keeps_all_of_them() -> None:
    records = Records()
    for state, cost in ((ERROR, 1.0), (RIGHT, 2.0), (WRONG, 3.0), (UNSCORED, 4.0), (RIGHT, 5.0)):
        records.add("q1", "a", state, cost=cost)
    records.add("q1", "b", WRONG, tokens_in=3)
    records.add("q2", "b", RIGHT, tokens_in=3, tokens_out=4, at_limit=True)
    grades = records.grades(source="log", sha256="x")
    assert grades.cells.tolist() == [[ERROR, WRONG], [MISSING, RIGHT]]
    assert grades.per_cell["samples"][0, 0].tolist() == [ERROR, RIGHT, WRONG, UNSCORED, RIGHT]
    assert grades.per_cell["samples"][1, 1].tolist() == [RIGHT, *[MISSING] * 4]
    np.testing.assert_array_equal(grades.per_cell["frac"], [[2 / 3, 0], [np.nan, 1]])
    np.testing.assert_array_equal(grades.per_cell["cost"], [[1, np.nan], [np.nan, np.nan]])
    np.testing.assert_array_equal(grades.per_cell["tokens"], [[np.nan, 3], [np.nan, 7]])
    assert grades.per_cell["at_limit"].tolist() == [[False, False], [False, True]]
    assert "score" not in grades.per_cell
    assert any("1 cell with repeated samples (at most 5)" in note for note in grades.notes)
    assert any("1 cell not graded in the first sample but in a later one" in note for note in grades.notes)


def test_missing_records_only_make_names_known() -> None:
    records = Records()
    records.add("q1", "a", MISSING)
    records.add("q1", "b", RIGHT)
    records.add("q1", "a", WRONG, cost=2.0)
    grades = records.grades(source="log", sha256="")
    assert grades.models == ("a", "b")
    assert grades.cells.tolist() == [[WRONG, RIGHT]]
    assert "samples" not in grades.per_cell
    assert grades.per_cell["cost"][0, 0] == 2.0


def test_samples_of_an_analysed_matrix_are_right_wrong_or_nan() -> None:
    records = Records()
    for query in ("q1", "q2"):
        for model in "ab":
            for state in (RIGHT, WRONG, ERROR):
                records.add(query, model, state)
    outcomes = records.grades(source="log", sha256="").outcomes()
    np.testing.assert_array_equal(outcomes.per_cell["samples"][0, 0], [1, 0, np.nan])


def test_one_query_name_in_two_datasets_is_two_queries() -> None:
    records = Records()
    for dataset in ("x", "y"):
        records.add("1", "a", RIGHT, dataset=dataset, prompt=f"in {dataset}")
        records.add("2", "a", RIGHT, dataset="x")
    records.add("2", "a", WRONG)  # the dataset is not said, and there is only one 2
    grades = records.grades(source="log", sha256="")
    assert grades.queries == ("x/1", "2", "y/1")
    assert list(grades.per_query["dataset"]) == ["x", "x", "y"]
    assert list(grades.per_query["prompt"]) == ["in x", "", "in y"]
    assert grades.per_cell["samples"][1, 0].tolist() == [RIGHT, RIGHT, WRONG]
    records.add("1", "a", WRONG)
    with pytest.raises(InputError, match="query '1' comes without a dataset and in x, y"):
        records.grades(source="log", sha256="")


def test_bulk_columns_and_single_records_make_the_same_matrix(rng: np.random.Generator) -> None:
    k = 500
    query = [f"q{i}" for i in rng.integers(40, size=k)]
    model = [f"m{i}" for i in rng.integers(5, size=k)]
    dataset = [["", "d", "e"][int(i[1:]) % 3] for i in query]
    state = rng.integers(5, size=k).astype(np.int8)
    cost = np.where(rng.random(k) < 0.3, np.nan, rng.random(k))
    prompt = [None if int(q[1:]) % 4 == 0 else f"prompt {q}" for q in query]
    at_limit = rng.random(k) < 0.1
    one, bulk = Records(), Records()
    for i in range(k):
        one.add(query[i], model[i], Cell(state[i]), dataset=dataset[i], cost=float(cost[i]), prompt=prompt[i],
                at_limit=bool(at_limit[i]))  # fmt: skip
    for part in (slice(0, 200), slice(200, k)):
        bulk.extend(query[part], model[part], state[part], dataset=dataset[part], cost=cost[part], prompt=prompt[part],
                    at_limit=at_limit[part])  # fmt: skip
    first, second = (records.grades(source="log", sha256="") for records in (one, bulk))
    assert (first.queries, first.models, first.notes) == (second.queries, second.models, second.notes)
    np.testing.assert_array_equal(first.cells, second.cells)
    for name in ("cost", "samples", "frac", "at_limit"):
        np.testing.assert_array_equal(first.per_cell[name], second.per_cell[name])
    for name in ("dataset", "prompt"):
        assert list(first.per_query[name]) == list(second.per_query[name])


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("q", " "), "query number 2 has no name"),
        (("q 1", "q  1"), "differ only in white space"),
        (("q1", "q1 "), "differ only in white space"),
        (("q", "\ud800"), "surrogate"),
    ],
)
def test_names_that_cannot_be_told_apart(names: tuple[str, str], says: str) -> None:
    records = Records()
    for name in names:
        records.add(name, "a", RIGHT)
    with pytest.raises(InputError, match=says):
        records.grades(source="log", sha256="")


def test_a_matrix_too_large_to_hold_is_refused_before_it_is_made() -> None:
    records = Records()
    names = [f"n{i}" for i in range(20_000)]
    records.extend(names, names, np.zeros(len(names), np.int8))
    tracemalloc.start()
    with pytest.raises(InputError, match="20,000 queries x 20,000 models"):
        records.grades(source="log", sha256="")
    assert tracemalloc.get_traced_memory()[1] < 50e6
    tracemalloc.stop()
    with pytest.raises(InputError, match="no graded answer"):
        Records().grades(source="log", sha256="")


@pytest.mark.parametrize(
    ("value", "state"),
    [
        ("C", RIGHT), ("I", WRONG), ("N", UNSCORED), (None, UNSCORED), (math.nan, UNSCORED), (True, RIGHT), (0, WRONG),
        (1.0, RIGHT), ("1", RIGHT), ("0.0", WRONG), ("pass", RIGHT), ("Fail", WRONG), ("TRUE", RIGHT),
        ("nan", UNSCORED), ("error", ERROR), ("missing", MISSING),
    ],
)  # fmt: skip
def test_scores_that_need_no_threshold(value: object, state: Cell) -> None:
    assert Rule().state(value, "here") == state


@pytest.mark.parametrize("value", [0.5, "P", "partial", 2, -1, "0.999"])
def test_other_scores_need_one(value: object) -> None:
    with pytest.raises(InputError, match=r"neither 0 nor 1; data.threshold= says"):
        Rule().state(value, "log: line 3")
    assert Rule(threshold=0.5).state(value, "") == (WRONG if value == -1 else RIGHT)
    assert Rule(threshold=3).state(1, "") == WRONG  # also 1 is a score on another scale
    assert Rule(threshold=3).state(True, "") == RIGHT


@pytest.mark.parametrize("value", ["maybe", [1], {"a": 1}, math.inf, 10**400, "1e400", b"C", object()])
def test_what_is_no_score(value: object) -> None:
    with pytest.raises(InputError, match=r"log: line 3: .* is not a score") as error:
        Rule(threshold=0.5).state(value, "log: line 3")
    assert len(str(error.value)) < 200
    assert raw_score(value) is None


def test_the_scorer_is_chosen_never_guessed() -> None:
    assert Rule().choose(["acc"], "log") == "acc"
    assert Rule("f1").choose({"acc", "f1"}, "log") == "f1"
    with pytest.raises(InputError, match=r"2 scorers \(acc, f1\); choose with data.scorer="):
        Rule().choose(["f1", "acc"], "log")
    with pytest.raises(InputError, match="'bleu' is not in log, which has acc"):
        Rule("bleu").choose(["acc"], "log")
    for bad in ({"scorer": ""}, {"scorer": 3}, {"threshold": "x"}, {"threshold": math.nan}, {"threshold": True}):
        with pytest.raises(InputError, match=f"data.{next(iter(bad))}"):
            Rule(**bad)


def test_amounts() -> None:
    assert amount("2.5", "") == 2.5
    assert math.isnan(amount(None, ""))
    for bad in (-1, "x", True, [1], math.inf, 10**400):
        with pytest.raises(InputError, match="not a number >= 0 or empty"):
            amount(bad, "cost")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deeply"),
        (b"[" + b"9" * 10_000 + b"]", "a number too long"),
        (b'{"a": "\xff"}', "not UTF-8 text"),
        (b'{"a": 1', "not valid JSON"),
        (b"", "not valid JSON"),
        ("{}".encode("utf-16"), "not UTF-8 text"),
        (b'{"a": 1, "b": 2, "a": 3}', "key 'a' appears twice"),
    ],
)
def test_hostile_json(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as error:
        files.read_json(path, unique_keys=True)
    assert len(str(error.value)) < 300


def test_json_lines_with_any_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}\r{"a": "\xe2\x80\xa8"}\n{"a": NaN}')
    rows = list(files.read_jsonl(path))
    assert [number for number, _ in rows] == [1, 3, 4, 5]
    assert [row["a"] for _, row in rows][:3] == [1, 2, "\u2028"]
    path.write_bytes(b'{"a": 1}\n{"a": \xff}\n')
    with pytest.raises(InputError, match="byte 0xff after line"):
        list(files.read_jsonl(path))
    path.write_bytes(b'{"a": 1}\nnope\n')
    with pytest.raises(InputError, match=r"log.jsonl: line 2: not valid JSON"):
        list(files.read_jsonl(path))


def test_bombs_stop_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros that grow a thousandfold: neither gzip nor zip is unpacked far beyond the free amount."""
    size = 120 * 2**20
    packed = tmp_path / "log.json.gz"
    with gzip.open(packed, "wb", compresslevel=1) as out:
        for _ in range(size >> 20):
            out.write(b" " * 2**20)
    archive = tmp_path / "log.eval"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out, out.open("a.json", "w") as member:
        for _ in range(size >> 20):
            member.write(b" " * 2**20)
    # A compression level of 1 stays below the thousandfold: the limit is lowered to make the same point in less time.
    monkeypatch.setattr(files, "MOST_RATIO", 50)
    tracemalloc.start()
    for attempt in (lambda: files.read_json(packed), lambda: files.read_zip_member(archive, "a.json")):
        with pytest.raises(InputError, match="times its size"):
            attempt()
    assert tracemalloc.get_traced_memory()[1] < 300e6
    tracemalloc.stop()
    monkeypatch.setattr(files, "MOST_RATIO", 10_000)
    monkeypatch.setattr(files, "MOST_LINE", 1000)
    with pytest.raises(InputError, match="line 1 is longer than"):
        list(files.read_jsonl(packed))
    with pytest.raises(InputError, match="over 100 bytes after decompression"):
        files.read_zip_member(archive, "a.json", limit=100)


@pytest.mark.parametrize("member", ["../x", "/etc/passwd", "a/../../x", "..\\x", "C:\\x", "C:/x"])
def test_archives_that_point_outside_themselves(tmp_path: Path, member: str) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fine.json", "{}")
        archive.writestr(member, "{}")
    with pytest.raises(InputError, match="points outside the archive"):
        files.read_zip_member(path, "fine.json")


def test_archives_that_lie_or_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps({"a": 1}) * 100)
    whole = buffer.getvalue()
    path.write_bytes(whole)
    assert files.read_zip_member(path, "a.json")
    with pytest.raises(InputError, match=r"no 'b.json' in the archive"):
        files.read_zip_member(path, "b.json")
    for damaged in (whole[:-30], whole[: len(whole) // 2], b"PK\x03\x04" + whole[50:], b"not a zip"):
        path.write_bytes(damaged)
        with pytest.raises(InputError):
            files.read_zip_member(path, "a.json")
    lying = bytearray(whole)
    where = whole.index(b"PK\x01\x02") + 24
    lying[where : where + 4] = (10).to_bytes(4, "little")  # the directory states ten bytes
    path.write_bytes(bytes(lying))
    with pytest.raises(InputError):
        files.read_zip_member(path, "a.json")

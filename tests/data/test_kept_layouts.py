"""Tables of text: how they are written, what their columns are taken for, and the words that refuse them."""

import codecs
import gzip
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import parquet, tables
from cofail_lab.data.cells import TextColumns, read_texts
from cofail_lab.data.dialect import find_dialect
from cofail_lab.data.excel import _text
from cofail_lab.data.layout import find_layout, plain_name
from cofail_lab.data.parquet import read_parquet, read_records, schema_names
from cofail_lab.data.readers.companions import is_companion, suffix_of
from cofail_lab.data.readers.record_files import stem
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.data.tables import coded, header, numbers, read_columns, read_rows, read_sheet
from cofail_lab.errors import InputError
from tests.data.odd.outcomes import put
from tests.data.odd.said import said, table
from tests.experiments.whole import keep

HEADERS: dict[str, tuple[str, dict[str, Any]]] = {
    "query first": ("query a b|q1 1 0|q2 0 1", {}),
    "an id and a query that repeats": ("query id a|x 1 1|y 2 0", {}),
    "an id": ("id a b|q1 1 0|q2 0 1", {}),
    "an id that repeats": ("id a b|q1 1 0|q1 0 1", {}),
    "an id that is blank": ("id a b|q1 1 0|_ 0 1", {}),
    "an id of each data set": ("id dataset a b|q1 x 1 0|q1 y 0 1", {}),
    "an id of each data set, stated": ("id dataset a b|q1 x 1 0|q1 y 0 1", {"query_column": "id"}),
    "an id stated, and unique": ("id dataset a b|q1 x 1 0|q2 y 0 1", {"query_column": "id"}),
    "an id twice in a data set": ("id dataset a b|q1 x 1 0|q1 x 0 1", {}),
    "a weak name that repeats": ("task a b|x 1 0|x 0 1", {}),
    "a weak name that is unique": ("task a b|x 1 0|y 0 1", {}),
    "a prompt and an index": ("index prompt a b|1 one 1 0|2 two 0 1", {}),
    "an unknown first column": ("name a b|x 1 0|y 0 1", {}),
    "an unknown first column that repeats": ("name a b|x 1 0|x 0 1", {}),
    "models alone": ("a b|1 0|0 1", {}),
    "models and a data set": ("dataset a b|x 1 0|y 0 1", {}),
    "models, a category and a subject": ("query category subject a|p x s 1|q y t 0", {}),
    "a question and an input": ("id question input a|p x s 1|q y t 0", {}),
    "answers and totals": ("query label a mean b hard|p C 1 0.5 0 1|q A 0 0.5 1 0", {}),
    "a column of nothing": ("query a _|p 1 _|q 0 _", {}),
    "a model without a grade": ("query a b|p 1 _|q 0 _", {}),
    "half of a column": ("query a b|p 1 1|q 0 x|r 1 0|s 0 y", {}),
    "less than half of a column": ("query a b|p 1 1|q 0 x|r 1 z|s 0 y", {}),
    "shares without a threshold": ("query a b|p 1 0.5|q 0 0.2|r 1 1", {}),
    "no column of grades": ("query a b|p x y|q z w", {}),
    "numbers above a threshold": ("query a b|p 5 70|q 7 0", {"threshold": 6}),
    "numbers above a share": ("query a b|p 0.5 70|q 0.7 0", {"threshold": 0.6}),
    "grades as a header": ("q1 1 1|q2 0 1", {}),
    "no such column": ("id a|x 1", {"query_column": "name"}),
    "other letters and blanks": ("Question-ID a|x 1|y 0", {}),
}


def test_what_the_columns_of_a_table_are_taken_for(tmp_path: Path) -> None:
    kept = []
    for title, (text, keys) in HEADERS.items():
        names, *rows = [["" if cell == "_" else cell for cell in line.split(" ")] for line in text.split("|")]
        held = TextColumns.of(rows, len(names))
        reading = read_texts(held, keys.get("threshold"))
        kept.append(f"{title}: {said(lambda a=(names, held, reading), k=keys: find_layout(*a, 't.csv', **k))}")
    kept += table(plain_name, [(" Question-ID ",), ("a  b",), ("A_b",)])
    keep("parts_layouts", kept, tmp_path, exact=True)


TEXTS: dict[str, bytes] = {
    "commas": b"query,a\nx,1\n",
    "semicolons": b"query;a;b\nx,y;1;0\n",
    "tabs": b"query\ta\nx,y,z\t1\n",
    "bars": b"query|a\nx|1\n",
    "no delimiter": b"query\nx\n",
    "more of another one": b"query,a;b;c\nx,1;2\ny,1;2\n",
    "a stated delimiter": b"sep=|\nquery|a\nx|1\n",
    "a stated delimiter in capitals": b"SEP=;\r\nquery;a\r\nx;1\r\n",
    "a delimiter that is none": b"sep=:\nquery:a\nx:1\n",
    "a byte order mark": b"\xef\xbb\xbfquery,a\nx,1\n",
    "quotes": b'query,a\n"x, ""y""\nz",1\n',
    "an open quote": b'query,a\n"x,1\n',
    "blank lines": b"\nquery,a\n\nx,1\n\n",
    "a short row": b"query,a\nx\n",
    "latin": b"query,a\n\xe4,1\n",
    "nothing": b"",
    "half of UTF-16": b"\xff\xfeq\x00,",
    "UTF-16 with its delimiter": codecs.BOM_UTF16_LE + "sep=;\nquery;ä\nx,y;1\n".encode("utf-16-le"),
    "UTF-16 with semicolons": codecs.BOM_UTF16_BE + "query;ä\nx,y;1\n".encode("utf-16-be"),
    "gzip": b"\x1f\x8bxx",
    "zip": b"PK\x03\x04xx",
    "old Excel": b"\xd0\xcf\x11\xe0xx",
    "parquet": b"PAR1xx",
    "an image": b"\x89PNGxx",
    "a document": b"%PDFxx",
}


def test_how_a_table_is_written(tmp_path: Path) -> None:
    kept = []
    for title, content in TEXTS.items():
        path = put(tmp_path, {"t.csv": content})
        kept.append(f"{title}: {tuple(find_dialect(path))!r}; {said(lambda p=path: list(read_rows(p)))}")
        kept.append(f"  {said(header, path)}; {said(lambda p=path: read_sheet(p).rows)}")
        columns = said(lambda p=path: {k: v.to_pylist() for k, v in read_columns(p, header(p)).items()})
        kept.append(f"  {columns}")
    keep("parts_texts", kept, tmp_path, exact=True)


def test_a_compressed_table_and_one_with_a_column_twice(tmp_path: Path) -> None:
    packed = put(tmp_path, {"t.tsv.gz": gzip.compress(b"query\ta\nx\t1\n")})
    assert (header(packed), read_sheet(packed).rows) == (["query", "a"], [["x", "1"]])
    twice = put(tmp_path, {"t.csv": "query,a,a\nx,1,0\n"})
    with pytest.raises(InputError, match=r"^t\.csv: column 'a' appears twice$"):
        read_columns(twice, {"a"})
    assert list(read_columns(twice, {"query"})) == ["query"]


COLUMNS: dict[str, Any] = {
    "whole numbers": pa.array([1, None, 3]),
    "numbers": pa.array([0.5, float("nan"), None]),
    "infinity": pa.array([1.0, float("inf")]),
    "texts": pa.array(["1", "", "2.5"]),
    "texts with blanks": pa.array([" 1 ", " ", "1e3"]),
    "texts that are none": pa.array(["1", "x", "y"]),
    "infinite texts": pa.array(["1", "inf"]),
    "repeated texts": pa.array(["a", "b", "a"]).dictionary_encode(),
    "truth values": pa.array([True, None, False]),
    "pieces": pa.chunked_array([["b", "a"], ["a", None, "c"]]),
    "dates": pa.array([0], pa.date32()),
    "decimals": pa.array([1, 2]).cast(pa.decimal128(20, 1)),
}


def test_columns_as_codes_and_as_numbers(tmp_path: Path) -> None:
    kept = []
    for title, column in COLUMNS.items():
        codes = said(lambda c=column: [one if isinstance(one, list) else one.tolist() for one in coded(c, "t: c")])
        kept.append(f"{title}: {codes}; {said(lambda c=column: numbers(c, 't: c').tolist())}")
    kept.append(said(lambda: coded(["b", "a", "b", ""], "t")[1]))
    keep("parts_columns", kept, tmp_path, exact=True)


def test_columns_of_structs_and_the_rows_of_a_table_of_columns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"a": [{"b": {"c": 1, "d": 2}, "e": 3}] * 3, "f": [1, 2, 3]}), path)
    assert schema_names(path) == ["a", "a.b", "a.b.c", "a.b.d", "a.e", "f"]
    assert list(read_records(path, ["a.b.c", "f"]))[1:] == [{"a": {"b": {"c": 1}}, "f": k} for k in (2, 3)]
    monkeypatch.setattr(parquet, "MAX_ROWS", 3)
    assert len(list(read_records(path))) == 3
    monkeypatch.setattr(parquet, "MAX_ROWS", 2)
    with pytest.raises(InputError, match=r"^t\.parquet: 3 rows; at most 2 are read$"):
        next(read_records(path))
    assert read_parquet(path, ["f"], most_cells=3)["f"].to_pylist() == [1, 2, 3]
    for columns, most, message in (
        (["f"], 2, "3 rows x 1 columns; at most 2 cells are read"),
        ([], 9, "the table has no columns; 'query' and one column per model were expected"),
        (None, 9, "column 'a' holds struct<b: struct<c: int64, d: int64>, e: int64>, not numbers or text"),
    ):
        with pytest.raises(InputError) as error:
            read_parquet(path, columns, most_cells=most)
        assert str(error.value) == f"t.parquet: {message}"
    path.write_bytes(b"PAR1")
    with pytest.raises(InputError, match=r"^t\.parquet: not a Parquet table of numbers and text \("):
        schema_names(path)


def test_a_table_may_have_more_cells_where_they_are_short(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of 6 cells with 15 characters, 6 places take 48 bytes and the 9 further characters 225."""
    path = put(tmp_path, {"t.csv": "query,a\nlong,1\nx,22\n"})
    monkeypatch.setattr(tables, "MAX_TEXT_CELLS", 5)
    monkeypatch.setattr(tables, "_MAX_TEXT_BYTES", 8 * 6 + 25 * (14 - 6))
    assert read_sheet(path).rows == [["long", "1"], ["x", "22"]]
    monkeypatch.setattr(tables, "_MAX_TEXT_BYTES", 8 * 6 + 25 * (14 - 6) - 1)
    with pytest.raises(InputError, match=r"^t\.csv: more than 5 cells; data=long and data=npz take larger ones$"):
        read_sheet(path)
    monkeypatch.setattr(tables, "MAX_TEXT_CELLS", 6)
    assert len(read_sheet(path).rows) == 2


def test_names_of_files(tmp_path: Path) -> None:
    for name in ("m.csv", "n.parquet", "a.b.csv"):
        (tmp_path / name).touch()
    named = ["m.costs.csv", "m.costs.parquet", "n.key.csv.gz", "x.costs.csv", "m.prices.csv", "m.csv", "M.COSTS.CSV"]
    named += ["a.b.samples.tsv", "m.models.xlsx", "m.logs.csv", "m.prompts.csv", "m.answers.csv", "costs.csv", "m.json"]
    kept = [f"{name}: {is_companion(tmp_path / name)}" for name in named]
    forms: list[str | None] = [None, "csv", "parquet"]
    suffixes = ["a.csv", "a.CSV.GZ", "a.tsv", "a.tsv.gz", "a.xlsx", "a.parquet", "a.json", "csv"]
    kept += [f"{name}: {[suffix_of(Path(name), form) for form in forms]}" for name in suffixes]
    stems = ["gpt-4.1.jsonl.gz", "a.json", "a.ndjson", "b.tsv.gz", "c.x", ".csv", "d.JSON.GZ"]
    kept += [f"{name}: {stem(Path(name))}" for name in stems]
    kept += table(_text, [(1.0,), (1.5,), (-2.0,), ("x",), (True,), (3,)])
    keep("parts_files", kept, tmp_path, exact=True)


@pytest.mark.parametrize(
    ("text", "said_of_it"),
    [
        ("query,a\nx,1\n", "a table whose first column is 'query'"),
        ("id,a\nx,1\n", "a table with a row per query and a column per model"),
        ("id,a\nx,y\nz,1\n", "a table with a row per query and a column per model"),  # half of a column
        ("id,a\nx,y\nz,1\nu,v\n", ""),
        ("id,a,b\nx,y,1\nz,w,0\n", "a table with a row per query and a column per model"),  # of the second one
        ("model,q1\na,1\n", "a table with a row per query and a column per model"),
        ("name,a\nx,1\n", ""),
        ("id,model,a\nx,m,1\n", ""),
        ("id,a,a|total_cost\nx,1,1\n", ""),
        ("id,a\n", ""),
        ("1,a\n1,x\n", ""),
        ("", ""),
    ],
)
def test_which_table_looks_wide(tmp_path: Path, text: str, said_of_it: str) -> None:
    assert WideSource.sniff(put(tmp_path, {"t.csv": text})) == said_of_it

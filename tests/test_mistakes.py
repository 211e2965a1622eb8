"""Mistakes that people make: one line that names the file or field, the value, and what would be accepted; exit code 2.

Mistakes in a file are made through `load_outcomes`, whose message the command line prints as it is; mistakes in a
command through the command line. No statistics are tested here.
"""

import gzip
import re
from pathlib import Path

import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.errors import InputError
from tests.conftest import Run

GOOD = "query,dataset,a,b,c\n" + "".join(f"q{i},d{i % 2},{i % 2},{i // 2 % 2},{i // 4 % 2}\n" for i in range(24))

FILES: list[tuple[str, str | bytes, str]] = [
    # name of the file, its content, what the message says
    ("empty.csv", "", "empty.csv: the file is empty; a header and one row per query were expected"),
    ("blank.csv", "\n\n \n", "blank.csv: a header and no rows; one row per query is needed"),
    ("header.csv", "query,a,b\n", "header.csv: a header and no rows; one row per query is needed"),
    ("one_column.csv", "query\nq1\nq2\n", "no column of grades besides query; one column per model is needed"),
    ("one_model.csv", "query,a\nq1,1\nq2,0\n", "only one model, 'a'; combining needs at least two columns of grades"),
    ("one_query.csv", "query,a,b\nq1,1,0\n", "1 query(s) after selection; at least 2 are needed"),
    ("no_header.csv", "0,1,1\n1,0,1\n0,0,1\n", "the first line, '0,1,1', holds grades; it must name the columns"),
    ("two_models.csv", "query,a,a\nq1,1,0\nq2,0,1\n", "model name 'a' appears twice; names must be unique"),
    ("two_queries.csv", "query,a,b\nq1,1,0\nq1,0,1\n", "query name 'q1' appears twice; names must be unique"),
    ("blank_name.csv", "query,a, \nq1,1,0\nq2,0,1\n", "model number 2 has no name; every model needs a unique name"),
    ("answers.csv", "query,a,b\nq1,A,C\nq2,B,D\n", "row 'q1', column 'a': 'A'; row 'q1', column 'b': 'C'; row"),
    (
        "one_text.csv",
        "query,a,b\nq1,1,x\nq2,0,1\n",
        "row 'q1', column 'b': 'x' is not a graded cell; accepted: 1 (right)",
    ),
    (
        "percent.csv",
        "query,a,b\nq1,90%,2%\nq2,1%,9%\n",
        "write percentages as numbers, 0.9 or 90; data.threshold= then",
    ),
    (
        "hundred.csv",
        "query,a,b\nq1,90,20\nq2,10,100\n",
        "(4 cells, the first three here); data.threshold= says from which",
    ),
    ("two.csv", "query,a,b\nq1,2,1\nq2,1,0\n", "column 'a': '2' is not a graded cell; data.threshold= says from which"),
    (
        "short.csv",
        "query,a,b\nq1,1,0\nq2,1\n",
        "line 3 has 2 cells, the header has 3; every row needs one cell for each",
    ),
    ("long_row.csv", "query,a,b\nq1,1,0\nq2,1,0,1\n", "line 3 has 4 cells, the header has 3"),
    ("quote.csv", 'query,a,b\n"q1,1,0\nq2,1,0\n', "quote.csv: not a valid CSV file (unexpected end of data)"),
    ("missing.csv", "query,a,b\nq1,,\nq2,,\n", "no query is answered by every model: none of 4 cells is graded"),
    ("half.csv", "query,a,b\nq1,1,\nq2,,0\nq3,1,\n", "0 of 3 queries answered by every model, at least 2 needed"),
    ("rows.csv", "model,q1,q2\na,1,0\na,0,1\n", "model name 'a' appears twice"),
    ("latin.csv", "query,modèle,b\nq1,1,0\n".encode("latin-1"), "not UTF-8 text (byte 0xe8); save it as UTF-8"),
    (
        "utf16.csv",
        GOOD.encode("utf-16-le"),
        "zero, as binary files have, and text in UTF-16 or UTF-32; save it as UTF-8",
    ),
    ("binary.csv", bytes(range(256)) * 4, "binary.csv: not a text table: it has bytes that are zero"),
    ("picture.csv", b"\x89PNG\r\n\x1a\n" + bytes(64), "not a text table: it is an image"),
    ("paper.csv", b"%PDF-1.7 \n" + bytes(64), "not a text table: it is a PDF document"),
    (
        "book.csv",
        b"PK\x03\x04" + bytes(64),
        "is a zip archive or an Excel workbook; unpack it, or let its name end in .xlsx",
    ),
    ("old.csv", b"\xd0\xcf\x11\xe0" + bytes(64), "is an Excel workbook of the old kind; save it as .xlsx or CSV"),
    ("table.csv", b"PAR1" + bytes(64), "is a Parquet table; let its name end in .parquet"),
    ("packed.csv", gzip.compress(GOOD.encode()), "is compressed with gzip; let its name end in .csv.gz"),
    ("plain.csv.gz", GOOD, "not compressed with gzip, although its name ends in .gz; take .gz out of the name"),
    ("cut.csv.gz", gzip.compress(GOOD.encode())[:40], "the compressed stream is cut short or damaged"),
    ("book.xlsx", b"not a workbook", "book.xlsx: not a readable Excel workbook"),
    ("table.parquet", b"nothing", "table.parquet: not a Parquet table of numbers and text"),
    ("empty.json", "", "empty.json: the file is empty"),
    ("bad.json", "{", "bad.json: not valid JSON (Expecting property name"),
    ("bad.jsonl", '{"a": 1}\n{oops\n', "bad.jsonl: line 2: not valid JSON"),
    ("notes.txt", "hello", "of no known format; tried csv, evalplus"),
    ("grades.txt", GOOD, "let the name of a table end in .csv, .tsv, .xlsx or .parquet"),
]

PATHS: list[tuple[str, str]] = [
    # what is read in a folder with good.csv, an empty folder `none` and nothing else, what the message says
    ("gpod.csv", "gpod.csv: no such file, did you mean good.csv?"),
    ("good.cvs", "good.cvs: no such file, did you mean good.csv?"),
    ("none", "'none' is an empty folder"),
    ("*.tsv", "'*.tsv' is a pattern that matches nothing"),
    ("[1].csv", "'[1].csv' is a pattern that matches nothing"),
    ("my grades (2).csv", "my grades (2).csv: no such file"),
    ("it's.csv", "it's.csv: no such file"),
    ('say "hi".csv', 'say "hi".csv: no such file'),
    ("a=b, {c} ~d.csv", "a=b, {c} ~d.csv: no such file"),
    ("模型é✓.csv", "模型é✓.csv: no such file"),
    ("", "data.path: '' is not the path of a file"),
    ("https://example.org/a.csv", "is an address; download the file first"),
    ("s3://bucket/a b.csv", "is an address; download the file first"),
    ("file:///tmp/a.csv", "is an address; write the path without file://"),
]

CERTIFY = "experiment=certify"
COMMANDS: list[tuple[str, str]] = [
    # arguments, separated by two spaces, in the same folder, what the message says
    (f"{CERTIFY}  absent file (1).csv", "absent file (1).csv: no such file"),
    (f"{CERTIFY}  it's.csv", "it's.csv: no such file"),
    (f"{CERTIFY}  a,b.csv", "a,b.csv: no such file"),
    (f"{CERTIFY}  data.path=a=b (2).csv", "a=b (2).csv: no such file"),
    (f"{CERTIFY}  ~x é✓.csv", "~x é✓.csv: no such file"),
    (f"{CERTIFY}  ${{x}}.csv", "Interpolation key 'x' not found; ${...} stands for the value of another key"),
    (f"{CERTIFY}  http://example.org/a b.csv", "is an address; download the file first"),
    (f"{CERTIFY}  data=csv", "data.path: a value is needed, such as data.path=grades.csv"),
    (f"{CERTIFY}  good.csv  data.models=gtp", "data.models: 'gtp' matches nothing in good.csv; there are a, b, c"),
    (f"{CERTIFY}  good.csv  data.models=family=openai", "good.csv has no such column of models; there are none"),
    (f"{CERTIFY}  good.csv  data.dataset=d", "matches nothing in good.csv, did you mean d1?; there are d0, d1"),
    (f"{CERTIFY}  good.csv  data.min_coverage=95%", "'95%' is outside [0, 1]; 95% is written 0.95"),
    (f"{CERTIFY}  good.csv  data.query_column=nr", "'nr' is not a column of good.csv: query, dataset, a, b, c"),
    (f"{CERTIFY}  good.csv  data.pool_size=8", "data.pool_size: 8, but good.csv has 3 models to choose from"),
    (f"{CERTIFY}  data=cvs  data.path=good.csv", "data=cvs: no such choice, did you mean csv?; there are auto, "),
    (f"{CERTIFY}  experiment.delta=0", "experiment.delta: 0 is outside (0, 1)"),
    (f"{CERTIFY}  experiment.delta=2", "experiment.delta: 2 is outside (0, 1); 2% is written 0.02"),
    (f"{CERTIFY}  experiment.overhead=-.1", "-0.1 is outside [0, 1]; 0.02 means two points of accuracy"),
    (f"{CERTIFY}  hydra.run.dir=good.csv", "hydra.run.dir: cannot create good.csv (File exists)"),
    ("experiment.bootstrap=0.5", "experiment.bootstrap: 0.5 is not a whole number >= 0"),
    ("experiment.null=null", "experiment.null: null is not a whole number >= 0"),
    ("run.seed=first", "run.seed: 'first' is not a whole number >= 0"),
    ("run.draws=1e6", "is not a whole number >= 1; 1,000,000 is written 1000000"),
    ("experiment=certfy", "experiment=certfy: no such choice, did you mean certify?"),
    ("experiment=policies  policy=[ridge,knnn]", "policy=knnn: no such choice, did you mean knn?; there are boosting"),
    ("experiment=policies  policy=ridge  policy.ridge.gaurd=false", "did you mean policy.ridge.guard?"),
    ("experiment=tail_curve  law=common_shok", "law=common_shok: no such choice, did you mean common_shock?"),
    ("experiment=tail_curve  law=common_shock  law.shok=.1", "law.shok: no such key, did you mean law.shock?"),
    ("experiment=tail_curve  law=common_shock  law.shock=-.1", "law.shock: -0.1 is outside [0, 1)"),
    ("experiment=tail_curve", "law: this experiment needs an error law; name one such as law=common_shock"),
    ("experiment=verify  experiment.claims=p1.iv", "experiment.claims: 'p1.iv' is no claim, did you mean P1.iv?"),
    ("experiment=scope  good.csv", "experiment.members: a value is needed, such as experiment.members=[a,b,c]"),
    ("experiment=gather  gather.path=absent", "gather.path: absent is not a folder"),
    ("overhead=.1", "overhead: no such key, did you mean experiment.overhead?"),
    ("seed=3", "seed: no such key, did you mean run.seed?"),
    ("record.figurs=true", "record.figurs: no such key, did you mean record.figures?"),
    ("hydra.run.dri=x", "hydra.run.dri: no such key, did you mean hydra.run.dir?"),
    (
        "--bootstrap  3",
        "--bootstrap: no such option, did you mean experiment.bootstrap=...?; keys are written key=value",
    ),
    ("--seed=3", "--seed=3: no such option, did you mean run.seed=3?"),
    ("experiment  =  certify", "experiment: a key without a value; experiment=... is written as one word"),
    ("certify  good.csv", "certify: no such file, did you mean experiment=certify?"),
]


def one_line(message: str) -> bool:
    return "\n" not in message and "Traceback" not in message and len(message) < 600


@pytest.mark.parametrize(("name", "content", "says"), FILES, ids=[name for name, _, _ in FILES])
def test_mistakes_in_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, content: str | bytes, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(name).write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(InputError, match=re.escape(says)) as refused:
        load_outcomes(name)
    assert str(refused.value).startswith(name)
    assert one_line(str(refused.value))


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "good.csv").write_text(GOOD)
    (tmp_path / "none").mkdir()
    return tmp_path


@pytest.mark.parametrize(("path", "says"), PATHS)
@pytest.mark.usefixtures("here")
def test_mistakes_in_a_path(path: str, says: str) -> None:
    with pytest.raises(InputError, match=re.escape(says)) as refused:
        load_outcomes(path)
    assert one_line(str(refused.value))


@pytest.mark.usefixtures("here")
def test_a_file_without_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path, *_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "open", refuse)  # root may read everything
    with pytest.raises(InputError, match=r"^good.csv: cannot be read \(Permission denied\)$"):
        load_outcomes("good.csv")


@pytest.mark.parametrize(("arguments", "says"), COMMANDS)
def test_mistakes_in_a_command(here: Path, run: Run, arguments: str, says: str) -> None:
    code, out, err = run(*arguments.split("  "))
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert says in err
    assert one_line(err.removesuffix("\n"))
    # Nothing half-written: a record that says why, or none.
    for record in here.rglob("results.json"):
        assert '"failed"' in record.read_text()
    assert not [*here.rglob("tables"), *here.rglob("*.html")]

"""What cannot be read ends in one line that names it; what is beside the point is passed over."""

import io
import struct
import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.data import files
from cofail_lab.data import run as run_source
from cofail_lab.data.auto import AutoSource
from cofail_lab.data.excel import excel_rows
from cofail_lab.data.file_source import expand
from cofail_lab.data.joining import join_grades
from cofail_lab.data.law import LawSource
from cofail_lab.data.model_info import read_model_info
from cofail_lab.data.readers import npz, opencompass, swebench
from cofail_lab.data.readers.eval_archive import check_archive
from cofail_lab.data.readers.lm_eval import LmEvalSource
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.data.released import _parts
from cofail_lab.data.tables import read_rows
from cofail_lab.errors import InputError
from tests.data.cells import ERROR, MISSING, RIGHT, WRONG, grades_of, write


def refused(call: Any, *given: Any, **named: Any) -> str:
    with pytest.raises(InputError) as error:
        call(*given, **named)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_a_companion_alone_is_no_matrix(tmp_path: Path) -> None:
    write(tmp_path, "query,a,b\nq1,1,0\nq2,0,1\n", "m.csv")
    costs = write(tmp_path, "query,a,b\nq1,.1,.2\nq2,.3,.4\n", "m.costs.csv")
    pattern = AutoSource(str(tmp_path / "*.costs.csv"))
    assert refused(pattern.load).startswith("m.costs.csv: of no known format; tried ")
    assert AutoSource.sniff(Path(costs)) == "" and AutoSource(str(tmp_path)).load().models == ("a", "b")


def test_workbooks_need_their_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_calamine", None)
    assert refused(excel_rows, tmp_path / "a.xlsx") == (
        "a.xlsx: to read Excel workbooks, pip install 'cofail-lab[xlsx]'; or save the sheet as CSV"
    )


def test_a_path_that_cannot_be_looked_up() -> None:
    text = "a" * 5000
    assert refused(expand, text, ("*",)).startswith(f"data.path: {text!r} cannot be looked up (")


def test_a_file_that_does_not_fit_in_memory(tmp_path: Path) -> None:
    path = Path(write(tmp_path, "a", "a.csv"))

    def within(error: BaseException) -> None:
        with files.opened(path):
            raise error

    assert refused(within, MemoryError()) == "a.csv: does not fit in memory"
    assert refused(within, RuntimeError("encrypted")) == "a.csv: not a readable zip archive (encrypted)"
    with pytest.raises(RecursionError):  # no fault of the file
        within(RecursionError())


def test_a_query_without_a_dataset_that_is_in_two(tmp_path: Path) -> None:
    one, two = (
        grades_of([[RIGHT], [WRONG]], ["x/q1", "y/q1"], model, per_query={"dataset": np.array(["x", "y"], object)})
        for model in "ab"
    )
    bare = grades_of([[RIGHT], [WRONG]], ["q1", "q2"], "c")
    assert refused(join_grades, [one, two, bare]).endswith(
        ": query 'q1' without a dataset is ambiguous, because queries of that name are in x, y; every answer to it "
        "needs a dataset"
    )
    once = one.take(np.array([True, False]), np.array([True]))
    assert len(join_grades([once, bare]).queries) == 2


def test_a_source_of_draws_needs_a_law() -> None:
    law: Any = None
    assert refused(LawSource, law, 10, 0) == "data=law: name the law to draw from, such as law=common_shock"


def test_a_table_of_models_is_of_a_few_megabytes(tmp_path: Path) -> None:
    path = write(tmp_path, "# " + "x" * 2**21, "models.yaml")
    assert refused(read_model_info, path) == "models.yaml: 2,097,154 bytes; at most 2,097,152 are read"
    path = write(tmp_path, "a: [", "models.yaml")
    assert refused(read_model_info, path).startswith("models.yaml: not valid YAML (")


def archive_of(path: Path, content: bytes) -> bytes:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", content)
    return path.read_bytes()


def test_a_member_that_is_not_where_the_archive_says(tmp_path: Path) -> None:
    """The local header is overwritten; the directory at the end is whole."""
    path = tmp_path / "log.eval"
    whole = archive_of(path, b"{}" * 500)
    check_archive(path)
    path.write_bytes(b"XX" + whole[2:])
    assert refused(check_archive, path) == "log.eval: header.json: not where the archive says it is"


def test_a_deflated_member_without_its_end(tmp_path: Path) -> None:
    """Its directory states fewer compressed bytes than there are, so that the stream stops before it ends."""
    path = tmp_path / "log.eval"
    whole = archive_of(path, np.random.default_rng(0).bytes(5000))
    directory = whole.rindex(b"PK\1\2")
    (size,) = struct.unpack_from("<I", whole, directory + 20)
    shorter = bytearray(whole)
    struct.pack_into("<I", shorter, directory + 20, size - 100)
    path.write_bytes(shorter)
    said = "log.eval: header.json: not as it was packed (size or checksum differ); copy the log again"
    assert refused(check_archive, path) == said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('{"doc_id": 1, "prompt_0": "q", "truth": "a"}', "a write-out of lm-evaluation-harness 0.3"),
        ('[{"doc_id": 1, "prompt_0": "q"}]', "a write-out of lm-evaluation-harness 0.3"),
        ('[{"doc_id": 1, "prompt": "q"}]', ""),
        ('[{"prompt_0": "q"}]', ""),
    ],
)
def test_a_write_out_is_known_by_its_prompts(tmp_path: Path, content: str, said: str) -> None:
    assert LmEvalSource.sniff(Path(write(tmp_path, content, "arc_write_out_info.json"))) == said
    assert LmEvalSource.sniff(Path(write(tmp_path, content, "arc.json"))) == ""


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_what_of_an_archive_of_arrays_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(stream, {"descr": "<U0", "fortran_order": False, "shape": (7,)})
    header, path = stream.getvalue(), tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "no array")
        archive.writestr("wrong.npy", npy(np.eye(2)))
        archive.writestr("none.npy", header)
    found = npz.read_npz(path)
    assert list(found) == ["wrong", "none"] and found["wrong"].tolist() == [[1, 0], [0, 1]]
    assert found["none"].shape == (7,)
    monkeypatch.setattr(npz, "MAX_CELLS", 7)
    assert npz.read_npz(path)["none"].shape == (7,)
    monkeypatch.setattr(npz, "MAX_CELLS", 6)
    assert refused(npz.read_npz, path) == "m.npz: none.npy: 7 empty elements"


def test_names_that_are_no_text(tmp_path: Path) -> None:
    """A code point above the last, which an array of text can hold and no text can."""
    names = np.frombuffer(struct.pack("<II", 0x110000, 97), dtype="<U1")
    path = tmp_path / "m.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("wrong.npy", npy(np.eye(2)))
        archive.writestr("models.npy", npy(names))
    assert refused(npz.NpzSource(str(path)).load).startswith("m.npz: 'models' is not Unicode text (")


def test_predictions_that_are_no_mapping_have_no_prompts(tmp_path: Path) -> None:
    path = Path(write(tmp_path, '{"0": {"origin_prompt": "how many?"}}', "p.json"))
    assert opencompass._prompts(path) == {"0": "how many?"}
    path.write_text('[{"origin_prompt": "how many?"}]')
    assert opencompass._prompts(path) == {}
    assert opencompass._prompts(tmp_path / "none.json") == {}


def test_instances_are_text(tmp_path: Path) -> None:
    path = tmp_path / "ids.txt"
    path.write_bytes("\ufeffa__b-1\n\n a__b-2 \n".encode())
    assert swebench._instance_ids(path) == ["a__b-1", "a__b-2"]
    path.write_bytes(b"a\xff")
    assert refused(swebench._instance_ids, path) == "data.instances: ids.txt is not UTF-8 text"


def test_parts_that_cannot_be_analysed_are_passed_over() -> None:
    """Nobody answered dataset a, and the whole has complete queries."""
    grades = grades_of(
        [[RIGHT, WRONG], [WRONG, WRONG], [MISSING, ERROR], [MISSING, MISSING]],
        "abcd",
        "mn",
        per_query={"dataset": np.array(["x", "x", "a", "a"], object)},
    )
    assert [(place, part.n_queries) for place, part in _parts(grades, "file")] == [("file", 2), ("file, dataset x", 2)]


def test_a_run_on_totals_has_no_matrix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(run_source, "_read", lambda _: ({"data": {"path": "x"}, "run": {"seed": 0}}, "0" * 64))
    monkeypatch.setattr(run_source, "_built", lambda _: SimpleNamespace(load=lambda: "totals"))
    assert refused(run_source.RunSource(str(tmp_path)).load) == (
        f"data.path: {tmp_path} was computed from totals, there is no matrix to read again"
    )


def test_text_that_begins_as_utf_16_and_is_none(tmp_path: Path) -> None:
    path = tmp_path / "m.csv"
    path.write_bytes("query,a\nq1,1\n".encode("utf-16"))
    assert [row for _, row in read_rows(path)] == [["query", "a"], ["q1", "1"]]
    path.write_bytes("query,a\nq1,1\n".encode("utf-16") + b"x")
    assert refused(lambda: list(read_rows(path))) == "m.csv: not valid UTF-16 text; save it as UTF-8"


def test_a_table_of_columns_is_wide_where_they_are_grades(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "m.parquet"
    for columns, wide in (
        ({"question_id": ["a", "b"], "m1": [1, 0], "m2": [None, 1]}, True),
        ({"question_id": ["a", "b"], "m1": [1, 0], "m2": [[1], [0]]}, False),
        ({"question_id": ["a", "b"], "m1": [0.31, 17.5], "m2": [3.5, 2.25]}, False),
    ):
        pq.write_table(pa.table(columns), path)
        assert bool(WideSource.sniff(path)) is wide, columns

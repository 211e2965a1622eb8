"""Limits of files and of their parts, on both sides of each; numbers of lines; names that are nearly those of files."""

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data import file_source, files, load_outcomes
from cofail_lab.data.model_info import _fill_unknown
from cofail_lab.data.readers.openai_evals import _settings
from cofail_lab.errors import InputError


def test_lines_are_counted_with_the_blank_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"a": 1}\n\n \n[2]\r\n3')
    assert [*files.read_jsonl(path)] == [(1, {"a": 1}), (4, [2]), (5, 3)]
    monkeypatch.setattr(files, "MAX_LINE", 10)
    path.write_text("12345678\n\n123456789\n")
    with pytest.raises(InputError, match=r"a\.jsonl: line 3 is longer"):
        list(files.read_jsonl(path))


def test_a_key_twice_is_refused_only_where_keys_are_names(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text('{"q": 1, "r": {"m": 1, "m": 2}}')
    assert files.read_json(path) == {"q": 1, "r": {"m": 2}}
    with pytest.raises(InputError, match="key 'm' appears twice"):
        files.read_json(path, unique_keys=True)


def test_archives_within_their_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.zip"

    def made(*names: str) -> Path:
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, b"x" * 60)
        return path

    monkeypatch.setattr(files, "MAX_MEMBERS", 2)
    with files.opened_zip(made("a", "b/c")) as archive:
        assert files.member_bytes(archive, "a", "a.zip") == b"x" * 60
    with pytest.raises(InputError, match="3 members; at most 2"), files.opened_zip(made("a", "b", "c")):
        pass
    for name in ("/a", "../a", "b/../../a", "b\\..\\a", "C:/a"):
        with pytest.raises(InputError, match="points outside the archive"), files.opened_zip(made(name)):
            pass
    assert files.read_zip_member(made("a"), "a", 60) == b"x" * 60
    with pytest.raises(InputError, match="over 59 bytes after decompression"):
        files.read_zip_member(made("a"), "a", 59)
    with pytest.raises(InputError, match="no 'b' in the archive"):
        files.read_zip_member(path, "b")


def test_sizes_and_ratios_on_both_sides(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("MAX_BYTES", 1000), ("FREE_BYTES", 100), ("MAX_RATIO", 10)):
        monkeypatch.setattr(files, name, value)
    for size, compressed in ((100, 1), (101, 11), (1000, 100)):
        files.check_ratio("a", size, compressed)
    with pytest.raises(InputError, match="over 10 times its size; at most 10 times"):
        files.check_ratio("a", 101, 10)
    with pytest.raises(InputError, match="1,001 bytes after decompression; at most 1,000"):
        files.check_ratio("a", 1001, 1001)


def test_the_digest_of_several_files_is_that_of_their_digests_in_order(tmp_path: Path) -> None:
    paths = [tmp_path / name for name in "ab"]
    for path in paths:
        path.write_text(path.name)
    one, two = (files.digest([path]) for path in paths)
    assert one.startswith("ca978112ca1bbdca") and one != two
    both = files.digest(paths)
    assert both not in (one, two, files.digest(paths[::-1])) and both == files.digest(paths)


def test_a_file_called_like_a_home_folder_is_that_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert files.local_path("~/x.csv") == tmp_path / "home" / "x.csv"
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "x.csv").touch()
    assert files.local_path("~/x.csv") == Path("~/x.csv")


def test_only_a_near_name_is_suggested(tmp_path: Path) -> None:
    (tmp_path / "grades.csv").touch()
    assert str(files.absent(tmp_path / "grade.csv")).endswith(f"did you mean {tmp_path / 'grades.csv'}?")
    assert str(files.absent(tmp_path / "sheet.csv")).endswith("no such file")


def test_files_are_counted_over_all_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_source, "MAX_FILES", 3)
    for name in ("a1.csv", "a2.csv", "b1.csv", "b2.csv", "[c].csv"):
        (tmp_path / name).touch()
    patterns = [str(tmp_path / f"{letter}*.csv") for letter in "ab"]
    found = file_source.expand([patterns[0], str(tmp_path / "[c].csv")], ("*.csv",))
    assert [path.name for path in found] == ["a1.csv", "a2.csv", "[c].csv"]
    assert len(file_source.expand([patterns[0]] * 3, ("*.csv",))) == 2
    with pytest.raises(InputError, match="names over 3 files"):
        file_source.expand(patterns, ("*.csv",))
    (tmp_path / "empty").mkdir()
    for wanted, said in ((("*",), "is an empty folder"), (("*.csv",), r"is a folder without \*\.csv in it")):
        with pytest.raises(InputError, match=said):
            file_source.expand(str(tmp_path / "empty"), wanted)


def test_what_a_log_says_of_a_model_comes_before_what_is_looked_up() -> None:
    known, looked_up = np.array([1.0, np.nan, 3.0]), np.array([9.0, 8.0, np.nan])
    assert _fill_unknown(known, looked_up).tolist() == [1.0, 8.0, 3.0]
    texts, others = np.array(["a", "", float("nan")], object), np.array(["x", "y", "z"], object)
    assert _fill_unknown(texts, others).tolist() == ["a", "y", "z"]
    assert _fill_unknown(None, others) is others


def test_arguments_and_graders_of_a_run() -> None:
    command = "oaieval gpt --completion_args temperature=1,n=2 test"
    settings = _settings({"run_config": {"command": command}}, ["gpt", "g1", "g2"])
    assert settings == {"completion_args": "temperature=1,n=2", "grader": "g1, g2"}
    assert _settings({"run_config": {"command": "oaieval gpt"}}, ["gpt"]) == {} and _settings({}, ["gpt"]) == {}
    assert json.dumps(_settings({"run_config": None}, ["gpt", "g1"])) == '{"grader": "g1"}'


def test_a_member_is_held_against_its_compressed_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """9,000 equal bytes take fewer than 100."""
    monkeypatch.setattr(files, "FREE_BYTES", 100)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("even", b"x" * 9000)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        monkeypatch.setattr(files, "MAX_RATIO", 50)
        with pytest.raises(InputError, match=r"a\.zip: even: decompresses to over .* at most 50 times is accepted"):
            files.member_bytes(archive, "even", "a.zip")
        monkeypatch.setattr(files, "MAX_RATIO", 5000)
        assert len(files.member_bytes(archive, "even", "a.zip")) == 9000


def test_a_stated_format_decides_how_a_file_is_read(tmp_path: Path) -> None:
    """A table of comma-separated values is no Parquet file, though both are matrices with a column for each model."""
    (tmp_path / "a.csv").write_text("query,a,b\n1,0,1\n2,1,1\n")
    assert load_outcomes(tmp_path / "a.csv", format="csv").models == ("a", "b")
    with pytest.raises(InputError, match=r"a\.csv"):
        load_outcomes(tmp_path / "a.csv", format="parquet")


def test_an_array_of_names_says_what_it_names(tmp_path: Path) -> None:
    cells = np.array([[0, 1], [1, 1]])
    for column, names, said in (("queries", ["q", "q"], "query name 'q'"), ("models", ["a", "a"], "model name 'a'")):
        np.savez(tmp_path / "a.npz", cells=cells, **{column: np.array(names)})
        with pytest.raises(InputError, match=said):
            load_outcomes(tmp_path / "a.npz", format="npz")


def test_a_file_is_cut_to_its_dataset_and_models(tmp_path: Path) -> None:
    rows = ["query,dataset,a,b,c", "1,x,0,1,1", "2,y,1,1,0", "3,x,1,0,0"]
    (tmp_path / "a.csv").write_text("\n".join(rows))
    outcomes = load_outcomes(tmp_path / "a.csv", dataset="x", models=["a", "c"], format="csv")
    assert (outcomes.queries, outcomes.models) == (("1", "3"), ("a", "c"))
    assert outcomes.wrong.tolist() == [[True, False], [False, True]]

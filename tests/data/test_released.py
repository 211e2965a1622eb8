"""Which matrix of a folder is which published pool, by its size and its all-wrong queries; nothing is fitted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.published import published_pools
from cofail_lab.data.released import ARTEFACT, JUNE, TODAY, _with_families, find_released
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.makers.released import planted, write_matrix

POOLS = published_pools()


@pytest.mark.parametrize(("n_all_wrong", "release"), [(0, TODAY), (16, ARTEFACT), (17, JUNE), (3, TODAY)])
def test_the_release_of_a_matrix_by_its_all_wrong_queries(tmp_path: Path, n_all_wrong: int, release: str) -> None:
    write_matrix(tmp_path / "math.json", planted(67, 330, n_all_wrong, 270), "math")
    found = find_released(str(tmp_path), POOLS, 0.048)
    assert list(found.pools) == [("MATH-500", release)]
    assert found.pools["MATH-500", release].n_all_wrong == n_all_wrong
    assert found.others == ()


def test_a_second_matrix_of_the_same_size_is_named_and_not_used(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_matrix(tmp_path / f"{name}.json", planted(18, 63, 0, 57), name)
    found = find_released(str(tmp_path), POOLS, 0.048)
    assert found.where == {("code", TODAY): "one.json"}
    assert found.others == ("two.json: the same size as one.json, which was taken for code",)
    assert set(found.sha256) == {"one.json", "two.json"}


def test_files_of_one_name_in_two_folders_have_their_own_digests(tmp_path: Path) -> None:
    for number, name in enumerate(("june", "july")):
        (tmp_path / name).mkdir()
        write_matrix(tmp_path / name / "code.json", planted(18, 63, 5 - 5 * number, 52 + 5 * number), "code")
    found = find_released(str(tmp_path), POOLS, 0.048)
    assert found.where == {("code", JUNE): "june/code.json", ("code", TODAY): "july/code.json"}
    assert set(found.sha256) == {"june/code.json", "july/code.json"}
    assert len(set(found.sha256.values())) == 2


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    write_matrix(tmp_path / "one.json", planted(18, 63, 5, 52), "code")
    (tmp_path / "notes.txt").write_text("nothing")
    (said,) = find_released(str(tmp_path), POOLS, 0.048).others
    assert said.startswith("notes.txt: ")
    assert len(said) > len("notes.txt: notes.txt")


def test_one_file_is_a_folder_of_one(tmp_path: Path) -> None:
    write_matrix(tmp_path / "one.json", planted(18, 63, 5, 52), "code")
    assert list(find_released(str(tmp_path / "one.json"), POOLS, 0.048).pools) == [("code", JUNE)]


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.path: no file of .* could be read; it is empty"):
        find_released(str(tmp_path), POOLS, 0.048)


@pytest.mark.parametrize(("n_graded", "release"), [("2", TODAY), ("1", JUNE)])
def test_a_june_count_that_is_also_one_of_today_is_of_today(tmp_path: Path, n_graded: str, release: str) -> None:
    """Two of three queries are all wrong: as in June, and perhaps as the graded cells of today have it."""
    (tmp_path / "small.csv").write_text("query,a,b,c\np,0,0,0\nq,0,0,0\nr,1,0,1\n")
    row = {"pool": "small", "n_models": "3", "n_queries": "3", "n_all_wrong": "0", "june_n_all_wrong": "2"}
    found = find_released(str(tmp_path), ({**row, "n_all_wrong_graded": n_graded},), 0.048)
    assert list(found.pools) == [("small", release)]


def test_one_file_that_cannot_be_read_says_why_itself(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError) as alone:
        find_released(str(tmp_path / "notes.txt"), POOLS, 0.048)
    assert "could be read" not in str(alone.value)


def test_families_of_the_file_are_kept_before_those_of_the_roster() -> None:
    plain = Grades(np.array([[0, 1]], np.int8), ("q",), ("openai/gpt-5.5", "anthropic/claude-opus-4.8"), "made")
    assert _with_families(plain).per_model["family"].tolist() == ["openai", "anthropic"]
    own = replace(plain, per_model={"family": np.array(["x", "y"], object)})
    assert _with_families(own).per_model["family"].tolist() == ["x", "y"]

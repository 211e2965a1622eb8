"""Which matrix of a folder is which published pool, by its size and its all-wrong queries; nothing is fitted."""

from pathlib import Path

import pytest

from cofail_lab.data.published import published_pools
from cofail_lab.data.released import ARTEFACT, JUNE, TODAY, find_released
from cofail_lab.errors import InputError
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

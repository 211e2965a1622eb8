"""NumPy archives: what is read, and one clear line for what cannot be."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.readers.npz import NpzSource
from cofail_lab.errors import InputError
from tests.data.cells import MISSING, RIGHT, WRONG


def test_archives(tmp_path: Path) -> None:
    wrong = np.array([[1, 0], [np.nan, 1]])
    path = tmp_path / "m.npz"
    np.savez(path, wrong=wrong, models=["gpt", "llama"], cost=np.ones((2, 2)), family=["o", "m"], other=np.ones(3))
    grades = NpzSource(str(path)).load()
    assert grades.cells.tolist() == [[WRONG, RIGHT], [MISSING, WRONG]]
    assert (grades.queries, grades.models) == (("q1", "q2"), ("gpt", "llama"))
    assert list(grades.per_model["family"]) == ["o", "m"]
    assert grades.notes == (NUMBERED, "Arrays that are not read: other.")
    runs = np.array([[[1, 0, np.nan], [1, 1, 1]], [[np.nan, 0, 1], [0, 0, 0]]])
    np.savez_compressed(path, correct=runs)
    grades = NpzSource(str(path)).load()
    assert grades.cells.tolist() == [[RIGHT, RIGHT], [WRONG, WRONG]]
    assert grades.per_cell["samples"][1, 0].tolist() == [WRONG, RIGHT, MISSING]
    np.testing.assert_allclose(grades.per_cell["frac"], [[0.5, 1], [0.5, 0]])


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"wrong": np.array([["q", object()]], dtype=object)}, "a pickled array, which could run code"),
        ({"wrong": np.full((2, 2), 2)}, r"wrong\[0, 0, 0\] is 2; 0, 1 or nan was expected"),
        ({"wrong": np.zeros(4)}, "numbers"),
        ({"wrong": np.zeros((2, 2)), "correct": np.zeros((2, 2))}, "one array of"),
        ({"x": np.zeros((2, 2))}, "it holds x"),
        ({"wrong": np.zeros((2, 2)), "models": np.array(["a", "a"])}, "'a' appears twice"),
        ({"wrong": np.zeros((2, 2)), "queries": np.array(["a", "b", "c"])}, r"'queries' has shape \(3,\)"),
        ({"wrong": np.zeros((2, 2)), "cost": -np.ones((2, 2))}, r"cost\[0, 0\] is -1"),
        ({"wrong": np.zeros((2, 2)), "frac": np.full((2, 2), 1.5)}, "from 0 to 1 was expected"),
    ],
)
def test_archives_that_cannot_be_read(tmp_path: Path, arrays: dict, says: str) -> None:
    np.savez(tmp_path / "m.npz", **arrays)
    with pytest.raises(InputError, match=says):
        NpzSource(str(tmp_path / "m.npz")).load()


def test_an_array_header_that_asks_for_terabytes_is_refused(tmp_path: Path) -> None:
    import io
    import zipfile

    buffer = io.BytesIO()
    np.save(buffer, np.zeros((2, 2)))
    with zipfile.ZipFile(tmp_path / "m.npz", "w") as archive:
        archive.writestr("wrong.npy", buffer.getvalue().replace(b"'shape': (2, 2), ", b"'shape': (9999999999, 2),"))
    with pytest.raises(InputError, match=r"bytes for an array of|not a NumPy array"):
        NpzSource(str(tmp_path / "m.npz")).load()


def test_arrays_with_a_file_of_names(tmp_path: Path) -> None:
    right = np.array([[1, 0], [np.nan, 1], [0, 0]])
    np.save(tmp_path / "grades.npy", right)
    np.save(tmp_path / "all_wrong.npy", right)
    (tmp_path / "grades.queries.txt").write_text("q1\nq2\nq3\n")
    (tmp_path / "grades.models.txt").write_text("gpt\nllama\n")
    grades = NpzSource(str(tmp_path / "grades.npy")).load()
    assert (grades.queries, grades.models) == (("q1", "q2", "q3"), ("gpt", "llama"))
    assert grades.cells.tolist() == [[RIGHT, WRONG], [MISSING, RIGHT], [WRONG, WRONG]]
    assert grades.notes == ("grades.npy: 1 was taken for right.",)
    names = tmp_path / "names.json"
    names.write_text('{"queries": ["a", "b", "c"], "models": ["m", "n"]}')
    turned = NpzSource(str(tmp_path / "all_wrong.npy"), names=str(names)).load()
    assert turned.queries == ("a", "b", "c")
    assert turned.cells.tolist() == [[WRONG, RIGHT], [MISSING, WRONG], [RIGHT, RIGHT]]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        ('{"queries": ["a", "b"]}', r"shape \(3, 2\), queries by models, but there are 2 names of queries$"),
        ('{"queries": ["a", "b"], "models": ["x", "y", "z"]}', r"2 names of queries; transpose the array"),
        ('{"queries": ["a", "b", "b"]}', "'b' appears twice"),
        ('{"rows": []}', "lists called queries and models were expected"),
        ('{"queries": [[1], 2, 3]}', "queries is not a list of names"),
    ],
)
def test_names_that_do_not_fit(tmp_path: Path, names: str, says: str) -> None:
    np.save(tmp_path / "m.npy", np.zeros((3, 2)))
    (tmp_path / "m.names.json").write_text(names)
    with pytest.raises(InputError, match=says):
        NpzSource(str(tmp_path)).load()


def test_embeddings_beside_logs_are_not_read(tmp_path: Path) -> None:
    np.save(tmp_path / "embeddings.npy", np.linspace(0, 1, 12).reshape(3, 4))
    np.save(tmp_path / "vector.npy", np.zeros(3))
    np.save(tmp_path / "grades.npy", np.eye(3))
    assert [NpzSource.sniff(path) != "" for path in sorted(tmp_path.iterdir())] == [False, True, False]


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.save(tmp_path / "m.npy", np.array([[object()]]), allow_pickle=True)
    with pytest.raises(InputError, match="a pickled array, which could run code"):
        NpzSource(str(tmp_path / "m.npy")).load()


def test_an_array_by_columns_is_the_same_matrix(tmp_path: Path) -> None:
    right = np.array([[1, 0, 0], [1, 1, 0]])
    np.savez(tmp_path / "m.npz", correct=np.asfortranarray(right))
    assert not right.flags.f_contiguous
    assert NpzSource(str(tmp_path / "m.npz")).load().cells.tolist() == [[RIGHT, WRONG, WRONG], [RIGHT, RIGHT, WRONG]]


def test_prices_are_numbers_and_other_columns_of_models_are_names(tmp_path: Path) -> None:
    columns = {"usd_per_mtok_in": np.array([1, 2]), "release_date": np.array([20240101, 20250101]), "tier": [3, 4]}
    np.savez(tmp_path / "a.npz", wrong=np.array([[0, 1], [1, 1]]), models=np.array(["a", "b"]), **columns)
    found = NpzSource(str(tmp_path / "a.npz")).load().per_model
    assert found["usd_per_mtok_in"].dtype == float and found["usd_per_mtok_in"].tolist() == [1.0, 2.0]
    assert (found["release_date"].tolist(), found["tier"].tolist()) == (["20240101", "20250101"], ["3", "4"])

"""What is known of the models: the shipped roster, registries, prices."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.model_info import attach, read_model_info
from cofail_lab.data.prices import with_costs
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from tests.data.cells import grades_of, write


def test_the_roster_is_the_published_one() -> None:
    roster = read_model_info("roster")
    assert len(roster) == 67
    tiers = [entry["tier"] for entry in roster.values()]
    assert (tiers.count("frontier"), tiers.count("mid"), tiers.count("cheap")) == (6, 26, 35)
    assert all(float(entry["usd_per_mtok_in"]) <= float(entry["usd_per_mtok_out"]) for entry in roster.values())


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("r.csv", "name,family,price_in,price_out,released\norg/gpt,F,2,10,2026-01\nllama,,,,\nother,,,,\n"),
        (
            "r.yaml",
            "org/gpt: {family: F, price_in: 2, price_out: 10, released: 2026-01}\nllama:\n  family:\nother: {}\n",
        ),
        (
            "r.yml",
            "- {name: org/gpt, family: F, usd_per_mtok_in: 2, usd_per_mtok_out: 10, release_date: 2026-01}\n"
            "- name: llama\n- name: other\n",
        ),
    ],
)
def test_models_are_looked_up_in_a_registry(tmp_path: Path, name: str, text: str) -> None:
    tokens = {"tokens_in": np.array([[1e6, 5], [0, 5]]), "tokens_out": np.array([[1e5, 5], [1e6, np.nan]])}
    grades = Grades(
        np.zeros((2, 3), np.int8),
        ("p", "q"),
        ("gpt", "llama", "gpu"),
        "g",
        per_cell={k: np.pad(v, ((0, 0), (0, 1))) for k, v in tokens.items()},
    )
    found = attach(grades, write(tmp_path, text, name))
    assert list(found.per_model["family"]) == ["F", "", ""]
    assert found.per_model["release_date"][0] == "2026-01"
    np.testing.assert_allclose(found.per_cell["cost"][:, 0], [2 + 1, 10])
    assert np.isnan(found.per_cell["cost"][:, 1:]).all()
    notes = " ".join(found.notes)
    assert "without their provider: gpt as org/gpt" in notes
    assert "1 of 3 models are not in" in notes
    assert "gpu" in notes
    assert "2 costs were computed from tokens and the prices of" in notes


def test_what_the_log_says_itself_is_kept(tmp_path: Path) -> None:
    prices = {"usd_per_mtok_in": np.array([1.0, 2]), "usd_per_mtok_out": np.array([1.0, 2])}
    grades = grades_of(
        [[0, 1]],
        "q",
        "ab",
        per_model={**prices, "family": np.array(["mine", ""], dtype=object)},
        per_cell={"cost": np.array([[0.0, np.nan]]), "tokens_in": np.full((1, 2), 1e6), "tokens_out": np.zeros((1, 2))},
    )
    assert with_costs(grades, "x").per_cell["cost"].tolist() == [[0.0, 2.0]]
    found = attach(grades, write(tmp_path, "model,family\na,A\nb,B\n", "r.csv"))
    assert list(found.per_model["family"]) == ["mine", "B"]


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("r.csv", "model,price_in\na,-1\n", "a, usd_per_mtok_in: '-1' is not a number of dollars"),
        ("r.csv", "model,price_in\na,free\n", "'free' is not a number"),
        ("r.csv", "model,family\na,F\na,G\n", "'a' appears twice"),
        ("r.csv", "model,family\nx,F\n", "none of the 1 models, such as 'a', is in r.csv, which has x"),
        ("r.yaml", "a: [1, 2]\n", "a mapping of model names to columns"),
        ("r.yaml", "a: {family: [F]}\n", "family holds a list or mapping"),
        ("r.yaml", "a: &x {family: F}\nb: *x\n", "aliases are not accepted"),
        ("r.yaml", "a: {family: F\n", "not valid YAML"),
        ("r.yaml", "!!python/object/apply:os.system ['true']\n", "not valid YAML"),
        ("r.json", "{}", "does not end in"),
    ],
)
def test_registries_that_cannot_be_read(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(InputError) as error:
        attach(grades_of([[0], [1]], "pq", "a"), write(tmp_path, text, name))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


def test_what_the_log_says_of_a_model_goes_before_the_registry(tmp_path: Path) -> None:
    own = {"usd_per_mtok_in": np.array([1.0, np.nan]), "family": np.array(["", "own"], dtype=object)}
    table = write(tmp_path, "model,family,price_in\na,F,5\nb,G,6\n", "r.csv")
    found = attach(grades_of([[0, 1]], "q", "ab", per_model=own), table).per_model
    assert found["usd_per_mtok_in"].tolist() == [1, 6]
    assert found["family"].tolist() == ["F", "own"]


def test_of_two_entries_that_end_alike_none_is_taken(tmp_path: Path) -> None:
    table = write(tmp_path, "model,price_in\nx/gpt,5\ny/gpt,6\nz/llama,7\n", "r.csv")
    found = attach(grades_of([[0, 1]], "q", ["gpt", "llama"]), table)
    np.testing.assert_array_equal(found.per_model["usd_per_mtok_in"], [np.nan, 7])
    assert any("1 of 2 models are not in r.csv: gpt" in note for note in found.notes)

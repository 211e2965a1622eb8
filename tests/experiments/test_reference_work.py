"""`experiment=reference_work`: totals alone, and a folder of generated files in the release's format."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.released import ARTEFACT, TODAY
from cofail_lab.errors import InputError
from cofail_lab.experiments import reference_work
from cofail_lab.experiments.base import Inputs, RunOptions, silent
from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.reference_work import ReferenceWork
from cofail_lab.fitting.estimators import point
from cofail_lab.result import Result
from tests.conftest import Run
from tests.data.makers.released import planted, write_cascade, write_matrix
from tests.report import by_hand


def run(folder: Path | None = None, **parameters: int) -> Result:
    return ReferenceWork(None if folder is None else str(folder), **parameters).run(Inputs(RunOptions()))


def rows_of(result: Result) -> dict[tuple[str, str], dict]:
    """Rows by pool and figure; of two for one figure, the one that was computed from a matrix."""
    rows = {}
    for row in sorted(result.tables["replay"].to_pylist(), key=lambda row: row["source"] not in ("", "totals")):
        rows[row["pool"], row["figure"]] = row
    return rows


def test_totals_always_run() -> None:
    result = run()
    assert result.metrics["n_differs"] == 0
    assert result.metrics["n_equal"] == result.metrics["n_equal_from_totals"] == 85
    assert result.metrics["n_published"] == result.metrics["n_equal"] + result.metrics["n_absent"]  # type: ignore[operator]
    assert {name: result.metrics[f"n_events_{name}"] for name in ("grader_defect", "genuine")} == {
        "grader_defect": 44,
        "genuine": 3,
    }
    assert result.headline.startswith(
        "85 of 220 published numbers come out equal to the digits published, none differs"
    )
    assert set(result.figures) == {f"figure_{i}" for i in range(2, 11)}
    for draw in result.figures.values():
        assert draw().axes
    absent = [row for row in result.tables["replay"].to_pylist() if row["status"] == "absent"]
    assert all(row["note"] for row in absent)
    assert "its matrix is needed (data.path=)" in {row["note"] for row in absent}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pools of 15, one as today and one of June; a cascade; a file of another size; a file that is no matrix."""
    place = tmp_path_factory.mktemp("released")
    mix = planted(15, 480, 5, 462)
    names = write_matrix(place / "mix.json", mix, "mix")
    write_matrix(place / "pro.json", planted(15, 200, 6, 170, seed=1), "pro", names)
    write_matrix(place / "other.json", planted(4, 30, 1, 20), "other")
    right = np.repeat([[1, 1], [0, 1], [0, 0], [1, 0]], [79, 16, 4, 1], axis=0)
    write_cascade(place / "cascade.json", right, np.linspace(1, 0, 100))
    (place / "notes.json").write_text(json.dumps({"about": "no matrix"}))
    return place


@pytest.fixture(scope="module")
def result(folder: Path) -> Result:
    return run(folder)


def test_known_figures_of_generated_files(result: Result) -> None:
    rows = rows_of(result)
    mix = planted(15, 480, 5, 462)
    assert result.metrics["n_pools_found"] == 2
    known = {
        ("mix of 15", "single_best"): 462 / 480,
        ("mix of 15", "n_all_wrong_graded"): 5,
        ("mix of 15", "mean_accuracy"): 1 - mix.mean(),
        ("mix of 15", "pearson"): np.corrcoef(mix.T.astype(float))[np.triu_indices(15, 1)].mean(),
        ("MMLU-Pro of 15", "june_single_best"): 0.85,
        ("MMLU-Pro of 15", "june_n_all_wrong"): 6,
        ("C", "cascade_cheap_accuracy"): 0.80,
        ("C", "cascade_strong_accuracy"): 0.95,
        ("C", "cascade_auc"): (79 + 0) / 80,
        ("A", "oracle_gain_mix"): 13 / 480,
    }
    for place, value in known.items():
        assert rows[place]["ours"] == pytest.approx(value, abs=1e-9), place
    assert rows["mix of 15", "single_best"]["status"] == "equal"
    assert rows["C", "cascade_cheap_accuracy"]["status"] == "differs"
    assert rows["MMLU-Pro of 15", "pearson"]["status"] == "absent", "June's matrix is not today's"
    assert rows["A", "oracle_gain_mix_lower"]["status"] == "equal"
    within = rows["A", "pearson_mix_within"]
    if within["ours"] is not None:
        family = np.arange(15) % 3
        pairs = np.triu_indices(15, 1)
        same = family[pairs[0]] == family[pairs[1]]
        assert within["ours"] == pytest.approx(np.corrcoef(mix.T.astype(float))[pairs][same].mean(), abs=1e-9)
    said = " ".join(result.sections[-1].sentences)
    assert "mix.json was taken for mix of 15 (September)." in said
    assert "pro.json was taken for MMLU-Pro of 15 (June)." in said
    assert "Not used: other.json: 4 models, 30 queries, none of the published pools." in said
    assert "Not used: notes.json: " in said


def test_votes_of_threes_by_hand(result: Result) -> None:
    from itertools import combinations

    right = ~planted(15, 480, 5, 462)
    gains = [
        (right[:, list(three)].sum(axis=1) >= 2).mean() - right[:, list(three)].mean(axis=0).max()
        for three in combinations(range(15), 3)
    ]
    rows = rows_of(result)
    assert rows["B", "vote_gain_saturated"]["ours"] == pytest.approx(np.mean(gains), abs=1e-9)
    assert rows["B", "vote_negative_share_saturated"]["ours"] == pytest.approx(np.mean(np.array(gains) < -1e-9))
    assert rows["B", "vote_gain_hard"]["status"] == "absent"


def test_a_pool_can_be_a_dataset_of_a_larger_file(tmp_path: Path) -> None:
    models = [f"m{j}" for j in range(20)]
    first, second = tmp_path / "a.json", tmp_path / "b.json"
    write_matrix(first, planted(15, 200, 4, 182), "pro", models[:15])
    write_matrix(second, planted(20, 40, 1, 30), "rest", models)
    whole = json.loads(first.read_text()) | json.loads(second.read_text())
    second.unlink()
    first.write_text(json.dumps(whole))
    rows = rows_of(run(tmp_path))
    assert rows["MMLU-Pro of 15", "n_all_wrong_graded"]["source"] == "a.json, dataset pro"
    assert rows["MMLU-Pro of 15", "single_best"]["ours"] == pytest.approx(0.91)


@pytest.mark.slow
def test_the_artefact_is_the_matrix_with_16_of_330(tmp_path: Path) -> None:
    """A minute: full Σ as published, 4 million draws, and a bootstrap."""
    write_matrix(tmp_path / "math.json", planted(67, 330, 16, 276), "math")
    rows = rows_of(run(tmp_path, bootstrap=20))
    assert rows["artefact", "all_wrong"]["status"] == "equal"
    assert rows["artefact", "ratio_one_factor_lower"]["ours"] <= rows["artefact", "ratio_one_factor"]["ours"]
    assert rows["artefact", "negative_eigenvalues"]["ours"] is not None
    assert rows["MATH-500", "pearson"]["status"] == "absent"


def test_a_folder_without_a_matrix_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match=r"data\.path: no file of .* could be read; notes\.txt: ") as error:
        run(tmp_path)
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="absent: no such file"):
        run(tmp_path / "absent")
    with pytest.raises(InputError, match=r"experiment\.bootstrap: -1"):
        ReferenceWork(bootstrap=-1)


def test_the_study_is_one_command(run: Run) -> None:
    quiet = ("record.figures=false", "record.report=false", "hydra.run.dir=here")
    code, out, err = run("study=reference_work", *quiet)
    assert (code, err) == (0, "")
    assert "85 of 220 published numbers" in out
    (run.folder / "files").mkdir()
    write_cascade(run.folder / "files" / "c.json", np.tile([[1, 1], [0, 1]], (5, 1)), np.linspace(1, 0, 10))
    code, out, err = run("study=reference_work", "data.path=files", *quiet)
    assert (code, err) == (0, "")
    assert "3 differ" in out


@pytest.mark.parametrize(("smoke", "bootstrap", "few"), [(False, 90, 90), (True, 90, 20), (True, 7, 7)])
def test_only_the_artefact_is_fitted_and_as_it_was_published(
    monkeypatch: pytest.MonkeyPatch, smoke: bool, bootstrap: int, few: int
) -> None:
    seen: list[tuple] = []

    def analyse(fit: Fit, outcomes: object, seed: int, progress: object, *, workers: int) -> Result:
        seen.append((fit, outcomes, seed, workers))
        return Result("", {"ratio": 2.0})

    monkeypatch.setattr(Fit, "analyse", analyse)
    monkeypatch.setattr(reference_work, "_of_pairs", lambda outcomes: {"pairs": outcomes})
    released: Any = SimpleNamespace(pools={("p", TODAY): 1, ("p", ARTEFACT): 2})
    inputs = Inputs(RunOptions(seed=23, smoke=smoke, workers=3))
    found = ReferenceWork(bootstrap=bootstrap)._fits(released, inputs, silent)
    assert found == {("p", TODAY): {"pairs": 1}, ("p", ARTEFACT): {"pairs": 2, "ratio": 2.0}}
    assert seen == [(Fit(bootstrap=few, null=0, folds=0, conventions="published"), 2, 23, 3)]


def test_a_ratio_is_observed_over_predicted(monkeypatch: pytest.MonkeyPatch) -> None:
    """On the matrix by hand, of which 11 of 100 queries defeat everyone, and 5.5% by one factor."""
    monkeypatch.setattr(point, "fit_counts", lambda *_: (by_hand.point(pearson_within=np.nan), None))
    named = {"single_best": 0.76, "mean_accuracy": 1 - (24 + 39 + 48) / 300, "n_all_wrong": 11, "all_wrong": 0.11}
    named |= {"pearson": 0.21, "pearson_across": 0.11, "tetrachoric": 0.41, "predicted_one_factor": 0.055}
    found = reference_work._of_pairs(by_hand.pool())
    assert found.pop("pearson_within") is None
    assert found == pytest.approx(named | {"ratio_one_factor": 2})
    assert reference_work._of_pairs(by_hand.pool({"a": 20, "b": 7, "abc": 73}))["ratio_one_factor"] is None

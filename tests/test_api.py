"""A result of Python in files and back: the same files as a run, nothing overwritten without a word."""

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pytest

import cofail_lab as cl
from cofail_lab import runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.fit import Fit
from cofail_lab.report.figures.style import canvas
from tests.conftest import Run
from tests.report.made import RESULT

FRAME = pd.DataFrame({"id": ["x", "y", "z"], "a": [1, 0, 1], "b": [0, 0, 1]})


@pytest.fixture
def fitted(monkeypatch: pytest.MonkeyPatch) -> cl.Result:
    """What `cl.fit` returns, without the half minute of a fit; docs/python.md has a real one, and its test."""
    tables = {"models": pa.table({"model": ["a", "b"]}), "empty": pa.table({"n": pa.array([], pa.int64())})}
    made = replace(RESULT, tables=tables, figures={"pool": lambda: canvas(1, 1)[0]}, csv=("models",), interrupted=None)
    monkeypatch.setattr(Fit, "analyse", lambda *_, **__: made)
    return cl.fit(FRAME, bootstrap=7, seed=3)


def test_a_saved_fit_is_a_run_and_comes_back(fitted: cl.Result, tmp_path: Path) -> None:
    folder = fitted.save(tmp_path / "fit")
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        *("results.json", "config.yaml", "report.html", "figures/pool.png", "figures/pool.svg"),
        *("tables/models.parquet", "tables/models.csv", "tables/empty.parquet"),
    }
    record = json.loads((folder / "results.json").read_text())
    assert (record["experiment"], record["status"], record["provenance"]["seed"]) == ("fit", "completed", 3)
    assert record["provenance"]["command"].startswith("cofail_lab.fit(outcomes, bootstrap=7, null=200, ")
    assert record["provenance"]["data"] == {"source": "data frame"}
    back = cl.load_result(folder)
    for field in (
        "headline",
        "metrics",
        "labels",
        "estimates",
        "verdicts",
        "brief",
        "sections",
        "origin",
        "interrupted",
    ):
        assert getattr(back, field) == getattr(fitted, field), field
    assert back.tables == fitted.tables
    assert back.to_markdown() == fitted.to_markdown()
    # It is read as a run as well.
    (run,) = runs.read([folder])
    assert run is not None
    assert (run.parameters["experiment.bootstrap"], run.parameters["run.seed"]) == (7, 3)


def test_nothing_is_overwritten_without_a_word(fitted: cl.Result, tmp_path: Path) -> None:
    small = cl.Result("Two.", {"n": 2})
    small.save(tmp_path / "a")
    with pytest.raises(InputError, match="a holds a run already; overwrite=True replaces it"):
        fitted.save(tmp_path / "a")
    assert cl.load_result(tmp_path / "a").headline == "Two."
    fitted.save(tmp_path / "a", overwrite=True, figures=False)
    assert len(cl.load_result(tmp_path / "a").tables) == len(fitted.tables)
    small.save(tmp_path / "a", overwrite=True)
    assert not cl.load_result(tmp_path / "a").tables
    (tmp_path / "b").mkdir()
    (tmp_path / "b/thesis.tex").touch()
    with pytest.raises(InputError, match="b is not empty and holds no run"):
        small.save(tmp_path / "b", overwrite=True)
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["thesis.tex"]
    with pytest.raises(InputError, match=r"thesis.tex is a file, not a folder"):
        small.save(tmp_path / "b/thesis.tex")


def test_an_interrupted_result_and_its_verdicts_come_back(tmp_path: Path) -> None:
    back = cl.load_result(RESULT.save(tmp_path / "v"))
    assert (back.interrupted, back.headline) == ("signal 15", RESULT.headline)
    assert (back.verdicts, back.estimates) == (RESULT.verdicts, RESULT.estimates)
    assert [replace(section, listing=None) for section in RESULT.sections] == [*back.sections]


def test_runs_of_the_command_line_are_read_and_others_refused(run: Run, tmp_path: Path) -> None:
    totals = ["data=counts", "data.n_queries=330", "data.n_models=67", "data.best_correct=276"]
    assert run("experiment=certify", *totals, "data.n_all_wrong=17", "hydra.run.dir=c")[0] == 0
    result = cl.load_result(tmp_path / "c")
    certificate = cl.certify_counts(n_all_wrong=17, n_queries=330, n_models=67, best_correct=276, overhead=0.02)
    assert result.metrics["paired_max_gain"] == certificate.paired_max_gain
    assert certificate.decision in result.to_markdown().replace("\\", "")
    # Runs recorded before words were.
    record = json.loads((tmp_path / "c/results.json").read_text())
    del record["summary"]
    (tmp_path / "c/results.json").write_text(json.dumps(record))
    assert cl.load_result(tmp_path / "c").headline == "A run of certify, recorded without words."
    assert run("experiment=certify", "data=csv", "data.path=no.csv", "hydra.run.dir=f")[0] == 2
    with pytest.raises(InputError, match="no run there"):
        cl.load_result(tmp_path / "nowhere")
    record["status"] = "failed"
    (tmp_path / "c/results.json").write_text(json.dumps(record))
    with pytest.raises(InputError, match="failed, without a result"):
        cl.load_result(tmp_path / "c")
    (tmp_path / "c/results.json").write_text("[1]")
    with pytest.raises(InputError, match="not a run that can be read"):
        cl.load_result(tmp_path / "c")


def test_every_public_name_is_there() -> None:
    assert all(getattr(cl, name) is not None for name in cl.__all__)
    assert {"compare_laws", "fit_matrix", "load_result"} <= set(cl.__all__) <= set(dir(cl))
    assert cl.__version__ == version("cofail-lab")
    with pytest.raises(AttributeError, match="no attribute 'fits'"):
        cl.fits  # noqa: B018  # type: ignore[attr-defined]


def test_laws_have_names() -> None:
    with pytest.raises(InputError, match="nonsense"):
        cl.compare_laws(FRAME, ["nonsense"], folds=0)


def test_a_configuration_that_is_no_yaml_is_no_run(tmp_path: Path) -> None:
    folder = RESULT.save(tmp_path / "v")
    (tmp_path / "v" / "config.yaml").write_text("a: [")
    with pytest.raises(InputError, match=r"load_result: .*: not a run that can be read"):
        cl.load_result(folder)

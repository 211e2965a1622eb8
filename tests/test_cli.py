"""The command line, in this process: what it writes, what it prints, and how it fails."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cofail_lab.experiments import fit_stages as fit_module
from cofail_lab.record import SCHEMA
from tests.conftest import Run, real_path

BRIEF = ("experiment.null=0", "experiment.folds=0")


@pytest.fixture
def grades(tmp_path: Path) -> Path:
    """A small matrix whose names try to be markup and paths."""
    rng = np.random.default_rng(1)
    hard = rng.normal(size=(60, 1))
    right = (hard + rng.normal(size=(60, 4)) > -0.2).astype(int)
    right[:, 0] = 1  # the best model is the one with the worst name
    right[0] = 0
    path = tmp_path / "grades.csv"
    names = ["<script>alert(1)</script>", "../../etc/passwd", "[bold]x[/bold]", "$x_1$"]
    lines = [",".join(["query", "dataset", *names])]
    lines += [",".join([f"<b>q{i}</b>", f"d{i % 3}", *map(str, row)]) for i, row in enumerate(right)]
    path.write_text("\n".join(lines))
    return path


def results(folder: Path) -> dict:
    return json.loads((folder / "results.json").read_text())


@pytest.mark.usefixtures("few_histograms")
def test_a_fit_writes_everything(run: Run, grades: Path, tmp_path: Path) -> None:
    code, out, err = run(
        "data=csv", f"data.path={grades}", "experiment.bootstrap=20", "experiment.null=20", "hydra.run.dir=here"
    )
    assert (code, err) == (0, "")
    record = results(tmp_path / "here")
    assert record["schema"] == SCHEMA
    assert record["status"] == "completed"
    assert record["metrics"]["n_queries"] == 60
    assert record["provenance"]["data"]["sha256"] == hashlib.sha256(grades.read_bytes()).hexdigest()
    assert record["provenance"]["seed"] == 0
    written = {str(path.relative_to(tmp_path / "here")) for path in (tmp_path / "here").rglob("*") if path.is_file()}
    figures = {
        "correlation_heatmap",
        "law_comparison",
        "null_calibration",
        "pool_accuracies",
        "pool_size_scan",
        "regime_map",
        "wrong_by_dataset",
        "wrong_count_distribution",
    }
    tables = {
        "bootstrap",
        "laws",
        "models",
        "null",
        "null_tests",
        "pairs",
        "parts",
        "pool_scan",
        "predictions",
        "queries",
        "regimes",
        "wrong_counts",
    }
    assert written == {
        "results.json",
        "config.yaml",
        "report.html",
        *(f"figures/{name}.{kind}" for name in figures for kind in ("svg", "png")),
        *(f"tables/{name}.parquet" for name in tables),
    }
    assert pq.read_table(tmp_path / "here/tables/models.parquet")["model"].to_pylist()[1] == "../../etc/passwd"
    page = (tmp_path / "here/report.html").read_text()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
    assert "<script>alert(1)</script>" in out
    assert "here" in out


@pytest.mark.parametrize("verbose", ["false", "true"])
def test_the_answer_is_said_once(run: Run, grades: Path, verbose: str) -> None:
    """It comes before the fit, or with everything after it."""
    quick = ("experiment.bootstrap=0", "experiment.null=0", "experiment.folds=0", "record.figures=false")
    code, out, err = run("data=csv", f"data.path={grades}", *quick, f"verbose={verbose}")
    assert (code, err) == (0, "") and out.count("╭") == 1


def test_published_counts(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(
        "experiment=certify",
        "data=counts",
        "data.n_all_wrong=0",
        "data.n_queries=330",
        "data.n_models=67",
        "data.best_correct=326",
        "experiment.overhead=0.05",
        "hydra.run.dir=here",
    )
    assert code == 0
    metrics = results(tmp_path / "here")["metrics"]
    assert metrics["max_gain"] == pytest.approx(0.048, abs=5e-4)
    assert metrics["paired_max_gain"] == pytest.approx(0.045, abs=5e-4)
    assert metrics["paired_min_gain"] is None
    assert "4.5 points" in out
    assert "skip" in out


def test_published_accuracy(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(
        "experiment=certify",
        "data=counts",
        "data.n_all_wrong=17",
        "data.n_queries=330",
        "data.n_models=67",
        "data.best_accuracy=0.836",
        "hydra.run.dir=here",
    )
    assert code == 0
    assert results(tmp_path / "here")["metrics"]["single_best"] == pytest.approx(276 / 330)
    assert "276" in out


def test_certificate_of_a_matrix(run: Run, tmp_path: Path) -> None:
    path = real_path("cruxeval_output")
    code, _, _ = run("experiment=certify", "data=csv", f"data.path={path}", "hydra.run.dir=here")
    assert code == 0
    assert results(tmp_path / "here")["metrics"]["paired_max_gain"] == pytest.approx(0.16067, abs=5e-6)


def test_a_sweep_has_one_folder_per_job(run: Run, grades: Path, tmp_path: Path) -> None:
    code, _, _ = run(
        "-m",
        "data=csv",
        f"data.path={grades}",
        "experiment.bootstrap=5",
        "experiment.null=0",
        "experiment.folds=0",
        "data.pool_size=2,3,4",
        "hydra.sweep.dir=sweep",
    )
    assert code == 0
    folders = [path.parent for path in (tmp_path / "sweep").glob("*/results.json")]
    assert sorted(results(folder)["metrics"]["n_models"] for folder in folders) == [2, 3, 4]
    assert not (folders[0] / "figures").exists()


def test_figures_in_a_sweep_on_request(run: Run, grades: Path, tmp_path: Path) -> None:
    code, _, _ = run(
        "-m",
        "data=csv",
        f"data.path={grades}",
        "experiment.bootstrap=0",
        *BRIEF,
        "data.pool_size=2",
        "hydra.sweep.dir=sweep",
        "record.figures=true",
    )
    assert code == 0
    (folder,) = (path.parent for path in (tmp_path / "sweep").glob("*/results.json"))
    assert (folder / "figures" / "pool_accuracies.svg").exists()
    # The page of the sweep leads to it.
    assert (folder / "report.html").exists()


def test_the_same_seed_gives_the_same_numbers(run: Run, grades: Path, tmp_path: Path) -> None:
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        run(
            "data=csv",
            f"data.path={grades}",
            "experiment.bootstrap=20",
            *BRIEF,
            f"run.seed={seed}",
            f"hydra.run.dir={folder}",
            "record.figures=false",
            "record.report=false",
        )
    first, again, other = (results(tmp_path / folder)["metrics"] for folder in "abc")
    assert first == again
    assert first["oracle_gain_lower"] != other["oracle_gain_lower"] or first["pearson_lower"] != other["pearson_lower"]


COUNTS = ("experiment=certify", "data=counts", "data.n_all_wrong=17", "data.n_queries=330", "data.n_models=67")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("experiment.bootstrapp=3",), "experiment.bootstrapp: no such key"),
        (("nonsense=3",), "nonsense: no such key"),
        (("experiment=fitt",), "experiment=fitt: no such choice, did you mean fit?; there are audit, bounds, "),
        (("experiment.bootstrapp=3",), "did you mean experiment.bootstrap?"),
        (("absent.csv",), "absent.csv: no such file"),
        (("data.path=https://example.org/a.csv",), "is an address; download the file first"),
        (("data=digits", "data.path=a.csv"), "data.path: not a key of the chosen data; another data= has it"),
        (("experiment.delta=0",), "experiment.delta: 0"),
        (("experiment.delta=high",), "experiment.delta: 'high'"),
        (("experiment.overhead=2",), "experiment.overhead: 2"),
        (("experiment.bootstrap=-1",), "experiment.bootstrap: -1"),
        (("run.seed=-1",), "run.seed: -1"),
        (("data.pool_size=1",), "data.pool_size: 1"),
        (("data=csv",), "data.path"),
        (("data=csv", "data.path=absent.csv"), "absent.csv: no such file"),
        (("data=csv", "data.path="), "data.path"),
        (("record.figures=maybe",), "record.figures: 'maybe'"),
        ((*COUNTS, "data.best_correct=320"), "best_correct: 320"),
        ((*COUNTS, "data.best_correct=many"), "best_correct: 'many'"),
        (COUNTS, "data.best_correct"),
        ((*COUNTS, "data.best_correct=276", "data.pool_size=3"), "totals cannot be selected from"),
        ((*COUNTS, "data.best_correct=276", "experiment=fit"), "only totals"),
        (("data.models=[",), "data.models: '[' matches nothing"),
        (("data.models=[]",), "data.models: []"),
        (("data.models={a:1}",), "data.models: {'a': 1}"),
        (("data.dataset=true",), "data.dataset: True"),
        (("data=csv", "data.path=5"), "data.path: 5"),
        (("data=csv", "data.path=[a,b]"), "data.path: 'a' does not end in .csv"),
        (("data=csv", "data.path=[]"), "data.path: an empty list"),
        (("data=csv", "data.path=."), "data.path: '.'"),
        (("data=csv", "data.path=x.csv", "data.format=xls"), "data.format: 'xls'"),
        (("run.seed=18446744073709551616",), "run.seed: 18446744073709551616"),
        (("+experiment.foo=1",), "foo: no such key"),
        (("+data.foo=1",), "foo: no such key"),
        (("experiment=null",), "Config group override must be a string"),
        (("record=null",), "record: null"),
        ((*COUNTS[:3], "data.n_queries=1e30", "data.n_models=3", "data.best_correct=5"), "n_queries: 1e+30"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(run: Run, tmp_path: Path, arguments: tuple[str, ...], says: str) -> None:
    code, out, err = run(*arguments, "hydra.run.dir=here")
    assert code == 2
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert says in err
    if (tmp_path / "here/results.json").exists():
        record = results(tmp_path / "here")
        assert record["status"] == "failed"
        assert record["metrics"] == {}
        assert record["error"] in err
        assert not (tmp_path / "here/tables").exists()


def test_a_bad_job_of_a_sweep_leaves_the_others(run: Run, grades: Path, tmp_path: Path) -> None:
    code, _, err = run(
        "-m",
        "experiment=certify",
        "data=csv",
        f"data.path={grades}",
        "data.pool_size=3,9,2",
        "hydra.sweep.dir=sweep",
    )
    assert code == 2
    assert "data.pool_size: 9" in err
    assert sorted(results(path.parent)["status"] for path in (tmp_path / "sweep").glob("*/results.json")) == [
        "completed",
        "completed",
        "failed",
    ]


def test_an_interrupted_run_says_so_and_keeps_its_results(
    run: Run, grades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from cofail_lab.fitting.replicates import stages as replicates

    def cut(*arguments: object) -> Iterator[object]:
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr(replicates, "in_batches", cut)
    code, out, err = run(
        "data=csv",
        f"data.path={grades}",
        "experiment.bootstrap=30",
        "run.workers=1",
        "hydra.run.dir=here",
        "record.figures=false",
    )
    assert code == 130
    assert "interrupted: 0 of 30 bootstrap replicates done" in err
    record = results(tmp_path / "here")
    assert record["status"] == "interrupted"
    assert record["metrics"]["tetrachoric"] is not None
    assert "Stopped early" in out


def test_an_unexpected_failure_is_recorded(
    run: Run, grades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*arguments: object, **options: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(fit_module, "fit_matrix", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        run("data=csv", f"data.path={grades}", "hydra.run.dir=here")
    record = results(tmp_path / "here")
    assert record["status"] == "failed"
    assert record["error"] == "RuntimeError: a bug"


def test_a_folder_that_cannot_be_written(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, _, err = run(*COUNTS, "data.best_correct=276", "hydra.run.dir=file/run")
    assert code == 2
    assert err.count("\n") == 1
    assert "file" in err


def test_import_and_help_stay_light() -> None:
    """Neither imports JAX, scikit-learn or matplotlib, which take seconds."""
    heavy = "{'jax', 'sklearn', 'matplotlib', 'scipy', 'pyarrow'}"
    code = f"import sys, cofail_lab; assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    code = (
        "import sys, contextlib, io\nfrom cofail_lab.cli import main\nsys.argv = ['cofail-lab', '--help']\n"
        f"with contextlib.redirect_stdout(io.StringIO()) as out:\n    main()\n"
        "assert 'cofail-lab grades.csv' in out.getvalue()\n"
        f"assert not {heavy} & set(sys.modules), {heavy} & set(sys.modules)"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    subprocess.run([sys.executable, "-c", code], check=True, env=environment)

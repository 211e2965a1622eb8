"""`experiment=gather`: one table, figures and an index of many runs."""

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.gather import Gather, gather
from tests.conftest import Run
from tests.sweep.counts import COUNTS, jobs


def test_gather_makes_one_table_figures_and_an_index(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(
        "-m",
        *COUNTS,
        "data.n_all_wrong=0,17,400",
        "experiment.delta=0.05,0.1",
        "experiment.overhead=null,0.01",
        "record.report=true",
        "hydra.sweep.dir='s<b>'",
    )
    assert code == 2
    assert "8 of 12 runs are finished, 4 failed" in out
    sweep = tmp_path / "s<b>"
    rows = pq.read_table(sweep / "tables/runs.parquet").to_pylist()
    assert len(rows) == 12
    for row in rows:
        metrics = jobs(sweep)[row["run"]]["metrics"]
        if row["status"] == "completed":
            assert row["max_gain"] == metrics["max_gain"]
            assert row["n_all_wrong"] == metrics["n_all_wrong"] == row["data.n_all_wrong"]
        else:
            assert "400 of 330" in row["error"]
            assert row["data.n_all_wrong"] == 400
    assert json.loads((sweep / "results.json").read_text())["metrics"]["n_axes"] == 3
    assert (sweep / "figures/small_multiples.svg").exists()
    page = (sweep / "report.html").read_text()
    for name, job in jobs(sweep).items():
        assert f'href="{name}/{"report.html" if job["status"] == "completed" else "results.json"}"' in page
    # Gathered again from elsewhere, the links lead there, and the gathered result is none of the runs.
    code, out, _ = run("experiment=gather", "gather.path='s<b>'", "gather.metrics=[max*]", "hydra.run.dir=g")
    assert code == 0
    assert "8 of 12 runs" in out
    page = (tmp_path / "g/report.html").read_text()
    assert f'href="../s%3Cb%3E/{next(iter(jobs(sweep)))}/' in page
    assert "paired_max_gain" not in page.split("<details>")[0]
    assert "<b>" not in page.replace("s&lt;b&gt;", "")


def test_gather_refuses_what_matches_nothing_and_counts_what_it_cannot_read(run: Run, tmp_path: Path) -> None:
    run("-m", *COUNTS, "data.n_all_wrong=0,1", "hydra.sweep.dir=s", "sweep.gather=false")
    with pytest.raises(InputError, match=r"gather.metrics: 'no\*' matches no metric"):
        Gather(str(tmp_path / "s"), ["no*"]).run(Inputs(RunOptions()))
    known = jobs(tmp_path / "s")
    (tmp_path / "s/broken").mkdir()
    (tmp_path / "s/broken/results.json").write_text("{")
    found = Gather([str(tmp_path / "s")]).run(Inputs(RunOptions()))
    assert (found.metrics["n_runs"], found.metrics["n_unreadable"]) == (2, 1)
    # Rows are in the order of what was varied.
    assert [known[name]["metrics"]["n_all_wrong"] for name in found.tables["runs"]["run"].to_pylist()] == [0, 1]
    with pytest.raises(InputError, match="no run there"):
        gather([])


def test_interrupted_runs_are_counted_as_such(run: Run, tmp_path: Path) -> None:
    run("-m", *COUNTS, "data.n_all_wrong=0,1,400", "hydra.sweep.dir=s", "sweep.gather=false")
    stopped = next(name for name, job in jobs(tmp_path / "s").items() if job["status"] == "completed")
    record = json.loads((tmp_path / "s" / stopped / "results.json").read_text())
    record |= {"status": "interrupted", "error": "interrupted: terminated"}
    (tmp_path / "s" / stopped / "results.json").write_text(json.dumps(record))
    found = Gather(str(tmp_path / "s")).run(Inputs(RunOptions()))
    counted = {name: found.metrics[f"n_{name}"] for name in ("runs", "completed", "interrupted", "failed")}
    assert counted == {"runs": 3, "completed": 1, "interrupted": 1, "failed": 1}
    said = " ".join(sentence for section in found.brief for sentence in section.sentences) + found.headline
    assert "1 interrupted" in said

"""`experiment=gather`: one table, figures and an index of many runs."""

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from cofail_lab import runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.gather import Gather, _gathered, gather
from cofail_lab.experiments.run_columns import axes_of
from tests.conftest import Run
from tests.sweep.counts import COUNTS, jobs


def test_gather_makes_one_table_figures_and_an_index(run: Run, tmp_path: Path) -> None:
    code, out, _ = run(
        "-m",
        *COUNTS,
        "data.n_all_wrong=17,400",
        "experiment.delta=0.05,0.1",
        "experiment.overhead=null,0.01",
        "record.report=true",
        "hydra.sweep.dir='s<b>'",
    )
    assert code == 2
    assert "4 of 8 runs are finished, 4 failed" in out
    sweep = tmp_path / "s<b>"
    rows = pq.read_table(sweep / "tables/runs.parquet").to_pylist()
    assert len(rows) == 8
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
    assert "4 of 8 runs" in out
    page = (tmp_path / "g/report.html").read_text()
    assert f'href="../s%3Cb%3E/{next(iter(jobs(sweep)))}/' in page
    # Beside each other are only the metrics that were asked for, and only what differs.
    assert "Side by side" in page and "<td>max_gain</td>" in page and "<td>paired_max_gain</td>" not in page
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


def test_what_a_policy_alone_has_is_no_axis_beside_it() -> None:
    three = {
        "policy": ["ridge", "single_best", "knn"],
        "policy.ridge.alpha": [2.0, None, None],
        "policy.single_best._target_": [None, "a.SingleBest", None],
        "run.seed": [0, 0, 0],
    }
    assert axes_of(three) == {"policy": "policy"}
    swept = three | {"policy": ["ridge", "ridge", "knn"], "policy.ridge.alpha": [2.0, 3.0, None]}
    assert "policy.ridge.alpha" in axes_of(swept).values()


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


def recorded(
    folder: Path, parameters: dict[str, Any], metrics: dict[str, Any], status: str = "completed", **more: Any
) -> Path:
    """A run folder with these parameters and metrics."""
    folder.mkdir(parents=True)
    (folder / "config.yaml").write_text(json.dumps(parameters))
    record = {"experiment": "certify", "status": status, "metrics": metrics, "labels": {}, "estimates": {}}
    (folder / "results.json").write_text(json.dumps({**record, "provenance": {"code": "c"}, **more}))
    return folder


def rows(folders: list[Path]) -> list[dict[str, Any]]:
    return gather(folders).tables["runs"].to_pylist()


def test_an_absent_number_is_absent(tmp_path: Path) -> None:
    """Seeds that gave .2 and nothing: the table has .2 and null, whose mean is .2 and not .1."""
    folders = [
        recorded(tmp_path / str(seed), {"run": {"seed": seed}}, {"gain": gain, "n": 3})
        for seed, gain in ((0, 0.2), (1, None))
    ]
    assert [row["gain"] for row in rows(folders)] == [0.2, None]
    # One whole and one broken number stay numbers; an error of an estimate is its error.
    estimates = {"gain": {"value": 2, "error": 0.5, "kind": "monte_carlo"}}
    folders.append(recorded(tmp_path / "2", {"run": {"seed": 2}}, {"gain": 2, "n": 3}, estimates=estimates))
    found = gather(folders).tables["runs"]
    assert found["gain"].to_pylist() == [0.2, None, 2.0]
    assert found["gain_error"].to_pylist() == [None, None, 0.5]
    assert str(found["gain"].type) == "double"
    assert found["run.seed"].to_pylist() == [0, 1, 2]
    # What is asked for comes after what was varied: everything that one of the patterns matches.
    asked = gather(folders, ["ga*", "n"]).tables["runs"].column_names
    assert asked[:5] == ["run", "status", "run.seed", "gain", "n"]


def test_a_label_with_the_name_of_a_metric_has_a_column_of_its_own(tmp_path: Path) -> None:
    folder = recorded(tmp_path / "a", {"run": {"seed": 1}}, {"tail": 3}, labels={"tail": "chance", "regime": "x"})
    (row,) = rows([folder])
    assert (row["tail"], row["tail_label"], row["regime"]) == (3, "chance", "x")


def test_what_policies_cost_is_no_gain(tmp_path: Path) -> None:
    folders = [
        recorded(
            tmp_path / name,
            {"policy": {name: {}}, "run": {"seed": 0}},
            {f"gain_{name}": 0.1, f"cost_{name}": cost},
            experiment="policies",
        )
        for name, cost in (("knn", 1.0), ("ridge", 2.0))
    ]
    found = _gathered([run for run in runs.read(folders) if run is not None], None)
    assert found.gains == ("policy_gain",)
    assert "policy_cost" in found.leading


def test_a_metric_that_repeats_what_was_varied_is_not_shown(tmp_path: Path) -> None:
    """Nor one that does not vary; where nothing else is left, all are."""
    numbers = {"draws_done": (9, 10), "fixed": (1, 1), "gain": (0.5, 0.25)}
    for number in range(2):
        metrics = {name: values[number] for name, values in numbers.items()}
        recorded(tmp_path / "a" / str(number), {"run": {"draws": 9 + number}}, metrics)
        recorded(tmp_path / "b" / str(number), {"run": {"draws": 9 + number}}, {"draws_done": 9 + number, "fixed": 1})
    found = [
        _gathered([run for run in runs.read([tmp_path / name / n for n in "01"]) if run is not None], None).shown
        for name in "ab"
    ]
    assert found == [("gain",), ("draws_done", "fixed")]


def test_runs_are_in_the_order_of_numbers(tmp_path: Path) -> None:
    """10 after 9; and each row has the page of its own run."""
    folders = [
        recorded(tmp_path / name, {"run": {"draws": draws}}, {"n": draws})
        for name, draws in (("a", 10), ("b", 9), ("c", 100))
    ]
    assert [(row["run"], row["n"]) for row in rows(folders)] == [("b", 9), ("a", 10), ("c", 100)]
    found = _gathered([run for run in runs.read(folders) if run is not None], None)
    assert [folder.name for folder in found.folders] == [page.parent.name for page in found.pages] == ["b", "a", "c"]


def test_what_was_varied(tmp_path: Path) -> None:
    """Null is a value. A parameter that has one value for each law is said by the law, one of another group is not."""
    laws = [("CommonShock", {"shock": 0.1}, None), ("CommonShock", {"shock": 0.1}, 3), ("Clayton", {"theta": 2}, 3)]
    folders = [
        recorded(
            tmp_path / str(i),
            {"law": {"_target_": name, **own}, "data": {"pool_size": size}, "run": {"seed": 0}},
            {"n": i},
        )
        for i, (name, own, size) in enumerate(laws)
    ]
    result = gather(folders)
    assert result.labels["axes"] == "law._target_, data.pool_size"
    assert result.metrics["n_axes"] == 2
    others = [
        recorded(tmp_path / f"seed{i}", {"law": {"_target_": f"Law{i}"}, "run": {"seed": i // 2}}, {"n": i})
        for i in range(3)
    ]
    assert gather(others).labels["axes"] == "law._target_, run.seed"


def test_shards_and_runs_within_runs(tmp_path: Path) -> None:
    """A shard is no result; the runs of a sweep are found below the result that gathers them."""
    recorded(tmp_path / "s", {"gather": {"path": "."}}, {}, experiment="gather")
    recorded(tmp_path / "s" / "0", {"run": {"seed": 0, "shard": None}, "data": {"models": ["a", None]}}, {"n": 1})
    recorded(tmp_path / "s" / "1", {"run": {"seed": 0, "shard": 1}}, {"n": 2})
    recorded(tmp_path / "s" / ".sweep" / "2", {"run": {"seed": 0}}, {"n": 3})  # a hidden folder is none of them
    result = Gather(str(tmp_path)).run(Inputs(RunOptions()))
    assert result.metrics["n_runs"] == 1
    assert result.tables["runs"]["n"].to_pylist() == [1]
    assert result.tables["runs"]["data.models"].to_pylist() == ['["a", null]']

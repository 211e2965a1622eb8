"""From logs to a decision on the command line, and one line for what cannot be read."""

import json
from pathlib import Path

import pytest

from tests.conftest import Run


def test_logs_to_wide_to_certificate(run: Run, tmp_path: Path) -> None:
    for j, model in enumerate(("openai/gpt-5.5", "claude-opus-4.8", "local")):
        rows = [f"q{i},{model},{int((i * (j + 3)) % 4 > 0)},{100 + i},{10 * j},math" for i in range(40)]
        (tmp_path / f"run_{j}.csv").write_text("\n".join(["query,model,correct,tokens_in,tokens_out,dataset", *rows]))
    code, out, err = run(
        "experiment=convert", "data=auto", "data.path=run_*.csv", "data.registry=roster", "hydra.run.dir=made"
    )
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert "3 logs joined by name: 40 queries and 3 models." in text
    assert "80 costs were computed from tokens and the prices of the shipped roster" in text
    assert "1 of 3 models are not in the shipped roster (prices of June 2026): local." in text
    code, out, err = run("experiment=certify", "data=parquet", "data.path=made/tables", "hydra.run.dir=wide")
    assert (code, err) == (0, "")
    code, _, err = run("experiment=certify", "data=long", "data.path=run_*.csv", "hydra.run.dir=long")
    assert (code, err) == (0, "")
    wide, long = (json.loads((tmp_path / name / "results.json").read_text())["metrics"] for name in ("wide", "long"))
    assert wide == long
    assert wide["n_queries"] == 40


def test_what_cannot_be_read_is_one_line_and_leaves_no_result(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b'{"a": [' * 100_000)
    code, out, err = run("data=auto", "data.path=log.jsonl", "hydra.run.dir=here")
    assert (code, out) == (2, "")
    assert err == err.splitlines()[0] + "\n"
    assert "log.jsonl: line 1: JSON nested too deeply to be a log" in err
    results = json.loads((tmp_path / "here" / "results.json").read_text())
    assert results["status"] == "failed"
    assert not (tmp_path / "here" / "tables").exists()


@pytest.fixture
def sources(inspect_logs: Path, harness_logs: Path) -> dict[str, list[str]]:
    archives = sorted((inspect_logs / "plain").glob("*.eval"), key=lambda path: path.stat().st_mtime_ns)
    folders = [harness_logs / "out" / name for name in ("org__alpha", "org__beta")]
    return {
        "inspect": ["data=inspect", f"data.path=[{archives[0]},{archives[2]}]"],
        "lm_eval": ["data=lm_eval", f"data.path=[{folders[0]},{folders[1]}]"],
        "both": [
            "data=auto",
            f"data.path=[{archives[0]},{archives[2]},{folders[0]},{folders[1]}]",
            "data.join=content",
            "verbose=true",
        ],
    }


def test_two_inspect_logs_and_two_harness_folders_fit_in_one_command(
    run: Run, sources: dict[str, list[str]], tmp_path: Path
) -> None:
    quick = ("experiment.bootstrap=0", "experiment.null=0", "experiment.folds=0", "record.figures=false")
    code, out, err = run(*sources["both"], *quick, "record.report=false", "hydra.run.dir=fit")
    assert code == 0, err
    record = json.loads((tmp_path / "fit/results.json").read_text())
    assert record["status"] == "completed"
    assert (record["metrics"]["n_models"], record["metrics"]["n_queries"]) == (4, 8)
    assert "4 logs joined by content: 8 queries and 4 models" in out


@pytest.mark.parametrize("name", ["inspect", "lm_eval"])
def test_two_logs_of_one_tool_in_one_command(
    run: Run, sources: dict[str, list[str]], tmp_path: Path, name: str
) -> None:
    code, _, err = run("experiment=certify", *sources[name], "record.figures=false", "hydra.run.dir=here")
    assert code == 0, err
    record = json.loads((tmp_path / "here/results.json").read_text())
    assert (record["metrics"]["n_models"], record["metrics"]["n_queries"]) == (2, 8)

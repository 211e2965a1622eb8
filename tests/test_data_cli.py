"""From somebody's logs to a decision on the command line, and one line for what cannot be read."""

import json
import os
import subprocess
import sys
from pathlib import Path


def lab(folder: Path, *arguments: str) -> tuple[int, str, str]:
    command = [sys.executable, "-m", "cofail_lab", *arguments]
    environment = {**os.environ, "COLUMNS": "100"}
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300, env=environment)
    return done.returncode, done.stdout, done.stderr


def test_logs_to_wide_to_certificate(tmp_path: Path) -> None:
    for j, model in enumerate(("openai/gpt-5.5", "claude-opus-4.8", "local")):
        rows = [f"q{i},{model},{int((i * (j + 3)) % 4 > 0)},{100 + i},{10 * j},math" for i in range(40)]
        (tmp_path / f"run_{j}.csv").write_text("\n".join(["query,model,correct,tokens_in,tokens_out,dataset", *rows]))
    code, out, err = lab(
        tmp_path, "experiment=convert", "data=auto", "data.path=run_*.csv", "data.registry=roster", "hydra.run.dir=made"
    )
    assert (code, err) == (0, "")
    text = " ".join(out.split())
    assert "3 logs joined by name: 40 queries and 3 models." in text
    assert "80 costs were computed from tokens and the prices of the shipped roster" in text
    assert "1 of 3 models are not in the shipped roster (prices of June 2026): local." in text
    code, out, err = lab(tmp_path, "experiment=certify", "data=parquet", "data.path=made/tables", "hydra.run.dir=wide")
    assert (code, err) == (0, "")
    code, _, err = lab(tmp_path, "experiment=certify", "data=long", "data.path=run_*.csv", "hydra.run.dir=long")
    assert (code, err) == (0, "")
    wide, long = (json.loads((tmp_path / run / "results.json").read_text())["metrics"] for run in ("wide", "long"))
    assert wide == long
    assert wide["n_queries"] == 40


def test_what_cannot_be_read_is_one_line_and_leaves_no_result(tmp_path: Path) -> None:
    (tmp_path / "log.jsonl").write_bytes(b'{"a": [' * 100_000)
    code, out, err = lab(tmp_path, "data=auto", "data.path=log.jsonl", "hydra.run.dir=here")
    assert (code, out) == (2, "")
    assert err == err.splitlines()[0] + "\n"
    assert "log.jsonl: of no known format; tried csv" in err
    results = json.loads((tmp_path / "here" / "results.json").read_text())
    assert results["status"] == "failed"
    assert not (tmp_path / "here" / "tables").exists()

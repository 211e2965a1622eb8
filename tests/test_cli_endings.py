"""How a command ends: its exit code and its last line, whatever ended it; nothing is composed or computed."""

import os
from collections.abc import Callable
from typing import Any

import pytest

from cofail_lab import cli, job
from cofail_lab.errors import InputError
from cofail_lab.kept import Kept
from tests.conftest import Run


def raising(error: BaseException, **state: Any) -> Callable[[], None]:
    def launched() -> None:
        for name, value in state.items():
            setattr(cli._command, name, value)
        raise error

    return launched


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[Any, str]]:
    monkeypatch.setattr("sys.argv", ["cofail-lab"])
    monkeypatch.setattr(cli.signal, "signal", lambda *_: None)
    monkeypatch.setattr(os, "dup2", lambda *_: None)

    def end(launched: Callable[[], None]) -> tuple[Any, str]:
        monkeypatch.setattr(cli, "_launch", launched)
        code: Any = 0
        try:
            cli.main()
        except SystemExit as ending:
            code = ending.code
        return code, capfd.readouterr().err.strip()

    return end


def test_every_ending_has_its_code_and_its_line(ended: Callable[..., tuple[Any, str]]) -> None:
    assert ended(raising(BrokenPipeError())) == (0, "")
    assert ended(raising(KeyboardInterrupt("terminated"))) == (130, "interrupted: terminated")
    assert ended(raising(KeyboardInterrupt(), continues=True)) == (
        130,
        "interrupted; the same command continues from there",
    )
    assert ended(raising(InputError("data.x: of\n two lines"))) == (2, "error: data.x: of two lines")
    assert ended(lambda: setattr(cli._command, "bad_input", InputError("said"))) == (2, "error: said")
    assert ended(lambda: setattr(cli._command, "unexpected", "1 of 2")) == (1, "1 of 2")
    assert ended(lambda: None) == (0, "")
    with pytest.raises(ValueError, match="a bug"):
        ended(raising(ValueError("a bug"), job_begun=True))
    assert ended(raising(ValueError("a key"))) == (2, "error: a key")


@pytest.mark.parametrize("kept", [True, False])
def test_a_run_that_has_kept_something_goes_on(run: Run, monkeypatch: pytest.MonkeyPatch, kept: bool) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt("stopped")

    monkeypatch.setattr(job, "compute", cut)
    monkeypatch.setattr(Kept, "__bool__", lambda self: kept, raising=False)
    totals = ("data.n_all_wrong=1", "data.n_queries=9", "data.n_models=2", "data.best_correct=5")
    code, _, err = run("experiment=certify", "data=counts", *totals, "hydra.run.dir=here")
    assert code == 130
    assert err.strip() == "interrupted: stopped" + ("; the same command continues from there" if kept else "")


@pytest.mark.parametrize(("shard", "launched"), [("null", True), ("0", False)])
def test_a_shard_is_computed_and_a_run_of_shards_launches_them(
    run: Run, monkeypatch: pytest.MonkeyPatch, shard: str, launched: bool
) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt("computed")

    def launch(n_shards: int) -> None:
        raise KeyboardInterrupt(f"{n_shards} launched")

    monkeypatch.setattr(job, "compute", cut)
    monkeypatch.setattr(cli, "_launch_shards", launch)
    law = ("experiment=tail_curve", "experiment.simulate=true", "law=common_shock")
    code, _, err = run(*law, "run.shards=3", f"run.shard={shard}", "hydra.run.dir=here")
    assert (code, err.strip()) == (130, f"interrupted: {'3 launched' if launched else 'computed'}")

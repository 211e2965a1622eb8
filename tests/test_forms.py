"""Every experiment has one form: the answer in a box, at most 25 lines of 80 columns, what next, where the page is."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.cli import config_folder
from cofail_lab.report.terminal import SCREEN
from tests.conftest import Run

QUIET = ("record.figures=false", "record.report=false", "hydra.run.dir=here")
LAW = ("law=common_shock", "law.shock=.05", "law.base_error_rates=.3x8")
COMMANDS = {
    "certify": ("grades.csv",),
    "queries": ("grades.csv", "experiment.most_right=2"),
    "health": ("grades.csv",),
    "bounds": ("grades.csv",),
    "explore": ("grades.csv",),
    "check": (*LAW[:1], "claim.says=all_wrong(m) < pair", "claim.when=m > 2", "experiment.points=32"),
    "plan": ("experiment.gain=.02", "experiment.n_models=10"),
    "frontier": (),
    "select": ("grades.csv", "experiment.k=2"),
    "vote": ("grades.csv",),
    "ensemble_size": ("grades.csv",),
    "self_moa": ("grades.csv", "experiment.self=[a,b,c]", "experiment.members=[a,b,d]"),
    "churn": ("grades.csv", "data.registry=models.csv"),
    "scope": ("grades.csv", "experiment.members=[a,b]", "experiment.systems=[c,d]"),
    "regrade": ("grades.csv", "experiment.other=other.csv"),
    "audit": ("grades.csv",),
    "reference_work": (),
    "convert": ("grades.csv",),
    "raters": ("votes.csv", "experiment.bootstrap=100"),
    "compare": ("grades.csv", "experiment.other=other.csv", "experiment.bootstrap=100"),
    "errors": ("grades.csv",),
    "sample": (*LAW, "run.draws=500"),
    "tail_curve": (*LAW, "experiment.simulate=false"),
    "grid": ("law=common_shock", "experiment.axes={shock: [.01, .05]}"),
    "verify": ("experiment.claims=P1.v,P1.vii",),
    "policies": ("grades.csv", "policy=domain_table", "experiment.bootstrap=20"),
    "cascade": ("experiment.cheap=gaussian nb", "experiment.strong=knn k=1", "experiment.bootstrap=20"),
    "gather": ("gather.path=runs",),
}
SLOW = {
    "fit": ("grades.csv", "run=smoke"),
    "decide": ("experiment.bootstrap=20",),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rng = np.random.default_rng(5)
    for name in ("grades", "other"):
        right = (rng.normal(size=(200, 1)) + rng.normal(size=(200, 4)) > -0.3).astype(int)
        lines = [f"q{i},set {i % 3},{','.join(map(str, row))}" for i, row in enumerate(right)]
        (tmp_path / f"{name}.csv").write_text("\n".join(["query,dataset,a,b,c,d", *lines]))
        if name == "grades":
            said = [
                f"q{i},{','.join('x' if r else rng.choice(['y', 'z']) for r in row)}" for i, row in enumerate(right)
            ]
            (tmp_path / "grades.answers.csv").write_text("\n".join(["query,a,b,c,d", *said]))
    truth = rng.random((60, 2)) < 0.6
    votes = [
        f"q{i},{m},{','.join(str(int(right)) for right in truth[i, j] ^ (rng.random(4) < 0.1))}"
        for i in range(60)
        for j, m in enumerate("ab")
    ]
    (tmp_path / "votes.csv").write_text("\n".join(["query,model,a,j1,j2,j3", *votes]))
    dates = [f"{name},2024-0{i}-01" for i, name in enumerate("abcd", 1)]
    (tmp_path / "models.csv").write_text("\n".join(["model,released", *dates]))
    return tmp_path


def test_no_experiment_is_forgotten() -> None:
    assert {path.stem for path in (config_folder() / "experiment").glob("*.yaml")} == {*COMMANDS, *SLOW}


def check(run: Run, monkeypatch: pytest.MonkeyPatch, experiment: str, arguments: tuple[str, ...]) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    if experiment == "gather":
        for seed in (0, 1):
            run("experiment=plan", f"experiment.n_models={seed + 2}", *QUIET[:2], f"hydra.run.dir=runs/{seed}")
    code, out, err = run(f"experiment={experiment}", *arguments, *QUIET)
    # On a busy machine a long run says how far it is.
    assert (code, [line for line in err.splitlines() if not line.startswith("━")]) == (0, [])
    lines = out.splitlines()
    assert len(lines) <= SCREEN, out
    assert max(map(len, lines)) <= 80, out
    assert lines[0].startswith("╭") and lines[1][2:].strip("│ "), out
    assert lines[-1] == "All of it: verbose=true, or here"
    following = " ".join(" ".join(lines[-4:-1]).split()).partition("Next: ")[2]
    assert following.endswith("."), out
    assert "{" not in following


@pytest.mark.parametrize("experiment", COMMANDS)
@pytest.mark.usefixtures("folder")
def test_the_form(run: Run, monkeypatch: pytest.MonkeyPatch, experiment: str) -> None:
    check(run, monkeypatch, experiment, COMMANDS[experiment])


@pytest.mark.slow
@pytest.mark.parametrize("experiment", SLOW)
@pytest.mark.usefixtures("folder")
def test_the_form_of_long_experiments(run: Run, monkeypatch: pytest.MonkeyPatch, experiment: str) -> None:
    """Half a minute each: one fits, one lets every policy decide."""
    check(run, monkeypatch, experiment, SLOW[experiment])

"""`experiment=verify` from the command line and from Python."""

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import cofail_lab as cl
from cofail_lab.claims import Check, Claim, Control, Trial, equals, select
from cofail_lab.claims.registry import all_claims
from cofail_lab.claims.self_test import FalseAlarm, FalseAlarms
from cofail_lab.claims.verifier import verify_claim
from cofail_lab.errors import InputError
from cofail_lab.experiments import verify
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.verify import Verify
from cofail_lab.models import Clayton, CommonShock
from tests.conftest import Run

BRIEF = ("experiment=verify", "record.figures=false")


def test_selected_claims_from_the_command_line_and_their_replay(run: Run, tmp_path: Path) -> None:
    code, out, err = run(*BRIEF, "experiment.claims=P2.iii,P1.viii", "hydra.run.dir=run")
    assert code == 0, err
    assert "1 of 3 statements fell, 2 stand." in " ".join(out.split())
    record = json.loads((tmp_path / "run" / "results.json").read_text())
    assert [(v["id"], v["release"], v["status"]) for v in record["verdicts"]] == [
        ("P1.viii", "lab", "confirmed"),
        ("P1.viii.b", "lab", "confirmed"),
        ("P2.iii", "june", "refuted"),
    ]
    assert record["metrics"]["n_unexpected"] == 0
    code, out, _ = run(*BRIEF, "experiment.replay=run/results.json")
    assert code == 0 and "1 of 1 stored counterexamples" in out


def test_a_sweep_over_the_law_of_a_claim(run: Run, tmp_path: Path) -> None:
    code, _, err = run("-m", *BRIEF, "experiment.claims=P2.ii", "law.shock=.01,.2", "hydra.sweep.dir=sweep")
    assert code == 0, err
    records = [json.loads(path.read_text()) for path in (tmp_path / "sweep").glob("*/results.json")]
    runs = [record for record in records if record["experiment"] == "verify"]
    assert len(runs) == 2 and all(record["metrics"]["n_unexpected"] == 0 for record in runs)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["experiment.claims=P99"], "experiment.claims: 'P99' is no claim"),
        (["experiment.false_alarm=2"], "experiment.false_alarm: 2"),
        (["experiment.trials=-1"], "experiment.trials: -1"),
        (["experiment.replay=nowhere.json"], "experiment.replay: nowhere.json: cannot be read"),
        (["experiment.claims=P2.ii", "law=clayton"], "law: Clayton"),
    ],
)
def test_bad_input_is_one_line(run: Run, arguments: list[str], said: str) -> None:
    code, _, err = run("experiment=verify", *arguments)
    assert code == 2
    error = err.strip().splitlines()
    assert len(error) == 1 and said in error[0]


def _claim(value: float) -> Claim:
    check = Check("arithmetic", "exact", lambda claimed, _: equals(2.0, claimed, 0.1), ({},))
    return Claim(
        "T.i",
        ("lab",),
        "One and one is two.",
        "1 + 1 = 2",
        "none",
        "confirmed",
        value,
        (check,),
        Control("three", "refuted", 3.0),
        {"three": 3.0},
    )


def _chosen(monkeypatch: pytest.MonkeyPatch, claims: tuple[Claim, ...]) -> None:
    for module in ("experiments.verify", "claims.tasks"):
        monkeypatch.setattr(f"cofail_lab.{module}.select", lambda _: claims)


def test_an_unexpected_verdict_is_exit_code_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    _chosen(monkeypatch, (_claim(2.5),))
    code, _, err = run(*BRIEF)
    assert code == 1
    assert "1 of 1 verdicts are not the expected ones: T.i (lab) refuted" in err


def test_mutants_and_trials_are_part_of_the_result() -> None:
    inputs = Inputs(RunOptions(seed=3))
    result = Verify(claims="P2.a", mutants=True, trials=5).run(inputs)
    assert result.metrics["n_mutants"] == result.metrics["n_mutants_refuted"] == len(select("P2.a")[0].mutants)
    assert result.metrics["n_trials"] == 5 and result.metrics["n_false_alarms"] == 0
    assert result.tables["mutants"].num_rows == result.metrics["n_mutants"]
    assert result.tables["checks"].num_rows >= 3
    assert result.unexpected is None


def test_an_interruption_keeps_the_verdicts_reached(monkeypatch) -> None:
    seen = []

    def second_time(claim, trial):
        seen.append(claim)
        if len(seen) == 2:
            raise KeyboardInterrupt
        return verify_claim(claim, trial)

    monkeypatch.setattr("cofail_lab.claims.tasks.verify_claim", second_time)
    result = Verify(claims="P1.viii").run(Inputs(RunOptions()))
    assert result.interrupted == "1 of 2 verdicts reached" and len(result.verdicts) == 1


def test_the_law_of_the_run_is_one_more_case() -> None:
    claim = next(claim for claim in select("P2.ii") if "sept" in claim.releases)
    swept = next(check for check in claim.checks if check.name == "the law of the run, in many digits")
    law = CommonShock(shock=0.07, base_error_rates=[0.4] * 5)
    assert len(swept.listed(Trial(0, 0.01, law))) == len(swept.listed(Trial(0, 0.01))) + 1
    with pytest.raises(cl.InputError, match="law: Clayton; P2 is about a common shock"):
        swept.listed(Trial(0, 0.01, Clayton(error_rates=[0.4] * 3, theta=2.0)))
    uneven = CommonShock(shock=0.07, base_error_rates=[0.4, 0.5])
    with pytest.raises(cl.InputError, match="one base error rate"):
        swept.listed(Trial(0, 0.01, uneven))


@pytest.mark.parametrize(
    ("shock", "base", "said"),
    [
        (0.0, 0.3, r"law.shock: 0; P2 is about a rate above 0, checked from 1e-20 on"),
        (1e-300, 0.3, r"law.shock: 1e-300"),
        (0.05, 1e-300, r"law.base_error_rates: 1e-300; P2 is about a rate above 0"),
    ],
)
def test_a_law_outside_the_hypothesis_or_out_of_reach_is_refused_by_name(shock, base, said) -> None:
    law = CommonShock(shock=shock, base_error_rates=[base] * 3)
    for claim in select("P2.ii,P2.vii"):
        for check in claim.checks:
            if check.name == "the law of the run, in many digits":
                with pytest.raises(cl.InputError, match=said):
                    check.listed(Trial(0, 0.01, law))


def test_replay_refuses_what_it_does_not_know(tmp_path) -> None:
    stored = {"claim": "P99", "release": "june", "check": "x", "case": {}}
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"verdicts": [{"evidence": {"counterexample": stored}}]}))
    with pytest.raises(cl.InputError, match="not a counterexample of this lab"):
        Verify(replay=str(path)).run(Inputs(RunOptions()))
    path.write_text("[]")
    with pytest.raises(cl.InputError, match=r"not the results.json"):
        Verify(replay=str(path)).run(Inputs(RunOptions()))


def test_verify_from_python() -> None:
    verdicts = cl.verify(claims="P2.iii")
    assert [dataclasses.astuple(v)[:2] for v in verdicts] == [("P2.iii", "june")]
    assert verdicts[0].status == "refuted" and verdicts[0].measured < 1e-12


def test_the_rate_of_false_alarms_is_split_over_the_simulated_checks(monkeypatch) -> None:
    seen = []
    monkeypatch.setattr("cofail_lab.claims.tasks.verify_claim", lambda _, trial: seen.append(trial.level) or [])
    chosen = [claim for claim in all_claims() if any(check.kind == "monte_carlo" for check in claim.checks)][:2]
    _chosen(monkeypatch, tuple(chosen))
    Verify(false_alarm=0.1).run(Inputs(RunOptions()))
    checks = [check for claim in chosen for check in claim.checks if check.kind == "monte_carlo"]
    n_cases = sum(len(check.listed(Trial(0, 0.1))) for check in checks)
    assert n_cases > 1
    assert seen == pytest.approx([0.1 / n_cases] * 2)


def test_false_alarms_of_exact_and_of_simulated_checks_are_told_apart(monkeypatch) -> None:
    """One run of four with a false alarm of an exact check, two with one of a simulated check."""
    alarms = [FalseAlarm("P2.a", "lab", "refuted", seed, simulated) for seed, simulated in ((1, 0), (2, 1), (3, 1))]
    found = FalseAlarms(4, 1, 1, 0.01, tuple(alarms))
    monkeypatch.setattr("cofail_lab.experiments.verify.false_alarms", lambda *_: found)
    metrics = Verify(claims="P2.a", trials=4).run(Inputs(RunOptions())).metrics
    assert (metrics["n_false_alarms_exact"], metrics["n_false_alarms"], metrics["false_alarm_rate"]) == (1, 2, 0.5)


def test_only_what_is_refuted_again_is_violated(monkeypatch, tmp_path) -> None:
    stored = {"claim": "P2.iii", "release": "june", "check": "x", "case": {}}
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"verdicts": [{"evidence": {"counterexample": stored}}]}))
    for status, number in (("refuted", 1), ("undecided", 0), ("confirmed", 0)):
        measured = SimpleNamespace(status=status, low=0, high=1, least=2, most=3)
        monkeypatch.setattr("cofail_lab.experiments.verify.replay", lambda *_, found=measured: found)
        assert Verify(replay=str(path)).run(Inputs(RunOptions())).metrics["n_violated"] == number


@pytest.mark.parametrize("mutants", [False, True])
def test_only_what_is_asked_for_is_sent_to_the_verifiers(monkeypatch: pytest.MonkeyPatch, mutants: bool) -> None:
    sent: list[str] = []

    class Alone:
        at_work = False

        def __init__(self, n: int, tasks: Any) -> None:
            del n, tasks

        def __enter__(self) -> "Alone":
            return self

        def __exit__(self, *_: object) -> None:
            pass

        def send(self, method: str, given: list[Any]) -> None:
            sent.append(method)
            assert given == [(number,) for number in range(4)]

        def result(self, method: str, number: int) -> list[Any]:
            raise KeyboardInterrupt

    monkeypatch.setattr(verify, "Workers", Alone)
    result = verify.Verify(claims=["P1.iv", "P4.iii"], mutants=mutants).run(Inputs(RunOptions()))
    assert sent == ["verdicts"] + ["mutants"] * mutants
    assert result.interrupted is not None and result.interrupted.startswith("0 of ")


def test_a_run_without_a_counterexample_has_nothing_to_replay(tmp_path) -> None:
    path = tmp_path / "results.json"
    for verdicts in ([], [{"evidence": {"checks": []}}]):
        path.write_text(json.dumps({"verdicts": verdicts}))
        with pytest.raises(cl.InputError, match="no verdict in it has a stored counterexample"):
            Verify(replay=str(path)).run(Inputs(RunOptions()))


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (3, "a counterexample without claim, release, check or case"),
        ({"claim": "P1.i", "release": "lab", "check": "x"}, "a counterexample without claim, release, check or case"),
        ({"claim": {"says": "m > 1"}, "case": {}}, "a counterexample of experiment=check, which measures it again"),
        ({"claim": "P1.z", "release": "lab", "check": "x", "case": {}}, r"P1\.z \(lab\): not a counterexample of this"),
    ],
)
def test_a_counterexample_of_another_kind_is_one_line(stored: Any, said: str, tmp_path: Path) -> None:
    record = {"verdicts": [{"evidence": {"counterexample": stored}}]}
    (tmp_path / "results.json").write_text(json.dumps(record), encoding="utf-8")
    with pytest.raises(InputError, match=rf"^experiment\.replay: .*results\.json: {said}"):
        Verify(replay=str(tmp_path / "results.json")).run(Inputs(RunOptions()))

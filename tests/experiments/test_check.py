"""`experiment=check` from the command line: answers, exit codes, files, replays and refusals."""

import json
import time
from pathlib import Path

import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.check import Check
from tests.conftest import Run

QUICK = ("record.figures=false", "record.report=false", "hydra.run.dir=here", "experiment.points=64")
GROWS = 'claim.says="ratio_one_factor(m) > ratio_one_factor(m-1)"'
ISSUE = (
    "law=clayton",
    GROWS,
    "claim.over={theta: [0.1, 10], error_rate: [0.01, 0.9], m: [3, 200]}",
    'claim.when="tetrachoric < theta/(1+theta)"',
)


def record(run: Run) -> dict:
    return json.loads((run.folder / "here" / "results.json").read_text(encoding="utf-8"))


def test_the_command_of_the_page_refutes_and_its_counterexample_replays(run: Run) -> None:
    code, out, err = run("experiment=check", *ISSUE, *QUICK[:3], "experiment.points=512")
    assert (code, err) == (0, "")
    assert "Refuted: ratio_one_factor(m) > ratio_one_factor(m-1)" in " ".join(out.replace("│", " ").split())
    stored = record(run)
    assert stored["labels"]["answer"] == "refuted"
    assert stored["metrics"]["n_violations"] >= 1
    (verdict,) = stored["verdicts"]
    assert verdict["status"] == "refuted" and verdict["evidence"]["counterexample"]["second"]["how"] == "many digits"
    code, out, _ = run("experiment=check", "experiment.replay=here/results.json", *QUICK[:2], "hydra.run.dir=again")
    assert code == 0
    assert "violates it when measured again" in " ".join(out.replace("│", " ").split())


def test_another_answer_than_the_expected_one_ends_with_exit_code_1(run: Run) -> None:
    false = ("experiment=check", "law=common_shock", 'claim.says="all_wrong(m) > pair"', *QUICK)
    assert run(*false).code == 0
    code, _, err = run(*false, "claim.expect=survived")
    assert (code, err) == (1, "1 of 1 verdicts are not the expected ones: own (lab) refuted\n")
    assert run(*false, "claim.expect=refuted").code == 0
    vacuous = run(*false, 'claim.when="pearson > tetrachoric"', "claim.expect=survived")
    assert vacuous.code == 1 and "vacuous" in vacuous.err
    assert "its hypothesis holds at none of the points tried" in " ".join(vacuous.out.replace("│", " ").split())


def test_a_built_in_claim_is_compared(run: Run) -> None:
    code, out, _ = run("experiment=check", "claim=p6_ii", *QUICK)
    assert code == 0
    assert "confirmed there, survived here" in " ".join(out.split())
    assert record(run)["labels"]["built_in"] == "confirmed"


def test_a_file_of_the_user(run: Run, tmp_path: Path) -> None:
    (tmp_path / "mine" / "claim").mkdir(parents=True)
    (tmp_path / "mine" / "claim" / "folk.yaml").write_text(
        'defaults: [own]\nsays: "majority(k) >= majority(1)"\nover: {error_rate: [0.1, 0.9], k: [3, 9]}\n'
    )
    code, out, err = run("--config-dir", "mine", "experiment=check", "claim=folk", "law=independent", *QUICK)
    assert (code, err) == (0, "")
    assert "Refuted" in out
    assert record(run)["verdicts"][0]["evidence"]["counterexample"]["case"]["error_rate"] > 0.5


def test_a_sweep_over_laws(run: Run) -> None:
    code, out, _ = run(
        "-m",
        "experiment=check",
        "law=common_shock,independent",
        'claim.says="all_wrong(m) <= error_rate"',
        "experiment.points=32",
        "hydra.sweep.dir=sweep",
    )
    assert code == 0, out
    answers = [
        json.loads(path.read_text())["labels"]["answer"] for path in (run.folder / "sweep").glob("*/results.json")
    ]
    assert answers.count("survived") == 2


HOSTILE = {
    "claim.says=\"__import__('os').system('true') > 1\"": "claim.says",
    'claim.says="' + "(" * 300 + "m" + ")" * 300 + ' > 1"': "nested deeper",
    'claim.says="9**9**9 > m"': "a power in an exponent",
    'claim.says="m"': "is a number",
    'claim.says="m > 1"': "'m' is no quantity",
    "claim.says=null": "claim.says: null is not a statement",
    "claim.expect=true": "claim.expect",
    "claim.id=P99": "no claim",
    "experiment.points=1": "experiment.points",
    "experiment.axes=[zeta]": "does not vary",
}


@pytest.mark.parametrize("argument", HOSTILE, ids=range(len(HOSTILE)))
def test_what_is_hostile_or_wrong_is_refused_in_one_line(run: Run, argument: str) -> None:
    good = [] if argument.startswith("claim.says") else ["law=independent", 'claim.says="all_wrong(m) < pair"']
    code, out, err = run(
        "experiment=check", *good, argument, *(a for a in QUICK if "points" not in a or "points" not in argument)
    )
    assert (code, out) == (2, "")
    assert HOSTILE[argument] in err
    assert err.startswith("error: ") and err.count("\n") == 1 and len(err) < 300


def test_a_million_characters_are_refused(run: Run, tmp_path: Path) -> None:
    """No command line can hold them, a file can."""
    (tmp_path / "claim").mkdir()
    (tmp_path / "claim" / "long.yaml").write_text("defaults: [own]\nsays: " + "m+" * 500_000 + "1 > 0\n")
    code, _, err = run("--config-dir", ".", "experiment=check", "claim=long", *QUICK)
    assert code == 2
    assert "at most 2,000 are accepted" in err and len(err) < 200


def test_the_figure_is_drawn_over_one_axis_and_two(run: Run) -> None:
    from cofail_lab.claims.checking.proposition import read
    from cofail_lab.claims.checking.slices import slice_through
    from cofail_lab.models import CommonShock
    from cofail_lab.report.figures.check import margin

    claim = {"says": "all_wrong(m) < pair", "when": "m > 4", "over": None, "match": None, "tolerance": None}
    proposition = read(claim, CommonShock(0.05, [0.3] * 3))
    case = {"shock": 0.05, "base_error_rate": 0.3, "m": 9.0}
    line = slice_through(proposition, case, ("m",), 20)
    assert (line.margin[line.values[0] > 4] > 0).all() and (
        line.margin[line.values[0] <= 4] != line.margin[line.values[0] <= 4]
    ).all()
    assert line.point == (9.0,)
    plane = slice_through(proposition, case, ("shock", "m"), 10)
    assert plane.margin.shape == (len(plane.values[0]), len(plane.values[1]))
    for shown in (line, plane):
        assert margin(shown).axes[0].get_xlabel().startswith(shown.names[0])


@pytest.mark.slow
def test_ten_thousand_points_of_a_one_factor_tail_take_ten_seconds() -> None:
    """Up to 200 models, both sides of the inequality; on one core, once compiled."""
    from cofail_lab.claims.checking.proposition import read
    from cofail_lab.models import Clayton

    claim = {"says": "ratio_one_factor(m) > ratio_one_factor(m-1)", "when": None, "over": None}
    proposition = read({**claim, "match": None, "tolerance": None}, Clayton([0.4] * 3, 2.0))
    small, large = (proposition.box.points(proposition.box.design(n, 0)) for n in (300, 10_000))
    proposition.judged(small)
    begun = time.process_time()
    proposition.judged(large)
    assert len(large["m"]) >= 10_000
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ([], "no counterexample of experiment=check is stored in it"),
        ([{"case": {}}], "no counterexample of experiment=check is stored in it"),
        ([{"claim": {"says": "m > 1"}, "case": {"m": 3}}], r"not a counterexample of this lab \('law'\)"),
        ([{"claim": {"says": "m > 1"}, "law": "independent", "case": 3}], "not a counterexample of this lab"),
    ],
)
def test_what_cannot_be_measured_again_is_one_line(stored: list, said: str, tmp_path: Path) -> None:
    verdicts = [{"evidence": {"counterexample": one}} for one in stored]
    (tmp_path / "results.json").write_text(json.dumps({"verdicts": verdicts}), encoding="utf-8")
    with pytest.raises(InputError, match=rf"^experiment\.replay: .*results\.json: {said}"):
        Check({}, replay=str(tmp_path / "results.json")).run(Inputs(RunOptions()))

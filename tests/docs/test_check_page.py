"""Every command of docs/check.md comes out as the page says, and its tables are those of the language."""

import json
import re
import shlex
from pathlib import Path

import pytest

from cofail_lab.claims.registry import all_claims
from cofail_lab.cli import config_folder
from cofail_lab.language.formulas import FORMULAS
from cofail_lab.language.quantities import QUANTITIES
from tests.conftest import Run

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "check.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^cofail-lab (experiment=check .*)\n# (\w+)$", PAGE, re.MULTILINE)
JUNE = ("P2.iii", "P2.v", "P2.v.b", "P2.v.c", "P3.v", "P6.i.b", "P6.ii", "P7.ii", "P8.v")
# They compile for pools of unlike models, or evaluate very large ones.
LONG = ("base_error_rates", "10*m", "claim=p2_v_c", "[0.01, 0.6]")


def answered(run: Run, command: str, *more: str) -> dict:
    code, _, err = run(
        *shlex.split(command), "record.figures=false", "record.report=false", "hydra.run.dir=here", *more
    )
    assert (code, err) == (0, "")
    return json.loads((run.folder / "here" / "results.json").read_text(encoding="utf-8"))


def is_long(command: str) -> bool:
    return any(word in command for word in LONG)


@pytest.mark.parametrize(("command", "answer"), [c for c in COMMANDS if not is_long(c[0])])
def test_a_command_of_the_page(run: Run, command: str, answer: str) -> None:
    assert answered(run, command, "experiment.points=64")["labels"]["answer"] == answer


@pytest.mark.slow
@pytest.mark.parametrize(("command", "answer"), [c for c in COMMANDS if is_long(c[0])])
def test_a_long_command_of_the_page(run: Run, command: str, answer: str) -> None:
    assert answered(run, command)["labels"]["answer"] == answer


@pytest.mark.parametrize("name", JUNE)
def test_every_june_statement_has_a_command_that_refutes_it(name: str) -> None:
    found = [answer for command, answer in COMMANDS if f"claim.id={name} claim.release=june" in command]
    assert found == ["refuted"]
    assert [c.expected for c in all_claims() if c.id == name and "june" in c.releases] == ["refuted"]


def test_the_tables_are_those_of_the_language() -> None:
    for table in (QUANTITIES, FORMULAS):
        for name, entry in table.items():
            assert f"| `{name}({', '.join(entry.arguments)})` | {entry.meaning} |" in PAGE, name


def test_every_claim_in_a_file_is_on_the_page() -> None:
    for path in (config_folder() / "claim").glob("*.yaml"):
        assert path.stem == "own" or f"claim={path.stem}\n" in PAGE

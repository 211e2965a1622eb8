"""Every example runs from an empty folder, prints what its tutorial shows, decision last, and leaves nothing behind."""

import re
import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
TUTORIALS = EXAMPLES.parent / "docs" / "tutorials"
DECISIONS = {
    "own_matrix": "there is room, if a selector can find it.",
    "compare_laws": "that these laws predict: atom + independent errors, atom + one factor;",
    "custom_law": "would rescue about 9% of the queries that defeat them all",
    "custom_policy": "at an overhead of 2 points, use it.",
    "sweep": "cannot pay if 140 or more of the 2,000 queries defeat all.",
}


def test_every_example_has_its_decision() -> None:
    assert sorted(DECISIONS) == sorted(path.stem for path in EXAMPLES.glob("*.py"))


@pytest.mark.parametrize("name", DECISIONS)
def test_an_example_ends_with_its_decision(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In this process, which has imported the package: only `sweep` starts one of its own."""
    program = str(EXAMPLES / f"{name}.py")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", [program])
    runpy.run_path(program, run_name="__main__")
    said = capsys.readouterr().out
    last = said.splitlines()[-1]
    assert last.startswith("Decision: ") and DECISIONS[name] in last
    assert list(tmp_path.iterdir()) == []
    (shown,) = re.findall(r"^```text\n(.*?)^```$", (TUTORIALS / f"{name}.md").read_text(), re.DOTALL | re.MULTILINE)
    # The page breaks long lines.
    assert shown.split() == said.split()

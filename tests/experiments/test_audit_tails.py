"""What an audit asks of the tails before and after: as many null matrices as were asked for, at its seed."""

from types import SimpleNamespace
from typing import Any

import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.audit import Audit
from cofail_lab.experiments.base import Inputs, RunOptions, silent
from cofail_lab.experiments.fit import Fit
from cofail_lab.result import Result


@pytest.mark.parametrize(("smoke", "null", "asked"), [(False, 99, 99), (True, 99, 19), (True, 7, 7), (False, 0, None)])
def test_tails_are_tested_with_as_many_null_matrices_as_were_asked_for(
    monkeypatch: pytest.MonkeyPatch, smoke: bool, null: int, asked: int | None
) -> None:
    """Of three of the variants, those that can be analysed."""
    seen: list[Any] = []

    def analyse(fit: Fit, outcomes: object, seed: int, progress: object, *, workers: int) -> Result:
        seen.append((fit, outcomes, seed, workers))
        return Result("", {}, {"tail": f"tail of {outcomes}"})

    def outcomes(name: str) -> Any:
        if name == "after":
            raise InputError("too few")
        return name

    monkeypatch.setattr(Fit, "analyse", analyse)
    names = ("before", "after", "after_unread_removed", "corrected")
    audited: Any = SimpleNamespace(
        matrices=lambda: {name: SimpleNamespace(outcomes=lambda name=name: outcomes(name)) for name in names}
    )
    found = Audit(null=null, delta=0.2)._tails(audited, Inputs(RunOptions(seed=23, smoke=smoke, workers=3)), silent)
    known = [] if asked is None else ["before", "after_unread_removed"]
    assert found == {name: f"tail of {name}" for name in known}
    assert seen == [(Fit(bootstrap=0, null=asked or 0, folds=0, delta=0.2), name, 23, 3) for name in known]

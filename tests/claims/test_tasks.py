"""The parts of a run over claims: each is of its own claim, under the conditions of the run."""

import pytest

from cofail_lab.claims import select, tasks
from cofail_lab.claims.tasks import ClaimTasks
from tests.claims.verdicts import TRIAL


def test_each_number_is_its_own_claim(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("verify_claim", "plant_mutants"):
        monkeypatch.setattr(tasks, name, lambda claim, trial, name=name: (name, claim.id, trial))
    run = ClaimTasks("P1.iv,P2.iii", TRIAL)
    assert run.claims == select("P1.iv,P2.iii") and len(run.claims) > 2
    for number, claim in enumerate(run.claims):
        assert run.verdicts(number) == ("verify_claim", claim.id, TRIAL)
        assert run.mutants(number) == ("plant_mutants", claim.id, TRIAL)
    assert ClaimTasks(None, TRIAL).claims == select(None)

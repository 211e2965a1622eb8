"""The parts of `experiment=check` get what was asked for; nothing is searched."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments import check as module
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.check import Check

OWN: dict[str, Any] = {"says": "x > 0", "id": None, "release": None}


def test_a_built_in_claim_is_one_of_its_release(monkeypatch: pytest.MonkeyPatch) -> None:
    known = [
        SimpleNamespace(id="P1.i", releases=("june", "sept")),
        SimpleNamespace(id="P1.i", releases=("lab",)),
        SimpleNamespace(id="P1.ii", releases=("june",)),
    ]
    monkeypatch.setattr(module, "select", lambda name: known)
    one = Check(OWN)
    assert one._registered(None, "june") is None
    assert one._registered("P1.i", None) is known[1]  # the last that says so
    assert [one._registered("P1.i", release) for release in ("june", "sept", "lab")] == [known[0], known[0], known[1]]
    for name, release, said in (("P1.ii", "lab", " of release lab"), ("P9", None, "")):
        with pytest.raises(InputError, match=f"^claim.id: '{name}' is no single claim{said}; experiment=verify lists"):
            one._registered(name, release)


@pytest.mark.parametrize(("smoke", "n"), [(False, 100), (True, 256)])
def test_the_search_has_the_points_and_the_seed_of_the_run(
    monkeypatch: pytest.MonkeyPatch, smoke: bool, n: int
) -> None:
    seen: list[Any] = []
    outcome = SimpleNamespace(counterexample=None, worst=None)
    proposition = SimpleNamespace(box=SimpleNamespace(varying=(), axes={}))
    monkeypatch.setattr(module, "read", lambda claim, law: (seen.append((claim, law)), proposition)[1])
    monkeypatch.setattr(module, "check", lambda *given: (seen.append(given[:3]), outcome)[1])
    monkeypatch.setattr(module, "leading_axes", lambda *_: ())
    monkeypatch.setattr(outcome, "points", {}, raising=False)
    monkeypatch.setattr(outcome, "judged", None, raising=False)
    monkeypatch.setattr(
        module.words, "Checked", lambda *given: (seen.append(given), SimpleNamespace(result=lambda: "said"))[1]
    )
    assert Check(OWN, points=100).run(Inputs(RunOptions(seed=23, smoke=smoke))) == "said"
    (claim, law), searched, shown = seen
    assert law is None and claim["says"] == "x > 0" and claim["tolerance"] is None
    assert searched == (proposition, n, 23) and shown == (proposition, outcome, None, claim, None)


def test_a_figure_goes_through_the_counterexample_else_through_the_nearest_point(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(module, "slice_through", lambda *given: seen.append(given[1:]))
    monkeypatch.setattr(module, "leading_axes", lambda *_: ("x", "y"))
    axes = {name: SimpleNamespace(size=size) for name, size in (("x", None), ("y", None), ("r", 3))}
    box = SimpleNamespace(varying=("x", "y", "r"), axes=axes)
    fast, slow = (SimpleNamespace(box=box, laws=SimpleNamespace(slow=slow)) for slow in (False, True))
    judged = np.zeros(0)
    near: Any = SimpleNamespace(counterexample=None, worst={"x": 1}, points={}, judged=judged)
    found: Any = SimpleNamespace(**vars(near) | {"counterexample": SimpleNamespace(case={"x": 2})})
    Check(OWN)._slice(fast, near)  # type: ignore[arg-type]
    Check(OWN, axes="y")._slice(fast, found)  # type: ignore[arg-type]
    Check(OWN, axes=("y", "x"))._slice(slow, found)  # type: ignore[arg-type]
    Check(OWN, axes=("y", "x"))._slice(fast, near)  # type: ignore[arg-type]
    assert seen == [
        ({"x": 1}, ("x", "y"), 40),
        ({"x": 2}, ("y",), 120),
        ({"x": 2}, ("y",), 12),
        ({"x": 1}, ("y", "x"), 40),
    ]
    with pytest.raises(InputError, match=r"^experiment\.axes: 'r' does not vary; there are x, y$"):
        Check(OWN, axes="r")._slice(fast, near)  # type: ignore[arg-type]

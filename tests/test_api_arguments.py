"""Functions of Python pass every argument on, under its own name."""

from typing import Any

import pytest

import cofail_lab as cl
from cofail_lab import api
from cofail_lab.errors import InputError
from cofail_lab.experiments.fit import Fit
from tests.experiments.parts import outcomes_by_hand


def test_functions_of_python_pass_every_argument_on(monkeypatch: pytest.MonkeyPatch) -> None:
    import cofail_lab.fitting.comparison.compare as compare
    import cofail_lab.fitting.matrix as matrix

    seen: list[Any] = []
    outcomes = outcomes_by_hand()
    for module, name in ((matrix, "fit_matrix"), (compare, "compare_laws")):
        monkeypatch.setattr(module, name, lambda *given, **named: seen.append((given, named)))
    api.fit_matrix(outcomes, 0.83, 5, "published")
    api.fit_matrix(outcomes)
    api.compare_laws(outcomes, ["clayton"], 3, 7, False)
    api.compare_laws(outcomes)
    assert seen == [
        ((outcomes,), {"level": 0.83, "seed": 5, "conventions": "published"}),
        ((outcomes,), {"level": 0.90, "seed": 0, "conventions": "lab"}),
        ((outcomes,), {"laws": ["clayton"], "folds": 3, "seed": 7, "intervals": False}),
        ((outcomes,), {"laws": None, "folds": 5, "seed": 0, "intervals": True}),
    ]


def test_a_fit_of_python_passes_every_argument_on(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def analyse(*given: Any, **named: Any) -> cl.Result:
        seen.append((given, named))
        return cl.Result("Done.", {"n": 1})

    monkeypatch.setattr(Fit, "analyse", analyse)
    outcomes = outcomes_by_hand()
    asked: dict[str, Any] = {
        "bootstrap": 7,
        "null": 11,
        "atom": 0.13,
        "delta": 0.17,
        "overhead": 0.19,
        "level": 0.83,
        "conventions": "published",
        "correlation": 0.3,
        "choices": 4,
        "folds": 6,
        "laws": ["clayton"],
    }
    result = cl.fit(outcomes, seed=23, workers=2, **asked)
    assert seen[-1] == ((Fit(**asked), outcomes, 23), {"workers": 2})
    assert (
        result.origin is not None and result.origin.seed == 23 and result.origin.inputs == {"source": outcomes.source}
    )
    assert result.origin.parameters == {
        "experiment": {"_target_": "cofail_lab.experiments.fit.Fit", **asked},
        "run": {"seed": 23},
    }
    assert "level=0.83, " in result.origin.command and result.origin.command.endswith("laws=['clayton'], seed=23)")
    assert 0 <= result.origin.seconds < 60
    cl.fit(outcomes, progress=True)
    (given, named), plain = seen[-1], Fit(overhead=None)
    assert (given[:3], len(given), named) == ((plain, outcomes, 0), 4, {"workers": 1})
    for workers in (0, 1025):
        with pytest.raises(InputError, match="workers"):
            cl.fit(outcomes, workers=workers)


def test_a_certificate_of_python_passes_every_argument_on() -> None:
    outcomes = outcomes_by_hand()
    found = cl.certify(outcomes, 0.2, 0.3)
    assert (found.delta, found.overhead) == (0.2, 0.3)
    assert (cl.certify(outcomes).delta, cl.certify(outcomes).overhead) == (0.05, None)

"""Single values, ends of intervals, steps of time and pages of help: what each is read or refused as, whole."""

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from cofail_lab import checks
from cofail_lab.estimate import Estimate
from cofail_lab.help import _wrapped, text
from cofail_lab.progress import Meter, duration
from cofail_lab.verdict import judge, unexpected
from tests.data.odd.said import said, table
from tests.experiments.whole import keep

VALUES: list[Any] = [
    *(None, True, False, 0, 1, 2, 3, 5, -1, 0.0, 1.0, 0.5, 2.0, 2.5, 95, 100, 101, 1e6, -0.5, math.nan, math.inf),
    *("", "x", "95%", "0.5", "150%", "-5%", [], ["a"], ["a", 3], ["a", ""], ["a", True], ("a",), {}),
    Fraction(1, 2),
]


def test_what_single_values_may_be(tmp_path: Path) -> None:
    kept = []
    for value in VALUES:
        kept.append(f"{value!r}:")
        answers: dict[str, list[str]] = {}
        for check, more in (
            (checks.whole, (2,)),
            (checks.within, (2, 4)),
            (checks.patterns, ()),
            (checks.number, ()),
            (checks.probability, ()),
            (checks.share, ()),
            (checks.share, ("of what",)),
            (checks.overhead, ()),
            (checks.flag, ()),
        ):
            answers.setdefault(said(check, "f", value, *more), []).append(check.__name__)
        kept += [f"  {', '.join(names)}: {answer}" for answer, names in answers.items()]
    keep("values_checks", kept, tmp_path, exact=True)


def test_an_interval_inside_outside_and_between(tmp_path: Path) -> None:
    ends = (0.0, 0.1, 0.2, 0.3, 0.4)
    kept = []
    for low in ends:
        words = [f"{high} {judge(low, high, allowed=(0.1, 0.3))}" for high in ends if high >= low]
        found = [
            f"{high} {judge(low, high, allowed=(0.1, 0.3), counterexample={'x': 1})}" for high in ends if high >= low
        ]
        kept.append(f"from {low} to {', '.join(words)}; with an example {', '.join(found)}")
    kept.append(judge(math.nan, math.nan, allowed=(0.0, 1.0), counterexample={"x": 1}))
    kept.append(judge(Fraction(1, 3), Fraction(1, 3), allowed=(Fraction(1, 3), Fraction(1, 3))))
    kept.append(judge(0.4, 0.5, allowed=(0.1, 0.3), counterexample={}))
    rows = [
        ("P1", "june", "refuted", "confirmed"),
        ("P2", "sept", "confirmed", "confirmed"),
        ("P3", "lab", "undecided", "refuted"),
    ]
    kept += [str(unexpected(rows)), str(unexpected(rows[1:2])), str(unexpected([])), str(unexpected(rows[:1]))]
    keep("values_verdicts", kept, tmp_path, exact=True)
    with pytest.raises(ValueError, match="runs from its lower to its upper end, not from 2 to 1"):
        judge(2, 1, allowed=(0, 1))


@pytest.mark.parametrize(
    ("value", "error", "kind", "message"),
    [
        (1.0, 0.0, "guess", "kind: 'guess' is not one of exact, quadrature, lp, monte_carlo"),
        (None, 0.0, "exact", "value and error exist together or not at all"),
        (1.0, None, "exact", "value and error exist together or not at all"),
        (1.0, -0.1, "exact", "error: -0.1 is not a number >= 0"),
        (1.0, math.nan, "exact", "error: nan is not a number >= 0"),
    ],
)
def test_estimates_that_cannot_be(value: Any, error: Any, kind: Any, message: str) -> None:
    with pytest.raises(ValueError) as raised:
        Estimate(value, error, kind)
    assert str(raised.value) == message


def test_an_estimate_reaches_as_far_as_its_error() -> None:
    assert Estimate(2.0, 0.5, "lp").interval() == (1.5, 2.5)
    assert Estimate(2.0, 0.5, "monte_carlo").interval(3) == (0.5, 3.5)
    with pytest.raises(ValueError, match="this estimate has no value"):
        Estimate(None, None, "exact").interval()


def moments(meter: Meter, clock: Any) -> Iterator[str]:
    """The line at the moments of a run with two planned steps and one that nobody planned."""
    yield f"nothing: {meter.line()!r} {meter.left()}"
    meter.plan({"first": 4.0, "second": 12.0})
    yield f"planned: {meter.left()}"
    with meter("first", 4) as advance:
        for _ in range(4):
            clock.now += 2
            advance(1)
            yield f"first: {meter.line()} | {meter.left():.4f}"
    yield f"between: {meter.line()} | {meter.left():.4f}"
    with meter("extra", 3) as advance:
        yield f"extra begins: {meter.line()} | {meter.left()}"
        clock.now += 3
        advance(2)
        yield f"extra: {meter.line()} | {meter.left():.4f}"
    yield f"after extra: {meter.line()!r} | {meter.left():.4f}"
    with meter("second", 1) as advance:
        clock.now += 5
        yield f"second: {meter.line()} | {meter.left():.4f}"
        advance(1)
        yield f"second done: {meter.line()} | {meter.left():.4f}"
    yield f"end: {meter.line()} | {meter.left()}"


def test_how_far_a_run_is_at_every_moment(tmp_path: Path) -> None:
    class Clock:
        now = 10.0

        def __call__(self) -> float:
            return self.now

    clock = Clock()
    kept = list(moments(Meter(clock), clock))
    kept += table(duration, [(seconds,) for seconds in (0.4, 1, 119.4, 120, 3599, 7199, 7200, 172799, 172800, 864000)])
    keep("values_progress", kept, tmp_path, exact=True)


_LONG = "of the table, which may be a very long comment that does not fit on one line of a terminal and goes on"
CONFIGURATION = {
    "config.yaml": "defaults:\n  - data: digits\nverbose: false  # say everything\nrun:\n  seed: 3\nhydra:\n  run: x\n",
    "data/digits.yaml": "_target_: x\n# What it is.\nretrain: false\nmin_coverage: 0.0  # least share\n",
    "data/csv.yaml": f"# @package data\npath: ???  # {_LONG}\n",
    "experiment/fit.yaml": "null: 200\nbootstrap: 2000  # replicates\n",
    "experiment/check.yaml": "claim: ${claim}\nn: 1\n",
    "experiment/bounds.yaml": "experiment:\n  inner: 1\nlaw: null\n",
    "claim/own.yaml": "says: ???  # what\n",
    "known/table.yaml": "rates: [.1, .2]\n",
    "run/default.yaml": "seed: 0\n",
    "law/clayton.yaml": "theta: 2.0\n",
    "policy/ridge.yaml": "ridge:\n  guard: true  # keeps the best\n",
}


def test_pages_of_help_on_a_small_configuration(tmp_path: Path) -> None:
    for name, content in CONFIGURATION.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content, encoding="utf-8")
    kept = []
    for command in (
        [],
        ["data=csv", "run=long"],
        ["experiment=check", "law=clayton"],
        ["experiment=bounds", "claim=mine"],
        ["experiment=fit", "policy=[ridge, tree]"],
        ["experiment=none", "policy=ridge"],
    ):
        shown = text([*command, "--help"], tmp_path)
        head, _, rest = shown.partition("Choices (group=choice):")
        kept += [f"== {' '.join(command)}", head.partition("Example:")[2].strip(), *rest.splitlines()]
    words = " ".join(["word"] * 40)
    kept += [
        *_wrapped(words, 4).splitlines(),
        *_wrapped("x" * 130, 4).splitlines(),
        *_wrapped(words, 2, 30).splitlines()[:3],
    ]
    keep("values_help", kept, tmp_path, exact=True)


def test_the_clock_of_a_meter_is_asked_only_while_a_step_runs() -> None:
    ticks = count()
    meter = Meter(lambda: float(next(ticks)))
    assert (meter.line(), meter.left(), next(ticks)) == ("", None, 0)

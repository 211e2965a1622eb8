"""Calls of functions that tell them from their mutants give what they gave: see `studies/calls`.

After a change on purpose ``WRITE_GOLDEN=1 pytest tests/test_kept_calls.py`` keeps what calls give now, and forgets the
calls of functions that are gone, or that cannot be called so any more; the difference shows what became different.
"""

import os
import warnings
from pathlib import Path

import pytest
from studies.calls.kept import GOLDEN, Kept, keep, kept_in
from studies.calls.replay import function, is_meant, outcome
from studies.calls.values import NotPlainError, same


def again(path: Path) -> tuple[list[Kept], list[str]]:
    """The calls of a file with what they give now, and words on those that give something else."""
    now, wrong = [], []
    for name, call, given in kept_in(path):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                found = outcome(function(name), call)
        except (AttributeError, KeyError, ImportError, NotPlainError) as error:
            wrong.append(f"{name} cannot be called any more: {error!r}")
            continue
        if is_meant(found):
            now.append(Kept(name, call, found))
        if not same(found, given):
            wrong.append(f"{name} of {call} gives\n  {found}, not\n  {given}")
    return now, wrong


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.jsonl")), ids=lambda path: path.stem)
def test_calls_give_what_they_gave(path: Path) -> None:
    now, wrong = again(path)
    if os.environ.get("WRITE_GOLDEN"):
        keep(path, now)
    else:
        assert not wrong, f"{len(wrong)} calls differ, and WRITE_GOLDEN=1 would keep what they give:\n" + "\n".join(
            wrong[:5]
        )


def test_a_function_that_gives_something_else_or_is_gone_is_named(tmp_path: Path) -> None:
    calls = [
        Kept("cofail_lab.checks:_is_number", {"args": [1], "named": {"dict": []}}, {"gives": True}),
        Kept("cofail_lab.checks:_is_number", {"args": ["x"], "named": {"dict": []}}, {"gives": True}),
        Kept("cofail_lab.checks:no_such", {"args": [], "named": {"dict": []}}, {"gives": True}),
    ]
    keep(tmp_path / "checks.jsonl", calls)
    now, wrong = again(tmp_path / "checks.jsonl")
    assert [one.given for one in now] == [{"gives": True}, {"gives": False}]
    assert [line.split()[0] for line in wrong] == ["cofail_lab.checks:_is_number", "cofail_lab.checks:no_such"]

"""Choose calls: ``python -m studies.calls.choose FOLDER`` adds to tests/golden/calls what `record` noted in a folder.

Of the calls that were noted, and of variations of them, those stay that tell a function from mutants which no earlier
one tells it from. Calls that take long, or give something else the second time, are left out. What is kept already
stays. The report has a line for each function: its mutants, and those that no call finds.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import numpy as np

from studies.calls.kept import Call, Kept, file_of, keep, kept_in, noted_in, text
from studies.calls.mutated import Mutated, mutated, outcome_within
from studies.calls.replay import elsewhere, function, is_meant, outcome
from studies.calls.variations import is_valid, variations

# Seconds of the processor: of two calls, and of all that is done for a function.
_TWO, _ALL = 0.04, 3.0
# Of a function of which every call takes longer one is kept, for which mutants are not tried: the one that reaches most
# lines of so many that take no longer than this, twice.
_SLOW, _SLOW_ONES = 0.3, 4
# Calls looked at: noted ones for each set of lines that they reach, and all; and variations of them.
_PER_LINES, _MOST, _VARIED = 2, 20, 80
# Characters of one call with what it gives, of all calls of a function, and of these for each mutant.
_LONGEST, _TEXT, _PER_MUTANT = 3000, 1500, 25
# Longer ones come last, and each has to find one more mutant for so many characters.
_SHORT, _WORTH = 900, 700
_MODULES_AT_ONCE = 8


class Chosen(NamedTuple):
    """Calls of one function with what they give, and the mutants that none of them finds."""

    calls: list[tuple[Call, Any]]
    n_mutants: int
    missed: list[Mutated]


def choose(name: str, noted: Sequence[Call], kept: Sequence[Call] = ()) -> Chosen:
    """Calls that tell a function from its mutants; those that are kept already stay.

    Args:
        name: ``module:name`` of a function or method.
        noted: calls to choose from, and to vary.
        kept: calls that stay, where they still give the same twice.
    """
    began = time.process_time()
    called = function(name)
    alive = mutated(name)
    n_mutants = len(alive)
    calls = [(call, given) for call in kept if (given := _given(called, call, _SLOW)) is not None]
    for call, given in calls:
        alive = _missed(alive, call, given)
    # In an order that neither the tests nor the length decides; but what long ones find may be found before.
    order = sorted(noted, key=lambda call: (len(text(call)) > _SHORT, hashlib.sha256(text(call).encode()).digest()))
    candidates = list(_diverse(called, order))
    varied = variations([call for call, _ in candidates], np.random.default_rng(0), _VARIED)
    size = sum(len(text(one)) for one in calls)
    for call, given in chain(candidates, _sensible(called, varied)):
        if not alive or time.process_time() - began > _ALL:
            break
        length = len(text([call, given]))
        if calls and size + length > _TEXT + _PER_MUTANT * n_mutants:
            continue
        left = _missed(alive, call, given)
        if len(alive) - len(left) > length // _WORTH:
            calls.append((call, given))
            size, alive = size + length, left
    return Chosen(calls or _slow(called, order), n_mutants, alive)


def _slow(called: Callable[..., Any], noted: Sequence[Call]) -> list[tuple[Call, Any]]:
    given = ((call, _given(called, call, _SLOW)) for call in noted[:_SLOW_ONES])
    found = [(call, one) for call, one in given if one is not None]
    return [max(found, key=lambda one: len(_lines(called, one[0])))] if found else []


def _missed(alive: Sequence[Mutated], call: Call, given: Any) -> list[Mutated]:
    return [one for one in alive if not one.differs(call, given)]


def _given(called: Callable[..., Any], call: Call, seconds: float = _TWO) -> Any:
    """What a call gives, if it is quick, short, of no folder of this machine, and gives the same again; else None."""
    first = outcome_within(1.0, called, call)
    began = time.process_time()
    again = outcome_within(1.0, called, call)
    if first is None or time.process_time() - began > seconds or json.dumps(first) != json.dumps(again):
        return None
    both = text([call, first])
    here = any(str(folder) in both for folder in (Path.home(), Path.cwd(), tempfile.gettempdir()))
    return first if is_meant(first) and len(both) < _LONGEST and not here else None


def _sensible(called: Callable[..., Any], calls: Iterable[Call]) -> Iterator[tuple[Call, Any]]:
    for call in calls:
        with elsewhere():
            valid = is_valid(call["args"]) and is_valid(call["named"])
        if valid and (given := _given(called, call)) is not None:
            yield call, given


def _diverse(called: Callable[..., Any], noted: Sequence[Call]) -> Iterator[tuple[Call, Any]]:
    """Some calls of each set of lines that calls reach."""
    per_lines: dict[frozenset[int], int] = defaultdict(int)
    n, began = 0, time.process_time()
    for call in noted:
        if n == _MOST or time.process_time() - began > _ALL:
            return
        given = _given(called, call)
        if given is None:
            continue
        lines = _lines(called, call)
        per_lines[lines] += 1
        if per_lines[lines] <= _PER_LINES:
            n += 1
            yield call, given


def _lines(called: Callable[..., Any], call: Call) -> frozenset[int]:
    """Lines of a function that a call reaches."""
    code = getattr(called, "__code__", None)
    reached: set[int] = set()

    def trace(frame: FrameType, *_: Any) -> Any:
        if frame.f_code is not code:
            return None
        reached.add(frame.f_lineno)
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        outcome(called, call)
    finally:
        sys.settrace(before)
    return frozenset(reached)


def work(modules: Sequence[str], folder: Path, report: Path) -> None:
    """Choose for the functions of some modules, in this process."""
    warnings.simplefilter("ignore")
    noted = noted_in(folder, modules)
    for module in modules:
        path = file_of(module)
        kept: dict[str, list[Call]] = defaultdict(list)
        for name, call, _ in kept_in(path):
            kept[name].append(call)
        calls: list[Kept] = []
        for name in sorted({name for name in noted if name.partition(":")[0] == module} | set(kept)):
            found = choose(name, noted.get(name, []), kept[name])
            calls += [Kept(name, call, given) for call, given in found.calls]
            missed = [f"{one.line}: {one.what}" for one in found.missed]
            with report.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"function": name, "mutants": found.n_mutants, "missed": missed}) + "\n")
        keep(path, calls)


def main() -> None:
    """Choose calls of all modules, several at once."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where `record` noted calls")
    parser.add_argument("--report", type=Path, default=Path("outputs/calls/report.jsonl"))
    parser.add_argument("--modules", nargs="*", default=[], help="those whose names begin so; all")
    parser.add_argument("--workers", type=int, default=os.cpu_count(), help="0: in this process, --modules as named")
    given = parser.parse_args()
    given.report.parent.mkdir(parents=True, exist_ok=True)
    if not given.workers:
        work(given.modules, given.folder, given.report)
        return
    names = sorted({name.partition(":")[0] for name in noted_in(given.folder)})
    names = [name for name in names if not given.modules or name.startswith(tuple(given.modules))]
    running: list[subprocess.Popen[bytes]] = []
    for k in range(0, len(names), _MODULES_AT_ONCE):
        while len(running) >= given.workers:
            time.sleep(0.2)
            running = [one for one in running if one.poll() is None]
        report = given.report.with_name(f"{given.report.stem}{k}.jsonl")
        command = [sys.executable, "-m", "studies.calls.choose", str(given.folder), "--workers", "0"]
        modules = names[k : k + _MODULES_AT_ONCE]
        running.append(subprocess.Popen([*command, "--report", str(report), "--modules", *modules]))
    for one in running:
        one.wait()


if __name__ == "__main__":
    main()

"""Calls that are kept: they are written and read back, and tell a function from its mutants."""

import ast
import json
import math
import os
import subprocess
import sys
from datetime import date, datetime
from fractions import Fraction
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from studies.calls import kept, mutated, values
from studies.calls.choose import choose
from studies.calls.mutants import mutants
from studies.calls.replay import function, is_meant, outcome
from studies.calls.variations import is_valid, variations

from cofail_lab import checks
from cofail_lab.bounds import binomial
from cofail_lab.estimate import Estimate

ROOT = Path(__file__).parents[2]
PROBABILITY = "cofail_lab.checks:probability"


def call(*arguments: Any, **named: Any) -> kept.Call:
    return {"args": values.write(list(arguments)), "named": values.write(named)}


@pytest.mark.parametrize(
    "value",
    [
        *(
            None,
            True,
            3,
            -0.0,
            1e-300,
            math.inf,
            "né",
            [1, [2.5]],
            (1, (2,)),
            {1, 2},
            frozenset({"a"}),
            {"a": 1, 2: []},
        ),
        *(MappingProxyType({"a": (1,)}), 1 + 2j, b"\xff\0", Fraction(1, 3), date(2026, 1, 2), datetime(2026, 1, 2, 3)),
        *(Path("a/b.csv"), slice(1, None, 2), range(3, 9, 2), len, math.log, Estimate, checks.probability),
        Estimate(0.5, 0.1, "lp"),
    ],
    ids=lambda value: getattr(value, "__name__", None) or repr(value),
)
def test_values_come_back(value: Any) -> None:
    written = json.loads(json.dumps(values.write(value)))
    back = values.read(written)
    assert back == value
    assert type(back) is type(value)


@pytest.mark.parametrize(
    "array",
    [
        np.array([[1.5, np.nan], [np.inf, -0.0]], dtype=np.float32),
        np.array([True, False]),
        np.zeros((2, 0, 3), dtype=np.uint8),
        np.array(["a", "bc"]),
        np.array([1 + 2j]),
        np.float64(2.5),
        np.int32(7),
    ],
    ids=repr,
)
def test_arrays_come_back(array: Any) -> None:
    back = values.read(json.loads(json.dumps(values.write(array))))
    assert type(back) is type(array)
    assert back.dtype == array.dtype
    np.testing.assert_array_equal(back, array)


def test_generators_tables_and_partials_come_back() -> None:
    generator = np.random.default_rng(3)
    generator.random(5)
    back = values.read(json.loads(json.dumps(values.write(generator))))
    assert back.random() == generator.random()
    table = pa.table({"a": pa.array([1, None], pa.int32()), "b": pa.array([0.5, 1.0], pa.float64()), "c": ["x", None]})
    assert values.read(values.write(table)).equals(table)
    assert values.read(values.write(partial(round, ndigits=1)))(0.25) == 0.2


@pytest.mark.parametrize(
    "value",
    [
        iter([1]),
        object(),
        lambda: 0,
        subprocess.run,
        list(range(values.MOST)),
        "x" * 5000,
        {"a": object()},
    ],
    ids=["iterator", "object", "lambda", "another library", "many", "long", "inside"],
)
def test_what_is_not_plain_is_not_written(value: Any) -> None:
    with pytest.raises(values.NotPlainError):
        values.write(value)


def test_files_and_folders_that_a_call_reads_come_with_it(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.csv").write_bytes(b"x\xff")
    given = outcome(Path.read_bytes, call(tmp_path / "in" / "a.csv"))
    assert given["gives"] == {"bytes": "x\xff"}
    assert outcome(len, call(str(tmp_path / "in" / "a.csv")))["gives"] == len("a.csv")
    listed = outcome(lambda folder: [str(one) for one in folder.rglob("*")], call(tmp_path / "in"))
    assert listed["gives"] == ["in/a.csv"]
    (tmp_path / "in" / "b.csv").write_bytes(b"x" * 4000)
    for one in (tmp_path / "in" / "b.csv", tmp_path / "in", str(tmp_path / "in"), tmp_path / "no", "/no"):
        with pytest.raises(values.NotPlainError):
            values.write(one)


def test_a_result_is_only_recognized() -> None:
    assert values.write(iter([1, 2]), as_result=True) == {"yields": [1, 2]}
    assert values.write([object()], as_result=True) == [{"of": "object"}]
    assert values.write(Path("/x"), as_result=True) == {"path": "/x"}


def test_names_of_other_libraries_are_not_called() -> None:
    with pytest.raises(ValueError, match=r"os:system: only what cofail_lab, numpy, math, builtins, operator define"):
        values.read({"named": "os:system"})


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (1.0, 1.0 + 1e-6, True),
        (1.0, 1.0 + 2e-5, False),
        (0.0, 1e-10, True),
        (0.0, 1e-8, False),
        (1.0, 1, True),
        (1, 2, False),
        (1.0, True, False),
        (True, 1, False),
        ("a", "a", True),
        ("1.0", 1.0, False),
        ([1.0, 2.0], [1.0, 2.0 + 1e-7], True),
        ([1.0], [1.0, 1.0], False),
        ({"a": 1.0}, {"a": 1.0}, True),
        ({"a": 1.0}, {"b": 1.0}, False),
        ({"a": 1.0}, {"a": 1.1}, False),
        (None, None, True),
    ],
)
def test_what_counts_as_the_same(one: Any, other: Any, is_same: bool) -> None:
    assert values.same(one, other) is is_same
    assert values.same(other, one) is is_same


def test_an_outcome_has_what_is_given_changed_printed_and_refused() -> None:
    def busy(held: list[int], to: str) -> int:
        print(to)
        held.append(4)
        return len(held)

    assert outcome(busy, call([1], to="x")) == {
        "gives": 2,
        "args afterwards": [[1, 4]],
        "prints": "x\n",
    }
    refused = outcome(checks.probability, call("f", 2.0))
    assert (refused["raises"], refused["in"], is_meant(refused)) == ("InputError", "project", True)
    broken = outcome(math.sqrt, call(-1.0))
    assert (broken["raises"], is_meant(broken)) == ("ValueError", False)


def test_methods_and_properties_are_called_bare() -> None:
    assert function("cofail_lab.estimate:Estimate.interval") is Estimate.interval
    one = Estimate(0.5, 0.1, "lp")
    assert outcome(function("cofail_lab.estimate:Estimate.interval"), call(one, 2))["gives"] == {"tuple": [0.3, 0.7]}


def test_the_mutants_of_a_small_function() -> None:
    (tree,) = ast.parse('def f(a, b=1):\n    """Words."""\n    return a + 2 if a < b and not b else max(b, "x")').body
    assert isinstance(tree, ast.FunctionDef)
    default, other, *found = [ast.unparse(one.tree).splitlines() for one in mutants(tree)]
    assert (default[0], other[0]) == ("def f(a, b=2):", "def f(a, b=0):")
    assert [lines[2].strip().removeprefix("return ") for lines in found] == [
        "max(b, 'x') if a < b and (not b) else a + 2",
        "a + 2 if a < b or not b else max(b, 'x')",
        "a + 2 if not b else max(b, 'x')",
        "a + 2 if a < b else max(b, 'x')",
        "a + 2 if a <= b and (not b) else max(b, 'x')",
        "a + 2 if a > b and (not b) else max(b, 'x')",
        "a + 2 if b < b and (not b) else max(b, 'x')",
        "a + 2 if a < a and (not b) else max(b, 'x')",
        "a + 2 if a < b and b else max(b, 'x')",
        "a + 2 if a < b and (not a) else max(b, 'x')",
        "a - 2 if a < b and (not b) else max(b, 'x')",
        "a if a < b and (not b) else max(b, 'x')",
        "2 if a < b and (not b) else max(b, 'x')",
        "b + 2 if a < b and (not b) else max(b, 'x')",
        "a + 3 if a < b and (not b) else max(b, 'x')",
        "a + 1 if a < b and (not b) else max(b, 'x')",
        "a + 2 if a < b and (not b) else min(b, 'x')",
        "a + 2 if a < b and (not b) else max('x', b)",
        "a + 2 if a < b and (not b) else max(b)",
        "a + 2 if a < b and (not b) else max(a, 'x')",
        "a + 2 if a < b and (not b) else max(b, 'x~')",
    ]


def test_variations_are_new_and_the_same_again() -> None:
    calls = [call(0.5, [1, 2], key="a"), call(0.25, [3], key="b")]
    made = list(variations(calls, np.random.default_rng(0), 40))
    assert made == list(variations(calls, np.random.default_rng(0), 40))
    texts = {kept.text(one) for one in made}
    assert len(texts) == len(made) == 40
    assert not texts & {kept.text(one) for one in calls}
    assert not list(variations([], np.random.default_rng(0), 40))


def test_an_object_that_its_constructor_refuses_is_not_valid() -> None:
    assert is_valid(values.write([Estimate(0.5, 0.1, "lp")]))
    assert not is_valid({"own": ["cofail_lab.estimate:Estimate", [["value", 0.5], ["error", -1.0], ["kind", "lp"]]]})


def test_chosen_calls_tell_a_function_from_its_mutants() -> None:
    name = "cofail_lab.bounds.binomial:clopper_pearson_upper"
    found = choose(name, [call(3, 10, 0.05), call(10, 10, 0.05), call(0, 4, 0.1)])
    assert found.n_mutants > 10
    assert not found.missed
    for made in mutated.mutated(name):
        assert any(made.differs(one, given) for one, given in found.calls), made
    again = choose(name, [], [one for one, _ in found.calls])
    assert again == found
    # One call in a corner does not find them all, and nothing is varied where nothing was noted.
    (corner,) = choose(name, [], [call(10, 10, 0.05)]).calls
    assert corner[1] == {"gives": {"scalar": ["<f8", 1.0]}}
    assert len(choose(name, [], [call(10, 10, 0.05)]).missed) > 5


def test_files_of_calls_come_back_and_go_with_their_last_call(tmp_path: Path) -> None:
    path = tmp_path / "new" / "a.jsonl"
    calls = [
        kept.Kept("cofail_lab.a:f", call(0.5, key=1), {"gives": "é\u2028\x85\r"}),
        kept.Kept("cofail_lab.a:g", call(), {"gives": None}),
    ]
    kept.keep(path, calls)
    assert list(kept.kept_in(path)) == calls
    kept.keep(path, [])
    assert not path.exists()
    assert not list(kept.kept_in(path))


def test_calls_are_noted_while_tests_run(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "from cofail_lab.bounds.binomial import clopper_pearson_upper\n"
        "def test_it():\n    for k in (1, 1, 2):\n        clopper_pearson_upper(k, 9, delta=.05)\n",
        encoding="utf-8",
    )
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "studies.calls.record",
        "-p",
        "no:cacheprovider",
        "test_one.py",
    ]
    environment = {**os.environ, "CALLS": str(tmp_path / "calls"), "PYTHONPATH": str(ROOT)}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True, capture_output=True)
    found = kept.noted_in(tmp_path / "calls", ["cofail_lab.bounds.binomial"])
    noted = found[f"{binomial.__name__}:clopper_pearson_upper"]
    assert sorted(one["args"][0] for one in noted) == [1, 2]
    assert noted[0]["named"] == {"dict": [["delta", 0.05]]}

"""The study of planted errors: its lists fit the code, and it tells a failing test from a passing one."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from studies.forked import Forked, Ran
from studies.planted import Outcome, Planted, Tree

from studies import planted

ERRORS = planted.read()
STOPPED = Ran(False, (), 20.0, stopped=True)


def error(**change: str) -> Planted:
    return Planted("here", "a.py", "x + 1", "x - 1", "sign", ("test_a.py",))._replace(**change)


@pytest.mark.parametrize("area", sorted({one.area for one in ERRORS}))
def test_every_error_can_be_planted_and_names_tests(area: str) -> None:
    for one in (one for one in ERRORS if one.area == area):
        text = (planted.ROOT / one.file).read_text(encoding="utf-8")
        assert one.stale(text) is None, (one.file, one.what, one.stale(text))
        if one.file.endswith(".py"):
            ast.parse(text.replace(one.old, one.new))
        for test in one.tests:
            assert (planted.ROOT / test.split("::")[0]).exists(), (one.what, test)


def test_no_error_is_listed_twice() -> None:
    assert len({(one.file, one.old, one.new) for one in ERRORS}) == len(ERRORS)


def test_what_cannot_be_planted_is_said() -> None:
    assert error().stale("y = x + 1") is None
    assert error().stale("y = 2") == "old occurs 0 times, once is needed"
    assert error().stale("x + 1, x + 1") == "old occurs 2 times, once is needed"
    assert error(new="x + 1").stale("x + 1") == "old and new are the same"


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tree]:
    folder = tmp_path_factory.mktemp("tree")
    (folder / "a.py").write_text("def f(x):\n    return x + 1\n")
    (folder / "test_a.py").write_text("from a import f\ndef test(): assert f(1) == 2\ndef test_too(): assert f(0)\n")
    (folder / "test_weak.py").write_text("from a import f\ndef test(): assert f(1) < 3\n")
    (folder / "test_bad.py").write_text("def test(): assert not 1\n")
    (folder / "test_long.py").write_text("def test():\n    while True: pass\n")
    (folder / "test_idle.py").write_text("import time\ndef test(): time.sleep(600)\n")
    # What a test starts itself imports the planted code too, as PYTHONPATH says.
    (folder / "src").mkdir()
    (folder / "src" / "b.py").write_text("ONE = 1\n")
    (folder / "test_b.py").write_text(
        "import subprocess, sys\n"
        "def test(): subprocess.run([sys.executable, '-c', 'import b; assert b.ONE == 1'], check=True)\n"
    )
    with Forked({}, ["pytest"]) as forked:
        yield Tree(folder, forked, "c0ffee")


def test_a_failing_test_catches_and_a_weak_one_does_not(tree: Tree) -> None:
    caught = tree.plant(error())
    assert (caught.state, caught.by, caught.commit) == ("caught", "test_a.py::test", "c0ffee")
    assert tree.plant(error(tests=("test_weak.py",))).state == "survived"
    assert tree.plant(error(tests=("test_weak.py",), equivalent="why")).state == "equivalent"
    assert tree.plant(error(file="src/b.py", old="1", new="2", tests=("test_b.py",))).state == "caught"
    # The errors are taken out again.
    assert tree.run(["test_a.py", "test_b.py"])[:2] == (True, ())
    with pytest.raises(ValueError, match="no test ran"):
        tree.run(["test_a.py::test_of_another_name"])


def test_a_test_that_fails_without_the_error_teaches_nothing(tree: Tree) -> None:
    bad = tree.plant(error(tests=("test_a.py", "test_bad.py")))
    assert tree.unsound([bad]) == []
    worse = tree.plant(error(tests=("test_bad.py",)))
    assert worse.state == "caught"
    assert tree.unsound([bad, worse]) == [worse]


def test_a_test_without_end_is_stopped(tree: Tree) -> None:
    long = tree.run(["test_long.py"], 1)
    assert (long.passed, long.failed, long.stopped) == (False, (), True)
    assert long.seconds == pytest.approx(1, abs=0.5)
    idle = tree.run(["test_idle.py"], 0.1)
    assert (idle.passed, idle.failed, idle.stopped) == (False, (), True)
    after = tree.run(["test_a.py"])
    assert (after.passed, after.stopped) == (True, False)


class Scripted:
    """What runs of tests give, one after another; keeps their limits."""

    def __init__(self, *ran: Ran) -> None:
        self.ran, self.limits = list(ran), list[float]()

    def run(self, tree: Path, tests: object, seconds: float, *options: str) -> Ran:
        self.limits.append(seconds)
        return self.ran.pop(0)


@pytest.mark.parametrize(
    ("ran", "limits", "state"),
    [
        ([Ran(True, (), 2.0)], [20], "survived"),
        ([STOPPED, Ran(True, (), 2.0)], [20, 300], "caught"),
        ([STOPPED, Ran(True, (), 30.0), STOPPED], [20, 300, 150], "caught"),
        ([STOPPED, Ran(True, (), 30.0), Ran(True, (), 31.0)], [20, 300, 150], "survived"),
    ],
)
def test_a_long_test_has_as_much_longer(tmp_path: Path, ran: list[Ran], limits: list[int], state: str) -> None:
    (tmp_path / "a.py").write_text("x + 1")
    forked = Scripted(*ran)
    assert Tree(tmp_path, cast(Forked, forked)).plant(error()).state == state
    assert forked.limits == limits
    assert (tmp_path / "a.py").read_text() == "x + 1"


def test_what_is_kept_is_not_planted_again(tmp_path: Path) -> None:
    kept = planted.Kept(tmp_path / "kept.json")
    outcome = Outcome(error(), "caught", 2.0, "test_a.py::test", "c0ffee", sound=True)
    kept.add(outcome)
    again = planted.Kept(tmp_path / "kept.json")
    assert again.get(error()) == outcome
    assert again.get(error(new="x + 2")) is None
    # A better test may catch a survivor now.
    again.add(Outcome(error(new="x + 3"), "survived", 1.0))
    assert again.to_plant([error(), error(new="x + 3"), error(new="x + 4")]) == [error(new="x + 3"), error(new="x + 4")]
    assert planted.run([error()], 1, again) == [outcome]
    again.forget(outcome)
    assert planted.Kept(tmp_path / "kept.json").get(error()) is None


def test_a_sample_is_spread_evenly() -> None:
    many = [error(what=str(i)) for i in range(10)]
    assert [one.what for one in planted.sample(many, 3)] == ["1", "5", "8"]
    assert planted.sample(many, 20) == many


def test_the_page_counts_survivors_and_not_equivalent_errors() -> None:
    outcomes = [
        Outcome(error(), "caught", 1.0, "test_a.py::test", "c0ffee"),
        Outcome(error(what="unit"), "survived", 1.0, "", "c0ffee"),
        Outcome(error(area="there"), "caught", 1.0, "", "deca1"),
        Outcome(error(what="order", equivalent="A sum has no order."), "equivalent", 1.0, "", "c0ffee"),
    ]
    text = planted.page(outcomes, 5)
    assert "4 of the 5 listed errors have been planted, at these commits: c0ffee (3), deca1 (1);" in text
    assert "| here | 2 | 1 | 50.0% |" in text
    assert "| there | 1 | 1 | 100.0% |" in text
    assert "| **all** | 3 | 2 | 66.7% |" in text
    assert "## Survivors\n\n- `a.py`: unit.\n" in text
    assert "- `a.py`: order. A sum has no order.\n" in text

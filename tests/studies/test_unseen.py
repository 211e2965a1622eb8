"""The study of unseen errors: which tests it takes for a change, in which order, and what its page says."""

import json
from pathlib import Path

import pytest
from studies.unseen import Covering, page, read, shares

from coverage import CoverageData
from studies import unseen

FILES = {
    "src/cofail_lab/a.py": "ONE = 1\n\n\ndef f(x):\n    return x + ONE\n",
    "src/cofail_lab/b.py": "def g():\n    pass\n\n\ndef h():\n    return 2\n",
}
A, B = FILES


@pytest.fixture
def covered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Covering:
    """Line 5 of a.py is run by three tests, of which one runs b.py too; its other lines on import only."""
    monkeypatch.setattr(unseen, "ROOT", tmp_path)
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    data = CoverageData(str(tmp_path / "seen"))
    for context, lines in (
        ("", {A: [1, 4], B: [1]}),
        ("tests/test_all.py::test|run", {A: [5], B: [2]}),
        ("tests/test_one.py::test[2-x;y]|run", {A: [5]}),
        ("tests/test_a.py::test_wide|setup", {A: [5], B: [2]}),
        ("tests/test_one.py::test[3]|run", {B: [2]}),
        ("tests/test_h.py::test|run", {B: [6]}),
    ):
        data.set_context(context)
        data.add_lines({str(tmp_path / name): set(numbers) for name, numbers in lines.items()})
    data.write()
    return Covering(tmp_path / "seen")


def test_tests_of_a_line_come_the_closest_first(covered: Covering) -> None:
    assert covered.tests(A, range(5, 6)) == [
        "tests/test_a.py::test_wide",
        "tests/test_one.py::test",
        "tests/test_all.py::test",
    ]
    assert covered.tests(B, range(2, 3)) == [
        "tests/test_one.py::test[3]",
        "tests/test_a.py::test_wide",
        "tests/test_all.py::test",
    ]


def test_what_runs_on_import_only_has_the_tests_of_its_file(covered: Covering) -> None:
    assert covered.tests(A, range(1, 2)) == covered.tests(A, range(5, 6))
    assert covered.tests("src/cofail_lab/c.py", range(1, 2)) == []


def test_a_list_is_read_with_the_tests_of_the_lines_that_it_changes(covered: Covering, tmp_path: Path) -> None:
    entry = {"area": "top", "file": A, "old": "):\n    return x", "new": "):\n    return -x", "what": "sign"}
    (tmp_path / "day.yaml").write_text(json.dumps({"about": "", "errors": [entry]}))
    (error,) = read(tmp_path / "day.yaml", covered)
    assert (error.area, error.old, error.tests) == ("top", entry["old"], tuple(covered.tests(A, range(5, 6))))
    assert read(tmp_path / "day.yaml")[0].tests == ()
    entry |= {"file": B, "old": "return 2", "new": "return 3"}
    (tmp_path / "day.yaml").write_text(json.dumps({"about": "", "errors": [entry]}))
    assert read(tmp_path / "day.yaml", covered)[0].tests == ("tests/test_h.py::test",)


def test_an_entry_may_name_its_tests(covered: Covering, tmp_path: Path) -> None:
    """Of a file that coverage does not see; elsewhere they go before what coverage says."""
    entry = {
        "area": "top",
        "file": B,
        "old": "return 2",
        "new": "return 3",
        "what": "two",
        "tests": ["tests/test_js.py"],
    }
    path = tmp_path / "list.yaml"
    path.write_text(json.dumps({"about": "", "errors": [entry]}))
    assert read(path, covered)[0].tests == ("tests/test_js.py",)


def test_the_page_counts_by_area_and_names_survivors(tmp_path: Path) -> None:
    rows = [{"area": "data", "file": A, "what": f"error {k}", "state": "caught", "by": "t"} for k in range(9)]
    rows.append({"area": "bounds", "file": B, "what": "sign", "state": "survived", "by": ""})
    (tmp_path / "day.yaml").write_text("about: Ten by a reader.\nerrors: []\n")
    (tmp_path / "day.outcomes.json").write_text(json.dumps(rows))
    lines = page([tmp_path / "day.yaml"]).splitlines()
    assert "| bounds | 1 | 0 | 0.0% | 0.0% to 97.5% |" in lines
    assert "| data | 9 | 9 | 100.0% | 66.4% to 100.0% |" in lines
    assert "| **all** | 10 | 9 | 90.0% | 55.5% to 99.7% |" in lines
    assert [line for line in lines if line.startswith("- ")] == [f"- bounds, `{B}`: sign."]
    (tmp_path / "day.outcomes.json").write_text(json.dumps([*rows[:9], {**rows[9], "state": "equivalent"}]))
    lines = page([tmp_path / "day.yaml"]).splitlines()
    assert "| **all** | 9 | 9 | 100.0% | 66.4% to 100.0% |" in lines and "No survivors." in lines
    assert lines[-1] == "Planted and not counted, because they change nothing: 1."


def test_limits_of_a_share() -> None:
    # With no success of n the upper limit is 1 - .025^(1/n).
    assert shares(0, 10) == pytest.approx((0.0, 1 - 0.025**0.1))
    assert shares(10, 10) == pytest.approx((0.025**0.1, 1.0))

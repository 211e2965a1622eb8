"""Which logs are runs of one system, and what systems are called."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.conflicts import find_conflicts
from cofail_lab.data.systems import _overlap, check_pattern, name_systems
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from tests.data.cells import ERROR, MISSING, WRONG, grades_of

PATHS = [Path("low/a.eval"), Path("high/b.eval"), Path("high/c.eval")]


def part(settings: dict[str, str], dataset: str = "x", queries: str = "123") -> Grades:
    held = grades_of(
        [[0]] * len(queries), queries, "m", per_query={"dataset": np.array([dataset] * len(queries), object)}
    )
    return replace(held, settings={"m": settings})


def names(parts: list[Grades], pattern: str | None = None) -> list[str]:
    return [part.models[0] for part in name_systems(parts, PATHS, pattern)]


def test_systems_are_named_by_what_differs() -> None:
    low, high = {"effort": "low", "solver": "s"}, {"effort": "high", "solver": "s"}
    assert names([part(low), part(high)]) == ["m (effort=low)", "m (effort=high)"]
    assert names([part(low), part(low)]) == ["m", "m"]
    assert names([part(low), part(high), part(high)]) == ["m (effort=low)", "m (effort=high)", "m (effort=high)"]
    assert names([part({"solver": "s"}), part(high)]) == ["m", "m (effort=high)"]
    assert names([part(low)]) == ["m"]


def test_settings_that_go_with_the_task_make_no_system() -> None:
    """Number of shots differs between tasks of one run; an effort that differs within a task names all its logs."""
    assert names([part({"n-shot": "0"}, "x"), part({"n-shot": "5"}, "y")]) == ["m", "m"]
    logs = [
        part({"n-shot": "0", "e": "1"}, "x"),
        part({"n-shot": "0", "e": "2"}, "x"),
        part({"n-shot": "5", "e": "1"}, "y"),
    ]
    assert names(logs) == ["m (e=1)", "m (e=2)", "m (e=1)"]


def test_repeats_are_said_only_where_queries_overlap() -> None:
    same = name_systems([part({}), part({})], PATHS)
    assert same[0].notes == (
        "2 logs taken for repeated runs of m: a.eval, b.eval; data.name='{model} ({folder}/{file})' keeps them apart.",
    )
    assert name_systems([part({}), part({}, queries="456")], PATHS)[0].notes == ()
    assert name_systems([part({}), part({}, "y")], PATHS)[0].notes == ()
    empty = replace(part({}), cells=np.full((3, 1), MISSING, np.int8))
    assert name_systems([part({}), empty], PATHS)[0].notes == ()
    # A wrong answer and an error are answers, too.
    broken = replace(part({}), cells=np.array([[MISSING], [MISSING], [ERROR]], np.int8))
    wrong = replace(part({}), cells=np.array([[MISSING], [WRONG], [WRONG]], np.int8))
    assert len(name_systems([broken, wrong], PATHS)[0].notes) == 1


@pytest.mark.parametrize(
    ("pattern", "called"),
    [
        ("model", ["m", "m", "m"]),
        ("file", ["a", "b", "c"]),
        ("folder", ["low", "high", "high"]),
        ("{model} ({folder}/{file})", ["m (low/a)", "m (high/b)", "m (high/c)"]),
    ],
)
def test_a_pattern_names_the_columns(pattern: str, called: list[str]) -> None:
    assert names([part({"e": "1"}), part({"e": "2"}), part({})], pattern) == called


def test_bad_patterns() -> None:
    for bad in ("system", "", "{modl}", "{0}", 3, "{model"):
        with pytest.raises(InputError, match=r"data.name: "):
            check_pattern(bad)  # type: ignore[arg-type]
    two = grades_of([[0, 1]], "1", "ab")
    with pytest.raises(InputError, match=r"would be called 'a'; use \{model\}"):
        name_systems([two], PATHS[:1], "file")


def asked(prompts: list[str] | None, contents: list[str] | None = None) -> Grades:
    columns = {"prompt": prompts, "content": contents}
    per_query = {name: np.array(values, object) for name, values in columns.items() if values is not None}
    return grades_of([[0], [1]], "12", "m", per_query=per_query)


def test_questions_of_one_name_are_compared() -> None:
    rows = [np.arange(2), np.arange(2)]
    differ = find_conflicts([asked(["What?", "Why?"]), asked(["What?", "How?"])], rows)
    assert (
        differ == "1 query of the same name asks something else in another file, such as '2': 'Why?' in g, 'How?' in g"
    )
    assert find_conflicts([asked(["A  b", "c"]), asked([" A b", "c "])], rows) == ""
    assert find_conflicts([asked(["x", "y"]), asked(None)], rows) == ""
    assert find_conflicts([asked(["x", ""]), asked(["x", "z"])], rows) == ""
    # Digests of one scheme decide; prompts may then be worded for each model.
    assert find_conflicts([asked(["x", "y"], ["h:1", "h:2"]), asked(["X!", "Y!"], ["h:1", "h:2"])], rows) == ""
    assert find_conflicts([asked(["x", "y"], ["h:1", "h:2"]), asked(["x", "y"], ["h:1", "h:3"])], rows).startswith(
        "1 query"
    )
    # Digests of two schemes cannot be compared.
    assert find_conflicts([asked(["x", "y"], ["h:1", "h:2"]), asked(["x", "y"], ["k:1", "k:2"])], rows) == ""
    assert find_conflicts([asked(["x", "y"], ["h:1", "h:2"]), asked(["x", "z"], ["k:1", "k:2"])], rows).startswith(
        "1 query"
    )
    # In two matrices whose rows are exchanged nothing differs.
    assert find_conflicts([asked(["x", "y"]), asked(["y", "x"])], [rows[0], rows[1][::-1]]) == ""


def test_logs_overlap_whichever_two_of_them_do() -> None:
    """The third log repeats a query of the first; the same name in another dataset, or without an answer, is none."""

    def log(query: str, dataset: str = "d", cell: Cell = Cell.WRONG) -> Grades:
        per_query = {"dataset": np.array([dataset], object)}
        return Grades(np.array([[cell]], np.int8), (query,), ("m",), "made", per_query=per_query)

    assert _overlap([log("p"), log("q"), log("p")], "m")
    assert not _overlap([log("p"), log("q"), log("p", "e"), log("q", cell=Cell.MISSING)], "m")

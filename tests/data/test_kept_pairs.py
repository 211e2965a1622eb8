"""Two matrices, two gradings and tables of models: what is matched, what changes, and the words that refuse it."""

from pathlib import Path
from typing import Any

import numpy as np

from cofail_lab.data.conflicts import content_key, find_conflicts
from cofail_lab.data.joining import contents, join_grades
from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.model_info import attach, read_model_info
from cofail_lab.data.pairing import complete_in_both, pair_queries, renamed
from cofail_lab.data.regrading import (
    bounds_if_unknown,
    common_part,
    compare_cells,
    graded,
    graded_where_both_complete,
    graded_without,
)
from cofail_lab.data.systems import check_pattern, name_systems, told_apart
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from tests.data.cells import grades_of
from tests.data.odd.outcomes import described, put
from tests.data.odd.said import said, table
from tests.experiments.whole import keep, shown


def texts(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


def whole(grades: Grades) -> str:
    return " | ".join([f"{grades.source}, sha256 {grades.sha256[:8]}", *described(grades)])


def grades(call: Any, *arguments: Any, **named: Any) -> list[str]:
    """A matrix, several, or a refusal, a line each."""
    try:
        made = call(*arguments, **named)
    except InputError as error:
        return [f"  refused: {error}"]
    return [
        f"  {whole(one) if isinstance(one, Grades) else one}"
        for one in (made if isinstance(made, list | tuple) else [made])
    ]


ASKED = grades_of(
    [[0, 1, 4], [1, 1, 0], [2, 0, 1], [1, 1, 1]],
    "abcd",
    "mno",
    "one.csv",
    per_query={"prompt": texts("f 1", "f 2", "f 1", "g")},
)
AGAIN = grades_of(
    [[1, 0, 1], [0, 0, 3], [0, 1, 1], [1, 0, 0]],
    "cbxa",
    "mnp",
    "two.csv",
    per_query={"prompt": texts("f  1", "f 2", "f 3", "f 1 ")},
)
PLAIN = grades_of([[0, 1], [1, 0]], "ab", "mn", "three.csv")
KEYS = {
    "keys.csv": "mine,yours,note\na,c,1\nb,x,2\nc,,3\n,a,4\nz,b,5\n",
    "one.csv": "mine\na\n",
    "again.csv": "mine,yours\na,c\na,b\n",
    "bare.csv": "a,c\nb,x\n",
    "other.csv": "mine,yours\nz,c\ny,b\n",
    "half.csv": "a,yours\na,c\n",
    "late.csv": "mine,c\na,c\n",
}


def test_the_same_queries_of_two_matrices(tmp_path: Path) -> None:
    put(tmp_path, KEYS)
    kept = []
    cases: list[tuple[Grades, Grades, Any, dict[str, Any]]] = [
        (ASKED, AGAIN, "id", {}),
        (ASKED, AGAIN, "content", {}),
        (ASKED, AGAIN, "content", {"pattern": r"[fg] ?(\d?)"}),
        (ASKED, AGAIN, "content", {"pattern": r"f"}),
        (ASKED, AGAIN, "content", {"pattern": r"("}),
        (ASKED, PLAIN, "content", {}),
        (PLAIN, ASKED, "id", {}),
        (ASKED, AGAIN, "file", {}),
        *((ASKED, AGAIN, "file", {"keys": str(tmp_path / name)}) for name in (*KEYS, "keyz.csv")),
        (PLAIN, grades_of([[0]], "z", "m", "four.csv"), "id", {}),
        (grades_of([[0]], "z", "m", "four.csv", notes=(NUMBERED,)), PLAIN, "id", {}),
        (PLAIN, grades_of([[0]], "z", "m", "four.csv", notes=(NUMBERED,)), "id", {}),
    ]
    for first, second, by, more in cases:
        kept += [f"{first.source}, {second.source} by {by} {more}:", *grades(pair_queries, first, second, by, **more)]
    for names in (
        {"k": "m"},
        {"m": "m"},
        {"n": "p"},
        {"x": "m", "y": "n"},
        {"x": "m", "y": "m"},
        {"n": "m"},
        {"x": "z"},
    ):
        kept.append(f"{names}: {said(lambda one=names: renamed(AGAIN, one).models)}")
    kept.append(f"complete in both: {complete_in_both(ASKED, AGAIN).tolist()}")
    keep("parts_pairing", kept, tmp_path, exact=True)


BEFORE = grades_of([[0, 1, 2], [1, 1, 1], [1, 1, 4], [0, 0, 1], [1, 1, 1]], "abcde", "mno", "before.csv")
AFTER = grades_of([[1, 1, 0], [1, 1, 1], [1, 1, 1], [0, 3, 0], [1, 0, 1]], "abcde", "mno", "after.csv")


def test_what_a_second_grading_changes(tmp_path: Path) -> None:
    flips = compare_cells(BEFORE, AFTER)
    kept = [shown(flips.counts), shown(flips.cells.to_pydict()), shown(flips.models.to_pydict())]
    kept.append(f"{flips.no_longer_all_wrong} {flips.newly_all_wrong}")
    unknown = np.array([[True, False, False], [False, True, True]] + [[False] * 3] * 3)
    variants = [
        graded("before", BEFORE, 0.1),
        graded("after", AFTER, 0.1),
        graded_without("before_without", BEFORE, unknown, 0.1),
    ]
    variants += graded_where_both_complete(BEFORE, AFTER, 0.1)
    kept += [f"{one.name}: {one.absent or shown(one.metrics)}" for one in variants]
    kept.append(f"all the same: {graded_where_both_complete(BEFORE, BEFORE, 0.1)}")
    kept.append(str(graded("none", grades_of([[2, 0]], "a", "mn"), 0.1)))
    kept.append(shown(bounds_if_unknown(BEFORE, unknown, 0.1)._asdict()))
    swapped = Grades(AFTER.cells[::-1, ::-1].copy(), AFTER.queries[::-1], ("o", "x", "m"), "after.csv")
    first, second, unshared = common_part(BEFORE, swapped)
    kept += [whole(first), whole(second), *map(str, unshared)]
    kept += grades(common_part, BEFORE, grades_of([[0, 1]], "z", "mn", "other.csv"))
    kept += grades(common_part, BEFORE, grades_of([[0, 1]], "a", "yz", "other.csv"))
    keep("parts_regrading", kept, tmp_path)


def part(queries: str, source: str, prompts: list[str] | None = None, digests: list[str] | None = None) -> Grades:
    held = {"prompt": prompts, "content": digests}
    columns = {name: texts(*column) for name, column in held.items() if column is not None}
    return grades_of([[0]] * len(queries), queries, "m", source, per_query=columns)


def test_questions_under_one_name(tmp_path: Path) -> None:
    groups = {
        "the same": [part("ab", "x", ["p", "q"]), part("ba", "y", ["q", " p "])],
        "one other": [part("ab", "x", ["p", "q"]), part("ba", "y", ["r", "p"])],
        "two others": [part("ab", "x", ["p", "q"]), part("ab", "y", ["r", "s"]), part("ab", "z", ["t", "q"])],
        "digests before prompts": [part("a", "x", ["p"], ["h:1"]), part("a", "y", ["other words"], ["h:1"])],
        "digests that differ": [part("a", "x", ["p"], ["h:1"]), part("a", "y", ["p"], ["h:2"])],
        "digests alone": [part("a", "x", None, ["h:1"]), part("a", "y", None, ["h:2"])],
        "digests of two schemes": [part("a", "x", ["p"], ["h:1"]), part("a", "y", ["q"], ["g:1"])],
        "a digest and a prompt": [part("a", "x", None, ["h:1"]), part("a", "y", ["q"])],
        "no words": [part("a", "x", [""]), part("a", "y", ["q"])],
    }
    kept = []
    for title, parts in groups.items():
        rows = [np.array(["ab".index(query) for query in one.queries]) for one in parts]
        kept.append(f"{title}: {find_conflicts(parts, rows)}")
    kept += [content_key("a  b\n")[:8], content_key("a b")[:8], content_key("ab")[:8]]
    kept += [str([(key[:6], number) for key, number in contents(ASKED)]), *grades(contents, PLAIN)]
    keep("parts_conflicts", kept, tmp_path, exact=True)


def test_columns_and_samples_of_joined_matrices(tmp_path: Path) -> None:
    samples = np.array([[[0, 1, 4]], [[1, 4, 4]]], np.int8)
    first = grades_of(
        [[0], [1]],
        "ab",
        "m",
        "x",
        per_cell={"samples": samples, "cost": np.array([[1.0], [np.nan]]), "answer": np.array([["A"], [""]], object)},
    )
    second = grades_of(
        [[3, 0], [4, 1]],
        "bc",
        "mn",
        "y",
        per_cell={
            "cost": np.array([[2.0, 3.0], [9.0, 4.0]]),
            "votes": np.zeros((2, 2, 2), np.int8),
            "frac": np.array([[0.25, 0.5], [0.75, 1.0]]),
        },
    )
    third = grades_of(
        [[1], [0]],
        "cb",
        "m",
        "z",
        per_cell={"votes": np.ones((2, 1, 3), np.int8), "at_limit": np.array([[True], [False]])},
        per_query={"dataset": texts("d", ""), "hard": np.array([1.0, np.nan])},
    )
    fourth = grades_of([[1]], "b", "m", "w", per_query={"hard": np.array([7.0]), "dataset": texts("e")})
    kept = grades(join_grades, [first, second, third], "id") + grades(join_grades, [first, second, third, fourth], None)
    noted = [grades_of([[0]], "a", [f"m{k}"], f"s{k}", notes=tuple(f"{k}.{i}" for i in range(5))) for k in range(3)]
    kept += grades(join_grades, noted) + grades(join_grades, noted[:1])
    keep("parts_joining", kept, tmp_path, exact=True)


def test_names_of_systems(tmp_path: Path) -> None:
    paths = [Path(f"/data/{name}") for name in ("x/a.json.gz", "y/a.json.gz", "y/b")]
    parts = [grades_of([[0], [1]], "ab", "m", f"s{k}", settings={"m": {"t": str(k % 2), "n": "1"}}) for k in range(3)]
    lacking = [
        grades_of([[0], [4]], "ab", "m", "s"),
        grades_of([[4], [1]], "ab", "m", "t"),
        grades_of([[4], [1]], "ab", "m", "u"),
    ]
    kept = []
    for pattern in (None, "model", "file", "folder", "{folder}/{file}:{model}"):
        kept += [f"{pattern}:", *grades(name_systems, parts, paths, pattern)]
    kept += [
        "answered apart:",
        *grades(name_systems, lacking, paths),
        "two, then one:",
        *grades(name_systems, lacking[:2], paths[:2]),
    ]
    kept += ["one between two:", *grades(name_systems, [lacking[1], lacking[0], lacking[2]], paths)]
    patterns: list[Any] = [None, "model", "{model}", "{file} x", "fixed", "", "{x}", "{", 3, "{0}", "{model.x}"]
    kept += table(check_pattern, [(pattern,) for pattern in patterns])
    kept += table(told_apart, [(paths[:2],), (paths,), ([paths[0]] * 2,)])
    keep("parts_systems", kept, tmp_path, exact=True)


def test_what_a_table_says_of_models(tmp_path: Path) -> None:
    put(
        tmp_path,
        {
            "r.csv": "name,family,price_in,price_out,released\norg/gpt,F,2,10,2026-01\nx/llama,,,3,\ny/llama,G,1,1,\n",
            "r.yaml": "org/gpt: {family: F, price_in: 2, price_out: 10}\nllama: {family: 3, tier: }\n",
            "two.csv": "model,family\na,F\na,G\n",
            "bad.csv": "model,price_in\na,-1\n",
            "inf.csv": "model,price_out\na,inf\n",
            "r.json": "{}",
        },
    )
    tokens = {"tokens_in": np.array([[1e6, 2e6, 5.0]]), "tokens_out": np.array([[1e5, np.nan, 7.0]])}
    models = ("gpt", "llama", "gpu")
    held = Grades(
        np.zeros((1, 3), np.int8), ("q",), models, "g", per_cell=tokens, per_model={"family": texts("", "own", "")}
    )
    kept = []
    for name in ("r.csv", "r.yaml", "two.csv", "bad.csv", "inf.csv", "r.json", "none.csv"):
        path = str(tmp_path / name)
        kept += [f"{name}: {said(read_model_info, path)}", *grades(attach, held, path)]
    kept += grades(attach, grades_of([[0, 1]], "q", ["zzz", "yyy"], "g"), str(tmp_path / "r.csv"))
    costs = {
        "tokens_in": np.full((1, 3), 1e6),
        "tokens_out": np.zeros((1, 3)),
        "cost": np.array([[7.0, np.nan, np.nan]]),
    }
    kept += grades(attach, Grades(held.cells, ("q",), models, "g", per_cell=costs), str(tmp_path / "r.csv"))
    keep("parts_models", kept, tmp_path, exact=True)


def test_states_of_the_matrices_above_are_all_there() -> None:
    assert set(np.unique(np.concatenate([ASKED.cells.ravel(), AGAIN.cells.ravel()]))) == set(Cell)

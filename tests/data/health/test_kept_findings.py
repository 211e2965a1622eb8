"""All findings on small odd matrices, whole: sentence, subjects in their order, and count."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from cofail_lab.data.health.checks import CHECKS, at_limit, examine
from cofail_lab.grades import Grades
from tests.data.cells import grades_of
from tests.data.health.test_sentences import SAID
from tests.experiments.whole import keep

LETTERS = "abcdefgh"


def rows(*patterns: tuple[str, int], **columns: Any) -> Grades:
    """A matrix of some rows, each so many times."""
    lines = [[int(cell) for cell in pattern] for pattern, times in patterns for _ in range(times)]
    names = [f"q{i}" for i in range(len(lines))]
    return grades_of(lines, names, LETTERS[: len(lines[0])], "made", **columns)


def texts(*values: str) -> np.ndarray:
    return np.array(values, dtype=object)


TOKENS = np.tile([[64.0, 63.0, 100.0, 10.0]], (12, 1))
TOKENS[:6, 2] = [90, 91, 92, 89, 50, np.nan]
MATRICES: dict[str, Grades] = {
    "half defeat everyone": rows(("1111", 6), ("0011", 3), ("0000", 3)),
    "one more than half": rows(("1111", 7), ("0011", 2), ("0000", 3)),
    "more, of fewer than ten": rows(("1111", 6), ("0011", 3)),
    "as many are solved by all": rows(("1111", 7), ("0000", 7)),
    "one answer each defeats nobody": rows(("1444", 7), ("4144", 3), ("0101", 3)),
    "half and gaps": rows(("1414", 7), ("4111", 1), ("0011", 4)),
    "nine answers of one kind": rows(("0011", 9), ("4400", 3)),
    "ten answers of one kind": rows(("0011", 10), ("4400", 3)),
    "coverage": rows(("0101", 19), ("4101", 1)),
    "less coverage": rows(("0101", 17), ("4131", 2), ("4424", 1)),
    "nobody answered some": rows(("0101", 10), ("4423", 2)),
    "states": rows(("0123", 2), ("2231", 2), ("1303", 1), ("0110", 8)),
    "prompts": rows(("0101", 6), ("1010", 6), per_query={"prompt": texts("p", "q", " p", "", "", "q", *"rstuvp")}),
    "free": rows(("0104", 6), ("1010", 6), per_cell={"cost": np.where(np.arange(48).reshape(12, 4) % 5, 1.0, 0.0)}),
    "stated limits": rows(("1114", 4), ("1011", 8), per_cell={"at_limit": np.arange(48).reshape(12, 4) % 3 == 0}),
    "limits of tokens": rows(("1111", 4), ("1010", 8), per_cell={"tokens_out": TOKENS}),
    "limits of all tokens": rows(("1111", 4), ("1010", 8), per_cell={"tokens": TOKENS}),
    "one model": rows(("0", 6), ("1", 6)),
    "nothing": rows(("4444", 3)),
}


def said(grades: Grades, published: dict[str, float] | None = None) -> list[str]:
    found = examine(grades, published)
    return [f"  {one.check} {one.count} {' '.join(one.subjects[:9])}: {one.sentence}" for one in found]


def test_all_findings(tmp_path: Path) -> None:
    kept = []
    for title, grades in MATRICES.items():
        kept += [f"{title}:", *said(grades, {"a": 0.5, "b": 0.0, "z": 0.1})]
    for title, (make, _) in SAID.items():
        made: Callable[[], Grades] = make
        kept += [f"{title}:", *(line[:120] for line in said(made()))]
    keep("findings", kept, tmp_path, exact=True)


def test_where_numbers_of_tokens_pile_up(tmp_path: Path) -> None:
    """Five at least at the maximum, three times as many as just below, and a maximum of 64 at least."""
    columns = {
        "four at the maximum": [100.0] * 4 + [10] * 8,
        "five": [100.0] * 5 + [10] * 7,
        "five and one below": [100.0] * 5 + [90, 10],
        "six and two below": [100.0] * 6 + [90, 99, 10],
        "five and one a bit lower": [100.0] * 5 + [89.9, 10],
        "a maximum of 63": [63.0] * 9,
        "a maximum of 64": [64.0] * 9,
        "unknown": [np.nan] * 9,
    }
    kept = []
    for title, column in columns.items():
        n = len(column)
        grades = rows(("01", n), per_cell={"tokens_out": np.array([column, [1.0] * n]).T})
        limit, how = at_limit(grades)
        kept.append(f"{title}: {limit.sum(axis=0).tolist()} {how}")
    keep("findings_tokens", kept, tmp_path, exact=True)


def test_the_order_of_the_checks_is_that_of_the_findings() -> None:
    found = [finding.check for finding in examine(MATRICES["states"])]
    assert found == sorted(found, key=list(CHECKS).index) and len(set(found)) >= 2

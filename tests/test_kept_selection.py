"""What a selection makes of a matrix with everything in it, whole; and what outcomes say of what they leave out."""

from pathlib import Path
from typing import Any

import numpy as np

from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from cofail_lab.selection import Selection
from tests.data.odd.outcomes import described, told
from tests.data.odd.said import said
from tests.experiments.whole import keep, shown

ROWS = ["0123", "1104", "1111", "1141", "4444", "0000", "2121", "1411"]
WHOLE = Grades(
    np.array([list(row) for row in ROWS]).astype(np.int8),
    tuple(f"q{i}" for i in range(8)),
    ("gpt-4", "gpt-5", "llama", "[x]"),
    "m.csv",
    per_query={"dataset": np.array(["law", "law", "math", "math", "bio", "bio", "law", "math"], object)},
    per_model={"family": np.array(["gpt", "gpt", "meta", ""], object), "price": np.array([1.0, 2.0, np.nan, 0.5])},
    per_cell={
        "at_limit": np.arange(32).reshape(8, 4) % 5 == 0,
        "cost": np.arange(32.0).reshape(8, 4),
        "samples": np.stack([np.array([list(row) for row in ROWS]).astype(np.int8)] * 2, axis=2),
    },
    notes=("Read.",),
)
SELECTIONS: list[dict[str, Any]] = [
    {},
    {"dataset": "law"},
    {"dataset": ["l*", "bio"]},
    {"dataset": "art"},
    {"dataset": "lawx"},
    {"models": "gpt-*"},
    {"models": ["[x]", "llama"]},
    {"models": "family=gpt"},
    {"models": ["family=meta", "gpt-5"]},
    {"models": "family=open"},
    {"models": "tier=big"},
    {"models": "price=1*"},
    {"models": "gpt-6"},
    {"min_coverage": 0.75},
    {"min_coverage": 0.625},
    {"dataset": "math", "min_coverage": 1.0},
    {"pool_size": 2},
    {"pool_size": 2, "seed": 1},
    {"pool_size": 3, "seed": 1},
    {"pool_size": 4},
    {"pool_size": 5},
    {"limits": "missing"},
    {"limits": "wrong"},
    {"errors": "wrong"},
    {"unanswered": "wrong"},
    {"limits": "wrong", "errors": "wrong", "unanswered": "wrong"},
    {"limits": "ignored"},
    {"errors": "as_graded"},
    {"unanswered": None},
    {"pool_size": 1},
    {"pool_size": 2.0},
    {"min_coverage": 95},
    {"models": []},
    {"dataset": True},
]


def test_what_a_selection_leaves(tmp_path: Path) -> None:
    plain = list(described(WHOLE))
    kept = [*plain]
    for keys in SELECTIONS:
        try:
            grades = WHOLE.select(Selection(**keys))
        except InputError as error:
            kept.append(f"{keys}: refused: {error}")
            continue
        kept.append(f"{keys}: {told(list(described(grades)), plain)}")
        try:
            outcomes = grades.outcomes()
        except InputError as error:
            kept.append(f"  no outcomes: {error}")
            continue
        kept.append(f"  {outcomes.queries} {outcomes.models} {outcomes.wrong.astype(int).tolist()} {outcomes.left_out}")
        numbers = (outcomes.n_all_wrong, outcomes.all_wrong(), outcomes.all_wrong_worst_case(), outcomes.notes)
        kept.append(f"  {shown(numbers)}; constant {outcomes.constant.tolist()}; wrong {outcomes.n_wrong.tolist()}")
    keep("selection", kept, tmp_path, exact=True)


def test_columns_of_numbers_and_pairs(tmp_path: Path) -> None:
    treated = WHOLE.select(Selection(limits="wrong", errors="wrong", unanswered="wrong", models=["gpt*", "llama"]))
    outcomes = treated.outcomes()
    kept = [
        said(lambda name=name: outcomes.numbers_of_models(name, "experiment.price").tolist())
        for name in ("price", "family", "size")
    ]
    kept += [
        shown(outcomes.joint_wrong_counts.tolist()),
        shown(outcomes.pairwise_wrong().tolist()),
        shown(outcomes.error_rates.tolist()),
    ]
    keep("selection_columns", kept, tmp_path, exact=True)


def test_where_no_query_is_complete_as_the_log_has_it() -> None:
    grades = Grades(np.array([[3, 0], [1, 3]], np.int8), ("p", "q"), ("a", "b"), "m.csv")
    assert grades.select(Selection(errors="wrong")).notes[-1] == (
        "With these choices 1 of 2 queries defeat every model and a gain of 0.0% at most; as the log has them no query "
        "is complete."
    )

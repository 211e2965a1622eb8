"""What the health checks say, word for word, on 300 clean queries of 12 models in which one thing is changed."""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from cofail_lab.data.health.checks import examine
from cofail_lab.grades import Cell, Grades
from tests.data.health.made import clean


@cache
def matrix() -> Grades:
    return clean(np.random.default_rng(20260927), n=300, m=12)


def cells(change: Callable[[np.ndarray], None]) -> Grades:
    changed = matrix().cells.copy()
    change(changed)
    return replace(matrix(), cells=changed)


def _copies(c: np.ndarray) -> None:
    c[:, 5], c[:, 2] = c[:, 9], c[:, 3]
    c[:4, 2] ^= 1


def _whole_dataset(c: np.ndarray) -> None:
    c[matrix().per_query["dataset"] == "d3", 4] = Cell.WRONG


def _constant(c: np.ndarray) -> None:
    c[:, 3], c[:, 7:9] = Cell.RIGHT, Cell.WRONG


def _ungraded(c: np.ndarray) -> None:
    c[:40, 3], c[:2, 4] = Cell.ERROR, Cell.UNSCORED


def _repeated() -> Grades:
    prompts = matrix().per_query["prompt"].copy()
    prompts[[20, 21, 30]] = "question  3", " question 3", "question 22"
    return replace(matrix(), per_query={"prompt": prompts})


def _free() -> Grades:
    cost = matrix().per_cell["cost"].copy()
    cost[:3, 2] = cost[5, 6] = 0
    return replace(matrix(), per_cell={"cost": cost})


def _piled() -> Grades:
    tokens = matrix().per_cell["tokens_out"].copy()
    tokens[:9, 4] = tokens.max() + 1
    tokens[:6, 1] = tokens.max() + 5
    return replace(matrix(), per_cell={"tokens_out": tokens})


def _inverted() -> Grades:
    ability = np.linspace(-2, 2, 40)
    right = np.random.default_rng(3).random((300, 40)) < 1 / (1 + np.exp(-ability))
    right[[10, 20]] = ability < 0
    return Grades((~right).astype(np.int8), tuple(f"q{i}" for i in range(300)), tuple(f"m{j}" for j in range(40)), "g")


SAID = {
    "copies": (
        lambda: cells(_copies),
        "2 pairs of models (nearly) duplicate, 1 of them exactly: m5 and m9 differ on 0 queries, where 51 would be "
        "expected. Duplicates add nothing and raise every mean correlation.",
    ),
    "whole_dataset": (
        lambda: cells(_whole_dataset),
        "1 time a model fails a whole dataset, which neither its level nor that of the others there suggests (m4 on "
        "d3): a broken prompt, parser or grader looks like this.",
    ),
    "constant": (
        lambda: cells(_constant),
        "1 model always right (m3): no query can defeat everyone while they are in the pool. | 2 models always wrong "
        "(m7, m8): they add nothing; a broken parser or the wrong column looks like this.",
    ),
    "inverted": (
        _inverted,
        "2 queries failed by the better models and solved by the worse (q10, q20): a wrong reference answer looks like "
        "this.",
    ),
    "repeated": (
        _repeated,
        "3 queries with the prompt of an earlier one (q20 that of q3): they are not independent, and intervals are "
        "narrower than they should be.",
    ),
    "free": (
        _free,
        "4 graded answers at a cost of exactly 0 (m2, m6), as of cached answers and failed requests; a frontier takes "
        "them at their word.",
    ),
    "piled": (
        _piled,
        "15 graded answers stopped at the token limit (token counts pile up at their maximum; m4, m1), 2 of them "
        "wrong; they are in 0 of the 10 queries that defeat everyone. experiment=regrade shows what changes without "
        "them.",
    ),
    "ungraded": (
        lambda: cells(_ungraded),
        "1 model answered fewer than 95% of the queries (m3 has 86.7%); only 260 of 300 queries are complete, and "
        "which ones is seldom chance. | 2 cells were answered but not graded (m4 has 2). They are not counted as wrong "
        "here; a harness that does makes queries all-wrong that nobody failed. | 40 cells ended in an error (m3 has "
        "40). They are not counted as wrong here; a harness that does makes queries all-wrong that nobody failed. | m3 "
        "is right on 42.7% of 260 queries, published is 20.0%; with its 40 ungraded cells counted as wrong it has "
        "37.0%: other prompts, another version or a grader that disagrees.",
    ),
}


@pytest.mark.parametrize("name", SAID)
def test_what_is_said(name: str) -> None:
    made, said = SAID[name]
    published = {"m3": 0.2} if name == "ungraded" else None
    assert " | ".join(finding.sentence for finding in examine(made(), published)) == said

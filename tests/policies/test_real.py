"""Item by item what was computed elsewhere from the real matrices."""

import numpy as np
import pytest

from cofail_lab.data.readers.wide import WideSource
from cofail_lab.policies import Features, Graded
from cofail_lab.policies.contest import hold
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.folds import random_splits
from cofail_lab.policies.knn import NearestNeighbours
from cofail_lab.policies.logistic import Logistic
from cofail_lab.policies.multiclass import Multiclass
from cofail_lab.policies.ridge import Ridge
from cofail_lab.report import policies as words
from tests.conftest import real_path

SPLITS = {"replicates": 1000, "level": 0.95, "seed": 0}


@pytest.fixture(scope="module")
def mmlu_pro(real) -> Graded:
    return Graded.of(real("mmlu_pro"))


def test_a_table_by_subject_on_mmlu_pro(mmlu_pro: Graded) -> None:
    """Won, lost and captured of five 60/40 splits, as a program of a few lines counts them."""
    splits = random_splits(mmlu_pro.n_queries, 5, 0.6)
    contest = hold({"domain_table": DomainTable(guard=False)}, mmlu_pro, splits, **SPLITS)
    rows = [row for row in contest.splits if row[1] == "domain_table"]
    assert [row[4:6] for row in rows] == [(311, 219), (286, 194), (309, 242), (269, 161), (278, 187)]
    assert [round(row[6], 4) for row in rows] == [0.1008, 0.1011, 0.0733, 0.1142, 0.1003]
    assert words.best_sentence(contest) == (
        "gpt-4o-2024-05 (API) is the best constant on the training queries of every split."
    )


def test_the_model_that_costs_most_queries_of_mmlu_pro() -> None:
    assert words.coverage_sentence(WideSource(str(real_path("mmlu_pro"))).load()) == (
        "DeepSeek-Coder-V2 alone costs 1,681 of the 1,732 incomplete queries (11,967 are complete without it)."
    )


@pytest.mark.slow
def test_reading_adds_nothing_to_the_table_on_mmlu_pro(mmlu_pro: Graded) -> None:
    splits = random_splits(mmlu_pro.n_queries, 5, 0.6)
    policies = {"domain_table": DomainTable(guard=False), "ridge": Ridge(guard=False, alpha=20.0)}
    contest = hold(policies, mmlu_pro, splits, **SPLITS)
    (over,) = contest.over_table
    assert over.lower < 0 < over.upper
    assert words.reading_sentences(contest)[0].startswith(
        "Reading the query adds nothing to the table by dataset: ridge"
    )
    assert contest.by_name["ridge"].captured == pytest.approx(0.098, abs=0.02)


@pytest.mark.slow
def test_other_routers_on_mmlu_pro(mmlu_pro: Graded) -> None:
    policies = {
        "logistic": Logistic(guard=False, C=0.1),
        "knn": NearestNeighbours(guard=False, neighbours=20),
        "multiclass": Multiclass(guard=False, C=0.1),
    }
    contest = hold(policies, mmlu_pro, random_splits(mmlu_pro.n_queries, 5, 0.6), **SPLITS)
    assert contest.by_name["logistic"].captured == pytest.approx(0.097, abs=0.02)
    assert contest.by_name["knn"].gain_upper < 0
    assert contest.by_name["multiclass"].captured == pytest.approx(0, abs=0.02)
    assert contest.by_name["multiclass"].constant


@pytest.mark.slow
def test_permuted_prompts_and_subjects_on_mmlu_pro(mmlu_pro: Graded) -> None:
    """Nothing to read: an argmax loses (winner's curse), a guarded router does not."""
    from dataclasses import replace

    moved = mmlu_pro.features.take(np.random.default_rng(77).permutation(mmlu_pro.n_queries))
    features = Features(mmlu_pro.features.queries, moved.columns, moved.words)
    policies = {f"ridge_{guard}": Ridge(guard=guard, alpha=20.0) for guard in (False, True)}
    policies |= {f"table_{guard}": DomainTable(guard=guard) for guard in (False, True)}
    contest = hold(policies, replace(mmlu_pro, features=features), random_splits(10_300, 5, 0.6), **SPLITS)
    for name in ("ridge", "table"):
        assert contest.by_name[f"{name}_False"].captured < 0
        assert -0.02 <= contest.by_name[f"{name}_True"].captured <= 0.01


@pytest.mark.slow
def test_labels_of_the_first_right_column_on_mmlu_pro(mmlu_pro: Graded, monkeypatch: pytest.MonkeyPatch) -> None:
    """P12.iii: the published label, the alphabetically first right model and the first of all where none is right."""
    order = np.argsort(np.array(mmlu_pro.models))

    def first_right(train: Graded) -> np.ndarray:
        return order[train.right[:, order].argmax(axis=1)]

    monkeypatch.setattr("cofail_lab.policies.multiclass.best_right", first_right)
    policies = {"multiclass": Multiclass(guard=False, C=0.1)}
    contest = hold(policies, mmlu_pro, random_splits(mmlu_pro.n_queries, 5, 0.6), **{**SPLITS, "replicates": 0})
    assert contest.by_name["multiclass"].captured == pytest.approx(-0.44, abs=0.02)

"""`python -m studies.wrong_keys [--seeds 100] [--matrix PATH] [--one-set]`: docs/audit.md on planted wrong keys.

Two of a hundred keys are replaced by another option, and the rows graded again. How well does the ranking of
`decisions.wrong_keys` put these rows first, with answers and without, against a reader who takes every all-wrong row?
The population is made up in the shape of `medagents_zeroshot`: seven sets of questions, ten models, options that
attract those who do not know. With ``--matrix`` the keys of a real matrix with answers are replaced instead.
"""

import argparse
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtri
from scipy.stats import rankdata

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.data.auto import AutoSource
from cofail_lab.decisions.wrong_keys import suspicion

SHARE = 0.02
# Questions, options, mean accuracy of the ten models: about those of the real matrix.
SETS = (
    (2815, 4, 0.72),
    (1273, 4, 0.80),
    (1088, 4, 0.88),
    (818, 10, 0.67),
    (500, 3, 0.76),
    (308, 5, 0.63),
    (174, 5, 0.76),
)
N_MODELS, SPREAD, LOADING, ATTRACTION = 10, 0.28, 0.85, 0.12
"""Models; how far their thresholds differ; how much they share; how evenly the wrong options attract."""


class Questions(NamedTuple):
    """Questions with answers, all keys right."""

    answers: Int[np.ndarray, "n m"]
    key: Int[np.ndarray, " n"]
    dataset: Int[np.ndarray, " n"]
    n_options: Int[np.ndarray, " n"]


class Found(NamedTuple):
    """What one ranking does with the planted keys; tied rows are read in random order.

    Attributes:
        auc: chance that a planted row is ranked above another, ties counted one half.
        area: share of the planted rows found so far, on average over all efforts up to that of reading as many rows as
            are all-wrong.
        found: planted rows found at that effort.
    """

    auc: float
    area: float
    found: float


RANKINGS = ("with answers", "without answers", "fewest right first", "every all-wrong row")


def made_up(seed: int, scale: float = 1.0) -> Questions:
    """Questions in the shape of the real matrix, or a part of as many."""
    rng = np.random.default_rng([seed, 1])
    parts = []
    shifts = np.linspace(-1, 1, N_MODELS) * SPREAD
    for d, (size, options, accuracy) in enumerate(SETS):
        n = max(20, round(scale * size))
        latent = LOADING * rng.standard_normal((n, 1)) + np.sqrt(1 - LOADING**2) * rng.standard_normal((n, N_MODELS))
        knows = latent < ndtri(accuracy) + shifts
        key = rng.integers(options, size=n)
        pull = rng.gamma(ATTRACTION, size=(n, options)) + 1e-12
        pull[np.arange(n), key] = 0
        cumulated = np.cumsum(pull / pull.sum(axis=1, keepdims=True), axis=1)
        missed = (rng.random((n, N_MODELS, 1)) > cumulated[:, None, :]).sum(axis=2).clip(max=options - 1)
        parts.append((np.where(knows, key[:, None], missed), key, np.full(n, d), np.full(n, options)))
    return Questions(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def real(path: str) -> Questions:
    """The questions of a matrix with answers and keys; its own wrong keys, if it has some, count as right."""
    outcomes = AutoSource(path).load().outcomes()
    said, keys = outcomes.per_cell["answer"].astype(str), outcomes.per_query["key"].astype(str)
    texts, codes = np.unique(np.concatenate([said.ravel(), keys]), return_inverse=True)
    names = np.zeros(len(keys)) if outcomes.dataset is None else outcomes.dataset.astype(str)
    dataset = np.unique(names, return_inverse=True)[1]
    key = codes[said.size :]
    n_options = np.zeros(len(keys), int)
    for d in np.unique(dataset):
        # Options are numbered by letter: as many as the last key that is not rare.
        values, counts = np.unique(key[dataset == d], return_counts=True)
        n_options[dataset == d] = values[counts >= 0.005 * counts.sum()].max() + 1 - (texts[0] == "")
    shift = int(texts[0] == "")
    return Questions(codes[: said.size].reshape(said.shape) - shift, key - shift, dataset, n_options)


def planted(questions: Questions, seed: int) -> tuple[Int[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """Keys of which 2% are replaced by another option, and which ones."""
    rng = np.random.default_rng([seed, 2])
    n = len(questions.key)
    wrong = np.zeros(n, bool)
    wrong[rng.choice(n, round(SHARE * n), replace=False)] = True
    other = (questions.key + rng.integers(1, questions.n_options)) % questions.n_options
    return np.where(wrong, other, questions.key), wrong


def compare(questions: Questions, seed: int) -> dict[str, Found]:
    """All rankings on the same planted keys."""
    key, wrong = planted(questions, seed)
    right = questions.answers == key[:, None]
    dataset = questions.dataset.astype(str)
    said = np.where(questions.answers < 0, "", questions.answers.astype(str))
    scores = {
        "with answers": suspicion(right, dataset, said, key.astype(str), seed=seed).score,
        "without answers": suspicion(right, dataset, seed=seed).score,
        "fewest right first": -right.sum(axis=1).astype(float),
        "every all-wrong row": (~right.any(axis=1)).astype(float),
    }
    effort = int((~right.any(axis=1)).sum())
    return {name: judged(score, wrong, effort) for name, score in scores.items()}


def judged(score: Float[np.ndarray, " n"], wrong: Bool[np.ndarray, " n"], effort: int) -> Found:
    """How well a score puts the planted rows first."""
    rank = rankdata(score)
    n_wrong = int(wrong.sum())
    auc = (rank[wrong].sum() - n_wrong * (n_wrong + 1) / 2) / (n_wrong * (len(wrong) - n_wrong))
    so_far = expected_found(score, wrong, effort)
    return Found(float(auc), float(so_far.mean() / n_wrong), float(so_far[-1]))


def expected_found(
    score: Float[np.ndarray, " n"], wrong: Bool[np.ndarray, " n"], effort: int
) -> Float[np.ndarray, " effort"]:
    """Planted rows among the first 1, 2, ..., ``effort`` ones, in expectation over the order of ties."""
    values, place = np.unique(-score, return_inverse=True)
    read = np.cumsum(np.bincount(place, minlength=len(values)))
    found = np.cumsum(np.bincount(place, wrong, minlength=len(values)))
    return np.interp(np.arange(1, effort + 1), np.append(0, read), np.append(0, found))


def shape(questions: Questions) -> tuple[float, float]:
    """Share of queries that all models fail, and the share of these on which all give one answer."""
    failed = (questions.answers != questions.key[:, None]).all(axis=1)
    same = (questions.answers == questions.answers[:, :1]).all(axis=1)
    return float(failed.mean()), float(same[failed].mean())


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--matrix", default=None, help="a real matrix with answers and keys")
    parser.add_argument("--one-set", action="store_true", help="no ranking is told which set a question is from")
    chosen = parser.parse_args()
    fixed = None if chosen.matrix is None else real(chosen.matrix)
    runs, shapes = [], []
    for seed in range(chosen.seeds):
        questions = made_up(seed) if fixed is None else fixed
        if chosen.one_set:
            questions = questions._replace(dataset=np.zeros_like(questions.dataset))
        shapes.append(shape(questions))
        runs.append(compare(questions, seed))
    print("all wrong {:.3f}, of these unanimous {:.3f}".format(*np.mean(shapes, axis=0)))
    print("| ranking | AUC | area up to the effort | found at the effort | better: AUC | area | found |")
    print("|---|---|---|---|---|---|---|")
    n_planted = round(SHARE * len((made_up(0) if fixed is None else fixed).key))
    values = {name: np.array([run[name] for run in runs]) for name in RANKINGS}
    for name, found in values.items():
        better = (found > values[RANKINGS[-1]] + 1e-9).sum(axis=0)
        auc, area, at = found.mean(axis=0)
        errors = found.std(axis=0, ddof=1) / np.sqrt(len(found))
        print(
            f"| {name} | {auc:.3f} ± {errors[0]:.3f} | {area:.3f} ± {errors[1]:.3f} | {at:.1f} ± {errors[2]:.1f} of "
            f"{n_planted} | {better[0]} | {better[1]} | {better[2]} of {len(runs)} |"
        )
    low, _ = clopper_pearson(len(runs), len(runs), 0.05)
    print(f"{len(runs)} of {len(runs)}: at least {float(low):.3f} with 95% confidence")


if __name__ == "__main__":
    main()

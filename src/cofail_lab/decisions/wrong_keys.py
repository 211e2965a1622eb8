"""Which queries look as if their key were wrong: those that are like rows of the same matrix whose key was replaced.

Nobody knows which keys of a matrix are wrong, but everybody can make some wrong: replace the key of a row by another
option, grade the row again, and see what becomes of it. A logistic regression tells rows as they are from such rows,
and its log-odds order the queries for a reader. With answers, a replaced key leaves the models united on what was the
right answer, or divided by what the new key attracts; without answers, only who is right is left to see.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int, Shaped

from cofail_lab import checks
from cofail_lab.data.alike import alike
from cofail_lab.numerics.streams import PLANTED_KEYS, generator

# Replaced keys of each row: more change the ranking little.
_REPLACED = 4
# A dataset is multiple choice if its keys are so few options, each the key of at least this share of its queries.
_MAX_OPTIONS, _MIN_SHARE = 26, 0.005
# Datasets with a column of their own; the others share one.
_MAX_DATASETS = 30


class Suspicion(NamedTuple):
    """How suspicious each query is, and what there is to see.

    Attributes:
        score: log-odds of a row with a replaced key against a row as it is, one of each to choose from.
        rival: the wrong answer with the most support, empty where answers are not known.
        n_rival: models that give it.
        n_like_key: models that are graded wrong although their answer reads like the key.
    """

    score: Float[np.ndarray, " n"]
    rival: Shaped[np.ndarray, " n"]
    n_rival: Int[np.ndarray, " n"]
    n_like_key: Int[np.ndarray, " n"]

    @property
    def order(self) -> Int[np.ndarray, " n"]:
        """The queries, the most suspicious first; those with answers that read like the key before all others."""
        return np.lexsort((-self.score, self.n_like_key == 0))


def suspicion(
    right: Bool[np.ndarray, "n m"],
    dataset: Shaped[np.ndarray, " n"] | None = None,
    answers: Shaped[np.ndarray, "n m"] | None = None,
    key: Shaped[np.ndarray, " n"] | None = None,
    choices: int | None = None,
    seed: int = 0,
) -> Suspicion:
    """Rank the queries of a matrix by how much each is like a row whose key was replaced.

    Args:
        right: whether each model is right, n >= 2.
        dataset: of each query; ranked together with the others, but with its own share of all-wrong queries.
        answers: what each model said, empty for no answer.
        key: the right answer of each query; without it, or where keys are no options, a replaced key is one that no
            model gives.
        choices: options of each query where answers are not known: a wrong model gives the replaced key with
            probability 1/(choices - 1). None: no model does.
        seed: of the replaced keys.
    """
    if choices is not None:
        checks.whole("choices", choices, least=2)
    rng = generator(seed, PLANTED_KEYS)
    group = _groups(dataset, len(right))
    if answers is None:
        weights, seen = _weights(right, group, None), None
        planted, share = _guessed(right, choices, rng)
    else:
        codes, keys = _coded(answers, key)
        options = _options(keys, group)
        weights, seen = _weights(right, group, options), codes
        planted, share = _replaced(codes, keys, group, options, rng)
    own = _features(right, seen, weights, group)
    others = [_features(rows, seen, weights, group) for rows in planted]
    score = _log_odds(own, np.concatenate(others), np.concatenate(share))
    rival, n_rival = _rivals(right, answers)
    return Suspicion(score, rival, n_rival, _like_key(right, answers, key))


def _groups(dataset: np.ndarray | None, n: int) -> Int[np.ndarray, " n"]:
    """Number of each query's dataset, the largest first; small ones of many share the last."""
    if dataset is None:
        return np.zeros(n, int)
    _, group, sizes = np.unique(dataset.astype(str), return_inverse=True, return_counts=True)
    rank = np.empty(len(sizes), int)
    rank[np.argsort(-sizes, kind="stable")] = np.arange(len(sizes))
    return np.minimum(rank[group], _MAX_DATASETS)


def _coded(answers: np.ndarray, key: np.ndarray | None) -> tuple[Int[np.ndarray, "n m"], Int[np.ndarray, " n"]]:
    """Answers and keys as numbers of the same texts; -1 for no answer, -2 for no key."""
    n, m = answers.shape
    said = answers.astype(str).ravel()
    keys = np.full(n, "") if key is None else key.astype(str)
    texts, codes = np.unique(np.concatenate([said, keys]), return_inverse=True)
    empty = texts[codes] == ""
    codes = np.where(empty, -1, codes)
    return codes[: n * m].reshape(n, m), np.where(codes[n * m :] < 0, -2, codes[n * m :])


def _options(keys: Int[np.ndarray, " n"], group: Int[np.ndarray, " n"]) -> dict[int, np.ndarray]:
    """The options of each group that is multiple choice."""
    found = {}
    for g in np.unique(group):
        values, counts = np.unique(keys[group == g], return_counts=True)
        few = values[(counts >= max(2, _MIN_SHARE * counts.sum())) & (values >= 0)]
        # Where keys are texts of their own, most of them are the key of one query only.
        if 2 <= len(few) <= _MAX_OPTIONS and counts[np.isin(values, few)].sum() > 0.9 * counts.sum():
            found[int(g)] = few
    return found


def _weights(
    right: Bool[np.ndarray, "n m"], group: Int[np.ndarray, " n"], options: dict[int, np.ndarray] | None
) -> Float[np.ndarray, "n m"]:
    """What a model's answer weighs: the log-odds of its accuracy on such queries against guessing, at least 0."""
    overall = np.clip(right.mean(axis=0), 0.02, 0.98)
    weights = np.empty(right.shape)
    for g in np.unique(group):
        rows = group == g
        accuracy = (right[rows].sum(axis=0) + 2 * overall) / (rows.sum() + 2)
        n_options = len(options[int(g)]) if options is not None and int(g) in options else 2
        weights[rows] = np.maximum(np.log(accuracy * (n_options - 1) / (1 - accuracy)), 0)
    return weights


def _guessed(
    right: Bool[np.ndarray, "n m"], choices: int | None, rng: np.random.Generator
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Rows graded by replaced keys where answers are not known, and the weight of each."""
    if choices is None:
        return [np.zeros(right.shape, bool)], [np.ones(len(right))]
    rows = [~right & (rng.random(right.shape) < 1 / (choices - 1)) for _ in range(_REPLACED)]
    return rows, [np.full(len(right), 1 / _REPLACED)] * _REPLACED


def _replaced(
    codes: Int[np.ndarray, "n m"],
    keys: Int[np.ndarray, " n"],
    group: Int[np.ndarray, " n"],
    options: dict[int, np.ndarray],
    rng: np.random.Generator,
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Rows graded by replaced keys: another option of the dataset, or an answer that nobody gives; with weights."""
    rows = [np.zeros(codes.shape, bool) for _ in range(_REPLACED)]
    for g, values in options.items():
        members = np.flatnonzero(group == g)
        # A random order of the options that are not the key: as many first ones as are replaced, again if they run out.
        other = np.where(values == keys[members, None], np.inf, rng.random((len(members), len(values))))
        shuffled = values[np.argsort(other, axis=1)][:, : len(values) - 1]
        for draw, graded in enumerate(rows):
            graded[members] = codes[members] == shuffled[:, [draw % shuffled.shape[1]]]
    return rows, [np.full(len(codes), 1 / _REPLACED)] * _REPLACED


def _features(
    right: Bool[np.ndarray, "n m"],
    codes: Int[np.ndarray, "n m"] | None,
    weights: Float[np.ndarray, "n m"],
    group: Int[np.ndarray, " n"],
) -> Float[np.ndarray, "n d"]:
    """What of a graded row the regression sees."""
    nobody = ~right.any(axis=1, keepdims=True)
    dataset = group[:, None] == np.arange(group.max() + 1)
    held = (weights * right).sum(axis=1)
    parts = [nobody, right.sum(axis=1), held, right, dataset, dataset & nobody]
    if codes is not None:
        support = _support(codes, weights)
        against = np.where(right, 0.0, support)
        first = against.argmax(axis=1)
        rival = codes[np.arange(len(codes)), first]
        others = np.where(codes == rival[:, None], 0.0, against)
        n_rival = ((codes == rival[:, None]) & ~right & (codes >= 0)).sum(axis=1)
        most, second = against.max(axis=1), others.max(axis=1)
        parts += [n_rival, most, second, most - held, weights.sum(axis=1)]
    return np.column_stack([np.asarray(part, float) for part in parts])


def _support(codes: Int[np.ndarray, "n m"], weights: Float[np.ndarray, "n m"]) -> Float[np.ndarray, "n m"]:
    """Weight of all models that give the same answer as each; 0 for no answer."""
    total = np.zeros(codes.shape)
    for j in range(codes.shape[1]):
        total += np.where(codes == codes[:, [j]], weights[:, [j]], 0.0)
    return np.where(codes >= 0, total, 0.0)


def _log_odds(
    own: Float[np.ndarray, "n d"], replaced: Float[np.ndarray, "k d"], share: Float[np.ndarray, " k"]
) -> Float[np.ndarray, " n"]:
    """Log-odds of each own row being a replaced one, by a logistic regression with a little ridge."""
    from sklearn.linear_model import LogisticRegression

    rows = np.concatenate([own, replaced])
    spread = rows.std(axis=0)
    varies = spread > 0
    if not varies.any():
        return np.zeros(len(own))
    standard = (rows[:, varies] - rows[:, varies].mean(axis=0)) / spread[varies]
    label = np.repeat([0, 1], [len(own), len(replaced)])
    model = LogisticRegression(solver="newton-cholesky", max_iter=200)
    model.fit(standard, label, sample_weight=np.concatenate([np.ones(len(own)), share]))
    return model.decision_function(standard[: len(own)])


def _rivals(right: np.ndarray, answers: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The wrong answer that most models give on each query, and how many do."""
    if answers is None:
        return np.full(len(right), "", object), np.zeros(len(right), int)
    codes, _ = _coded(answers, None)
    wrong = np.where(right, 0.0, _support(codes, np.ones(codes.shape)))
    first = wrong.argmax(axis=1)
    n_rival = wrong.max(axis=1).astype(int)
    said = answers.astype(str)[np.arange(len(right)), first].astype(object)
    return np.where(n_rival > 0, said, ""), n_rival


def _like_key(right: np.ndarray, answers: np.ndarray | None, key: np.ndarray | None) -> np.ndarray:
    """Models graded wrong whose answer reads like the key."""
    found = np.zeros(len(right), int)
    if answers is None or key is None:
        return found
    known: dict[tuple[str, str], bool] = {}
    for i, j in zip(*np.nonzero(~right), strict=True):
        pair = str(answers[i, j]), str(key[i])
        if pair not in known:
            known[pair] = alike(*pair)
        found[i] += known[pair]
    return found

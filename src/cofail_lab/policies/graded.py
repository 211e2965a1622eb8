"""What a policy is trained on (`Graded`), and what of it is known before any model answers (`Features`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.data.layout import AFTER_GRADING, plain_name
from cofail_lab.errors import InputError
from cofail_lab.numerics.streams import INNER_FOLDS
from cofail_lab.outcomes import Outcomes
from cofail_lab.policies.folds import cross_fitting
from cofail_lab.policies.words import Words

if TYPE_CHECKING:
    from cofail_lab.policies.design import Design

_ALWAYS = ("dataset", "prompt", "features")
_NEVER = (*AFTER_GRADING, "n_logs")
"""Per-query columns that no policy sees: the right answer, what grades come to, and how often a query was graded."""


@dataclass(frozen=True)
class Features:
    """What is known of n queries before any model is called.

    Attributes:
        queries: names (n,).
        columns: arrays of length n: ``dataset`` and ``prompt`` (text), ``features`` (n, d) numbers, and the columns
            that the user names. They cannot be written to.
    """

    queries: np.ndarray
    columns: Mapping[str, np.ndarray] = field(default_factory=dict)
    _words: Words | None = None

    @property
    def n_queries(self) -> int:
        """Number of queries, n."""
        return len(self.queries)

    @property
    def dataset(self) -> np.ndarray | None:
        """Dataset of each query (n,), None where it is not known beforehand."""
        return self.columns.get("dataset")

    @property
    def prompt(self) -> np.ndarray | None:
        """Text of each query (n,), None where there is none."""
        return self.columns.get("prompt")

    @cached_property
    def length(self) -> Float[np.ndarray, " n"] | None:
        """Number of characters of each prompt, None where there are no prompts."""
        return None if self.prompt is None else np.array([float(len(str(text))) for text in self.prompt])

    @cached_property
    def words(self) -> Words | None:
        """The prompts' words, None where there are no prompts."""
        return Words.of(self.prompt) if self._words is None and self.prompt is not None else self._words

    @cached_property
    def design(self) -> Design:
        """The map from features to numbers that these queries define when they are trained on."""
        from cofail_lab.policies.design import Design

        return Design.fit(self)

    def take(self, rows: np.ndarray) -> Features:
        """The features of some queries (indices or mask)."""
        columns = {name: _frozen(column[rows]) for name, column in self.columns.items()}
        return Features(self.queries[rows], columns, None if self.words is None else self.words.take(rows))


@dataclass(frozen=True)
class Graded:
    """Queries with all that is known of them afterwards: policies are trained on one such set and judged on another.

    Attributes:
        features: what is known beforehand.
        models: names (m,).
        right: bool (n, m), True where the model is right.
        cost: dollars of each answer (n, m); None where unknown.
        answer: what each model said (n, m), strings, empty for no answer; None where unknown.
        tokens, confidence: of each answer (n, m), nan where unknown; None without such a column.
        agreement: share of a model's repeated runs that give this answer, right or not (n, m); as the two before.
        key: the right answer (n,); None where unknown.
        cluster: group of each query (n,): queries of a group are alike, and never on both sides of a split. None where
            every query is a group of its own.
        hidden: columns that are not shown because they name the right answer.
        unpriced: why costs are unknown although some are given, as a clause; None otherwise.
    """

    features: Features
    models: tuple[str, ...]
    right: Bool[np.ndarray, "n m"]
    cost: Float[np.ndarray, "n m"] | None = None
    answer: np.ndarray | None = None
    tokens: Float[np.ndarray, "n m"] | None = None
    confidence: Float[np.ndarray, "n m"] | None = None
    agreement: Float[np.ndarray, "n m"] | None = None
    key: np.ndarray | None = None
    cluster: np.ndarray | None = None
    hidden: tuple[str, ...] = ()
    unpriced: str | None = None

    @property
    def n_queries(self) -> int:
        """Number of queries, n."""
        return len(self.right)

    @property
    def n_models(self) -> int:
        """Number of models, m."""
        return self.right.shape[1]

    @cached_property
    def accuracy(self) -> Float[np.ndarray, " m"]:
        """Share of the queries that each model gets right."""
        return self.right.mean(axis=0)

    @property
    def best(self) -> int:
        """The model that is right most often; of equals the first."""
        return int(self.right.sum(axis=0).argmax())

    @cached_property
    def prices(self) -> Float[np.ndarray, " m"] | None:
        """Mean dollars of an answer of each model: what is known of a price beforehand. None without costs."""
        return None if self.cost is None else self.cost.mean(axis=0)

    def model(self, name: str, field_name: str) -> int:
        """Position of a model by name; InputError naming ``field_name`` if there is no such model."""
        if name not in self.models:
            known = ", ".join(self.models[:5]) + (", ..." if self.n_models > 5 else "")
            raise InputError(f"{field_name}: {name!r} is not one of the {self.n_models} models ({known})")
        return self.models.index(name)

    def take(self, rows: np.ndarray) -> Graded:
        """Some of the queries (indices or mask)."""
        names = ("cost", "answer", "tokens", "confidence", "agreement", "key", "cluster")
        cells = {name: getattr(self, name) for name in names}
        chosen: dict[str, Any] = {name: None if array is None else array[rows] for name, array in cells.items()}
        return replace(self, features=self.features.take(rows), right=self.right[rows], **chosen)

    def inner(self, folds: int, seed: int) -> list[tuple[Graded, Graded]]:
        """Parts to fit to and to try on, within these queries; the same ones for every policy that asks.

        There are none where these queries have no two groups.
        """
        kept: dict[tuple[int, int], list[tuple[Graded, Graded]]] = self.__dict__.setdefault("_inner", {})
        if (folds, seed) not in kept:
            splits = cross_fitting(self.n_queries, folds, seed, self.cluster, purpose=INNER_FOLDS)
            enough = [split for split in splits if len(split.train)]
            kept[folds, seed] = [(self.take(train), self.take(test)) for train, test in enough]
        return kept[folds, seed]

    @classmethod
    def of(
        cls,
        outcomes: Outcomes,
        columns: Sequence[str] = (),
        price: str | None = None,
        cluster: str | None = None,
    ) -> Graded:
        """The complete queries of a matrix. A column that names the right answer is not shown (`names_the_answer`).

        Args:
            outcomes: the matrix.
            columns: per-query columns that policies may see, besides dataset, prompt and features.
            price: per-model column with the price of an answer; None takes the costs of single answers, where given.
            cluster: per-query column whose equal values must not be on both sides of a split.

        Raises:
            InputError: a column that does not exist or that no policy may see; negative costs.
        """
        for name in columns:
            if plain_name(name) in _NEVER:
                raise InputError(f"experiment.columns: {name!r} is known only after grading; no policy may see it")
            if name not in outcomes.per_query:
                known = ", ".join(sorted(set(outcomes.per_query) - set(_NEVER))) or "none"
                raise InputError(f"experiment.columns: {name!r} is no per-query column; there are: {known}")
        hidden = tuple(name for name in ("dataset", *columns) if names_the_answer(outcomes, name))
        shown = [name for name in (*_ALWAYS, *columns) if name in outcomes.per_query and name not in hidden]
        per_cell = outcomes.per_cell
        cost, unpriced = _costs(outcomes, price)
        return cls(
            features=Features(
                np.array(outcomes.queries, dtype=object), {n: _frozen(outcomes.per_query[n]) for n in shown}
            ),
            models=outcomes.models,
            right=~outcomes.wrong,
            cost=cost,
            answer=per_cell.get("answer"),
            tokens=per_cell.get("tokens"),
            confidence=_signal(outcomes, "confidence"),
            agreement=_signal(outcomes, "agreement"),
            key=outcomes.per_query.get("key"),
            cluster=None if cluster is None else _clusters(outcomes, cluster),
            hidden=hidden,
            unpriced=unpriced,
        )


def names_the_answer(outcomes: Outcomes, column: str) -> bool:
    """Whether a per-query column of text tells the key: each of its values has one right answer, and they differ.

    The dataset of a digit is that digit: a table by dataset would be told what it is asked.
    """
    key, values = outcomes.per_query.get("key"), outcomes.per_query.get(column)
    if key is None or values is None or values.dtype.kind not in "OUS":
        return False
    pairs = {*zip(values.astype(str), key.astype(str), strict=True)}
    told = {value for value, _ in pairs}
    # A column that differs for every query tells nothing of the next one.
    return len(pairs) == len(told) < outcomes.n_queries and len({answer for _, answer in pairs}) > 1


def _clusters(outcomes: Outcomes, name: str) -> np.ndarray:
    if name not in outcomes.per_query:
        known = ", ".join(sorted(outcomes.per_query)) or "none"
        raise InputError(f"experiment.cluster: {name!r} is no per-query column; there are: {known}")
    groups = np.unique(outcomes.per_query[name].astype(str), return_inverse=True)[1]
    if groups.max() < 1:
        raise InputError(f"experiment.cluster: all queries have the same {name!r}; at least two groups are needed")
    return groups


def _signal(outcomes: Outcomes, name: str) -> np.ndarray | None:
    """A column of how sure models are; InputError where it orders all answers as the share of right runs does."""
    signal, frac = outcomes.per_cell.get(name), outcomes.per_cell.get("frac")
    if signal is not None and frac is not None and not np.isnan(signal).all():
        ranks = [np.unique(column, return_inverse=True)[1] for column in (signal, frac)]
        if (ranks[0] == ranks[1]).all():
            raise InputError(
                f"{name}: it orders all answers as the share of right runs (frac) does, which is known only after "
                "grading; a policy that sees it sees the grades"
            )
    return signal


def _costs(outcomes: Outcomes, price: str | None) -> tuple[np.ndarray | None, str | None]:
    """Dollars of each answer, or why they are unknown although some are given."""
    if price is None:
        cost = outcomes.per_cell.get("cost")
    elif price in outcomes.per_model:
        column = np.asarray(outcomes.per_model[price])
        if column.dtype.kind not in "fiub":
            raise InputError(
                f"experiment.price_column: {price!r} holds text, such as {column[0]!r}; numbers are needed"
            )
        cost = np.broadcast_to(column.astype(float), outcomes.wrong.shape)
    else:
        known = ", ".join(sorted(outcomes.per_model)) or "none"
        raise InputError(f"experiment.price_column: {price!r} is no per-model column; there are: {known}")
    if cost is None:
        return None, None
    if (cost < 0).any():
        raise InputError(f"cost: {float(np.nanmin(cost)):g} is negative; dollars >= 0 are accepted")
    if (unknown := np.isnan(cost)).any():
        who = outcomes.models[int(unknown.any(axis=0).argmax())]
        return None, f"{unknown.sum():,} of {cost.size:,} answers have none, the first of them by {who}"
    return np.asarray(cost, dtype=float), None


def _frozen(column: np.ndarray) -> np.ndarray:
    """A copy that cannot be written to: what one policy is shown, the next one sees unchanged."""
    column = np.array(column)
    column.flags.writeable = False
    return column

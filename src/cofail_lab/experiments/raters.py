"""`experiment=raters`: how far raters agree, what rules make of their votes, and how many votes a panel is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from cofail_lab import checks
from cofail_lab.data.ratings import MISSING, Ratings
from cofail_lab.data.regrading import Variant, graded
from cofail_lab.data.wide_writer import matrix_table
from cofail_lab.decisions.rater_agreement import all_alike, pair_agreement, resampled
from cofail_lab.decisions.rater_quality import agreement_with_others, independence, kappas, latent_quality
from cofail_lab.decisions.rater_votes import RULES, Own, Ties, marked, own_votes
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.numerics.streams import RATERS, generator
from cofail_lab.report import raters as words
from cofail_lab.report import raters_tables as tables_of
from cofail_lab.result import Result

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Raters:
    """Agreement, outcomes under each rule, votes without a model's own, and rater quality (theory P16).

    Attributes:
        ties: what a majority of just half is: ``wrong``, ``right`` or ``missing``.
        self: raters that are models of other names: rater -> model. A rater with a model's name is that model.
        bootstrap: resamples of the queries.
        delta: error probability of each certificate.
    """

    ties: Ties = "wrong"
    self: Mapping[str, str] | None = None
    bootstrap: int = 1000
    delta: float = 0.05

    def __post_init__(self) -> None:
        if self.ties not in get_args(Ties):
            raise InputError(f"experiment.ties: {self.ties!r} is not one of {', '.join(get_args(Ties))}")
        if self.self is not None and not isinstance(self.self, Mapping):
            raise InputError(f"experiment.self: {self.self!r}; raters and their models are accepted, {{judge: model}}")
        checks.within("experiment.bootstrap", self.bootstrap, 100, 10**5)
        checks.probability("experiment.delta", self.delta)

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Agreement of all labels; outcomes where labels are grades of models' answers."""
        ratings = inputs.ratings()
        with progress("Raters", total=3) as advance:
            weights = resampled(ratings.groups, self.bootstrap, generator(inputs.options.seed, RATERS))
            if ratings.groups.max() + 1 < words.FEWEST_QUERIES:
                weights = np.ones((1, len(ratings.labels)), np.int64)  # a single sample limits nothing
            agreement = kappas(ratings.labels, weights)
            advance(1)
            quality = latent_quality(ratings.labels, len(ratings.values), weights)
            truth = None if ratings.truth is None else independence(ratings.labels, ratings.truth, weights)
            advance(1)
            outcomes, own, tables = self._outcomes(ratings, quality)
            advance(1)
        rated, agreed = pair_agreement(ratings.labels)
        n_rated, n_agreed = all_alike(ratings.labels)
        found = words.Rated(
            ratings=ratings,
            ties=self.ties,
            rated=rated,
            agreed=agreed,
            n_rated=n_rated,
            n_agreed=n_agreed,
            kappas=agreement,
            quality=quality,
            independence=truth,
            with_others=None if ratings.right is None else agreement_with_others(ratings.votes),
            outcomes=outcomes,
            own=own,
        )
        return Result(
            headline=found.headline(),
            metrics=found.metrics(),
            labels=found.labels(),
            tables={"raters": tables_of.raters_table(found), "pairs": tables_of.pairs_table(found), **tables},
            csv=tuple(tables),
            figures={"raters": found.figure},
            sections=found.sections(),
        )

    def _outcomes(self, ratings: Ratings, quality: Any) -> tuple[dict[str, Variant], Own | None, dict[str, pa.Table]]:
        """β and the certificates under each rule, the cost of leaving own votes out, and the matrices as tables."""
        if ratings.right is None:
            return {}, None, {}
        votes = ratings.votes
        items: dict[str, np.ndarray] = {rule: marked(votes, rule, self.ties) for rule in RULES}
        own = self._own(ratings)
        if own is not None and own.any():
            items["without_self"] = marked(np.where(own, MISSING, votes), "majority", self.ties)
        if quality is not None and len(ratings.values) == 2:
            says_right = quality.fitted.posterior[:, int(np.argmax(ratings.right))]
            unread = (votes == MISSING).all(axis=1)
            items["latent"] = np.where(unread, MISSING, (says_right > 0.5).astype(np.int64))
        if ratings.models is None:
            return {}, None, {"items": tables_of.items_table(ratings, items)}
        matrices = {rule: ratings.grades(one, rule) for rule, one in items.items()}
        variants = {rule: graded(rule, grades, self.delta) for rule, grades in matrices.items()}
        tables = {rule: matrix_table(grades) for rule, grades in matrices.items()}
        return variants, None if own is None else own_votes(votes, own, self.ties), tables

    def _own(self, ratings: Ratings) -> np.ndarray | None:
        """Which labels are of a model on its own answer, (n, k); None where no rater is a model."""
        if ratings.models is None:
            return None
        names = {rater: rater for rater in ratings.raters if rater in ratings.models}
        for rater, model in (self.self or {}).items():
            if rater not in ratings.raters:
                raise InputError(f"experiment.self: {rater!r} is no rater of {ratings.source}")
            if model not in ratings.models:
                raise InputError(f"experiment.self: {model!r} is no model of {ratings.source}")
            names[str(rater)] = str(model)
        if not names:
            return None
        whose = np.array(ratings.models, dtype=object)[:, None]
        judge = np.array([names.get(rater, "") for rater in ratings.raters], dtype=object)[None, :]
        return (whose == judge) & (judge != "") & (ratings.labels != MISSING)

"""The adjudication sheet of `experiment=audit`: a row per query to read, with all that there is to see of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab.data.sheet import DRAW, RIGHT_ANSWER, VERDICT, WELL_POSED, protected
from cofail_lab.report.names import listed, shorten
from cofail_lab.report.numbers import count
from cofail_lab.result import Listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cofail_lab.decisions.wrong_keys import Suspicion
    from cofail_lab.outcomes import Outcomes

# Names in the text that says why a query is on the sheet.
_NAMED = 3


@dataclass(frozen=True)
class AuditSheet:
    """The queries to read, in the order of the sheet.

    Attributes:
        outcomes: the matrix.
        seen: how suspicious each of its queries is.
        draws: place of each all-wrong query in the random order, by name.
        n_others: most queries on the sheet that some model gets right.
    """

    outcomes: Outcomes
    seen: Suspicion
    draws: Mapping[str, int]
    n_others: int

    @property
    def rows(self) -> np.ndarray:
        """Queries on the sheet: those that defeat everyone, then others; the most suspicious first in either part."""
        order = self.seen.order
        defeats = self.outcomes.n_wrong[order] == self.outcomes.n_models
        return np.concatenate([order[defeats], order[~defeats][: self.n_others]])

    @property
    def n_unanimous(self) -> int | None:
        """All-wrong queries on which all models give the same answer; None where answers are not known."""
        if "answer" not in self.outcomes.per_cell:
            return None
        defeats = self.outcomes.n_wrong == self.outcomes.n_models
        return int((defeats & (self.seen.n_rival == self.outcomes.n_models)).sum())

    def table(self) -> pa.Table:
        """The sheet: what a reader fills in next to the name, then the evidence; no cell is run or changed."""
        outcomes, rows = self.outcomes, self.rows
        place = np.empty(outcomes.n_queries, int)
        place[self.seen.order] = np.arange(1, outcomes.n_queries + 1)
        blank = pa.array([""] * len(rows), pa.string())
        columns = {
            "query": _texts(outcomes.queries[i] for i in rows),
            VERDICT: pa.array(["unread"] * len(rows), pa.string()),
            RIGHT_ANSWER: blank,
            WELL_POSED: blank,
            "note": blank,
            DRAW: pa.array([self.draws.get(outcomes.queries[i]) for i in rows], pa.int64()),
            "rank": pa.array(place[rows], pa.int64()),
            "why": _texts(self.why(i) for i in rows),
        }
        for name in ("dataset", "prompt", "key"):
            if name in outcomes.per_query:
                columns[name] = _texts(str(value) for value in outcomes.per_query[name][rows])
        columns["n_right"] = pa.array(outcomes.n_models - outcomes.n_wrong[rows], pa.int64())
        columns["right_models"] = _texts("; ".join(self._right(i)) for i in rows)
        if "answer" in outcomes.per_cell:
            columns["answers"] = _texts(self._answers(i) for i in rows)
            columns["by_model"] = _texts(self._by_model(i) for i in rows)
        columns["score"] = pa.array(np.round(self.seen.score[rows], 3))
        return pa.table(columns)

    def listing(self) -> Listing:
        """The sheet as the page shows it, without the columns to fill in."""
        outcomes = self.outcomes
        shown = [name for name in ("dataset", "key", "prompt") if name in outcomes.per_query]
        rows = []
        for i in self.rows:
            draw = self.draws.get(outcomes.queries[i])
            texts = [shorten(str(outcomes.per_query[name][i]), 200) for name in shown]
            rows.append((shorten(outcomes.queries[i]), "—" if draw is None else count(draw), self.why(i), *texts))
        return Listing(("query", DRAW, "why", *shown), tuple(rows), (None,) * len(rows))

    def why(self, i: int) -> str:
        """What is suspicious about a query, in a few words."""
        n_right, m = self.outcomes.n_models - int(self.outcomes.n_wrong[i]), self.outcomes.n_models
        said = []
        if n_like := int(self.seen.n_like_key[i]):
            said.append(f"like the key, yet graded wrong: {count(n_like)}")
        if n_right == 0 and self.seen.n_rival[i] == m:
            said.append(f"all {count(m)} say {self._rival(i)}")
        elif n_right == 0:
            said.append(f"nobody is right{self._most(i)}")
        else:
            right = listed(self._right(i)[:_NAMED]) + (", ..." if n_right > _NAMED else "")
            said.append(f"only {count(n_right)} right ({right}){self._most(i)}")
        return "; ".join(said)

    def _most(self, i: int) -> str:
        n = int(self.seen.n_rival[i])
        return f"; {count(n)} say {self._rival(i)}" if n > 1 else ""

    def _rival(self, i: int) -> str:
        return shorten(str(self.seen.rival[i]), 24)

    def _right(self, i: int) -> list[str]:
        return [self.outcomes.models[j] for j in np.flatnonzero(~self.outcomes.wrong[i])]

    def _answers(self, i: int) -> str:
        """Every answer with how many models gave it, the most frequent first."""
        texts, numbers = np.unique(self.outcomes.per_cell["answer"][i].astype(str), return_counts=True)
        order = np.argsort(-numbers, kind="stable")
        return "; ".join(f"{texts[k] or '(none)'}: {numbers[k]}" for k in order)

    def _by_model(self, i: int) -> str:
        """Every model with its answer and grade."""
        answers, wrong = self.outcomes.per_cell["answer"][i], self.outcomes.wrong[i]
        return "; ".join(
            f"{model}: {str(answer) or '(none)'} ({'wrong' if fails else 'right'})"
            for model, answer, fails in zip(self.outcomes.models, answers, wrong, strict=True)
        )


def _texts(values) -> pa.Array:
    return pa.array([protected(value) for value in values], pa.string())

"""The matrix on the page: the bar under the verdict, every model, and the queries that few models get right."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.report.names import printable, shorten
from cofail_lab.report.numbers import count, interval, percent, points
from cofail_lab.report.page.environment import as_json
from cofail_lab.result import Exhibit

STATIC = 60
"""Queries that are on the page for readers without its script."""
_NAME, _PROMPT, _ANSWER = 120, 1200, 60
# Characters of prompts and answers on the page; the hardest queries have theirs first.
_BUDGET = 1_600_000


@dataclass(frozen=True)
class Query:
    """A query that defeats everyone, as it is without the script; what the source does not have is empty."""

    name: str
    dataset: str
    prompt: str
    key: str
    answers: str


@dataclass(frozen=True)
class Model:
    """A row of the table of models: ``alike`` names those with the same answers; places are in percent of the width."""

    name: str
    family: str
    accuracy: float
    lower: float
    upper: float
    n_alone: int
    n_resolvable: int
    n_alike: int
    alike: str
    low: float
    at: float
    high: float


@dataclass(frozen=True)
class Mark:
    """A place on the bar: its name, its value as text, and where it is, in percent of the width."""

    kind: str
    label: str
    value: str
    start: float
    end: float


class MatrixView:
    """What the page shows of a matrix.

    Args:
        exhibit: the matrix, and what was certified of it.
    """

    def __init__(self, exhibit: Exhibit) -> None:
        self.exhibit, self.outcomes = exhibit, exhibit.outcomes
        self.caveats = exhibit.caveats
        self.shape = f"{count(self.outcomes.n_queries)} queries × {count(self.outcomes.n_models)} models"

    @cached_property
    def n_right(self) -> np.ndarray:
        """How many models get each query right, (n,)."""
        return self.outcomes.n_models - self.outcomes.n_wrong

    @cached_property
    def hardest(self) -> np.ndarray:
        """Queries with the fewest right models first; those alike by dataset, (n,)."""
        datasets = self.outcomes.dataset
        names = np.zeros(self.outcomes.n_queries, int) if datasets is None else np.asarray(datasets).astype(str)
        return np.lexsort((names, self.n_right))

    @cached_property
    def marks(self) -> list[Mark]:
        """The bar: best model, certified range, ceiling and overhead."""
        outcomes = self.outcomes
        best, ceiling = 1 - float(outcomes.error_rates.min()), 1 - outcomes.all_wrong()
        low, high = self.exhibit.certified
        cost = self.exhibit.overhead
        ends = [best, ceiling, *(min(best + gain, 1.0) for gain in (low, high, cost) if gain is not None)]
        width = max(max(ends) - min(ends), 0.01)
        start, stop = max(0.0, min(ends) - 0.25 * width), max(ends) + 0.1 * width

        def at(share: float) -> float:
            return round(100 * (share - start) / (stop - start), 2)

        name = shorten(outcomes.models[int(np.argmin(outcomes.error_counts))])
        marks = [Mark("best", f"best model, {name}", percent(best), 0.0, at(best))]
        if high is not None:
            start_, end = best + (low or 0), min(best + high, 1.0)
            # The gain is certified; where it ends on the bar is not, as the best model's accuracy is that of a sample.
            said = f"at most {points(high)}" if low is None else interval(low, high, points)
            marks.append(Mark("range", "certified gain of a perfect selector", said, at(start_), at(end)))
        marks.append(Mark("ceiling", "ceiling, this sample", percent(ceiling), at(ceiling), at(ceiling)))
        if cost is not None:
            place = at(min(best + cost, 1.0))
            said = (
                f"{percent(best + cost)} (+{points(cost)})"
                if best + cost <= 1
                else f"{points(cost)}, more than is left"
            )
            marks.append(Mark("overhead", "combining must pay", said, place, place))
        return marks

    @cached_property
    def models(self) -> list[Model]:
        """Every model, the most accurate first."""
        outcomes = self.outcomes
        n = outcomes.n_queries
        low, high = clopper_pearson(n - outcomes.error_counts, n, 0.05)
        accuracy = 1 - outcomes.error_rates
        alone = (~outcomes.wrong[self.n_right == 1]).sum(axis=0)
        resolvable = outcomes.error_counts - outcomes.n_all_wrong
        least, most = float(np.min(low)), float(np.max(high))
        span = max(most - least, 1e-9)
        twins = self._twins()
        families = [""] * outcomes.n_models if outcomes.family is None else [str(name) for name in outcomes.family]
        return [
            Model(
                outcomes.models[j],
                families[j],
                float(accuracy[j]),
                float(low[j]),
                float(high[j]),
                int(alone[j]),
                int(resolvable[j]),
                *twins[j],
                *(round(100 * (float(x[j]) - least) / span, 2) for x in (low, accuracy, high)),
            )
            for j in np.argsort(-accuracy, kind="stable")
        ]

    def _twins(self) -> list[tuple[int, str]]:
        """For every model how many others have exactly the same answers, and the names of the first of them."""
        packed = np.packbits(self.outcomes.wrong, axis=0)
        groups: dict[bytes, list[int]] = {}
        for j in range(self.outcomes.n_models):
            groups.setdefault(packed[:, j].tobytes(), []).append(j)
        names = self.outcomes.models
        found = [(0, "")] * len(names)
        for group in groups.values():
            for j in group:
                others = [names[i] for i in group if i != j]
                said = ", ".join(map(shorten, others[:4])) + (f" and {len(others) - 4} more" if len(others) > 4 else "")
                found[j] = len(others), said
        return found

    @property
    def n_all_wrong(self) -> int:
        """Queries that defeat everyone."""
        return self.outcomes.n_all_wrong

    @cached_property
    def static(self) -> list[Query]:
        """The first queries that defeat everyone, with what was asked and answered."""
        return [self._query(i) for i in self.hardest[: min(self.n_all_wrong, STATIC)]]

    @property
    def has(self) -> set[str]:
        """Which texts there are."""
        outcomes = self.outcomes
        return {name for name in ("prompt", "key") if name in outcomes.per_query} | (
            {"answer"} if "answer" in outcomes.per_cell else set()
        )

    def _query(self, i: int) -> Query:
        outcomes = self.outcomes
        groups: dict[str, int] = {}
        if "answer" in outcomes.per_cell:
            for answer in outcomes.per_cell["answer"][i]:
                said = _cut(str(answer), _ANSWER)
                groups[said] = groups.get(said, 0) + 1
        ranked = sorted(groups.items(), key=lambda pair: -pair[1])[:8]
        return Query(
            shorten(outcomes.queries[i], _NAME),
            "" if outcomes.dataset is None else str(outcomes.dataset[i]),
            self._text("prompt", i),
            self._text("key", i),
            "; ".join(f"{answer or 'no answer'} ({count(n)})" for answer, n in ranked),
        )

    def _text(self, name: str, i: int) -> str:
        column = self.outcomes.per_query.get(name)
        return "" if column is None else _cut(str(column[i]), _PROMPT)

    def data(self) -> Any:
        """Everything that the script needs, as JSON: names, a bit per cell, and texts of the hardest queries."""
        outcomes = self.outcomes
        order = self.hardest
        datasets = [] if outcomes.dataset is None else [str(name) for name in np.asarray(outcomes.dataset)[order]]
        known = sorted(set(datasets))
        place = {name: k for k, name in enumerate(known)}
        by_accuracy = np.argsort(outcomes.error_counts, kind="stable")
        right = np.packbits(~outcomes.wrong[np.ix_(order, by_accuracy)], axis=1)
        return as_json(
            {
                "models": [shorten(outcomes.models[j], _NAME) for j in by_accuracy],
                "queries": [shorten(outcomes.queries[i], _NAME) for i in order],
                "datasets": [printable(name) for name in known],
                "dataset": [place[name] for name in datasets],
                "right": b64encode(right.tobytes()).decode("ascii"),
                "texts": [*self._texts(order, by_accuracy)],
            }
        )

    def _texts(self, order: np.ndarray, by_accuracy: np.ndarray) -> Iterator[dict[str, Any]]:
        """What was asked and answered, for as many queries as the page has room for, the hardest first."""
        answers = self.outcomes.per_cell.get("answer")
        room = _BUDGET
        for i in order if self.has else ():
            said: dict[str, Any] = {}
            for name in ("prompt", "key"):
                if text := self._text(name, i):
                    said[name] = text
            if answers is not None:
                given = [_cut(str(answers[i, j]), _ANSWER) for j in by_accuracy]
                values = list(dict.fromkeys(given))
                place = {value: k for k, value in enumerate(values)}
                said["values"], said["given"] = values, [place[value] for value in given]
            room -= sum(len(text) for text in (said.get("prompt", ""), said.get("key", ""), *said.get("values", ())))
            room -= 3 * len(said.get("given", ())) + 40
            if room < 0:
                return
            yield said


def _cut(text: str, width: int) -> str:
    """At most so many characters, with line breaks; a control character is written as an escape."""
    kept = text if len(text) <= width else text[: width - 1].rstrip() + "…"
    return "\n".join(printable(line) for line in kept.splitlines())

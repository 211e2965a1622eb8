"""A plan for a tail in words, rows and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab.bounds.tail_planner import MOST, SIMULATED, Tested
from cofail_lab.report.numbers import count, percent
from cofail_lab.result import Result, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class TailPlan:
    """Everything that was found.

    Attributes:
        atom: size of the common mode.
        level, power: wanted.
        base: the smooth law, in words.
        sizes: pool sizes.
        needed: queries at each size with the null known; None for none up to `MOST`.
        simulated: the last size with the null estimated; None where no sample is enough.
        n_queries: that there are; None where that is not said.
        without, having: all-wrong rates at the last size without the common mode, at the same rates and pairs, and
            with it.
    """

    atom: float
    level: float
    power: float
    base: str
    sizes: np.ndarray
    needed: tuple[int | None, ...]
    simulated: Tested | None
    n_queries: int | None
    without: float
    having: float

    def result(self) -> Result:
        """The whole result."""
        return Result(
            headline=self.headline(),
            metrics={
                "n_models": int(self.sizes[-1]),
                "shock": self.atom,
                "n_queries_needed": None if self.simulated is None else self.simulated.n_queries,
                "n_queries_needed_known_null": self.needed[-1],
                "power": None if self.simulated is None else self.simulated.power,
                "power_error": None if self.simulated is None else self.simulated.error,
                "level_measured": None if self.simulated is None else self.simulated.level,
                "all_wrong_without": self.without,
                "all_wrong_with": self.having,
                "n_models_needed": self.least_models,
            },
            labels={"decision": self.headline(), "law": self.base},
            tables={"queries": pa.table({"pool_size": self.sizes, "n_queries": pa.array(self.needed, pa.int64())})},
            figures={"queries": self.figure} if any(self.needed) else {},
            sections=self.sections(),
        )

    @property
    def least_models(self) -> int | None:
        """The smallest of the sizes for which the queries that there are suffice; None where none does."""
        if self.n_queries is None:
            return None
        enough = (m for m, n in zip(self.sizes, self.needed, strict=True) if n is not None and n <= self.n_queries)
        return next((int(m) for m in enough), None)

    def headline(self) -> str:
        """The sentence for a decision."""
        m, mode = count(int(self.sizes[-1])), f"a common mode of {percent(self.atom)}"
        if self.simulated is None:
            return f"No sample up to {count(MOST)} queries shows {mode} in {m} models: rates and pairs explain it."
        said = (
            f"Grade {count(self.simulated.n_queries)} queries with {m} models to see {mode} with probability "
            f"{percent(self.power, 0)} at level {100 * self.level:g}%."
        )
        if self.n_queries is None:
            return said
        if self.least_models is None:
            return f"{said} The {count(self.n_queries)} that there are suffice for none of the pool sizes."
        return f"{said} The {count(self.n_queries)} that there are suffice from {count(self.least_models)} models on."

    def sections(self) -> tuple[Section, ...]:
        """In reading order."""
        rows = [
            Row("all wrong without it", percent(self.without), "one factor with the same rates and pairs"),
            Row("all wrong with it", percent(self.having), f"over {self.base}"),
            Row("queries, null known", count(self.needed[-1]), "exact binomial test of the all-wrong queries"),
        ]
        if self.simulated is not None:
            shown = f"{percent(self.simulated.power)} ± {percent(self.simulated.error)}"
            rows += [
                Row("queries, null estimated", count(self.simulated.n_queries), "from these queries, to a twentieth"),
                Row("power there", shown, f"in {count(SIMULATED)} simulated samples"),
                Row("level there", percent(self.simulated.level), f"measured; {100 * self.level:g}% is allowed"),
            ]
        sentence = (
            "Models are taken as alike. Where the null is estimated chance moves its prediction with the count, which "
            "is why fewer queries can do than with a known one; experiment=fit tests the tail against more laws than "
            "this one, and needs more."
        )
        captions = {"queries": "Queries needed against the number of models, null known; the dot: null estimated."}
        figures = captions if any(self.needed) else {}
        return (Section("How many queries show the common mode", (sentence,), tuple(rows), figures),)

    def figure(self) -> Figure:
        """Queries against models."""
        from cofail_lab.report.figures.plan import queries_for_tail

        return queries_for_tail(
            self.sizes, self.needed, None if self.simulated is None else self.simulated.n_queries, self.n_queries
        )

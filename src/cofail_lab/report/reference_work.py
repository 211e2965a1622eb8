"""The replay of the reference work in words, tables and figures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from cofail_lab.data.released import Released
from cofail_lab.data.sheet import STATES
from cofail_lab.decisions.replay import Replayed, audit_of
from cofail_lab.report.audit import CALLED
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import ABSENT, count, number
from cofail_lab.result import Listing, Row, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TABLES: dict[str, tuple[str, ...]] = {
    "Table 1: the pools": ("single_best", "oracle", "oracle_gain", "mean_accuracy", "n_all_wrong_graded"),
    "Table 2: tails and certificates": (
        *("n_all_wrong", "all_wrong", "all_wrong_lower", "all_wrong_upper", "single_best_lower", "max_gain"),
        *("june_n_all_wrong", "june_all_wrong", "june_single_best"),
    ),
    "Table 3: what pairs predict": ("pearson", "tetrachoric", "predicted_one_factor", "ratio_one_factor"),
}
"""Title -> columns of the published pools in it."""

FIGURES: dict[str, tuple[str, tuple[str, ...]]] = {
    "figure_3": ("Share of queries that defeat everyone, June and September.", ("june_all_wrong", "all_wrong")),
    "figure_4": ("Best model and oracle of each pool.", ("single_best", "oracle")),
    "figure_5": ("The gain seen and the certified one.", ("oracle_gain", "max_gain")),
    "figure_6": ("All-wrong rate and what one factor predicts of it.", ("all_wrong", "predicted_one_factor")),
    "figure_7": ("Mean correlations of errors, Pearson and tetrachoric.", ("pearson", "tetrachoric")),
}
"""Name -> caption and columns of the published pools; Figure 2 is the audit, the others are of the text."""

PILLARS: dict[str, tuple[str, tuple[str, ...]]] = {
    "figure_8": ("Routers and the gain they are measured against (pillar A).", ("A",)),
    "figure_9": ("Votes and repeated draws (pillar B).", ("B",)),
    "figure_10": (
        "Cascades, churn, open questions and the artefact (pillars C, D and others).",
        ("C", "D", "open", "artefact"),
    ),
}

_NUMBERED = "The numbers of tables and figures are ours, in the order of the published files: these do not name them."


@dataclass(frozen=True)
class ReplayReport:
    """Everything that was compared.

    Attributes:
        rows: one per published number.
        pools: the published rows.
        released: the matrices that were found.
    """

    rows: tuple[Replayed, ...]
    pools: tuple[Mapping[str, str], ...]
    released: Released

    def n(self, status: str) -> int:
        """How many numbers have a status."""
        return sum(row.status == status for row in self.rows)

    def headline(self) -> str:
        """How many numbers are the same."""
        n, differs = len(self.rows), self.n("differs")
        different = f"{count(differs)} differ{'s' if differs == 1 else ''}" if differs else "none differs"
        return (
            f"{count(self.n('equal'))} of {count(n)} published numbers come out equal to the digits published, "
            f"{different}, and {count(self.n('absent'))} cannot be computed from what is here."
        )

    def metrics(self) -> dict[str, float | int | None]:
        """Flat, see docs/reference_work.md."""
        audits = [audit for pool in self.pools if (audit := audit_of(pool)) is not None]
        return {
            "n_published": len(self.rows),
            **{f"n_{status}": self.n(status) for status in ("equal", "differs", "absent")},
            "n_equal_from_totals": sum(row.status == "equal" and row.source == "totals" for row in self.rows),
            "n_pools_found": len(self.released.pools),
            "n_events": sum(sum(audit.values()) for audit in audits),
            **{f"n_events_{state}": sum(audit[state] for audit in audits) for state in STATES[:-1]},
        }

    def sections(self) -> tuple[Section, ...]:
        """What differs, the audit, the tables, the text, what was found in the folder."""
        metrics = self.metrics()
        events = [Row(CALLED[state][1], count(metrics[f"n_events_{state}"])) for state in STATES[:-1]]
        said = (f"{count(metrics['n_events'])} queries that defeated everyone in June were read.",)
        parts = [
            Section("What differs", *self._differences()),
            Section("The published audit", said, tuple(events), {"figure_2": _AUDIT}),
        ]
        drawn = {name: caption for name, (caption, _) in FIGURES.items()}
        for title, columns in TABLES.items():
            rows = [row for row in self.rows if row.figure in columns and self._is_pool(row)]
            parts.append(Section(title, listing=_listing(rows)))
        parts.append(Section("Figures of the pools", (_NUMBERED,), figures=drawn))
        text = [row for row in self.rows if not self._is_pool(row)]
        captions = {name: caption for name, (caption, _) in PILLARS.items()}
        parts.append(Section("Figures of the text", figures=captions, listing=_listing(text)))
        found = [f"{place} was taken for {pool} ({release})." for (pool, release), place in self.released.where.items()]
        found += [f"Not used: {shorten(other, 300)}." for other in self.released.others]
        parts.append(Section("The folder", tuple(found) or ("No folder was given: data.path=FOLDER reads one.",)))
        return tuple(parts)

    def _differences(self) -> tuple[tuple[str, ...], tuple[Row, ...]]:
        rows = [
            Row(f"{row.pool}: {row.figure}", _shown(row), f"published {row.published}; {row.source}")
            for row in self.rows
            if row.status == "differs"
        ]
        return () if rows else ("Nothing.",), tuple(rows)

    def _is_pool(self, row: Replayed) -> bool:
        return any(row.pool == pool["pool"] for pool in self.pools)

    def tables(self) -> dict[str, pa.Table]:
        """One row per published number."""
        columns = {
            name: [getattr(row, name) for row in self.rows]
            for name in ("pool", "figure", "published", "ours", "status", "source", "note")
        }
        return {"replay": pa.table(columns | {"ours": pa.array(columns["ours"], pa.float64())})}

    def figures(self) -> dict[str, Callable[[], Figure]]:
        """Figures 2 to 10."""
        from functools import partial

        drawn: dict[str, Callable[[], Figure]] = {"figure_2": self._audit}
        for name, (_, columns) in FIGURES.items():
            rows = [row for row in self.rows if row.figure in columns and self._is_pool(row)]
            drawn[name] = partial(self._beside, rows, pools=True)
        for name, (_, pillars) in PILLARS.items():
            drawn[name] = partial(self._beside, [row for row in self.rows if row.pool in pillars], pools=False)
        return drawn

    def _audit(self) -> Figure:
        from cofail_lab.report.figures.reference_work import audited

        return audited({pool["pool"]: audit for pool in self.pools if (audit := audit_of(pool)) is not None})

    def _beside(self, rows: list[Replayed], *, pools: bool) -> Figure:
        from cofail_lab.report.figures.reference_work import beside

        # A figure has one dot for what is published, also where it is replayed twice.
        once = {(row.pool, row.figure): row for row in sorted(rows, key=lambda row: row.ours is not None)}
        called = {key: row.figure.replace("_", " ") for key, row in once.items()}
        names = [f"{row.pool}, {called[key]}" if pools else called[key] for key, row in once.items()]
        return beside(names, [float(row.published) for row in once.values()], [row.ours for row in once.values()])


_AUDIT = "What became of the queries that defeated everyone in June, by pool."


def _listing(rows: list[Replayed]) -> Listing:
    called = {"equal": "equal", "differs": "differs", "absent": "cannot be computed"}
    cells = tuple(
        (
            *(row.pool, row.figure, row.published, _shown(row), called[row.status]),
            "; ".join(filter(None, (row.source, row.note))),
        )
        for row in rows
    )
    return Listing(("of", "figure", "published", "ours", "", "from"), cells, (None,) * len(cells))


def _shown(row: Replayed) -> str:
    """Ours with one digit more than was published."""
    if row.ours is None:
        return ABSENT
    decimals = len(row.published.partition(".")[2])
    return f"{row.ours:.{decimals + 1}f}" if decimals else number(row.ours)

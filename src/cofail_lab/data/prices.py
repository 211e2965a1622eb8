"""Dollars of an answer from its tokens and its model's prices, where the log has no cost itself."""

from dataclasses import replace

import numpy as np

from cofail_lab.grades import Grades

PRICES = ("usd_per_mtok_in", "usd_per_mtok_out")
"""Per-model columns: dollars per million tokens read and written."""


def with_costs(grades: Grades, origin: str) -> Grades:
    """The matrix with a cost wherever it lacks one and tokens (in and out) and prices (in and out) are known.

    Costs that the log has are kept. A note says how many were computed, and from where the prices are.
    """
    known = {*grades.per_model} >= {*PRICES} and {*grades.per_cell} >= {"tokens_in", "tokens_out"}
    if not known:
        return grades
    price_in, price_out = (np.asarray(grades.per_model[name], dtype=float) for name in PRICES)
    computed = (grades.per_cell["tokens_in"] * price_in + grades.per_cell["tokens_out"] * price_out) / 1e6
    own = grades.per_cell.get("cost", np.full(computed.shape, np.nan))
    added = np.isnan(own) & ~np.isnan(computed)
    if not added.any():
        return grades
    note = f"{int(added.sum()):,} costs were computed from tokens and the prices of {origin}."
    per_cell = {**grades.per_cell, "cost": np.where(added, computed, own)}
    return replace(grades, per_cell=per_cell, notes=(*grades.notes, note))

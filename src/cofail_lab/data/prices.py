"""Costs of answers in US dollars, from their tokens and their models' prices, where the log has no cost."""

from dataclasses import replace

import numpy as np

from cofail_lab.grades import Grades

PRICES = ("usd_per_mtok_in", "usd_per_mtok_out")
"""Per-model columns: US dollars per million tokens read, and per million tokens written."""


def with_costs(grades: Grades, origin: str) -> Grades:
    """The matrix with a cost in every cell that has none and whose tokens and prices, in and out, are known.

    Costs that the log has are kept. A note gives the number of computed costs and the origin of the prices.
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

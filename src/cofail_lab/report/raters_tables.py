"""Tables of `experiment=raters`: raters, their pairs, and items."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab.data.ratings import MISSING
from cofail_lab.decisions.rater_quality import Limited

if TYPE_CHECKING:
    from cofail_lab.data.ratings import Ratings
    from cofail_lab.report.raters import Rated

_ENDS = (("", "value"), ("_lower", "lower"), ("_upper", "upper"))
_TEXTS = ("rater", "n_labels")


def raters_table(found: Rated) -> pa.Table:
    """A row for each rater."""
    ratings, k = found.ratings, len(found.ratings.raters)
    given = ratings.labels >= 0
    nothing: list[float | None] = [None] * k
    table: dict[str, list] = {"rater": list(ratings.raters), "n_labels": [int(n) for n in given.sum(axis=0)]}
    if ratings.right is None:
        table["right"] = table["with_others"] = nothing
    else:
        right = (ratings.votes == 1).sum(axis=0) / np.maximum(given.sum(axis=0), 1)
        table["right"] = [float(share) if n else None for share, n in zip(right, given.sum(axis=0), strict=True)]
        table["with_others"] = [None if np.isnan(x) else float(x) for x in np.asarray(found.with_others)]
    for name, place in classes(found):
        limits = (
            [Limited(None)] * k if place is None or found.quality is None else [one[place] for one in found.quality.own]
        )
        table |= {f"{name}{end}": [getattr(one, key) for one in limits] for end, key in _ENDS}
    table["accuracy"] = nothing
    if ratings.truth is not None:
        known = given & (ratings.truth >= 0)[:, None]
        hits = (known & (ratings.labels == ratings.truth[:, None])).sum(axis=0)
        table["accuracy"] = [int(h) / int(n) if n else None for h, n in zip(hits, known.sum(axis=0), strict=True)]
    return pa.table(
        {name: pa.array(column, None if name in _TEXTS else pa.float64()) for name, column in table.items()}
    )


def classes(found: Rated) -> tuple[tuple[str, int | None], ...]:
    """Where the classes right and wrong are; None where labels are no two grades."""
    right = found.ratings.right
    if right is None or len(right) != 2 or right.all() or not right.any():
        return ("sensitivity", None), ("specificity", None)
    place = int(np.argmax(right))
    return ("sensitivity", place), ("specificity", 1 - place)


def prevalence(found: Rated) -> float | None:
    """Share of right answers by the latent classes; None without them."""
    place = dict(classes(found))["sensitivity"]
    return None if place is None or found.quality is None else float(found.quality.fitted.prevalence[place])


def pairs_table(found: Rated) -> pa.Table:
    """A row for each pair of raters."""
    rows = []
    for (i, j), kappa in found.kappas.pairs.items():
        n, same = int(found.rated[i, j]), int(found.agreed[i, j])
        share = same / n if n else None
        names = {"first": found.ratings.raters[i], "second": found.ratings.raters[j], "n_items": n, "n_agreed": same}
        rows.append({**names, "agreement": share, **flat("cohen_kappa", kappa)})
    return pa.Table.from_pylist(rows)


def items_table(ratings: Ratings, items: Mapping[str, np.ndarray]) -> pa.Table:
    """What each item comes to by each rule, where items are no answers of models."""
    columns = {rule: pa.array(one, mask=one == MISSING) for rule, one in items.items()}
    return pa.table({"query": list(ratings.queries), **columns})


def flat(name: str, one: Limited | None) -> dict[str, float | None]:
    """A number and its limits under three names."""
    return {f"{name}{end}": None if one is None else getattr(one, key) for end, key in _ENDS}

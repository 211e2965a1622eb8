"""Tables of `experiment=compare`: queries and models under two conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from cofail_lab.grades import Cell

if TYPE_CHECKING:
    from cofail_lab.report.compare import Compared

_SIDES = ("first", "second")


def queries_table(found: Compared) -> pa.Table:
    """A row for each query: right answers under both conditions, the largest changes first."""
    right = [(part.cells == Cell.RIGHT).sum(axis=1) for part in (found.first, found.second)]
    share = right[1] / len(found.second.models) - right[0] / len(found.first.models)
    order = np.argsort(-np.abs(share), kind="stable")
    state = np.array(["no", "first", "second", "both"], dtype=object)
    wrong = (right[0] == 0) + 2 * (right[1] == 0)
    columns = {
        "query": [found.first.queries[i] for i in order],
        "query_second": [found.second.queries[i] for i in order],
        "n_right_first": right[0][order],
        "n_right_second": right[1][order],
        "change": share[order],
        "all_wrong": state[wrong][order],
    }
    return pa.table(columns)


def models_table(found: Compared) -> pa.Table:
    """A row for each model of both."""
    return pa.table(
        {
            "model": pa.array([one.name for one in found.models], pa.string()),
            **{side: [getattr(one, side) for one in found.models] for side in _SIDES},
            "change": [one.change.value for one in found.models],
            "change_lower": [one.change.lower for one in found.models],
            "change_upper": [one.change.upper for one in found.models],
            "n_gained": [one.change.n_up for one in found.models],
            "n_lost": [one.change.n_down for one in found.models],
            "p_value": [one.change.p for one in found.models],
            "p_holm": [one.p_holm for one in found.models],
        }
    )

"""What a perfect per-query router would pay on a real matrix with prices: every query is its own type."""

from typing import Literal

import numpy as np
from jaxtyping import Bool, Float

from cofail_lab.decisions.budget import budget_frontier
from cofail_lab.decisions.frontier import Frontier
from cofail_lab.errors import InputError

AllWrong = Literal["cheapest", "best_model"]


def query_oracle_frontier(
    wrong: Bool[np.ndarray, "n m"], prices: Float[np.ndarray, "..."], all_wrong: AllWrong = "cheapest"
) -> Frontier:
    """Accuracy against cost per query of the oracle that knows who is right, at every budget.

    A query is never free, also where nobody is right and any answer is as bad as another: it is then sent to

    - ``cheapest``: its cheapest model. The oracle knows that no money helps. Lowest cost, the convention of P4.
    - ``best_model``: the single best model. The oracle does not know, and pays for trying.

    Args:
        wrong: True where the model is wrong, (n, m).
        prices: what an answer costs, (m,) or (n, m), finite and >= 0.
        all_wrong: the convention.

    Raises:
        InputError: as `budget_frontier`; an unknown convention.
    """
    n, m = wrong.shape
    table = np.asarray(prices, dtype=float)
    if all_wrong not in ("cheapest", "best_model"):
        raise InputError(f"all_wrong: {all_wrong!r} is not one of cheapest, best_model")
    if all_wrong == "best_model" and table.shape in ((m,), (n, m)):
        nobody = wrong.all(axis=1)
        table = np.array(np.broadcast_to(table, (n, m)))
        table[nobody] = table[nobody, int(wrong.mean(axis=0).argmin())][:, None]
    return budget_frontier(1.0 - wrong, table, np.full(n, 1 / n))

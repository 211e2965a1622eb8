"""Sequential p-values: simulation ends as soon as the p-value cannot fall to 5% any more (Besag and Clifford 1991).

Of at most N simulated values, one at least as large as the observed one is a hit. All N give p = (1 + hits)/(1 + N),
which is above 5% from some number h of hits on. So the simulation may end at the h-th hit, at draw l, and p is then
h/l, but at least (1 + h)/(1 + N). P(p <= u) <= u for every u where the observed value is one more draw of the same law:
fewer than h of the first l - 1 draws are hits with probability h/l. Whether p is at most 5% is what all N draws say.
"""

import numpy as np
from jaxtyping import Bool

LEVEL = 0.05
"""The level at which a ratio is called rare."""


def hits_needed(most: int) -> int:
    """h: the number of hits from which ``most`` draws give a p-value above 5%; 0 where they always do."""
    return int(np.floor(LEVEL * (most + 1) + 1e-9))


def decided(hits: Bool[np.ndarray, " draws"], most: int) -> bool:
    """Whether more draws, up to ``most``, could not change whether p is at most 5%."""
    return len(hits) >= most or 0 < hits_needed(most) <= int(np.count_nonzero(hits))


def p_value(hits: Bool[np.ndarray, " draws"], most: int | None) -> float:
    """The p-value of some draws, in their order, of at most ``most``; None where all count, (1 + hits)/(1 + draws).

    Draws after the h-th hit do not count, so that p does not depend on how many were made at once.
    """
    places = np.flatnonzero(hits)
    if most is not None and 0 < (needed := hits_needed(most)) <= len(places):
        return float(max(needed / (1 + places[needed - 1]), (1 + needed) / (1 + most)))
    return (1 + len(places)) / (1 + len(hits))

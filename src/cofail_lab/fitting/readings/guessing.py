"""β and the routable ceiling where models that do not know guess among k options (theory P10.i)."""

from typing import NamedTuple

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.readings.regimes import CONFIDENCE
from cofail_lab.fitting.replicates.intervals import Interval


class Guessing(NamedTuple):
    """β and the routable ceiling corrected for pure guessing among k options.

    Attributes:
        all_wrong: β_know = β / (1 - 1/k)^m, the share of queries to which no model knows the answer, with 95% limits
            from those of β. A value above 1 contradicts pure guessing: the models share wrong answers.
        ceiling: 1 - β_know (1 - 1/k): of the queries to which no model knows the answer, a router gets one in k
            right. Its lower limit is at least 1/k, where no model knows any answer.
    """

    all_wrong: Interval
    ceiling: Interval


def guess_corrected(n_all_wrong: int, n_queries: int, n_models: int, choices: int) -> Guessing:
    """P10.i for multiple choice: a model that does not know the answer guesses uniformly and independently.

    Args:
        n_all_wrong, n_queries: K and n.
        n_models: m.
        choices: options k of every query, at least 2.
    """
    log_all_miss = n_models * np.log1p(-1 / choices)
    limits = clopper_pearson(n_all_wrong, n_queries, 1 - CONFIDENCE)
    know = [float(rate * np.exp(-log_all_miss)) for rate in (n_all_wrong / n_queries, *limits)]
    missed = 1 - 1 / choices
    value, upper, lower = (1 - known * missed for known in know)
    return Guessing(Interval(*know), Interval(value, max(lower, 1 / choices), max(upper, 1 / choices)))

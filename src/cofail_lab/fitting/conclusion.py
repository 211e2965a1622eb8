"""Whether the all-wrong queries of a fit could be chance: the decision, from its calibration and its tail test."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from cofail_lab.fitting.comparison.laws import FIRST_NULL, NULL_LAWS
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.tail_test import MAX_MODELS, TailTest
from cofail_lab.fitting.replicates.null import NullTest
from cofail_lab.fitting.replicates.predictors import MAX_REPLICATED_MODELS

CHANCE = 0.05
"""A ratio, or a histogram, with a p-value up to this is rare under a law without a common mode."""
MIN_CEILING = 0.5
"""Where the best possible test finds a common mode less often than this, nothing is concluded."""
OVERWHELMING = 0.001
"""Evidence with a p-value up to this under every smooth law is reported, whatever the power."""

Tail = Literal["chance", "heavy_tail", "beyond", "cannot_tell", "thinner"]
"""What the all-wrong queries show. ``chance``: as many are not rare under some Gaussian law without a common mode.
``heavy_tail``: they are, but a smooth law with a heavier tail of hard queries explains them; no common mode is needed,
none is excluded. ``beyond``: no smooth law explains them. ``thinner``: fewer queries defeat every model than each law
fitted to pairs expects. ``cannot_tell``: this was not tested, cannot be tested, or no test has power here."""

Reason = Literal[
    "always_right",
    "no_prediction",
    "none_is_rare",
    "none_expected",
    "none_says_nothing",
    "few_models",
    "no_one_factor",
    "not_tested",
    "ratios_low",
    "interrupted",
    "low_power",
    "laws_disagree",
    "explained",
    "smooth_explains",
    "nulls_missing",
    "all_rejected",
]
"""Which rule decided the `Tail`; the first five are for matrices in which no query defeats every model."""


@dataclass(frozen=True)
class Conclusion:
    """Whether the all-wrong queries could be chance.

    Attributes:
        tail, reason: the decision, and the rule that made it.
        explaining: null laws under which the ratio could be chance.
        rejecting: null laws under which the ratio is rare.
        missing: null laws that were not tested.
        smooth: families of smooth laws that explain the histogram of C.
        p_value: the largest p-value of the laws that were rejected, where the decision is that all are.
        expected: where no query defeats every model, the number of such queries that the one-factor law expects.
        pool_too_large: whether some were not tested because the pool has too many models.
        expected_none: where no query defeats every model, the share of simulated one-factor matrices without such a
            query, or (1 - β)^n where no matrices were simulated.
    """

    tail: Tail
    reason: Reason
    explaining: tuple[str, ...] = ()
    rejecting: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    smooth: tuple[str, ...] = ()
    p_value: float | None = None
    pool_too_large: bool = False
    expected: float | None = None
    expected_none: float | None = None


def conclude(fit: MatrixFit) -> Conclusion:
    """The decision on a fit with its calibration: ``beyond`` only if every law without an atom was rejected.

    Ratios are judged under the Gaussian laws fitted to pairs, the histogram of C under smooth laws (`tail_test`).
    """
    if fit.outcomes.n_all_wrong == 0:
        return _conclude_without_tail(fit)
    if fit.n_varying < 3:
        return Conclusion("cannot_tell", "few_models")
    if fit.predicted("one_factor") is None or not 0 <= fit.point.tetrachoric[0] < 1:
        return Conclusion("cannot_tell", "no_one_factor")
    tests = {} if fit.null is None else fit.null.own_tests(NULL_LAWS)
    if fit.null is None or not tests:
        return Conclusion("cannot_tell", "interrupted" if fit.interrupted else "not_tested")
    return _judge(tests, fit.tail, interrupted=fit.null.interrupted, n_models=fit.outcomes.n_models)


def _judge(tests: Mapping[str, NullTest], smooth: TailTest | None, *, interrupted: bool, n_models: int) -> Conclusion:
    """The decision on ratios under the Gaussian laws, and on the histogram of C under smooth ones."""
    missing = tuple(law for law in NULL_LAWS if law not in tests)
    rejecting = tuple(law for law, test in tests.items() if test.p_value <= CHANCE)
    facts = Conclusion(
        "cannot_tell",
        "interrupted",
        explaining=tuple(law for law in tests if law not in rejecting),
        rejecting=rejecting,
        missing=missing,
        smooth=() if smooth is None else smooth.explaining(CHANCE),
        pool_too_large=n_models > (MAX_MODELS if smooth is None else MAX_REPLICATED_MODELS),
    )
    if interrupted:
        return facts
    low = max(test.p_lower for test in tests.values())
    if low <= CHANCE and not missing:
        return replace(facts, tail="thinner", reason="ratios_low", p_value=low)
    if smooth is None:
        return replace(facts, reason="nulls_missing")
    rejected = not (facts.explaining or facts.smooth or missing)
    if smooth.ceiling < MIN_CEILING and not (rejected and smooth.p_value <= OVERWHELMING):
        return replace(facts, reason="low_power")
    if facts.explaining or "gaussian" in facts.smooth:
        return replace(facts, tail="chance", reason="laws_disagree" if rejecting else "explained")
    if facts.smooth:
        return replace(facts, tail="heavy_tail", reason="smooth_explains")
    if missing:
        return replace(facts, reason="nulls_missing")
    highest = max(smooth.p_value, *(test.p_value for test in tests.values()))
    return replace(facts, tail="beyond", reason="all_rejected", p_value=highest)


def _conclude_without_tail(fit: MatrixFit) -> Conclusion:
    """No query defeats every model: is that rare under every law fitted to pairs, and could a common mode be seen?"""
    outcomes, null = fit.outcomes, fit.null
    if (outcomes.error_counts == 0).any():
        return Conclusion("cannot_tell", "always_right")
    predicted = {law: fit.predicted(law) for law in NULL_LAWS if law in fit.laws}
    first = predicted.get(FIRST_NULL)
    if first is None:
        return Conclusion("cannot_tell", "no_prediction")
    none = {law: float((1 - value) ** outcomes.n_queries) for law, value in predicted.items() if value is not None}
    if null is not None and FIRST_NULL in null.laws and not outcomes.constant.any():
        none[FIRST_NULL] = float((null.laws[FIRST_NULL].all_wrong == 0).mean())
    facts = Conclusion(
        "cannot_tell",
        "none_says_nothing",
        expected=first * outcomes.n_queries,
        expected_none=none[FIRST_NULL],
    )
    if max(none.values()) < CHANCE:
        return replace(facts, tail="thinner", reason="none_is_rare", p_value=max(none.values()))
    if fit.tail is not None and fit.tail.ceiling >= MIN_CEILING:
        return replace(facts, tail="chance", reason="none_expected")
    return facts

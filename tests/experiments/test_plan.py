"""`experiment=plan` on made-up data."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, binom

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.plan import Plan
from tests.experiments.sources import inputs_from


def test_plan(wrong):
    result = Plan(gain=0.02, n_models=67).run(Inputs(RunOptions()))
    assert result.metrics["n_queries_needed"] == result.metrics["n_queries_least"] == 357
    assert result.headline.startswith(
        "Grade 357 queries to rule out a gain above 2.0 points over the best of 67 models"
    )
    result.figures["success"]()
    from_data = Plan(gain=0.5, resolvable=None).run(inputs_from(wrong))
    assert from_data.metrics["n_models"] == 6
    assert from_data.metrics["resolvable"] == pytest.approx((wrong & ~wrong.all(axis=1)[:, None]).mean(axis=0).min())
    stated = Plan(gain=0.5, resolvable=None, n_models=9).run(inputs_from(wrong))
    assert (stated.metrics["n_models"], stated.metrics["resolvable"]) == (9, from_data.metrics["resolvable"])
    hopeless = replace(Plan(), gain=0.02, n_models=5, resolvable=0.03).run(Inputs(RunOptions()))
    assert hopeless.metrics["n_queries_needed"] is None
    assert "too close" in hopeless.headline
    hopeless.figures["success"]()


def test_plan_without_a_source():
    with pytest.raises(InputError, match="null needs a source"):
        Plan().run(Inputs(RunOptions()))


def test_the_confidence_and_the_curve_are_those_of_the_certificate():
    """Success means so few resolvable failures that their limit at 1 - δ/m is below the gain."""
    plan = Plan(gain=0.05, n_models=4, resolvable=0.01, delta=0.1, probability=0.7)
    result = plan.run(Inputs(RunOptions()))
    assert "at 90% confidence: that succeeds with probability" in result.headline
    surer = replace(plan, probability=0.99).run(Inputs(RunOptions()))
    assert surer.metrics["n_queries_needed"] > result.metrics["n_queries_needed"]
    table = result.tables["success"].to_pydict()
    assert (table["n_queries"][0], table["n_queries"][-1]) == (1, 2 * result.metrics["n_queries_needed"])
    for n, probability in list(zip(table["n_queries"], table["probability"], strict=True))[::30]:
        allowed = sum(beta.ppf(1 - 0.1 / 4, k + 1, n - k) < 0.05 for k in range(n))
        assert probability == pytest.approx(binom.cdf(allowed - 1, n, 0.01) if allowed else 0.0, abs=1e-12)


def test_what_another_model_could_mend_is_taken_from_the_data():
    """The best model misses two of four queries, and one of them everyone."""
    cells = np.array([[1, 1], [1, 0], [0, 1], [0, 1]])
    assert Plan(gain=0.5, resolvable=None).run(inputs_from(cells)).metrics["resolvable"] == 0.25

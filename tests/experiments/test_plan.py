"""`experiment=plan` on made-up data."""

from dataclasses import replace

import pytest

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
    hopeless = replace(Plan(), gain=0.02, n_models=5, resolvable=0.03).run(Inputs(RunOptions()))
    assert hopeless.metrics["n_queries_needed"] is None
    assert "too close" in hopeless.headline
    hopeless.figures["success"]()


def test_plan_without_a_source():
    with pytest.raises(InputError, match="null needs a source"):
        Plan().run(Inputs(RunOptions()))

"""A tail curve in words: the all-wrong rate at the largest pool beside its one-factor predictions."""

from collections.abc import Mapping

from cofail_lab.report.numbers import number
from cofail_lab.result import Row, Section


def headline(law: str, n_models: int, metrics: Mapping[str, float | int | None]) -> str:
    """One sentence on the largest pool of a law with this name and this many models."""
    ratio = metrics["ratio_one_factor"]
    compared = (
        "no one-factor law has its mean correlation"
        if ratio is None
        else f"{number(ratio)} times the one-factor prediction"
    )
    beta = number(metrics["all_wrong"])
    return f"{law}, {metrics['n_models']} of {n_models} models: all wrong on {beta} of the queries, {compared}."


def section(metrics: Mapping[str, float | int | None]) -> Section:
    """The rows and captions of a tail curve, from the metrics of `experiments.tail_curve`."""
    tetrachoric, pearson = (number(metrics[name]) for name in ("tetrachoric", "pearson"))
    ratio, ratio_pearson = (number(metrics[f"ratio_{name}"]) for name in ("one_factor", "one_factor_pearson"))
    return Section(
        title="All-wrong rate against pool size",
        sentences=(
            "The one-factor prediction is that of the Gaussian copula with the pool's own error rates and one "
            "correlation: its mean tetrachoric (the correct transform) or its mean Pearson correlation (biased down).",
        ),
        rows=(
            Row("all-wrong rate β", number(metrics["all_wrong"]), f"at {metrics['n_models']} models"),
            Row("β / one-factor prediction", ratio, f"tetrachoric {tetrachoric}"),
            Row("β / one-factor prediction, Pearson", ratio_pearson, f"Pearson {pearson}"),
            Row("implied correlation", number(metrics["implied_correlation"]), "the r that would predict β"),
        ),
        figures={
            "tail_curve": "Exact all-wrong rates (lines) and simulated ones (points, 95% bars).",
            "underpricing": "How far the one-factor prediction is off, and the correlation that would predict β.",
        },
    )

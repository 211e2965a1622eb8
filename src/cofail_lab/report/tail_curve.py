"""A tail curve in words: the all-wrong rate at the largest pool beside its one-factor predictions."""

from collections.abc import Mapping

from cofail_lab.report.numbers import count, fixed, percent, ratio
from cofail_lab.result import Row, Section


def headline(law: str, n_models: int, metrics: Mapping[str, float | int | None]) -> str:
    """One sentence on the largest pool of a law with this name and this many models."""
    over = metrics["ratio_one_factor"]
    compared = (
        "no one-factor law has its mean correlation" if over is None else f"{ratio(over)} the one-factor prediction"
    )
    sizes = f"{count(metrics['n_models'])} of {count(n_models)} models"
    return f"{law}, {sizes}: all wrong on {percent(metrics['all_wrong'])} of the queries, {compared}."


def section(metrics: Mapping[str, float | int | None]) -> Section:
    """The rows and captions of a tail curve, from the metrics of `experiments.tail_curve`."""
    tetrachoric, pearson = (fixed(metrics[name]) for name in ("tetrachoric", "pearson"))
    over, over_pearson = (ratio(metrics[f"ratio_{name}"]) for name in ("one_factor", "one_factor_pearson"))
    return Section(
        title="All-wrong rate against pool size",
        sentences=(
            "The one-factor prediction is that of the Gaussian copula with the pool's own error rates and one "
            "correlation: its mean tetrachoric (the correct transform) or its mean Pearson correlation (biased down).",
        ),
        rows=(
            Row("all-wrong rate β", percent(metrics["all_wrong"]), f"at {count(metrics['n_models'])} models"),
            Row("β / one-factor prediction", over, f"tetrachoric {tetrachoric}"),
            Row("β / one-factor prediction, Pearson", over_pearson, f"Pearson {pearson}"),
            Row("implied correlation", fixed(metrics["implied_correlation"]), "the r that would predict β"),
        ),
        figures={
            "tail_curve": "Exact all-wrong rates (lines) and simulated ones (points, 95% bars).",
            "underpricing": "How far the one-factor prediction is off, and the correlation that would predict β.",
        },
    )

"""`python -m studies.null_study`: the numbers of docs/fit.md about the null calibration, and the power curve.

Uniformity of the p-value under each null law, power against an atom, and what eigenvalue clipping does to a Gaussian
truth.
"""

from pathlib import Path

import numpy as np
from scipy import stats

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.comparison.laws import NULL_LAWS
from cofail_lab.fitting.estimators.pairs import Pairs, square
from cofail_lab.fitting.estimators.stack import ObservedPairs, TetrachoricStack
from cofail_lab.fitting.replicates.null import place, power, simulate, with_atom
from cofail_lab.fitting.replicates.predictors import log_predictions
from cofail_lab.fitting.replicates.stages import Batch, Replicates
from cofail_lab.models import AbstractErrorLaw, GaussianCopula, OneFactorGaussian
from cofail_lab.report.figures.style import PALETTE, canvas, drawing, fitted, svg

_FIGURE = Path(__file__).resolve().parents[1] / "docs" / "figures" / "null_power.svg"
# Four, two and three and a half minutes of one core.
_MATRICES = {"one_factor": 1600, "one_factor_loadings": 400, "full_sigma": 300}
_ATOMS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12)


def _truth(m: int, r: float = 0.5) -> OneFactorGaussian:
    return OneFactorGaussian(np.linspace(0.3, 0.7, m), np.full(m, np.sqrt(r)))


def _drawn(law: AbstractErrorLaw, n: int, replicates: int, stream: tuple[int, int], **more: object) -> Replicates:
    return simulate(law, n, Pairs.of(law.n_models), replicates, stream, **more).replicates()  # type: ignore[arg-type]


def _null_truth(law: str, m: int) -> AbstractErrorLaw:
    """A truth for each null law, rates .3 to .7.

    One correlation of .5; loadings .4 to .9 in no order of the rates; two blocks of correlation .75 within and .35
    across, which is no one-factor law.
    """
    rates = np.linspace(0.3, 0.7, m)
    if law == "one_factor":
        return _truth(m)
    if law == "one_factor_loadings":
        return OneFactorGaussian(rates, np.linspace(0.4, 0.9, m)[np.random.default_rng(1).permutation(m)])
    block = np.arange(m) % 2
    correlation = np.where(block[:, None] == block, 0.75, 0.35)
    np.fill_diagonal(correlation, 1)
    return GaussianCopula(rates, correlation)


def _refitted(law: str, rates: np.ndarray, tetrachoric: np.ndarray, mean: float) -> AbstractErrorLaw:
    """The null law of one matrix, as a fit makes it."""
    matrix = square(tetrachoric, Pairs.of(len(rates)), len(rates), 1.0)
    return NULL_LAWS[law].law(ObservedPairs(rates, matrix, mean, published=False))


def uniformity(law: str, n_null: int = 99, m: int = 10, n: int = 400) -> None:
    """Test matrices of a law without a common mode, each against 99 matrices simulated from its own fit.

    A random number makes the ranks continuous. The result is exactly uniform if the observed matrix and the simulated
    ones are exchangeable. The one-sided distance measures by how much p-values are too small; the two-sided distance
    also counts p-values that are too large.
    """
    n_matrices = _MATRICES[law]
    pairs = Pairs.of(m)
    asked = () if law == "one_factor" else (law,)
    own = list(NULL_LAWS).index(law)

    def more(batch: Batch) -> dict[str, np.ndarray]:
        # Observed and simulated matrices take the same path. In a fit, a shift of the replicates has this effect.
        rates = batch.error_counts / n
        logs = log_predictions(TetrachoricStack(rates, batch.values.tetrachoric, pairs, coarse=True), asked)
        return {"rates": rates, "tetrachoric": batch.values.tetrachoric, **logs}

    observed = _drawn(_null_truth(law, m), n, n_matrices, (own, 900), more=more)
    ranks = np.empty(n_matrices)
    for b, ratio in enumerate(observed.ratios(law)):
        mean = float(observed.fit.tetrachoric[b])
        null = _refitted(law, observed.more["rates"][b], observed.more["tetrachoric"][b], mean)
        # Every matrix has its own stream.
        position = place(float(ratio), _drawn(null, n, n_null, (own * 2**16 + b, 901), more=more).ratios(law))
        assert position is not None
        ranks[b] = round(position.p_value * (n_null + 1))
    spread = (ranks - np.random.default_rng(0).random(n_matrices)) / (n_null + 1)
    rejected = int((ranks <= 0.05 * (n_null + 1)).sum())
    low, high = clopper_pearson(rejected, n_matrices, 0.05)
    two = stats.kstest(spread, "uniform")
    small = stats.kstest(spread, "uniform", alternative="greater")
    print(
        f"uniformity, {law}, {n_matrices} matrices, m={m}, n={n}: p <= .05 in {rejected / n_matrices:.1%} "
        f"[{low:.1%}, {high:.1%}]; too small by {small.statistic:.3f} (one-sided KS p {small.pvalue:.2g}); "
        f"KS distance {two.statistic:.3f} (p {two.pvalue:.2g}); mean p {spread.mean():.2f}",
        flush=True,
    )


def power_curve(replicates: int = 400) -> None:
    """Power at 5% of the one-factor ratio against an atom that changes neither the rates nor the mean pair."""
    curves = {}
    for m, n in ((10, 400), (10, 1600), (40, 400), (40, 1600)):
        truth = _truth(m)
        null = place(1.0, _drawn(truth, n, 999, (0, 902)).ratios("one_factor"))
        assert null is not None
        laws = [truth if atom == 0 else with_atom(truth, atom) for atom in _ATOMS]
        curves[m, n] = [
            np.nan if law is None else power(null, _drawn(law, n, replicates, (i, 903)).ratios("one_factor"))
            for i, law in enumerate(laws)
        ]
        text = ", ".join(f"{atom:.1%}: {value:.0%}" for atom, value in zip(_ATOMS, curves[m, n], strict=True))
        print(f"power, m={m}, n={n}: {text}", flush=True)
    _FIGURE.write_text(svg(_power_figure(curves)), encoding="utf-8")


@drawing()
def _power_figure(curves: dict[tuple[int, int], list[float]]):
    figure, axes = canvas(4.2, 2.6)
    for i, ((m, n), values) in enumerate(curves.items()):
        style = "-" if n > 1000 else "--"
        sizes, powers = [100 * atom for atom in _ATOMS], [100 * value for value in values]
        label = f"{m} models, {n:,} queries"
        axes.plot(sizes, powers, f"o{style}", ms=3, color=PALETTE[i // 2], label=label)
    axes.axhline(5, color="#999999", lw=0.6)
    axes.set_xlabel("size of the common mode, % of queries")
    axes.set_ylabel("matrices detected at 5%, %")
    axes.set_ylim(0, 102)
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)


def clipping(replicates: int = 40) -> None:
    """Full Σ of one-factor truths without an atom, m = 67 and n = 330, with each of its two repairs."""
    m, n, laws = 67, 330, ("full_sigma", "full_sigma_clip")
    pairs = Pairs.of(m)

    def more(batch: Batch) -> dict[str, np.ndarray]:
        stack = TetrachoricStack(batch.error_counts / n, batch.values.tetrachoric, pairs, coarse=True)
        return log_predictions(stack, laws)

    for low, high, r in ((0.164, 0.6, 0.9), (0.164, 0.9, 0.8), (0.1, 0.5, 0.9), (0.05, 0.5, 0.9)):
        truth = OneFactorGaussian(np.linspace(low, high, m), np.full(m, np.sqrt(r)))
        drawn = _drawn(truth, n, replicates, (0, 904), more=more)
        text = ", ".join(
            f"{law} {np.median(drawn.ratios(law)):.2f} [{np.quantile(drawn.ratios(law), 0.05):.2f}, "
            f"{np.quantile(drawn.ratios(law), 0.95):.2f}]"
            for law in ("one_factor", *laws)
        )
        beta, edge = float(truth.all_wrong()), drawn.fit.n_boundary_pairs.mean()
        print(f"clipping, rates {low} to {high}, r={r}, β {beta:.3f}, {edge:.0f} boundary pairs: {text}", flush=True)


if __name__ == "__main__":
    for law in NULL_LAWS:
        uniformity(law)
    power_curve()
    clipping()

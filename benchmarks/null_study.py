"""`python -m benchmarks.null_study`: the figures of docs/fit.md on the null calibration, with the power curve.

Uniformity of the p-value under the null, power against an atom, and what eigenvalue clipping does to a Gaussian truth.
"""

from pathlib import Path

import numpy as np
from scipy import stats

from cofail_lab.fitting.null import place, power, simulate, with_atom
from cofail_lab.fitting.point import Pairs
from cofail_lab.fitting.predictors import MatrixPredictors
from cofail_lab.fitting.replicates import Replicates
from cofail_lab.models import AbstractErrorLaw, OneFactorGaussian
from cofail_lab.report.style import PALETTE, canvas, drawing, fitted, svg

_FIGURE = Path(__file__).resolve().parents[1] / "docs" / "figures" / "null_power.svg"
_ATOMS = (0.0, 0.005, 0.01, 0.02, 0.03, 0.05, 0.08, 0.12)


def _truth(m: int, r: float = 0.5) -> OneFactorGaussian:
    return OneFactorGaussian(np.linspace(0.3, 0.7, m), np.full(m, np.sqrt(r)))


def _drawn(law: AbstractErrorLaw, n: int, replicates: int, stream: tuple[int, int], **more: object) -> Replicates:
    return simulate(law, n, Pairs.of(law.n_models), replicates, stream, **more).replicates()  # type: ignore[arg-type]


def uniformity(n_matrices: int = 200, n_null: int = 99, m: int = 10, n: int = 400) -> None:
    """200 matrices from the one-factor law, each judged by 99 simulated from its own fit: Kolmogorov-Smirnov."""
    truth = _truth(m)
    observed = _drawn(truth, n, n_matrices, (0, 900), more=lambda batch: {"rates": batch.error_counts / n})
    ranks = []
    for b, ratio in enumerate(observed.ratios("one_factor")):
        fitted_law = OneFactorGaussian(observed.more["rates"][b], np.full(m, np.sqrt(observed.fit.tetrachoric[b])))
        found = place(float(ratio), _drawn(fitted_law, n, n_null, (b, 901)).ratios("one_factor"))
        assert found is not None
        ranks.append(found.p_value * (n_null + 1))
    spread = (np.array(ranks) - np.random.default_rng(0).random(n_matrices)) / (n_null + 1)
    share = float((np.array(ranks) <= 0.05 * (n_null + 1)).mean())
    test = stats.kstest(spread, "uniform")
    print(
        f"uniformity, m={m}, n={n}: KS distance {test.statistic:.3f}, p {test.pvalue:.2f}; rejected at 5%: {share:.1%}",
        flush=True,
    )


def power_curve(replicates: int = 400) -> None:
    """Power of the one-factor ratio at 5% against an atom that rates and the mean pair do not show."""
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
        said = ", ".join(f"{atom:.1%}: {value:.0%}" for atom, value in zip(_ATOMS, curves[m, n], strict=True))
        print(f"power, m={m}, n={n}: {said}", flush=True)
    _FIGURE.write_text(svg(_power_figure(curves)), encoding="utf-8")


@drawing()
def _power_figure(curves: dict[tuple[int, int], list[float]]):
    figure, axes = canvas(4.2, 2.6)
    for i, ((m, n), values) in enumerate(curves.items()):
        style = "-" if n > 1000 else "--"
        axes.plot(
            [100 * atom for atom in _ATOMS], [100 * v for v in values], "o" + style, ms=3, color=PALETTE[i // 2],
            label=f"{m} models, {n:,} queries",
        )  # fmt: skip
    axes.axhline(5, color="#999999", lw=0.6)
    axes.set_xlabel("size of the common mode, % of queries")
    axes.set_ylabel("matrices told at 5%, %")
    axes.set_ylim(0, 102)
    axes.grid(axis="y")
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1))
    return fitted(figure)


def clipping(replicates: int = 40) -> None:
    """Full Σ of one-factor truths without an atom, m = 67 and n = 330, by its two repairs."""
    m, n, laws = 67, 330, ("full_sigma", "full_sigma_clip")
    pairs = Pairs.of(m)
    predictors = MatrixPredictors(pairs, None)
    for low, high, r in ((0.164, 0.6, 0.9), (0.164, 0.9, 0.8), (0.1, 0.5, 0.9), (0.05, 0.5, 0.9)):
        truth = OneFactorGaussian(np.linspace(low, high, m), np.full(m, np.sqrt(r)))
        found = _drawn(
            truth, n, replicates, (0, 904),
            more=lambda batch: predictors.replicates(batch.error_counts / n, batch.values.tetrachoric, laws),
        )  # fmt: skip
        said = ", ".join(
            f"{law} {np.median(found.ratios(law)):.2f} [{np.quantile(found.ratios(law), 0.05):.2f}, "
            f"{np.quantile(found.ratios(law), 0.95):.2f}]"
            for law in ("one_factor", *laws)
        )
        beta, edge = float(truth.all_wrong()), found.fit.n_boundary_pairs.mean()
        print(f"clipping, rates {low} to {high}, r={r}, β {beta:.3f}, {edge:.0f} boundary pairs: {said}", flush=True)


if __name__ == "__main__":
    uniformity()
    power_curve()
    clipping()

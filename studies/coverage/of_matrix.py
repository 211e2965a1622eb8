"""Coverage of the intervals that the fit of a matrix with the bootstrap prints, on truths whose numbers are known."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, MATRIX_LAWS, POINT_LAWS
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.estimators.stack import TetrachoricStack
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.slopes import SLOPES, pair_slopes
from cofail_lab.fitting.replicates.predictors import predict
from cofail_lab.fitting.resampling import Bootstrap
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit.metrics import metrics
from studies.coverage.kept import Found, Kept, Limits, Row, count
from studies.coverage.truths import TRUTHS, Population, Truth, one_factor, shocked, student, two_families

# Clipped Σ has no interval of its own: it is the full Σ of the published conventions.
_OF_MATRIX = tuple(law for law in MATRIX_LAWS if law != "full_sigma_clip")
_PREDICTED = (*POINT_LAWS, *_OF_MATRIX)
_BOOTSTRAP, REPLICATES = "percentiles of the query bootstrap", 199
_STUDENTISED = "studentised query bootstrap"
_WHOLE = 4
"""Of every fourth matrix the laws of the whole matrix are refitted to replicates too."""

FIT_TRUTHS = {
    "ties": TRUTHS["ties_20"],
    "shock": Truth(
        "shock of 5% over 8 models, .1 to .4, r = .3",
        300,
        lambda: shocked(0.05, one_factor(np.linspace(0.1, 0.4, 8), 0.3)),
    ),
    "sparse": Truth("8 models, α = .02, r = .4", 300, lambda: one_factor([0.02] * 8, 0.4)),
    "tiny n": Truth("8 models, α = .2 to .5, r = .4", 30, lambda: one_factor(np.linspace(0.2, 0.5, 8), 0.4)),
    "strong best": Truth("one model at .1, 7 at .4, r = .4", 300, lambda: one_factor([0.1] + [0.4] * 7, 0.4)),
    "heavy tail": Truth("8 models, α = .3, t factor (ν = 3) r = .5", 300, lambda: one_factor([0.3] * 8, 0.5, student)),
    "families": Truth("two families of 4, α = .3, r .3 and .7", 300, lambda: two_families(0.3, 4, 0.3, 0.7)),
}
"""Columns of the first table."""


FIT_ROWS = {
    "all_wrong": Row("all_wrong; β by dataset", "β", "Clopper–Pearson"),
    "accuracy": Row("accuracy of each model (table `models`)", "1 − α_i", "Clopper–Pearson"),
    "single_best": Row("single_best_lower", "accuracy of the best model, from below", "P1.iv, δ/2 = 2.5%", 0.975),
    "max_gain": Row("max_gain", "G, from above", "P1.iv"),
    "paired_max_gain": Row("paired_max_gain", "G, from above", "P1.v"),
    "paired_min_gain": Row("paired_min_gain", "G, from below", "P1.vii"),
    "oracle_gain": Row("oracle_gain", "G = min α_i − β", "adaptive set of near-best models"),
    "oracle_gain_certified": Row("oracle_gain_certified", "G", "P1.vii at δ/2 with P1.v at δ/2"),
    "foreclosed": Row("foreclosed; by dataset", "β / min α_i", "P1.ix, exact binomial limits"),
    "pearson": Row("pearson", "mean φ over pairs", _STUDENTISED),
    "pearson_within": Row("pearson_within", "mean φ within families", _STUDENTISED),
    "pearson_across": Row("pearson_across", "mean φ across families", _STUDENTISED),
    "pearson_gap": Row("pearson_gap", "their difference", _STUDENTISED),
    "tetrachoric": Row("tetrachoric", "mean tetrachoric over pairs", _BOOTSTRAP),
    "tetrachoric_interior": Row("tetrachoric_interior", "the same without boundary pairs", _BOOTSTRAP),
    "pearson_slope_accuracy": Row("pearson_slope_accuracy", "slope of φ in accuracy", _BOOTSTRAP),
    "pearson_slope_same_family": Row("pearson_slope_same_family", "φ within a family less across", _BOOTSTRAP),
    "tetrachoric_slope_accuracy": Row("tetrachoric_slope_accuracy", "slope of the tetrachoric", _BOOTSTRAP),
    "tetrachoric_slope_same_family": Row("tetrachoric_slope_same_family", "tetrachoric within less across", _BOOTSTRAP),
    **{
        f"ratio_{law}{bca}": Row(
            f"ratio_{law}{bca}",
            f"β / prediction of “{FITTED_LAWS[law].label}” from the population",
            "BCa query bootstrap" if bca else _BOOTSTRAP,
            0.90,
        )
        for law in _PREDICTED
        for bca in ("", "_bca")
    },
    "part": Row("ratio_lower of a part (table `parts`)", "β / one-factor prediction, best quarter", _BOOTSTRAP, 0.90),
}


def targets(population: Population, family: np.ndarray) -> dict[str, float]:
    """The number of the population for each of `FIT_ROWS`; nan where it does not exist."""
    m, n = population.n_models, 2**22
    pairs = Pairs.of(m, family)
    alpha, joint = population.error_rates, population.pairwise_wrong[pairs.left, pairs.right]
    # As if a matrix of four million queries had shown every rate exactly: the same function, without noise.
    point, values = fit_counts(np.rint(alpha * n).astype(int)[None], np.rint(joint * n).astype(int)[None], n, pairs)
    slopes = pair_slopes(alpha[None], values, pairs)
    stack = TetrachoricStack(alpha[None], values.tetrachoric, pairs, np.unique(family, return_inverse=True)[1])
    logs = {law: float(getattr(point, f"log_{law}")[0]) for law in POINT_LAWS}
    logs |= {law: float(found.log[0]) for law, found in predict(stack, _OF_MATRIX).items()}
    ratios = {law: population.all_wrong / float(np.exp(log)) for law, log in logs.items()}
    gain = population.oracle_gain
    return {
        "all_wrong": population.all_wrong,
        "single_best": population.single_best,
        **dict.fromkeys(("max_gain", "paired_max_gain", "paired_min_gain"), gain),
        **dict.fromkeys(("oracle_gain", "oracle_gain_certified"), gain),
        "foreclosed": population.foreclosed_share or np.nan,
        **{
            name: float(getattr(point, name)[0])
            for name in ("pearson", "pearson_within", "pearson_across", "tetrachoric", "tetrachoric_interior")
        },
        "pearson_gap": float(point.pearson_within[0] - point.pearson_across[0]),
        **{
            f"{name}_slope_{slope}": float(slopes[name][0, SLOPES.index(slope)])
            for name in ("pearson", "tetrachoric")
            for slope in ("accuracy", "same_family")
        },
        **{f"ratio_{law}{bca}": ratio for law, ratio in ratios.items() for bca in ("", "_bca")},
    }


def _printed(metrics: Mapping[str, float | int | None], stem: str) -> Limits:
    if stem.endswith("max_gain"):
        return None, metrics[stem]
    if stem == "paired_min_gain":
        return metrics[stem], None
    return metrics.get(f"{stem}_lower"), metrics.get(f"{stem}_upper")


def measure(matrices: int, kept: Kept) -> None:
    """Every interval of `FIT_ROWS`, on every truth."""
    for number, (column, truth) in enumerate(FIT_TRUTHS.items()):
        if kept.has("matrix", column):
            continue
        found: Found = {name: {} for name in FIT_ROWS}
        population = truth.population
        m = population.n_models
        family = np.where(np.arange(m) < m / 2, "first", "second")
        wanted = targets(population, family)
        if column != "families":
            # Families that are none: whether a block law exists for them is chance.
            wanted["ratio_block"] = wanted["ratio_block_bca"] = np.nan
        for seed in range(matrices):
            wrong = truth(np.random.default_rng([seed, number])).wrong
            fit = bootstrapped(_outcomes(wrong, family), seed, whole=seed % _WHOLE == 0)
            printed = metrics(fit, certify_outcomes(fit.outcomes, delta=0.05, overhead=None))
            for stem, target in wanted.items():
                count(found, stem, column, _printed(printed, stem), target)
            low, high = (np.asarray(ends) for ends in clopper_pearson((~wrong).sum(axis=0), len(wrong), 0.05))
            inside = (low <= 1 - population.error_rates) & (1 - population.error_rates <= high)
            held, asked = found["accuracy"].get(column, (0, 0))
            found["accuracy"][column] = held + int(inside.sum()), asked + m
            _count_part(found, column, fit, population)
        kept.add("matrix", found)


def bootstrapped(outcomes: Outcomes, seed: int, *, whole: bool) -> MatrixFit:
    """A fit with its bootstrap; laws of the whole matrix, which take most of the time, only with ``whole``."""
    fit = fit_matrix(outcomes, level=0.9, seed=seed)
    bootstrap = Bootstrap(fit if whole else replace(fit, matrix_laws={}), REPLICATES, seed)
    return bootstrap.attach({name: stage.replicates() for name, stage in bootstrap.stages().items()}, finished=True)


def _count_part(found: Found, column: str, fit: MatrixFit, population: Population) -> None:
    for i, reading in enumerate(fit.parts):
        limits = fit.part_interval(i)
        members = reading.part.members
        # The prediction of two models from their pair is exact: their ratio is 1.
        if reading.part.key == "best_quarter" and limits is not None and len(members) > 2:
            shown = population.probs[:, population.copies[members]]
            sub = Population(population.weights, shown, np.arange(len(members)))
            wanted = targets(sub, np.array(["one"] * len(members)))["ratio_one_factor"]
            count(found, "part", column, limits, wanted)


def _outcomes(wrong: np.ndarray, family: np.ndarray) -> Outcomes:
    n, m = wrong.shape
    return Outcomes(wrong, tuple(map(str, range(n))), tuple(map(str, range(m))), "drawn", per_model={"family": family})

"""`python -m studies.coverage_table`: writes docs/coverage.md, a row for every interval that a fit prints.

Matrices are drawn from truths with every number known, the product's own functions make the intervals, and the share of
matrices whose interval contains the number is counted. Matrix s of a truth has the seed (s, number of the truth).
``--only`` and ``--keep`` measure the tables one by one.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

import cofail_lab as cl
from cofail_lab.bounds.binomial import clopper_pearson
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, MATRIX_LAWS, POINT_LAWS
from cofail_lab.fitting.estimators import limits, loadings, loadings_ml
from cofail_lab.fitting.estimators.fitted import AbsentLawError
from cofail_lab.fitting.estimators.mixture_ml import Patterns
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.estimators.pool import VaryingPool
from cofail_lab.fitting.estimators.stack import TetrachoricStack
from cofail_lab.fitting.readings.guessing import guess_corrected
from cofail_lab.fitting.readings.luck import Runs, measure_luck
from cofail_lab.fitting.readings.slopes import SLOPES, pair_slopes
from cofail_lab.fitting.replicates.predictors import predict
from cofail_lab.models import (
    AbstractErrorLaw,
    AtomInflated,
    BlockFactor,
    Clayton,
    GaussianCopula,
    Independent,
    OneFactorGaussian,
)
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result
from studies.coverage import luck as luck_study
from studies.coverage.truths import TRUTHS, Population, Truth, one_factor, shocked

PAGE = Path(__file__).resolve().parents[1] / "docs" / "coverage.md"

Found = dict[str, dict[str, tuple[int, int]]]
"""Name of an interval -> column -> matrices with the number inside, and matrices with such an interval."""

Limits = tuple[float | None, float | None]


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        printed: names in ``results.json`` without ``_lower`` and ``_upper``; ``*`` stands for any text.
        covers: the number of the population.
        made: how.
        level: nominal confidence.
    """

    printed: str
    covers: str
    made: str
    level: float = 0.95


# The fit of a matrix with the bootstrap.

# Clipped Σ has no interval of its own: it is the full Σ of the published conventions.
_OF_MATRIX = tuple(law for law in MATRIX_LAWS if law != "full_sigma_clip")
_PREDICTED = (*POINT_LAWS, *_OF_MATRIX)
_BOOTSTRAP, _REPLICATES = "percentiles of the query bootstrap", 199
FIT_TRUTHS = {
    "ties": TRUTHS["ties_20"],
    "shock": Truth(
        "shock of 5% over 12 models, .1 to .4, r = .3", 300, lambda: shocked(0.05, one_factor(_rates(12), 0.3))
    ),
    "sparse": TRUTHS["sparse"],
    "tiny n": TRUTHS["tiny"],
    "strong best": Truth("one model at .1, 11 at .4, r = .4", 300, lambda: one_factor([0.1] + [0.4] * 11, 0.4)),
    "heavy tail": TRUTHS["heavy_tail"],
    "families": TRUTHS["families"],
}
"""Columns of the first table."""


def _rates(m: int) -> np.ndarray:
    return np.linspace(0.1, 0.4, m)


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
    "pearson": Row("pearson", "mean φ over pairs", _BOOTSTRAP),
    "pearson_within": Row("pearson_within", "mean φ within families", _BOOTSTRAP),
    "pearson_across": Row("pearson_across", "mean φ across families", _BOOTSTRAP),
    "pearson_gap": Row("pearson_gap", "their difference", _BOOTSTRAP),
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


def measure_fits(matrices: int) -> Found:
    """Every interval of `FIT_ROWS`, on every truth."""
    found = _empty(FIT_ROWS)
    for number, (column, truth) in enumerate(FIT_TRUTHS.items()):
        population = truth.population
        m = population.n_models
        family = np.where(np.arange(m) < m / 2, "first", "second")
        wanted = targets(population, family)
        if column != "families":
            # Families that are none: whether a block law exists for them is chance.
            wanted["ratio_block"] = wanted["ratio_block_bca"] = np.nan
        begun = time.process_time()
        for seed in range(matrices):
            wrong = truth(np.random.default_rng([seed, number])).wrong
            result = cl.fit(_outcomes(wrong, family), bootstrap=_REPLICATES, seed=seed, null=0, folds=0)
            for stem, target in wanted.items():
                _count(found, stem, column, _printed(result.metrics, stem), target)
            low, high = (result.tables["models"][f"accuracy_{end}"].to_numpy() for end in ("lower", "upper"))
            inside = (low <= 1 - population.error_rates) & (1 - population.error_rates <= high)
            held, asked = found["accuracy"].get(column, (0, 0))
            found["accuracy"][column] = held + int(inside.sum()), asked + m
            _count_part(found, column, result, population)
        print(f"{column}: {time.process_time() - begun:.0f} s", flush=True)
    return found


def _count_part(found: Found, column: str, result: Result, population: Population) -> None:
    for part in result.tables["parts"].to_pylist() if "parts" in result.tables else ():
        if part["part"] == "best quarter by accuracy" and part["ratio_lower"] is not None:
            members = np.array([int(name) for name in part["members"].split("\n")])
            shown = population.probs[:, population.copies[members]]
            sub = Population(population.weights, shown, np.arange(len(members)))
            wanted = targets(sub, np.array(["one"] * len(members)))["ratio_one_factor"]
            _count(found, "part", column, (part["ratio_lower"], part["ratio_upper"]), wanted)


# The atom and the parameters of laws by likelihood.


class Pool(NamedTuple):
    """A pool that laws make matrices of.

    Attributes:
        rates: error rates of the base.
        n_queries: n.
        shock: ω.
    """

    rates: np.ndarray
    n_queries: int
    shock: float


POOLS = {
    "ties": Pool(np.full(20, 0.3), 300, 0.05),
    "sparse": Pool(np.full(10, 0.05), 300, 0.01),
    "tiny n": Pool(np.linspace(0.2, 0.5, 10), 60, 0.05),
    "strong best": Pool(np.r_[0.005, np.linspace(0.25, 0.5, 19)], 300, 0.03),
    "strong, 3 models": Pool(np.array([0.01, 0.3, 0.5]), 100, 0.05),
    "strong, 60 models": Pool(np.r_[0.005, np.linspace(0.25, 0.5, 59)], 60, 0.1),
    "spread": Pool(np.linspace(0.05, 0.7, 10), 150, 0.1),
    "ω = 0": Pool(np.linspace(0.4, 0.7, 6), 200, 0.0),
}
"""Columns of the second table."""


def _sigma(m: int) -> np.ndarray:
    own = np.random.default_rng(m).uniform(-0.4, 0.4, (m, 2))
    three = np.column_stack([np.linspace(0.45, 0.85, m)[np.random.default_rng(m).permutation(m)], own])
    sigma = three @ three.T
    sigma[np.diag_indices(m)] = 1
    return sigma


BASES: dict[str, Callable[[np.ndarray], AbstractErrorLaw]] = {
    "independent": Independent,
    "one_factor": lambda rates: OneFactorGaussian(rates, np.full(len(rates), np.sqrt(0.4))),
    "loadings": lambda rates: OneFactorGaussian(
        rates, np.linspace(0.45, 0.85, len(rates))[np.random.default_rng(1).permutation(len(rates))]
    ),
    "clayton": lambda rates: Clayton(rates, 0.8),
    "block": lambda rates: BlockFactor(rates, np.arange(len(rates)) % 2, 0.3, 0.5),
    "full_sigma": lambda rates: GaussianCopula(rates, _sigma(len(rates))),
}


@dataclass(frozen=True)
class LawRow:
    """An interval of a law: its row, the base that makes the matrices, and how it is decided whether it holds."""

    row: Row
    base: str
    matrices: int
    holds: Callable[[np.ndarray, float], bool | None]
    shocked: bool = True


def _by_free_rates(base: str, dependence: float) -> Callable[[np.ndarray, float], bool]:
    """Whether the limits of ω contain it: the sign of `limits.shock_excess` at ω, without a search for the limits."""

    def holds(wrong: np.ndarray, shock: float) -> bool:
        data = Patterns.of(wrong)
        k, n = data.n_all_wrong, data.n_queries
        free = limits.likeliest_shock(data, base, k / n / 2, dependence) if k else None
        if free is None or shock > clopper_pearson(k, n, 0.05)[1]:
            return shock <= clopper_pearson(k, n, 0.05)[1]
        held = limits.fit(data, base, shock=shock, dependence=dependence, hold_shock=True, start=free.x)
        return limits.shock_excess(held, free, k, n, upper=shock > free.shock) >= 0

    return holds


def _by_own_loadings(wrong: np.ndarray, shock: float) -> bool:
    data = Patterns.of(wrong)
    k, n = data.n_all_wrong, data.n_queries
    if k == 0 or shock > clopper_pearson(k, n, 0.05)[1]:
        return bool(shock <= clopper_pearson(k, n, 0.05)[1])
    free = loadings_ml.fit(wrong, np.clip(loadings.fit(VaryingPool(wrong).tetrachoric), -0.95, 0.95), atom=True)
    start = np.clip(free.loadings, -0.95, 0.95)
    held = loadings_ml.fit(wrong, start, atom=False, held_shock=shock if shock else None)
    return limits.shock_excess(held, free, k, n, upper=shock > free.shock) >= 0


def _printed_by(name: str, parameter: str) -> Callable[[np.ndarray, float], bool | None]:
    """Whether the limits that a law prints contain a number; None where it prints none."""

    def holds(wrong: np.ndarray, value: float) -> bool | None:
        try:
            found = FITTED_LAWS[name].fit(VaryingPool(wrong, _two_families(wrong.shape[1])), True)
        except AbsentLawError:
            return None
        if parameter not in found.intervals:
            return None
        low, high = found.intervals[parameter]
        return low - 1e-9 <= value <= high + 1e-9

    return holds


def _two_families(m: int) -> np.ndarray:
    return np.array(["even", "odd"])[np.arange(m) % 2]


_FREE, _PROFILE = "likelihood of the matrix, rates free, or K", "likelihood of C over ω = k/n, or K"
LAW_ROWS = {
    "shock_atom_independent": LawRow(
        Row("shock_atom_independent", "ω over independent errors", _FREE),
        "independent",
        200,
        _by_free_rates("independent", 0.0),
    ),
    "shock_atom_one_factor": LawRow(
        Row("shock_atom_one_factor", "ω over one factor", _FREE), "one_factor", 100, _by_free_rates("one_factor", 0.4)
    ),
    "shock_atom_one_factor_loadings_ml": LawRow(
        Row("shock_atom_one_factor_loadings_ml", "ω over own loadings", _FREE), "loadings", 100, _by_own_loadings
    ),
    "shock_atom_clayton": LawRow(
        Row("shock_atom_clayton", "ω over Clayton", _FREE), "clayton", 40, _by_free_rates("clayton", 0.8)
    ),
    "shock_atom_one_factor_loadings": LawRow(
        Row("shock_atom_one_factor_loadings", "ω over own loadings, from pairs", _PROFILE),
        "loadings",
        40,
        _printed_by("atom_one_factor_loadings", "shock"),
    ),
    "shock_atom_block": LawRow(
        Row("shock_atom_block", "ω over families, from pairs", _PROFILE),
        "block",
        60,
        _printed_by("atom_block", "shock"),
    ),
    "shock_atom_full_sigma": LawRow(
        Row("shock_atom_full_sigma", "ω over full Σ, from pairs", _PROFILE),
        "full_sigma",
        40,
        _printed_by("atom_full_sigma", "shock"),
    ),
    "correlation_one_factor_ml": LawRow(
        Row("correlation_one_factor_ml", "r = .4 of one factor, no atom", "likelihood of C"),
        "one_factor",
        100,
        lambda wrong, _: _printed_by("one_factor_ml", "correlation")(wrong, 0.4),
        shocked=False,
    ),
    "theta_clayton_ml": LawRow(
        Row("theta_clayton_ml", "θ = .8 of Clayton, no atom", "likelihood of the matrix, rates free"),
        "clayton",
        60,
        lambda wrong, _: _theta_holds(wrong, 0.8),
        shocked=False,
    ),
}


def _theta_holds(wrong: np.ndarray, theta: float) -> bool:
    data = Patterns.of(wrong)
    free, held = (
        limits.fit(data, "clayton", shock=0.0, dependence=theta, hold_dependence=hold) for hold in (False, True)
    )
    return free.log_likelihood - held.log_likelihood <= 1.9207


def measure_laws(share: float) -> Found:
    """Every interval of `LAW_ROWS`; ``share`` of the number of matrices that each states."""
    found = _empty(LAW_ROWS)
    for name, law in LAW_ROWS.items():
        begun = time.process_time()
        for number, (column, pool) in enumerate(POOLS.items()):
            if not law.shocked and pool.shock == 0:
                continue
            base = BASES[law.base](pool.rates)
            truth = AtomInflated(pool.shock, base) if law.shocked and pool.shock else base
            held = asked = 0
            for wrong in _samples(truth, pool.n_queries, max(1, round(share * law.matrices)), number):
                kept = wrong[:, wrong.any(axis=0) & ~wrong.all(axis=0)]
                inside = law.holds(kept, pool.shock) if kept.shape[1] >= 2 else None
                held, asked = held + bool(inside), asked + (inside is not None)
            found[name][column] = held, asked
        print(f"{name}: {time.process_time() - begun:.0f} s, {found[name]}", flush=True)
    return found


def _samples(law: AbstractErrorLaw, n: int, matrices: int, number: int) -> Iterator[np.ndarray]:
    """Matrices of a law, from one draw of all their queries."""
    import jax

    drawn = np.asarray(law.sample(jax.random.key(7000 + number), n * matrices))
    yield from drawn.reshape(matrices, n, -1)


# Repeated runs and guessing.

LUCK_ROWS = {
    "single_best": Row("repeats_single_best", "accuracy of one run of the best model", "adaptive"),
    "oracle": Row("repeats_oracle", "accuracy of the oracle of one run", "Korn–Graubard"),
    "routable_upper": Row("repeats_routable_upper", "mean of the greatest share of right runs", "Korn–Graubard"),
    "luck_lower": Row("luck_lower", "least share of the gain that is luck", "query bootstrap"),
    "luck": Row("luck_lower_lower to luck_upper_upper", "share of the gain that is luck", "both bounds together"),
    "guess_know": Row("all_wrong_known", "β without lucky guesses (P10.i)", "Clopper–Pearson of β"),
    "guess_ceiling": Row("routable_ceiling", "routable ceiling with guesses (P10.i)", "Clopper–Pearson of β"),
}
LUCK_TRUTHS = ("ties_20", "shock_67", "sparse", "tiny", "strong_best", "heavy_tail")
_COLUMNS = ("ties", "shock", "sparse", "tiny n", "strong best", "heavy tail")
_CHOICES = 4


def measure_luck_rows(matrices: int) -> Found:
    """Every interval of `LUCK_ROWS`: four runs a cell, and four options to guess among."""
    found = _empty(LUCK_ROWS)
    for number, (column, name) in enumerate(zip(_COLUMNS, LUCK_TRUTHS, strict=True)):
        truth = TRUTHS[name]
        wanted = luck_study.targets(truth, 4, np.random.default_rng([10**6, number]))
        for seed in range(matrices):
            rng = np.random.default_rng([seed, number])
            right = truth.population.draw_runs(rng, truth.n_queries, 4)
            runs = Runs(np.arange(right.shape[1]), right, np.full(right.shape, 4), inferred=False)
            measured = measure_luck(runs, seed)
            for stem, target in wanted.items():
                got = None if stem == "luck" else getattr(measured, stem)
                _count(found, stem, column, (None, None) if got is None else (got.lower, got.upper), target)
            if measured.luck_lower is not None and measured.luck_upper is not None:
                both = measured.luck_lower.lower, measured.luck_upper.upper
                _count(found, "luck", column, both, wanted["luck"])
            # Whoever does not know guesses: a wrong answer of the truth turns right once in four times.
            unknown = truth(rng).wrong
            wrong = unknown & (rng.random(unknown.shape) >= 1 / _CHOICES)
            m, beta = unknown.shape[1], truth.population.all_wrong
            # With copies the guesses differ, and the formula is for models that know apart.
            guess = guess_corrected(int(wrong.all(axis=1).sum()), len(wrong), m, _CHOICES)
            _count(found, "guess_know", column, (guess.all_wrong.lower, guess.all_wrong.upper), beta)
            ceiling = 1 - beta * (1 - 1 / _CHOICES)
            _count(found, "guess_ceiling", column, (guess.ceiling.lower, guess.ceiling.upper), ceiling)
    return found


def _empty(rows: Mapping[str, object]) -> Found:
    return {name: {} for name in rows}


def _count(found: Found, stem: str, column: str, printed: Limits, target: float) -> None:
    """Count an interval; nothing where none is printed or the number does not exist."""
    low, high = printed
    if (low is None and high is None) or np.isnan(target):
        return
    held, asked = found[stem].get(column, (0, 0))
    # Rounding of a limit that is exactly the number is no miss.
    near = 1e-9 * (1 + abs(target))
    inside = (low is None or low <= target + near) and (high is None or target - near <= high)
    found[stem][column] = held + inside, asked + 1


def _outcomes(wrong: np.ndarray, family: np.ndarray) -> Outcomes:
    n, m = wrong.shape
    return Outcomes(wrong, tuple(map(str, range(n))), tuple(map(str, range(m))), "drawn", per_model={"family": family})


def table(rows: Mapping[str, Row], found: Found, columns: tuple[str, ...]) -> str:
    """A Markdown table: share inside and number of matrices by column, the smallest share with its binomial error."""
    head = ["printed", "covers", "made by", "level", *columns, "least"]
    lines = [head, ["---"] * len(head)]
    for name, row in rows.items():
        cells = found[name]
        shares = {column: held / asked for column, (held, asked) in cells.items() if asked >= 10}
        least = min(shares, key=lambda column: shares[column]) if shares else None
        said = "—"
        if least is not None:
            n = cells[least][1]
            said = f"{shares[least]:.3f} ± {np.sqrt(max(shares[least] * (1 - shares[least]), 1 / (4 * n)) / n):.3f}"
        texts = [
            f"{held / asked:.3f} ({asked})" if asked else "—" for held, asked in (cells.get(c, (0, 0)) for c in columns)
        ]
        lines.append([f"`{row.printed}`", row.covers, row.made, f"{100 * row.level:g}%", *texts, said])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def documented(metric: str) -> bool:
    """Whether a metric ``<name>_lower`` or ``_upper`` has a row."""
    rows = [row.printed for row in (*FIT_ROWS.values(), *(law.row for law in LAW_ROWS.values()), *LUCK_ROWS.values())]
    stem = re.sub("_(lower|upper)$", "", metric)
    return any(stem in re.findall(r"[a-z_0-9]+", printed) or metric in printed for printed in rows)


def page(fits: Found, laws: Found, lucks: Found, command: str, minutes: float) -> str:
    """The text of docs/coverage.md."""
    abouts = "; ".join(f"*{name}*: {truth.about}, n = {truth.n_queries:,}" for name, truth in FIT_TRUTHS.items())
    pools = "; ".join(
        f"*{name}*: {len(pool.rates)} models, {pool.rates.min():g} to {pool.rates.max():g}, n = {pool.n_queries}, "
        f"ω = {pool.shock:g}"
        for name, pool in POOLS.items()
    )
    lucks_about = "; ".join(f"*{c}*: {TRUTHS[n].about}" for c, n in zip(_COLUMNS, LUCK_TRUTHS, strict=True))
    law_rows = {name: law.row for name, law in LAW_ROWS.items()}
    return f"""# Do the intervals cover?

Every interval that a fit prints has a row here. Matrices are drawn from truths whose numbers are known exactly, the functions of the fit
make the interval, and it is counted how often it contains the number. This page is written by `{command}` ({minutes:.0f} minutes of one core);
do not edit it.

A cell is the share of matrices whose interval contains the number, with the number of matrices that have such an interval in
brackets (of *accuracy*: of models). The last column is the smallest share of at least ten matrices, with its binomial standard error. A share
of .95 in 100 matrices has an error of .022, so that the smallest of seven is expected near .92. An interval for which no number exists in a
truth, or that is printed for fewer than half of its matrices, has few matrices there.

## Of the matrix

{abouts}. The first half of the models is a family, the second another; {_REPLICATES} bootstrap replicates where a fit has 2,000.

{table(FIT_ROWS, fits, tuple(FIT_TRUTHS))}

**Ratios** have 90% intervals, the published level. What they cover is β over the prediction that the law makes from the *population's* rates and
pairs, and not 1: a ratio of 1 is not expected even without a common mode (docs/fit.md). Only matrices with K > 0 have one.

## Of the laws

{pools}. The base is the law of the row: one factor r = .4; own loadings .45 to .85; Clayton θ = .8; families ρ .3 and .5; Σ of three factors.
Under a base that is not the law of the data, ω is the atom that this base would need, and no interval covers the atom of the data.
At ω = 0 an interval that contains it has the lower limit 0.

{table(law_rows, laws, tuple(POOLS))}

## Of repeated runs and guessing

{lucks_about}. Four runs a cell; four options to guess among.

{table(LUCK_ROWS, lucks, _COLUMNS)}

## Printed, but no confidence interval

- `frechet_lower`, `frechet_upper`: what the rates and pairs of this matrix allow; exact, no sampling error is meant.
- `null_ratio_*_lower`: the middle 90% of simulated ratios without a common mode. Whether p-values are uniform: `python -m studies.null_study`, docs/fit.md.
- `heldout_*_error`, ± of held-out differences: standard errors over queries with the fits held fixed.
- `predicted_*_error`: of the quadrature or the simulation of a prediction at the fitted parameters.
- Bands of the pool-size scan: the middle 90% of random pools.
- `repeats_half_pick`, `repeats_first_pick`: made like `repeats_oracle`; the number that they cover depends on how models are picked, and is below the routable ceiling.
"""


MEASURES: dict[str, Callable[[int], Found]] = {
    "matrix": measure_fits,
    "laws": lambda matrices: measure_laws(matrices / 100),
    "runs": measure_luck_rows,
}
"""The three tables of the page."""


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matrices", type=int, default=100, help="of every truth; slow laws state fewer")
    parser.add_argument("--only", nargs="*", choices=list(MEASURES), default=list(MEASURES), help="tables to measure")
    parser.add_argument("--keep", type=Path, help="JSON file with what was measured before; measured tables go there")
    options = parser.parse_args()
    kept = json.loads(options.keep.read_text()) if options.keep and options.keep.exists() else {}
    for name in options.only:
        begun = time.process_time()
        kept[name] = {"found": MEASURES[name](options.matrices), "minutes": (time.process_time() - begun) / 60}
        if options.keep:
            options.keep.write_text(json.dumps(kept))
    if set(kept) == set(MEASURES):
        minutes = sum(kept[name]["minutes"] for name in MEASURES)
        command = f"python -m studies.coverage_table --matrices {options.matrices}"
        text = page(*(kept[name]["found"] for name in MEASURES), command, minutes)
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

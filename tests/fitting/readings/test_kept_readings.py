"""What else a matrix says, on small made-up matrices: numbers kept as the tests beside this one found them right."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from cofail_lab.fitting.estimators.pairs import Pairs, phi, row_means, square
from cofail_lab.fitting.readings import difficulty, tail_test
from cofail_lab.fitting.readings.guessing import guess_corrected
from cofail_lab.fitting.readings.heldout import single_best_heldout
from cofail_lab.fitting.readings.luck import Runs, measure_luck
from cofail_lab.fitting.readings.parts import parts
from cofail_lab.fitting.readings.pool_scan import Compositions, scan_sizes
from cofail_lab.fitting.readings.regimes import measure_regime
from cofail_lab.fitting.readings.slopes import slopes
from cofail_lab.fitting.replicates.bootstrap import resample_counts
from cofail_lab.fitting.replicates.intervals import bca_interval, percentile_interval, studentised_interval
from tests.conftest import outcomes_from
from tests.experiments.whole import keep, shown

RNG = np.random.default_rng(21)
WRONG = RNG.normal(size=(80, 6)) + RNG.normal(size=(80, 1)) * 1.2 > [0.2, 0.5, 0.8, 0.0, 0.6, 1.0]
RUNS = RNG.binomial(4, np.where(WRONG, 0.25, 0.8))
FAMILY = np.array(["f", "f", "g", "g", "g", ""], object)


def _numbers(array: object) -> str:
    return shown(np.asarray(array).tolist())


def small() -> Iterator[str]:
    pairs = Pairs.of(6, FAMILY)
    errors, joint = WRONG.sum(axis=0), WRONG.T.astype(int) @ WRONG
    values = phi(errors[pairs.left], errors[pairs.right], joint[pairs.left, pairs.right], 80)
    yield f"pairs {_numbers(pairs.left)} {_numbers(pairs.right)} {_numbers(pairs.same_family)}"
    yield f"phi {_numbers(values)}"
    yield f"means {_numbers(row_means(values, pairs.same_family))}"
    yield f"square {_numbers(square(values, pairs, 6, 1.0))}"
    yield f"slopes {_numbers(slopes(errors[None] / 80, values[None], pairs))}"
    yield f"guessing {shown(guess_corrected(11, 100, 3, 4))} {shown(guess_corrected(60, 100, 3, 2))}"
    yield f"held out {single_best_heldout(WRONG, 20, 5)}"
    yield f"scan {shown([scan_sizes(m) for m in (2, 6, 67, 1000)])}"
    scan = Compositions(6, 80, 3)
    counted = scan.count(2, np.stack([WRONG, ~WRONG]), np.stack([joint, (~WRONG).T.astype(int) @ ~WRONG]))
    yield from (f"{name} {_numbers(found)}" for name, found in counted.items())
    for name, wrong in (("whole", WRONG), ("few", WRONG[:, :2]), ("all wrong", np.ones((30, 2), bool))):
        regime = measure_regime(wrong, name)
        limits = (regime.all_wrong_interval, regime.foreclosed_share, regime.foreclosed_interval)
        yield f"{shown(vars(regime))} {shown(limits)} {regime.regime}"
    yield f"resampled {_numbers(resample_counts(12, 3, 7))} {_numbers(resample_counts(12, 3, 8))}"


def intervals() -> Iterator[str]:
    rng = np.random.default_rng(22)
    drawn, left_out = rng.gamma(3.0, size=199), rng.gamma(3.0, size=40) / 20 + 3
    errors = 1 + 0.2 * rng.random(199)
    drawn_nan = np.where(np.arange(199) % 5 == 0, np.nan, drawn)
    yield f"percentile {shown(percentile_interval(drawn, 0.9))} {shown(percentile_interval(drawn_nan, 0.95))}"
    yield f"none {percentile_interval(np.where(np.arange(199) % 2 == 0, np.nan, drawn), 0.9)}"
    yield f"bca {shown(bca_interval(3.2, drawn, left_out, 0.9))} {shown(bca_interval(2.5, drawn, left_out, 0.95))}"
    yield f"studentised {shown(studentised_interval((3.2, 1.1), (drawn, errors), 0.9))}"


def chosen() -> Iterator[str]:
    columns = {
        "family": FAMILY,
        "released": np.array([f"2024-0{i}-01" for i in (3, 1, 5, 2, 6, 4)], object),
        "tier": np.array(["a", "b", "a", "b", "", "a"], object),
    }
    wrong = np.column_stack([WRONG, WRONG[:, 0]])
    more = {name: np.append(column, column[:1]) for name, column in columns.items()}
    outcomes = replace(outcomes_from(wrong), per_model=more)
    yield from (f"{part.key}: {part.title}: {_numbers(part.members)}" for part in parts(outcomes))


def luck() -> Iterator[str]:
    found = measure_luck(Runs(np.arange(6), RUNS, np.full(RUNS.shape, 4), inferred=False), 2)
    yield from (f"{name}: {shown(value)}" for name, value in vars(found).items())


def difficulties() -> Iterator[str]:
    x = np.array([-4.0, -1.5, -0.2, 0.4, 2.0, 5.0])
    for name, family in difficulty.FAMILIES.items():
        yield from (
            (f"{name} {shape:.4g}: {_numbers(family.cdf(shape, x))}" for shape in family.shapes[[1, -2]] if shape)
            if len(family.shapes) > 1
            else ()
        )
    pool = difficulty.Pool(np.array([0.2, 0.35, 0.5, 0.4]), np.array([0.9, 1.1, 1.0, 1.0]))
    for name in ("gaussian", "skew", "student"):
        family = difficulty.FAMILIES[name]
        yield f"laws {name} {_numbers(pool.laws(family, [0.4, 0.9], family.shapes[-1:], np.array([-0.1, 0.2])))}"
    yield f"atom {_numbers(difficulty.atom_gain(np.array([0.0, 0.1, 0.3, 1.0]), np.array([0.1, 0.05, 0.3, 0.5])))}"


def tails() -> Iterator[str]:
    counts = np.bincount(WRONG.sum(axis=1), minlength=7).astype(float)
    pool = difficulty.Pool(WRONG.mean(axis=0), np.ones(6))
    laws = {
        (0, name): found for name, found in difficulty.near(pool, ("gaussian", "skew"), counts[None] / 80, 80).items()
    }
    draw = tail_test.Draws(80, 4)
    for key, found in laws.items():
        yield f"{key} {len(found.probs)} laws, {_numbers(found.parameters[found.probs[:, -1].argmax()])}"
        yield f"likelihoods {shown([each.tolist() for each in tail_test.likelihoods(found, counts[None])])}"
        yield f"drawn {_numbers(draw(found.probs[0], 2, 1, key))}"
    p_values, evidence = tail_test.smooth_p_values(laws, counts, draw, 49)
    yield f"p {shown(p_values)}, evidence {evidence:.6g}"
    alternative = tail_test.with_atom(pool, "gaussian", laws[0, "gaussian"], counts, 0.05)
    yield f"alternative {_numbers(alternative)}"
    yield f"ceiling {shown(tail_test.power_ceiling(alternative, laws, draw))}"


KEPT = {one.__name__: one for one in (small, chosen, luck, difficulties, tails, intervals)}


@pytest.mark.parametrize("name", KEPT)
def test_numbers(name: str) -> None:
    keep(f"readings_{name}", list(KEPT[name]()))

"""What a table of labels says of its raters: limits from resamples, redone one resample at a time."""

import numpy as np
import pytest

from cofail_lab.decisions.dawid_skene import dawid_skene
from cofail_lab.decisions.rater_agreement import cohen_kappa, fleiss_kappa, resampled
from cofail_lab.decisions.rater_quality import (
    MOST_CLASSES,
    Limited,
    _limited,
    _mean,
    agreement_with_others,
    independence,
    kappas,
    latent_quality,
)
from cofail_lab.decisions.rater_votes import effective_votes, error_correlation, shortfall


@pytest.fixture(scope="module")
def panel() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """40 items, three unlike raters with some labels missing; the truth, not known of five items; 30 resamples."""
    rng = np.random.default_rng(0)
    truth = (rng.random(40) < 0.6).astype(np.int64)
    hit = rng.random((40, 3)) < [0.95, 0.8, 0.65]
    labels = np.where(hit, truth[:, None], 1 - truth[:, None])
    labels[rng.random((40, 3)) < 0.1] = -1
    truth[:5] = -1
    return labels, truth, resampled(np.arange(40), 30, rng)


def central(value: float, drawn: list[float]) -> tuple[float, float, float]:
    return (value, *np.quantile(drawn, [0.025, 0.975]))


def test_agreement_pair_by_pair(panel) -> None:
    labels, _, weights = panel
    found = kappas(labels, weights)
    again = [np.repeat(labels, w, axis=0) for w in weights]

    def cohen(table: np.ndarray, i: int, j: int) -> float:
        return float(cohen_kappa(table[:, i], table[:, j])[0])

    assert list(found.pairs) == [(0, 1), (0, 2), (1, 2)]
    for pair, one in found.pairs.items():
        assert one == pytest.approx(central(cohen(labels, *pair), [cohen(table, *pair) for table in again]))
    mean = [np.mean([cohen(table, *pair) for pair in found.pairs]) for table in (labels, *again)]
    assert found.cohen == pytest.approx(central(mean[0], mean[1:]))
    fleiss = [float(fleiss_kappa(table)[0]) for table in (labels, *again)]
    assert found.fleiss == pytest.approx(central(fleiss[0], fleiss[1:]))


def test_latent_classes_refitted_to_every_resample(panel) -> None:
    labels, _, weights = panel
    found = latent_quality(labels, 2, weights)
    refits = [dawid_skene(np.repeat(labels, w, axis=0), 2, tolerance=1e-6).own for w in weights]
    for r in range(3):
        for c in range(2):
            expected = central(found.fitted.own[r, c], [own[r, c] for own in refits])
            assert found.own[r][c] == pytest.approx(expected, abs=1e-4)
    assert found.own[0][0] != found.own[0][1]


def test_which_tables_have_latent_classes(panel) -> None:
    labels, _, weights = panel
    assert latent_quality(labels[:, :2], 2, weights[:1]) is None
    assert latent_quality(labels, 1, weights[:1]) is None
    assert latent_quality(labels, MOST_CLASSES + 1, weights[:1]) is None
    assert latent_quality(labels, MOST_CLASSES, weights[:1]) is not None


def test_errors_against_the_truth(panel) -> None:
    labels, truth, weights = panel
    found = independence(labels, truth, weights)
    known = (labels >= 0) & (truth >= 0)[:, None]
    rho = [error_correlation(labels != truth[:, None], known, w[None])[0] for w in (np.ones(40), *weights)]
    assert found.correlation == pytest.approx(central(rho[0], rho[1:]))
    effective = [float(effective_votes(3, x)) for x in rho]
    assert found.effective == pytest.approx(central(effective[0], effective[1:]))
    whole = shortfall(labels, truth)
    assert (found.observed, found.independent, found.best, found.n_items) == (
        whole.observed,
        whole.independent,
        whole.best,
        whole.n_items,
    )
    drawn = [shortfall(np.repeat(labels, w, axis=0), np.repeat(truth, w)).shortfall for w in weights]
    assert found.shortfall == pytest.approx(central(whole.shortfall, drawn))
    assert independence(labels, np.full(40, -1), weights) is None


def test_a_rater_is_compared_with_most_of_the_others() -> None:
    """The first agrees on row 0 and differs on row 1; row 2 is a tie of the others, in row 3 it has no vote."""
    votes = np.array([[1, 1, 1], [0, 1, 1], [1, 1, 0], [-1, 1, 1], [1, -1, -1]])
    found = agreement_with_others(votes)
    assert found[0] == 1 / 2
    # The second agrees on rows 0 and 3; in rows 1 and 2 the others are one against one.
    assert found[1] == pytest.approx(2 / 2)
    assert np.isnan(agreement_with_others(np.array([[1, -1], [-1, 0]]))).all()


def test_means_leave_out_what_does_not_exist() -> None:
    parts = [np.array([0.2, np.nan, np.nan]), np.array([0.6, 0.4, np.nan]), np.array([np.nan, 0.8, np.nan])]
    np.testing.assert_allclose(_mean(parts), [0.4, 0.6, np.nan])


def test_when_resamples_give_limits() -> None:
    drawn = np.arange(100.0)
    assert _limited(7.0, drawn) == Limited(7.0, *np.quantile(drawn, [0.025, 0.975]))
    assert _limited(np.nan, drawn) == Limited(None)
    assert _limited(7.0, np.full(100, 7.0)) == Limited(7.0)
    # One in twenty may lack the number, and no more.
    some = drawn.copy()
    some[:5] = np.nan
    assert _limited(7.0, some).lower is not None
    some[5] = np.nan
    assert _limited(7.0, some) == Limited(7.0)
    assert _limited(7.0, np.array([3.0])) == Limited(7.0)


def test_a_resample_without_a_label_is_left_out():
    """Of three resamples one has only the item that nobody labelled: the limits are of the other two."""
    labels = np.array([[0, 0, 1], [1, 1, 1], [0, 1, 0], [1, 1, 0], [0, 0, 0], [-1, -1, -1]])
    weights = np.array([[0, 0, 0, 0, 0, 6], [1, 2, 1, 1, 1, 0], [2, 1, 0, 1, 2, 0]])
    found, without = latent_quality(labels, 2, weights), latent_quality(labels, 2, weights[1:])
    assert found is not None and without is not None
    assert found.own == without.own and found.own[0][0].lower is not None

"""Latent classes: what a planted panel gets back, and what shared errors do to it."""

import numpy as np
import pytest

from cofail_lab.decisions.dawid_skene import dawid_skene, residual_correlation
from cofail_lab.errors import InputError


def planted(rng, n=6000, k=5, missing=0.0):
    """Sensitivity .9, specificity .95, prevalence .6."""
    truth = (rng.random(n) < 0.6).astype(np.int64)
    labels = (rng.random((n, k)) < np.where(truth == 1, 0.9, 0.05)[:, None]).astype(np.int64)
    return truth, np.where(rng.random((n, k)) < missing, -1, labels)


def test_a_planted_panel_comes_back(rng):
    """6,000 items: a sensitivity has an error of .005, .02 is four of them; the seed is fixed."""
    _, labels = planted(rng)
    fitted = dawid_skene(labels, 2)
    assert fitted.converged
    assert np.abs(fitted.own - [0.95, 0.9]).max() < 0.02
    assert fitted.prevalence[1] == pytest.approx(0.6, abs=0.02)
    assert abs(residual_correlation(labels, fitted)) < 0.03


def test_missing_labels_say_nothing(rng):
    truth, labels = planted(rng, missing=0.3)
    fitted = dawid_skene(labels, 2)
    assert np.abs(fitted.own - [0.95, 0.9]).max() < 0.03
    nobody = np.full((1, 5), -1)
    again = dawid_skene(np.concatenate([labels, nobody]), 2)
    np.testing.assert_allclose(again.own, fitted.own, atol=1e-7)
    assert ((fitted.posterior[:, 1] > 0.5) == (truth == 1)).mean() > 0.95


def test_three_classes_and_a_biased_rater(rng):
    truth = rng.integers(0, 3, 4000)
    labels = np.where(rng.random((4000, 4)) < 0.8, truth[:, None], rng.integers(0, 3, (4000, 4)))
    labels[:, 3] = np.where(truth == 2, 0, truth)  # never says 2
    fitted = dawid_skene(labels, 3)
    assert fitted.confusion[3, 2, 0] > 0.97
    assert fitted.own[0] == pytest.approx(np.full(3, 0.8 + 0.2 / 3), abs=0.03)


def test_weights_are_repetitions(rng):
    _, labels = planted(rng, n=300)
    weights = rng.integers(0, 3, 300)
    one, two = dawid_skene(labels, 2, weights.astype(float)), dawid_skene(np.repeat(labels, weights, axis=0), 2)
    np.testing.assert_allclose(one.own, two.own, atol=1e-9)
    assert one.log_likelihood == pytest.approx(two.log_likelihood)


def test_the_likelihood_never_falls(rng):
    _, labels = planted(rng, n=200)
    values = [dawid_skene(labels, 2, most_steps=steps).log_likelihood for steps in (1, 2, 3, 5, 10, 50)]
    assert (np.diff(values) >= -1e-9).all()
    # By hand, at the maximum.
    fitted = dawid_skene(labels, 2, tolerance=1e-12)
    joint = fitted.prevalence[None, :] * np.ones((200, 2))
    for r in range(5):
        joint = joint * fitted.confusion[r][:, labels[:, r]].T
    assert fitted.log_likelihood == pytest.approx(np.log(joint.sum(axis=1)).sum(), abs=1e-6)


def test_shared_errors_are_taken_for_the_truth(rng):
    """Raters 0 to 2 copy one bad rater half of the time: they look better than they are; the residual shows some."""
    truth, labels = planted(rng)
    copied = rng.random((6000, 3)) < 0.5
    bad = np.where(rng.random(6000) < 0.3, 1 - truth, truth)
    labels[:, :3] = np.where(copied, bad[:, None], labels[:, :3])
    fitted = dawid_skene(labels, 2)
    right = (labels[:, 0] == truth)[truth == 1].mean()
    assert fitted.own[0, 1] - right > 0.01
    assert residual_correlation(labels, fitted) > 0.01


def test_few_items_give_shares_and_correlations():
    """Five items that fit no panel: a specificity of 0 is written as 0, and a residual correlation is one."""
    labels = np.array([[1, 1, 0], [1, 1, 0], [1, 0, 1], [0, 1, 1], [1, -1, -1], [-1, 1, 0]])
    fitted = dawid_skene(labels, 2)
    assert fitted.confusion[0, 0, 0] == fitted.confusion[1, 0, 0] == 0
    assert -1 <= residual_correlation(labels, fitted) <= 1


def test_bad_input_is_named():
    with pytest.raises(InputError, match="labels: 2 raters; latent classes need at least 3"):
        dawid_skene(np.zeros((5, 2), np.int64), 2)
    with pytest.raises(InputError, match="n_classes: 1"):
        dawid_skene(np.zeros((5, 3), np.int64), 1)
    with pytest.raises(InputError, match="labels: none is given"):
        dawid_skene(np.full((5, 3), -1), 2)


def test_the_first_classes_are_the_shares_of_the_labels_given():
    labels = np.array([[1, 1, -1], [0, 1, 1], [0, 0, 0], [-1, 0, -1]])
    start = dawid_skene(labels, 2, most_steps=0)
    assert (start.n_steps, start.converged) == (0, False)
    np.testing.assert_allclose(start.posterior[:, 1], [1, 2 / 3, 0, 0])


def test_it_says_whether_it_stopped_by_itself(rng):
    _, labels = planted(rng, n=100)
    fitted = dawid_skene(labels, 2)
    assert dawid_skene(labels, 2, most_steps=fitted.n_steps).converged
    assert not dawid_skene(labels, 2, most_steps=fitted.n_steps - 1).converged


def test_a_rater_without_a_label_is_taken_to_guess(rng):
    _, labels = planted(rng, n=100, k=4)
    labels[:, 3] = -1
    np.testing.assert_allclose(dawid_skene(labels, 2).own[3], [0.5, 0.5])


def test_the_residual_correlation_item_by_item(rng):
    _, labels = planted(rng, n=80, k=3, missing=0.3)
    fitted = dawid_skene(labels, 2)
    found = []
    for i, j in ((1, 0), (2, 0), (2, 1)):
        product, own, other = 0.0, 0.0, 0.0
        for row, posterior in zip(labels, fitted.posterior, strict=True):
            if row[i] < 0 or row[j] < 0:
                continue
            for c in range(2):
                a, b = fitted.confusion[i, c, 1], fitted.confusion[j, c, 1]
                product += posterior[c] * (row[i] - a) * (row[j] - b)
                own += posterior[c] * a * (1 - a)
                other += posterior[c] * b * (1 - b)
        found.append(product / np.sqrt(own * other))
    assert residual_correlation(labels, fitted) == pytest.approx(np.mean(found), abs=1e-12)
    one = fitted._replace(confusion=np.tile(np.eye(2), (3, 1, 1)))
    assert residual_correlation(labels, one) is None

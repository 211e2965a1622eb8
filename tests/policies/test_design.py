"""Features as numbers: fitted to the training queries alone, and the same as scikit-learn's TF-IDF."""

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from cofail_lab.policies import AbsentPolicyError, Features
from cofail_lab.policies import design as module
from cofail_lab.policies.design import Design
from tests.policies.pool import topics


def test_terms_are_those_of_scikit_learn_on_the_training_prompts(rng: np.random.Generator) -> None:
    words = [f"w{i}" for i in range(60)]
    texts = np.array([" ".join(rng.choice(words, size=12)) for _ in range(80)], dtype=object)
    features = Features(np.arange(80).astype(object), {"prompt": texts})
    train, test = features.take(np.arange(50)), features.take(np.arange(50, 80))
    reference = TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, min_df=2, max_features=20_000)
    expected = reference.fit_transform(texts[:50]).toarray(), reference.transform(texts[50:]).toarray()
    design = Design.fit(train)
    # The last column is the prompt's length.
    np.testing.assert_allclose(design.train.toarray()[:, :-1], expected[0], atol=1e-12)
    np.testing.assert_allclose(design.matrix(test).toarray()[:, :-1], expected[1], atol=1e-12)
    # Queries of another corpus are counted by the same terms.
    elsewhere = Features(np.arange(30).astype(object), {"prompt": texts[50:]})
    np.testing.assert_allclose(design.matrix(elsewhere).toarray(), design.matrix(test).toarray(), atol=1e-12)


def test_only_the_most_frequent_terms_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TERMS", 3)
    texts = np.array(["a1 b1 c1 d1", "a1 b1 c1", "a1 b1", "d1 a1", "zz"], dtype=object)
    design = Design.fit(Features(np.arange(5).astype(object), {"prompt": texts}))
    assert design.train.shape == (5, 4)


def test_the_other_queries_change_nothing() -> None:
    data = topics(60, 0)
    train = data.features.take(np.arange(30))
    alone = Features(train.queries, dict(train.columns))
    np.testing.assert_allclose(
        Design.fit(train).matrix(train).toarray(), Design.fit(alone).matrix(alone).toarray(), atol=1e-12
    )


def test_numbers_are_standardised_by_the_training_queries_and_text_is_one_hot() -> None:
    features = Features(
        np.arange(4).astype(object),
        {
            "features": np.array([[1.0, 5.0], [3.0, 5.0], [9.0, 6.0], [np.nan, 5.0]]),
            "language": np.array(["de", "en", "fr", "en"], dtype=object),
        },
    )
    design = Design.fit(features.take(np.arange(2)))
    np.testing.assert_allclose(design.train, [[-1, 0, 1, 0], [1, 0, 0, 1]])
    others, one = features.take(np.array([2, 3])), features.take(np.array([3]))
    # The last matrix is kept for those queries, and for no others.
    for asked, matrix in ((others, [[7, 1, 0, 0], [-2, 0, 0, 1]]), (one, [[-2, 0, 0, 1]])):
        np.testing.assert_allclose(design.matrix(asked), matrix)
        assert design.matrix(asked) is design.matrix(asked)


def test_prompts_without_a_word_and_queries_without_anything() -> None:
    blank = Features(np.arange(3).astype(object), {"prompt": np.array(["", "!", "?"], dtype=object)})
    assert np.isfinite(Design.fit(blank).train.toarray()).all()
    with pytest.raises(AbsentPolicyError, match="neither prompts"):
        Design.fit(Features(np.arange(3).astype(object)))


def test_the_terms_that_are_kept_are_those_of_most_prompts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of eight terms in two prompts or more these three are in three or four: a1, b1 and a1 b1."""
    monkeypatch.setattr(module, "MOST_TERMS", 3)
    texts = np.array(["a1 b1 c1 d1", "a1 b1 c1", "a1 b1", "d1 a1", "zz"], dtype=object)
    design = Design.fit(Features(np.arange(5).astype(object), {"prompt": texts}))
    asked = np.array(["c1 d1", "a1 b1", "b1", "a1"], dtype=object)
    found = np.asarray(design.matrix(Features(np.arange(4).astype(object), {"prompt": asked})).toarray())[:, :-1]
    assert (found != 0).sum(axis=1).tolist() == [0, 3, 1, 1]


def test_numbers_are_standardized_by_the_training_queries_and_values_have_a_column_each() -> None:
    """Means 3 and 5, standard deviations 2 and 0; of the values those of the training queries are known."""
    numbers = np.array([[1.0, 5], [5, 5], [3, 5], [5, 5], [1, 5]])[[0, 1, 3, 4]]
    train = Features(
        np.arange(4).astype(object), {"features": numbers, "topic": np.array(["b", "a", "b", "b"], object)}
    )
    other = Features(
        np.arange(2).astype(object), {"features": np.array([[4.0, 6], [0, 5]]), "topic": np.array(["a", "c"], object)}
    )
    design = Design.fit(train)
    both = [np.asarray(design.train), np.asarray(design.matrix(other))]
    found = [sorted(matrix.T.tolist()) for matrix in both]
    assert found[0] == sorted([[-1, 1, 1, -1], [0, 0, 0, 0], [0, 1, 0, 0], [1, 0, 1, 1]])
    assert found[1] == sorted([[0.5, -1.5], [1, 0], [1, 0], [0, 0]])

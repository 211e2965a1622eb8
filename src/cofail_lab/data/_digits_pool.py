"""The digits pool: its classifiers, and the confidence and cost of the answers of a fitted classifier.

Settings are scikit-learn's defaults or round numbers; none was tuned to make joint failure rarer or more frequent.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class PoolMember:
    """One classifier of the pool.

    Attributes:
        name: unique and readable: the method, and the settings that distinguish it from others of its family.
        family: kind of classifier (``linear``, ``svm`` ...).
        estimator: unfitted scikit-learn estimator with a fixed random state; clone it before fitting.
    """

    name: str
    family: str
    estimator: Any


def digits_pool() -> list[PoolMember]:
    """The members of the pool, by family. Pixels are standardised where the method depends on their scale."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.ensemble import (
        AdaBoostClassifier,
        BaggingClassifier,
        ExtraTreesClassifier,
        GradientBoostingClassifier,
        RandomForestClassifier,
    )
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.gaussian_process.kernels import RBF, Matern
    from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
    from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC
    from sklearn.tree import DecisionTreeClassifier

    def scaled(estimator: Any) -> Any:
        return make_pipeline(StandardScaler(), estimator)

    def svm(**settings: Any) -> Any:
        # Decision values of pairs of classes: scikit-learn's summary per class is mostly a count of votes, whose margin
        # hardly distinguishes right from wrong answers. The labels are the same.
        return SVC(decision_function_shape="ovo", **settings)

    def knn(k: int, **settings: Any) -> Any:
        # Brute force, whose cost is what `operations` counts.
        return KNeighborsClassifier(k, algorithm="brute", **settings)

    def mlp(*hidden: int, activation: str = "relu") -> Any:
        settings: dict[str, Any] = {"hidden_layer_sizes": hidden, "activation": activation}
        return scaled(MLPClassifier(**settings, learning_rate_init=0.01, max_iter=1000, random_state=0))

    def gp(kernel: Any) -> Any:
        # The length scale, in grey levels over 64 pixels, is fixed: optimising it refits the processes many times.
        fixed: dict[str, Any] = {"optimizer": None}
        return GaussianProcessClassifier(kernel, **fixed, random_state=0)

    def boosted(depth: int, stages: int) -> Any:
        return GradientBoostingClassifier(max_depth=depth, n_estimators=stages, max_features="sqrt", random_state=0)

    small_tree = DecisionTreeClassifier(max_depth=3, random_state=0)
    pool: dict[str, dict[str, Any]] = {
        "linear": {
            "logistic C=0.01": scaled(LogisticRegression(C=0.01, max_iter=1000)),
            "logistic C=1": scaled(LogisticRegression(C=1.0, max_iter=1000)),
            "ridge alpha=10": scaled(RidgeClassifier(alpha=10.0)),
            "perceptron": scaled(Perceptron(random_state=0)),
        },
        "svm": {
            "svm linear C=1": svm(kernel="linear", C=1.0),
            "svm poly degree=2 C=10": scaled(svm(kernel="poly", degree=2, C=10.0)),
            "svm poly degree=3 C=10": scaled(svm(kernel="poly", degree=3, C=10.0)),
            "svm rbf C=1": scaled(svm(kernel="rbf", C=1.0)),
            "svm rbf C=10": svm(kernel="rbf", C=10.0),
        },
        "knn": {
            "knn k=1": knn(1),
            "knn k=3": knn(3),
            "knn k=5 weighted": knn(5, weights="distance"),
            "knn k=3 manhattan": knn(3, metric="manhattan"),
        },
        "tree": {
            "tree gini": DecisionTreeClassifier(random_state=0),
            "tree entropy depth=6": DecisionTreeClassifier(criterion="entropy", max_depth=6, random_state=0),
        },
        "forest": {
            "random forest 100": RandomForestClassifier(100, random_state=0, n_jobs=1),
            "extra trees 100": ExtraTreesClassifier(100, random_state=0, n_jobs=1),
            "bagged trees 20": BaggingClassifier(n_estimators=20, random_state=0, n_jobs=1),
        },
        "boosting": {
            "adaboost depth=3": AdaBoostClassifier(small_tree, n_estimators=50, random_state=0),
            "gradient boosting depth=1": boosted(depth=1, stages=50),
            "gradient boosting depth=3": boosted(depth=3, stages=30),
        },
        "naive bayes": {
            # The default smoothing (1e-9) divides by the variance of pixels that are almost always blank.
            "gaussian nb": GaussianNB(var_smoothing=0.01),
            "multinomial nb": MultinomialNB(),
            "bernoulli nb": BernoulliNB(binarize=8.0),
        },
        "discriminant": {
            "lda": LinearDiscriminantAnalysis(),
            "lda shrinkage": LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto"),
            # 25 digits of a class span at most 24 of the 64 directions, so that a full covariance needs few components.
            "qda pca=8": make_pipeline(PCA(8, svd_solver="full"), QuadraticDiscriminantAnalysis(reg_param=0.01)),
        },
        "mlp": {
            "mlp 16": mlp(16),
            "mlp 64": mlp(64),
            "mlp 32+32 tanh": mlp(32, 32, activation="tanh"),
        },
        "gaussian process": {
            "gp rbf length=20": gp(RBF(20.0)),
            "gp matern length=20": gp(Matern(20.0, nu=1.5)),
        },
    }
    return [
        PoolMember(name, family, estimator)
        for family, estimators in pool.items()
        for name, estimator in estimators.items()
    ]


def confidence(fitted: Any, inputs: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """A fitted classifier's own confidence in the label that it predicts, in [0, 1], not calibrated.

    This is the probability of the label if the classifier has probabilities. If it has only decision values, it is
    (1 + s / (1 + |s|)) / 2 for the margin s of the label over the strongest other class: increasing in s, 1/2 at a tie,
    never 0 or 1. Ridge and perceptron have one value per class, and s is the largest minus the second largest. An SVM
    has one value per pair of classes and predicts by votes: s is the label's smallest margin over any other class,
    below 0 if the label lost to that class and still had most votes.
    """
    if hasattr(fitted, "predict_proba"):
        # Rows are normalised in floating point, so that a probability of 1 can exceed 1 by rounding.
        return np.minimum(fitted.predict_proba(inputs).max(axis=1), 1.0)
    decision = fitted.decision_function(inputs)
    n, n_classes = len(inputs), len(fitted.classes_)
    if decision.shape[1] == n_classes:
        ranked = np.sort(decision, axis=1)
        margin = ranked[:, -1] - ranked[:, -2]
    else:
        first, second = np.triu_indices(n_classes, k=1)
        duels = np.full((n, n_classes, n_classes), np.inf)
        duels[:, first, second], duels[:, second, first] = decision, -decision
        label = np.searchsorted(fitted.classes_, fitted.predict(inputs))
        margin = duels[np.arange(n), label].min(axis=1)
    return (1.0 + margin / (1.0 + np.abs(margin))) / 2.0


def operations(fitted: Any, inputs: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """Cost of the prediction of each query, in operations: a multiply-add counts as one, and so does a comparison.

    The count follows from the size of the fitted model and the way in which scikit-learn evaluates it, and is therefore
    the same on every machine. Intercepts, exponentials of probabilities and the argmax over classes are not counted:
    they are few, and similar for all models. With d inputs, k classes and N training points:

    - standardisation d; principal components d x components;
    - linear models and linear discriminants k d;
    - SVM: support vectors x (d for the kernel + k - 1 for the one-against-one sums);
    - nearest neighbours: N d (brute force);
    - trees, forests, boosting: comparisons on the query's path, summed over the trees, different for every query;
    - naive Bayes: k d, twice that for the Gaussian (centre, then square), d more to binarise for the Bernoulli;
    - quadratic discriminant: k rotations of d x d and k d squares;
    - MLP: all weights;
    - Gaussian process: for each of k one-against-rest processes N d for the kernel, N for the mean, N (N + 1) / 2 for
      the triangular solve and N for the variance.

    Args:
        fitted: a fitted member of the pool.
        inputs: the queries.

    Raises:
        TypeError: a kind of estimator that is not in this list.
    """
    from sklearn.pipeline import Pipeline

    if isinstance(fitted, Pipeline):
        total = np.zeros(len(inputs))
        for _, step in fitted.steps[:-1]:
            total += operations(step, inputs)
            inputs = step.transform(inputs)
        return total + operations(fitted.steps[-1][1], inputs)
    if trees := _trees(fitted):
        return sum((_comparisons(tree, inputs) for tree in trees), start=np.zeros(len(inputs)))
    return np.full(len(inputs), float(_fixed_operations(fitted, inputs.shape[1])))


def _fixed_operations(fitted: Any, n_inputs: int) -> int:
    """Operations of a model that needs the same number of them for every query."""
    from sklearn.decomposition import PCA
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis, QuadraticDiscriminantAnalysis
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.linear_model import LogisticRegression, Perceptron, RidgeClassifier
    from sklearn.naive_bayes import BernoulliNB, GaussianNB, MultinomialNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.neural_network import MLPClassifier
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    model: Any = fitted  # the type checker narrows `fitted` to classes whose fitted attributes it does not know
    match fitted:
        case StandardScaler():
            return n_inputs
        case PCA():
            return model.components_.size
        case LogisticRegression() | RidgeClassifier() | Perceptron() | LinearDiscriminantAnalysis():
            return model.coef_.size
        case SVC():
            return model.support_vectors_.size + model.dual_coef_.size
        case KNeighborsClassifier():
            return model.n_samples_fit_ * n_inputs
        case GaussianNB():
            return 2 * model.theta_.size
        case MultinomialNB():
            return model.feature_log_prob_.size
        case BernoulliNB():
            return n_inputs + model.feature_log_prob_.size
        case QuadraticDiscriminantAnalysis():
            return sum(rotation.size + rotation.shape[1] for rotation in model.rotations_)
        case MLPClassifier():
            return sum(weights.size for weights in model.coefs_)
        case GaussianProcessClassifier():
            sizes = [len(one_against_rest.X_train_) for one_against_rest in model.base_estimator_.estimators_]
            return sum(n * n_inputs + n + n * (n + 1) // 2 + n for n in sizes)
        case _:
            raise TypeError(f"no operation count for {type(fitted).__name__}")


def _trees(fitted: Any) -> list[Any]:
    """The decision trees that a fitted model consists of; none if it is of another kind."""
    from sklearn.ensemble import BaseEnsemble
    from sklearn.tree import BaseDecisionTree

    if isinstance(fitted, BaseDecisionTree):
        return [fitted]
    if isinstance(fitted, BaseEnsemble):
        # Gradient boosting keeps a stages x classes array of trees, the others a list.
        return list(np.ravel(np.asarray(vars(fitted)["estimators_"], dtype=object)))
    return []


def _comparisons(tree: Any, inputs: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " n"]:
    """Number of comparisons on each query's path, which are its nodes without the leaf."""
    return np.asarray(tree.decision_path(inputs).sum(axis=1), dtype=float).ravel() - 1.0

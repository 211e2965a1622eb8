"""`ridge`: ridge regression of every model's correctness on the features, all models at once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from cofail_lab.policies.checks import positive
from cofail_lab.policies.graded import Graded
from cofail_lab.policies.router import AbstractRouter, Scorer


@dataclass(frozen=True)
class Ridge(AbstractRouter):
    """Scores are predicted probabilities to be right; the fastest router that reads the prompt.

    Attributes:
        alpha: penalty of the squared coefficients, > 0.
    """

    alpha: float

    def __post_init__(self) -> None:
        super().__post_init__()
        positive("policy.ridge.alpha", self.alpha)

    def learn(self, train: Graded, seed: int) -> Scorer:
        """One regression with as many targets as models."""
        del seed
        from sklearn.linear_model import Ridge as Regression

        design = train.features.design
        fitted: Any = Regression(alpha=self.alpha, solver="lsqr", tol=1e-4).fit(design.train, train.right.astype(float))
        return lambda features: np.asarray(fitted.predict(design.matrix(features))).reshape(-1, train.n_models)

"""Predictions of β that need the whole tetrachoric matrix, for the observed one and for its replicates alike."""

from collections.abc import Iterable

from jaxtyping import Float
from numpy import ndarray

from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators.stack import Prediction, TetrachoricStack

MAX_REPLICATED_MODELS = 150
"""Models in a pool whose replicates get these predictions too: beyond, a repaired matrix for each takes minutes."""


def predict(stack: TetrachoricStack, laws: Iterable[str]) -> dict[str, Prediction]:
    """Some laws of `comparison.laws.MATRIX_LAWS`, in the order of that table, for every matrix of a stack.

    A block law without families is left out.
    """
    predictions = {}
    for name in laws:
        law_prediction = FITTED_LAWS[name].predict
        prediction = None if law_prediction is None else law_prediction(stack)
        if prediction is not None:
            predictions[name] = prediction
    return predictions


def log_predictions(stack: TetrachoricStack, laws: Iterable[str]) -> dict[str, Float[ndarray, " batch"]]:
    """``log_<law>`` of each matrix, for `Replicates.more`."""
    return {f"log_{name}": prediction.log for name, prediction in predict(stack, laws).items()}

"""Predictions of β that need the whole tetrachoric matrix, for the observed matrix and for replicates."""

from collections.abc import Iterable

from jaxtyping import Float
from numpy import ndarray

from cofail_lab.fitting.comparison.laws import FITTED_LAWS
from cofail_lab.fitting.estimators.stack import Prediction, TetrachoricStack

MAX_REPLICATED_MODELS = 150
"""Replicates get these predictions in pools of up to this many models; in larger pools repairs would take minutes."""


def predict(stack: TetrachoricStack, laws: Iterable[str]) -> dict[str, Prediction]:
    """Log β of every matrix of a stack under some laws of `comparison.laws.MATRIX_LAWS`, in the order of ``laws``.

    The block law is left out where families are not known.
    """
    predictions = {}
    for name in laws:
        law_prediction = FITTED_LAWS[name].predict
        prediction = None if law_prediction is None else law_prediction(stack)
        if prediction is not None:
            predictions[name] = prediction
    return predictions


def log_predictions(stack: TetrachoricStack, laws: Iterable[str]) -> dict[str, Float[ndarray, " batch"]]:
    """``log_<law>`` -> log β of each matrix, as `Replicates.more` holds it."""
    return {f"log_{name}": prediction.log for name, prediction in predict(stack, laws).items()}

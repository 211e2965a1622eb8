"""Matrices in the format of the reference work, with figures that are known because they were put there."""

import json
from pathlib import Path

import numpy as np

FAMILIES = ("openai/gpt", "anthropic/claude", "google/gemini")


def planted(n_models: int, n_queries: int, n_all_wrong: int, best_correct: int, seed: int = 0) -> np.ndarray:
    """Wrong cells (n, m) with exactly so many all-wrong queries, and a first model that is right exactly so often.

    Every other model is right less often; which queries are hard is the same for all in part.
    """
    rng = np.random.default_rng(seed)
    hard = rng.random((n_queries, 1))
    wrong = 0.5 * hard + 0.5 * rng.random((n_queries, n_models)) > np.linspace(0.62, 0.45, n_models)
    wrong[:, 0] = np.arange(n_queries) >= best_correct
    wrong[-n_all_wrong or n_queries :] = True
    open_queries = n_queries - n_all_wrong
    # The first model's other failures are solved by the last one, which fails on as many more before them.
    wrong[best_correct:open_queries, -1] = False
    wrong[: best_correct // 2, -1] = True
    for model in range(1, n_models - 1):
        right = np.flatnonzero(~wrong[:, model])
        if len(right) >= best_correct:
            wrong[right[: len(right) - best_correct + 1], model] = True
    return wrong


def write_matrix(path: Path, wrong: np.ndarray, dataset: str, models: list[str] | None = None) -> list[str]:
    """A matrix document; returns the names of the models."""
    n, m = wrong.shape
    names = models or [f"{FAMILIES[j % 3]}-{j}" for j in range(m)]
    document = {
        f"{dataset}:{i}": {
            "dataset": dataset,
            "models": {name: {"correct": int(not wrong[i, j])} for j, name in enumerate(names)},
        }
        for i in range(n)
    }
    path.write_text(json.dumps(document))
    return names


def write_cascade(path: Path, right: np.ndarray, confidence: np.ndarray) -> None:
    """A cascade document of two models; ``right`` is (n, 2)."""
    rows = [
        {"qid": f"c{i}", "ds": "x", "conf": float(confidence[i]), "Lcorr": int(low), "Hcorr": int(high)}
        for i, (low, high) in enumerate(right)
    ]
    path.write_text(json.dumps({"L": "small", "H": "big", "kc": 5, "rec": rows}))

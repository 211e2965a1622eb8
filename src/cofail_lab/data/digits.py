"""`data=digits`: a real pool without a download, classifiers of ten families on digits bundled with scikit-learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from cofail_lab import checks
from cofail_lab.data import _digits_pool
from cofail_lab.grades import Cell, Grades
from cofail_lab.progress import track

SHIPPED = Path(__file__).with_name("digits_pool.npz")
_TRAIN_PER_DIGIT = 25
_N_REFITS = 4
_SEED = 0


@dataclass(frozen=True)
class DigitsSource:
    """Classifiers of ten families, trained on 250 of the 1,797 digits (25 of each) and graded on the other 1,547.

    The companions, with n = 1,547 queries and m models:

    - per query: ``features`` float64 (n, 64), the 8 x 8 pixels, grey levels 0..16; ``dataset`` and ``key`` (n,) the
      true digit as ``digit 3``. A query's name holds its index in scikit-learn's data set (``digit-0007``).
    - per model: ``family`` (m,).
    - per cell: ``confidence`` float64 (n, m) in [0, 1] (`_digits_pool.confidence`); ``cost`` float64 (n, m), operations
      of one prediction (`_digits_pool.operations`); ``samples`` bool (n, m, 4), True where right: four refits of every
      model, each on its own bootstrap resample of the 250, so independent across models given the query. The refits are
      exchangeable with each other but not with the graded model: a resample holds about 158 distinct digits, and its
      accuracy is lower.

    The answers travel with the package, in ``digits_pool.npz``, with the versions of the libraries that made them.
    Training is seeded and single-threaded; another processor or release may round a few confidences and answers
    differently.

    Attributes:
        retrain: train the pool in this run, which takes half a minute, instead of reading its answers.
    """

    retrain: bool = False

    def __post_init__(self) -> None:
        checks.flag("data.retrain", self.retrain)

    def load(self) -> Grades:
        """Read the answers of the trained pool, or train it; a note says which."""
        if self.retrain:
            return _grades(_train(), "retrained in this run")
        arrays = _read(SHIPPED)
        made_with = " ".join(arrays.pop("made_with").tolist())
        return _grades(arrays, f"its answers come with the package (seed {_SEED}; {made_with})")


def split(labels: Int[np.ndarray, " n"]) -> tuple[Int[np.ndarray, " train"], Int[np.ndarray, " test"]]:
    """Indices of the training digits (25 per class, drawn without replacement) and of all others; both ascending."""
    rng = np.random.default_rng(_SEED)
    digits = np.unique(labels)
    train = np.sort(
        np.concatenate([rng.choice(np.flatnonzero(labels == d), _TRAIN_PER_DIGIT, replace=False) for d in digits])
    )
    return train, np.setdiff1d(np.arange(len(labels)), train)


def resample(model: int, refit: int, n: int) -> Int[np.ndarray, " n"]:
    """Bootstrap indices of one refit of one model: n draws from range(n), with a random stream for each pair."""
    return np.random.default_rng([_SEED, model, refit]).integers(n, size=n)


def _train() -> dict[str, np.ndarray]:
    """Train every model on the training digits and on each of its resamples, and grade all of them on the rest."""
    from sklearn.datasets import load_digits
    from threadpoolctl import threadpool_limits  # a requirement of scikit-learn itself

    loaded: Any = load_digits(return_X_y=True)  # its type stubs also allow data frames
    pixels, labels = loaded
    train, test = split(labels)
    pool = _digits_pool.digits_pool()
    shape = (len(test), len(pool))
    wrong = np.empty(shape, dtype=bool)
    confidence = np.empty(shape)
    cost = np.empty(shape)
    samples = np.empty((*shape, _N_REFITS), dtype=bool)
    # Matrices of 250 rows gain nothing from BLAS threads, and on a busy machine waiting threads make this several times
    # slower. One thread also sums in the same order on any number of cores.
    with threadpool_limits(1):
        for j, member in track(enumerate(pool), "training classifiers of digits", len(pool)):
            fitted = _fit(member.estimator, pixels[train], labels[train])
            wrong[:, j] = fitted.predict(pixels[test]) != labels[test]
            confidence[:, j] = _digits_pool.confidence(fitted, pixels[test])
            cost[:, j] = _digits_pool.operations(fitted, pixels[test])
            for r in range(_N_REFITS):
                again = train[resample(j, r, len(train))]
                refitted = _fit(member.estimator, pixels[again], labels[again])
                samples[:, j, r] = refitted.predict(pixels[test]) == labels[test]
        return {
            "cells": np.where(wrong, Cell.WRONG, Cell.RIGHT).astype(np.int8),
            "queries": np.array([f"digit-{i:04d}" for i in test]),
            "models": np.array([member.name for member in pool]),
            "features": pixels[test],
            "dataset": np.array([f"digit {d}" for d in labels[test]]),
            "family": np.array([member.family for member in pool]),
            "confidence": confidence,
            "cost": cost,
            "samples": samples,
        }


def _fit(estimator: Any, pixels: np.ndarray, labels: np.ndarray) -> Any:
    from sklearn.base import clone

    fresh: Any = clone(estimator)
    return fresh.fit(pixels, labels)


def _grades(arrays: Mapping[str, np.ndarray], how: str, *notes: str) -> Grades:
    n, m = arrays["cells"].shape
    n_families = len(np.unique(arrays["family"]))
    n_train = _TRAIN_PER_DIGIT * len(np.unique(arrays["dataset"]))
    pool = (
        f"A pool of {m} scikit-learn classifiers of {n_families} families, trained on {n_train} of the bundled digits "
        f"and graded on the other {n:,}; {how}."
    )
    return Grades(
        cells=arrays["cells"],
        queries=tuple(arrays["queries"].tolist()),
        models=tuple(arrays["models"].tolist()),
        source="scikit-learn digits",
        per_query={**{name: arrays[name] for name in ("features", "dataset")}, "key": arrays["dataset"]},
        per_model={"family": arrays["family"]},
        per_cell={name: arrays[name] for name in ("confidence", "cost", "samples")},
        notes=(pool, *notes),
    )


def _read(path: Path) -> dict[str, np.ndarray]:
    with np.load(path, allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


def write_shipped() -> None:
    """Train the pool and replace the file that travels with the package (``python -m cofail_lab.data.digits``)."""
    versions = [f"{library} {version(library)}" for library in ("numpy", "scipy", "scikit-learn")]
    np.savez_compressed(SHIPPED, **_train(), made_with=np.array(versions))  # type: ignore[arg-type]


if __name__ == "__main__":
    write_shipped()

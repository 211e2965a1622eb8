"""A fit with its bootstrap and jackknife: what is refitted to every resampled matrix, and to which of them."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from cofail_lab.fitting.matrix import MATRIX_REPLICATES, MatrixFit
from cofail_lab.fitting.readings import parts as readings
from cofail_lab.fitting.readings.slopes import pair_slopes
from cofail_lab.fitting.refit import reader, replicated_laws
from cofail_lab.fitting.replicates.bootstrap import AT_ONCE, bootstrap, jackknife
from cofail_lab.fitting.replicates.stages import Batch, Replicates, Stage, join

# The laws of the whole matrix make a replicate ten times slower: so many of these are a batch.
_MATRIX_AT_ONCE = 64


def bootstrap_stages(fit: MatrixFit, n_replicates: int, seed: int) -> dict[str, Stage]:
    """The replicates that `bootstrapped` takes: the bootstrap in two parts and, where there is a ratio, the jackknife.

    The laws of the whole matrix are refitted to the first `MATRIX_REPLICATES` and to the jackknife only.
    """
    outcomes, laws = fit.outcomes, replicated_laws(fit) if n_replicates else ()
    parts = tuple(read.part for read in fit.parts)

    def plain(batch: Batch) -> dict[str, np.ndarray]:
        assert batch.weights is not None  # noqa: S101  (resampled)
        rates = batch.error_counts / batch.weights.sum(axis=1, keepdims=True)
        found = {f"log_{law}": np.full(len(rates), np.nan) for law in laws}
        if parts:
            found["parts"] = readings.resampled_parts(outcomes.wrong, parts, batch)
        found |= {f"slopes_{name}": values for name, values in pair_slopes(rates, batch.values, fit.pairs).items()}
        return found

    def rich(batch: Batch) -> dict[str, np.ndarray]:
        assert batch.weights is not None  # noqa: S101  (resampled)
        rates = batch.error_counts / batch.weights.sum(axis=1, keepdims=True)
        return plain(batch) | read(rates, batch.values.tetrachoric)

    read = reader(fit, np.arange(outcomes.n_models), laws)
    n_rich = min(n_replicates, MATRIX_REPLICATES) if laws else 0
    wrong, pairs = outcomes.wrong, fit.pairs
    stages = {
        "bootstrap_laws": bootstrap(wrong, pairs, n_rich, seed, rich, at_once=_MATRIX_AT_ONCE),
        "bootstrap": bootstrap(wrong, pairs, n_replicates - n_rich, seed, plain, first=n_rich),
    }
    if n_replicates and outcomes.n_all_wrong and outcomes.n_queries > 1:
        more, at_once = (rich, _MATRIX_AT_ONCE) if laws else (plain, AT_ONCE)
        stages["jackknife"] = jackknife(wrong, pairs, seed, more, at_once)
    return {name: stage for name, stage in stages.items() if stage.n_replicates}


def bootstrapped(fit: MatrixFit, drawn: Mapping[str, Replicates], n_asked: int, finished: bool) -> MatrixFit:
    """The fit with its bootstrap.

    Args:
        fit: of the matrix.
        drawn: replicates by `bootstrap_stages`; after an interruption fewer than ``n_asked``, or none.
        n_asked: replicates asked for.
        finished: whether all are there; a jackknife that lacks groups says nothing.
    """
    batches = [drawn[name] for name in ("bootstrap_laws", "bootstrap") if name in drawn]
    return replace(
        fit,
        replicates=join(batches) if batches else None,
        jackknife=drawn.get("jackknife") if finished else None,
        n_asked=n_asked,
    )

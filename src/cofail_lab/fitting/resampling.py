"""A fit with its bootstrap and jackknife: what is refitted to which resampled matrices."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from cofail_lab.fitting.matrix_fit import MATRIX_REPLICATES, MatrixFit
from cofail_lab.fitting.readings.parts import resampled_parts
from cofail_lab.fitting.readings.slopes import pair_slopes
from cofail_lab.fitting.refit import refitter, replicated_laws
from cofail_lab.fitting.replicates.bootstrap import AT_ONCE, JACKKNIFE_GROUPS, bootstrap, jackknife
from cofail_lab.fitting.replicates.pair_errors import pair_errors
from cofail_lab.fitting.replicates.stages import Batch, Replicates, Stage, join

# The laws of the whole matrix make a replicate ten times slower, so that its batches are smaller.
_MATRIX_AT_ONCE = 64


@dataclass(frozen=True)
class Bootstrap:
    """The query bootstrap of a fit: what is resampled, and the fit with the bootstrap attached.

    Attributes:
        fit: the fit of the observed matrix.
        n_replicates: number of replicates asked for; 0 leaves the bootstrap out.
        seed: of the resampling.
        groups: that the jackknife leaves out in turn, at most.
    """

    fit: MatrixFit
    n_replicates: int
    seed: int
    groups: int = JACKKNIFE_GROUPS

    def stages(self) -> dict[str, Stage]:
        """The bootstrap in two parts and, where there is a ratio, the jackknife.

        The laws of the whole matrix are refitted to the first `MATRIX_REPLICATES` and to the jackknife only.
        """
        outcomes, pairs, seed = self.fit.outcomes, self.fit.pairs, self.seed
        wrong, laws = outcomes.wrong, replicated_laws(self.fit) if self.n_replicates else ()
        refit = refitter(self.fit, np.arange(outcomes.n_models), laws)
        parts = tuple(reading.part for reading in self.fit.parts)

        def plain(batch: Batch) -> dict[str, np.ndarray]:
            rates = batch.resampled_error_rates
            more = {f"log_{law}": np.full(len(rates), np.nan) for law in laws}
            if parts:
                more["parts"] = resampled_parts(wrong, parts, batch)
            slopes = pair_slopes(rates, batch.values, pairs)
            errors = pair_errors(wrong, batch.resampled_weights, batch.values.pearson, pairs, self.fit.family_numbers)
            more |= {f"error_{name}": values for name, values in errors.items()}
            return more | {f"slopes_{name}": values for name, values in slopes.items()}

        def rich(batch: Batch) -> dict[str, np.ndarray]:
            return plain(batch) | left_out(batch)

        def left_out(batch: Batch) -> dict[str, np.ndarray]:
            # The jackknife serves the intervals of ratios alone.
            return refit(batch.resampled_error_rates, batch.values.tetrachoric)

        n_rich = min(self.n_replicates, MATRIX_REPLICATES) if laws else 0
        stages = {
            "bootstrap_laws": bootstrap(wrong, pairs, n_rich, seed, rich, at_once=_MATRIX_AT_ONCE),
            "bootstrap": bootstrap(wrong, pairs, self.n_replicates - n_rich, seed, plain, first=n_rich),
        }
        if self.n_replicates and outcomes.n_all_wrong and outcomes.n_queries > 1:
            at_once = _MATRIX_AT_ONCE if laws else AT_ONCE
            stages["jackknife"] = jackknife(wrong, pairs, seed, left_out, at_once, self.groups)
        return {name: stage for name, stage in stages.items() if stage.n_replicates}

    def attach(self, drawn: Mapping[str, Replicates], *, finished: bool) -> MatrixFit:
        """The fit with its bootstrap.

        Args:
            drawn: the replicates of `stages` by name; after an interruption some or all are missing.
            finished: whether all replicates are there; a jackknife is useless without some of its groups.
        """
        batches = [drawn[name] for name in ("bootstrap_laws", "bootstrap") if name in drawn]
        return replace(
            self.fit,
            replicates=join(batches) if batches else None,
            jackknife=drawn.get("jackknife") if finished else None,
            n_asked=self.n_replicates,
        )

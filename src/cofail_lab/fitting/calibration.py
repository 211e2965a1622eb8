"""A fit compared with null laws: the calibration, its power, the tail test and the pool-size scan."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Int

from cofail_lab.fitting.comparison.laws import FIRST_NULL, NULL_LAWS, POINT_LAWS
from cofail_lab.fitting.estimators import loadings, one_factor
from cofail_lab.fitting.estimators.pairs import Pairs
from cofail_lab.fitting.estimators.point import fit_counts
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.fitting.readings.pool_scan import COMPOSITIONS, Compositions, PoolScan
from cofail_lab.fitting.readings.tail_test import MAX_MODELS, SIMULATED, TailTest, test_tail
from cofail_lab.fitting.refit import refitter, replicated_laws
from cofail_lab.fitting.replicates import sequential
from cofail_lab.fitting.replicates.null import NullCalibration, NullTest, hits, place, power, simulate, with_atom
from cofail_lab.fitting.replicates.stages import FIRST_WAVE, Batch, More, Replicates, Stage, nothing, one_thread
from cofail_lab.models import AbstractErrorLaw
from cofail_lab.numerics.streams import NULL, POWER, generator
from cofail_lab.outcomes import Outcomes

# Pools with more than `_MAX_PAIRS` pairs use means over `_SOME_PAIRS` random pairs, for the observed matrix and for
# simulated ones, so that both have the same statistic.
_MAX_PAIRS = 2**18
_SOME_PAIRS = 2**16
# Counting pairs costs n m² per matrix. Above this total fewer matrices are simulated than asked for, but at least 39.
_MAX_COUNTING, _MIN_REPLICATES = 2e11, 39


@dataclass(frozen=True)
class Calibration:
    """The null calibration and the pool-size scan of a fit: what is simulated, and the fit with both attached.

    Attributes:
        fit: the fit of the observed matrix.
        n_replicates: number of matrices asked for from each null law; with 0 there is no calibration, but a scan.
        atom: size of the common mode that the power is computed for.
        seed: of the simulations.
        n_histograms: simulated from every smooth law for its p-value.
    """

    fit: MatrixFit
    n_replicates: int
    atom: float
    seed: int
    n_histograms: int = SIMULATED

    def stages(self) -> dict[str, Stage]:
        """The matrices to simulate: ``null_<law>`` from each null law, ``power`` with a common mode."""
        outcomes = self.fit.outcomes
        if len(self._varying) < 3 or not self.n_replicates:
            return {}
        with one_thread():
            laws = null_laws(self.fit)
        n, n_replicates = outcomes.n_queries, affordable(outcomes, self.n_replicates)
        stages: dict[str, Stage] = {}
        for name, law in laws.items():
            # The first null law tests every ratio, every other one the ratio of the same law.
            first = name == FIRST_NULL
            more = self._predictions(replicated_laws(self.fit) if first else (name,))
            if first:
                more = _with_scan(more, self._compositions)
            stream = (self.seed, NULL_LAWS[name].stream)
            stages[f"null_{name}"] = simulate(law, n, self._pairs, n_replicates, stream, more)
        if laws and outcomes.n_all_wrong:
            alternative = with_atom(one_factor.null_law(self.fit.observed_pairs()), self.atom)
            if alternative is not None:
                more = self._predictions(tuple(law for law in laws if law != FIRST_NULL))
                stages["power"] = simulate(alternative, n, self._pairs, n_replicates, (self.seed, POWER), more)
        return stages

    def enough(self, name: str, drawn: Mapping[str, Replicates]) -> bool:
        """Whether a stage needs no more matrices: every p-value of its null law is decided.

        The power is measured on as many matrices as the largest null. Where no query defeats every model there is no
        p-value, and all matrices are simulated.
        """
        nulls = [each for each in drawn if each.startswith("null_")]
        if name not in nulls:
            return all(self.enough(null, drawn) for null in nulls)
        law, replicates = name.removeprefix("null_"), drawn[name]
        most, ratios = affordable(self.fit.outcomes, self.n_replicates), self._observed_ratios
        return bool(ratios) and all(
            sequential.decided(each, most)
            for tested in self._tested(law, replicates)
            for each in hits(ratios[tested], replicates.ratios(tested))[: 2 if tested == law else 1]
        )

    def _tested(self, null_law: str, replicates: Replicates) -> list[str]:
        """The ratios that are tested under a null law: all under the first one, its own under every other one."""
        return [law for law in self._observed_ratios if null_law in (FIRST_NULL, law) and replicates.has(law)]

    def attach(self, drawn: Mapping[str, Replicates], tail: TailTest | None, *, finished: bool) -> MatrixFit:
        """The fit with its calibration, where there are simulated matrices, and its pool-size scan.

        Args:
            drawn: the replicates of `stages` by name; after an interruption some or all are missing.
            tail: from `tail_test`; None where it was not made.
            finished: whether every stage has `enough` replicates.
        """
        outcomes, varying = self.fit.outcomes, self._varying
        if len(varying) < 3:
            return self.fit
        wrong, joint = outcomes.wrong[:, varying], outcomes.joint_wrong_counts[np.ix_(varying, varying)]
        observed = self._compositions.count(
            0,
            np.broadcast_to(wrong, (COMPOSITIONS, *wrong.shape)),
            np.broadcast_to(joint, (COMPOSITIONS, *joint.shape)),
        )
        null, under_null = None, (None, None)
        laws = {name.removeprefix("null_"): drawn[name] for name in drawn if name.startswith("null_")}
        if laws:
            under_null = self._compositions.ratios(laws[FIRST_NULL].more)
            laws = {name: _without_scan(replicates) for name, replicates in laws.items()}
            null = self._calibrated(laws, drawn.get("power"), finished)
        scan = PoolScan(np.array(self._compositions.sizes), *self._compositions.ratios(observed), *under_null)
        return replace(self.fit, null=null, scan=scan, tail=tail if null is not None and finished else None)

    def tail_test(self) -> TailTest | None:
        """The smooth laws against an atom; None in pools that are too large."""
        outcomes, varying = self.fit.outcomes, self._varying
        if len(varying) > MAX_MODELS:
            return None
        with one_thread():
            return test_tail(
                outcomes.error_rates[varying],
                loadings.fit(self.fit.tetrachoric_matrix(varying)),
                np.bincount(outcomes.wrong[:, varying].sum(axis=1), minlength=len(varying) + 1),
                atom=self.atom,
                seed=self.seed,
                n_simulated=self.n_histograms,
            )

    @cached_property
    def _varying(self) -> Int[np.ndarray, " k"]:
        return np.flatnonzero(self.fit.outcomes.varying)

    @cached_property
    def _compositions(self) -> Compositions:
        return Compositions(len(self._varying), self.fit.outcomes.n_queries, self.seed)

    @cached_property
    def _pairs(self) -> Pairs:
        """The pairs behind every mean of a simulated matrix: all pairs, or some of them in very large pools."""
        family = self.fit.outcomes.family
        pairs = Pairs.of(len(self._varying), None if family is None else family[self._varying])
        if len(pairs.left) <= _MAX_PAIRS:
            return pairs
        some = np.sort(generator(self.seed, NULL, 2**31).choice(len(pairs.left), _SOME_PAIRS, replace=False))
        same = None if pairs.same_family is None else pairs.same_family[some]
        return Pairs(pairs.left[some], pairs.right[some], same)

    def _predictions(self, laws: tuple[str, ...]) -> More:
        """The function that predicts β from the whole tetrachoric matrix, for simulated matrices."""
        if not laws:
            return nothing
        refit = refitter(self.fit, self._varying, laws)
        n_queries = self.fit.outcomes.n_queries

        def more(batch: Batch) -> dict[str, np.ndarray]:
            return refit(batch.error_counts / n_queries, batch.values.tetrachoric)

        return more

    def _calibrated(
        self, laws: Mapping[str, Replicates], with_mode: Replicates | None, finished: bool
    ) -> NullCalibration:
        observed, most = self._observed_ratios, affordable(self.fit.outcomes, self.n_replicates)
        tests: dict[tuple[str, str], NullTest] = {}
        for name, replicates in laws.items():
            for law in self._tested(name, replicates):
                test = place(observed[law], replicates.ratios(law), most if finished and most > FIRST_WAVE else None)
                if test is not None:
                    tests[name, law] = test
        single_power = joint_power = None
        if with_mode is not None:
            single_power = {
                law: power(tests[FIRST_NULL, law], with_mode.ratios(law))
                for law in observed
                if (FIRST_NULL, law) in tests and with_mode.has(law)
            }
            if all((law, law) in tests and with_mode.has(law) for law in NULL_LAWS):
                detected = [with_mode.ratios(law) > tests[law, law].critical for law in NULL_LAWS]
                joint_power = float(np.all(detected, axis=0).mean())
        return NullCalibration(
            laws=laws,
            tests=tests,
            atom=self.atom,
            power=single_power,
            joint_power=joint_power,
            n_power=0 if with_mode is None else len(with_mode.all_wrong),
            interrupted=not finished,
            n_asked=self.n_replicates,
            n_affordable=most,
            n_pairs=len(self._pairs.left),
        )

    @cached_property
    def _observed_ratios(self) -> dict[str, float]:
        """The ratios of the fit by law; in very large pools recomputed over the pairs that simulated matrices use."""
        outcomes, pairs, varying = self.fit.outcomes, self._pairs, self._varying
        ratios = {law: self.fit.ratio(law) for law in self.fit.laws}
        if len(pairs.left) < len(varying) * (len(varying) - 1) // 2 and outcomes.n_all_wrong:
            counts = outcomes.error_counts[varying]
            joint = outcomes.joint_wrong_counts[varying[pairs.left], varying[pairs.right]]
            point, _ = fit_counts(counts[None], joint[None], outcomes.n_queries, pairs)
            for law in POINT_LAWS:
                log_predicted = getattr(point, f"log_{law}")[0]
                ratios[law] = None if np.isnan(log_predicted) else outcomes.all_wrong() / np.exp(log_predicted)
        return {law: ratio for law, ratio in ratios.items() if ratio is not None}


def null_laws(fit: MatrixFit) -> dict[str, AbstractErrorLaw]:
    """The fitted laws without a common mode, over the varying models, by the names of `comparison.laws.NULL_LAWS`.

    A law that is not refitted to replicates (`refit.replicated_laws`) is not among them. Empty where fewer than two
    models vary or the mean correlation is not in [0, 1).
    """
    observed = fit.observed_pairs()
    if len(observed.error_rates) < 2 or not 0 <= observed.mean < 1:
        return {}
    kept = {FIRST_NULL, *replicated_laws(fit)}
    return {name: null.law(observed) for name, null in NULL_LAWS.items() if name in kept}


def affordable(outcomes: Outcomes, n_replicates: int) -> int:
    """How many of the matrices asked for are simulated: all of them in pools of fewer than about a thousand models."""
    work = outcomes.n_queries * outcomes.n_models**2
    return min(n_replicates, max(_MIN_REPLICATES, int(_MAX_COUNTING / work)))


def _with_scan(more: More, compositions: Compositions) -> More:
    """``more``, and the counts of the compositions of the pool-size scan."""

    def both(batch: Batch) -> dict[str, np.ndarray]:
        return {**more(batch), **compositions.count(batch.first, *batch.simulated)}

    return both


def _without_scan(replicates: Replicates) -> Replicates:
    kept = {name: values for name, values in replicates.more.items() if not name.startswith("scan_")}
    return replicates._replace(more=kept)

"""`experiment=self_moa`: draw the best model again, or draw others of similar accuracy?"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from cofail_lab import checks
from cofail_lab.decisions import self_moa
from cofail_lab.decisions.accuracy_band import BandSets, band_sets
from cofail_lab.decisions.samples import MAX_SAMPLES, Samples, samples_of_fractions, samples_of_runs
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.numerics.streams import BANDS, MATCHED, generator
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import self_moa as words
from cofail_lab.result import Result

_SIZES = (3, 5, 7)


@dataclass(frozen=True)
class SelfOrMixed:
    """A majority of k draws of one model against one draw of each of k models (theory P15).

    Attributes:
        self: the model that is drawn repeatedly, or the k columns that hold its runs; None chooses the most accurate.
        members: the k models on the other side; None chooses the most accurate ones within the band.
        k: draws of either side, odd.
        band: largest difference in accuracy where members are chosen.
        bootstrap: resamples of the queries.
    """

    self: str | Sequence[str] | None = None
    members: Sequence[str] | None = None
    k: int = 3
    band: float = 0.05
    bootstrap: int = 2000

    def __post_init__(self) -> None:
        checks.within("experiment.k", self.k, 3, MAX_SAMPLES)
        if self.k % 2 == 0:
            raise InputError(f"experiment.k: {self.k}; an odd number is accepted: an even vote can be tied")
        checks.probability("experiment.band", self.band)
        checks.within("experiment.bootstrap", self.bootstrap, 100, 10**6)
        for field in ("self", "members"):
            checks.patterns(f"experiment.{field}", getattr(self, field))
        several = isinstance(self.members, list | tuple)
        if self.members is not None and (not several or len(set(self.members)) != self.k):
            raise InputError(f"experiment.members: {self.members!r}; a list of {self.k} different models is accepted")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """The comparison asked for, and all sets within the band."""
        outcomes = inputs.outcomes()
        rng = generator(inputs.options.seed, MATCHED)
        members = None if self.members is None else tuple(_place(outcomes, "members", str(x)) for x in self.members)
        with progress("Draws", total=2) as advance:
            if self.self is not None and not isinstance(self.self, str):
                matched, bands = self._runs(outcomes, members, rng), ()
                advance(2)
            else:
                draws = self_moa.Draws(_samples(outcomes), self.k)
                matched = self._draws(outcomes, draws, members, rng)
                advance(1)
                bands = self._bands(draws.samples, inputs.options.seed)
                advance(1)
        compared = words.Compared(outcomes, self.k, self.band, matched, self._names(outcomes, matched), bands)
        return Result(
            headline=compared.headline(),
            metrics=compared.metrics(),
            labels=compared.labels(),
            tables={"bands": compared.table()},
            figures={"self_moa": compared.figure},
            sections=compared.sections(),
        )

    def _draws(
        self,
        outcomes: Outcomes,
        draws: self_moa.Draws,
        members: tuple[int, ...] | None,
        rng: np.random.Generator,
    ) -> self_moa.Matched:
        model = None if self.self is None else _place(outcomes, "self", str(self.self))
        able = draws.repeated if members is None else draws.repeated[list(members)]
        if model is None and not able.any():
            raise InputError(f"experiment.k: {self.k} draws, but no model has {self.k} samples of every query")
        if model is not None and not draws.repeated[model]:
            least = int(draws.samples.drawn[:, model].min())
            raise InputError(f"experiment.self: {self.self!r} has {least} samples of a query; {self.k} are needed")
        matched = self_moa.matched(draws, self.band, rng, model, members, self.bootstrap)
        if matched is None:
            raise InputError(
                f"experiment.band: fewer than {self.k} models are within {self.band:g} of the model on a half of the "
                "queries; a wider band, or experiment.members, is needed"
            )
        return matched

    def _runs(self, outcomes: Outcomes, members: tuple[int, ...] | None, rng: np.random.Generator) -> self_moa.Matched:
        names = [str(name) for name in self.self or ()]
        if len(set(names)) != self.k:
            raise InputError(f"experiment.self: {names!r}; one model, or {self.k} different columns, are accepted")
        if members is None:
            raise InputError("experiment.members: null; with runs as experiment.self, members are needed, too")
        answers = outcomes.per_cell.get("answer")
        sides = [list(side) for side in (tuple(_place(outcomes, "self", name) for name in names), members)]
        own, mixed = ((~outcomes.wrong[:, side], None if answers is None else answers[:, side]) for side in sides)
        return self_moa.matched_runs(own, mixed, rng, self.bootstrap)

    def _bands(self, samples: Samples, seed: int) -> tuple[tuple[float, BandSets], ...]:
        """Sets of each size in half the band and in all of it."""
        bands = []
        for i, size in enumerate(size for size in _SIZES if (samples.drawn.min(axis=0) >= size).any()):
            for j, band in enumerate((self.band / 2, self.band)):
                sets = band_sets(samples, size, band, generator(seed, BANDS, 2 * i + j), self.bootstrap)
                if sets is not None:
                    bands.append((band, sets))
        return tuple(bands)

    def _names(self, outcomes: Outcomes, matched: self_moa.Matched) -> words.Names:
        if not matched.choices:
            return words.Names((tuple(str(x) for x in self.self or ()),), (tuple(str(x) for x in self.members or ()),))
        return words.Names(
            tuple((outcomes.models[one.model],) for one in matched.choices),
            tuple(tuple(outcomes.models[i] for i in one.members) for one in matched.choices),
        )


def _samples(outcomes: Outcomes) -> Samples:
    if (runs := outcomes.per_cell.get("samples")) is not None:
        return samples_of_runs(np.asarray(runs, dtype=float), outcomes.models)
    if (fractions := outcomes.per_cell.get("frac")) is not None:
        return samples_of_fractions(np.asarray(fractions, dtype=float), outcomes.wrong, outcomes.models)
    raise InputError(
        f"experiment=self_moa: {outcomes.source} has neither samples nor pass fractions; runs in columns of their own "
        "are accepted as experiment.self=[run1,run2,run3] experiment.members=[a,b,c]"
    )


def _place(outcomes: Outcomes, field: str, name: str) -> int:
    if name not in outcomes.models:
        near = difflib.get_close_matches(name, outcomes.models, n=1)
        hint = f"; {near[0]!r} is one" if near else ""
        raise InputError(f"experiment.{field}: {name!r} is no model of {outcomes.source}{hint}")
    return outcomes.models.index(name)

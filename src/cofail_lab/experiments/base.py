"""The interface of experiments: each is a pure function of its `Inputs`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from cofail_lab.data.ratings import Ratings
from cofail_lab.errors import InputError
from cofail_lab.experiments.options import RunOptions
from cofail_lab.grades import Grades
from cofail_lab.outcomes import Outcomes
from cofail_lab.result import Result, Section
from cofail_lab.selection import TREATMENTS, Selection

if TYPE_CHECKING:
    import pyarrow as pa

    from cofail_lab.bounds.declared.known import Known
    from cofail_lab.data.counts import Counts
    from cofail_lab.models import AbstractErrorLaw
    from cofail_lab.policies import AbstractHindsight, AbstractPolicy

_ONLY_TOTALS = "data=counts: only totals, this experiment needs the matrix; experiment=certify accepts totals"


class Progress(Protocol):
    """Shows how far a run is: ``with progress("bootstrap", total=2000) as advance: advance(50)``."""

    def __call__(self, description: str, total: int) -> AbstractContextManager[Callable[[int], None]]:
        """A context that yields the function to call with the number of parts just finished."""
        ...

    def plan(self, seconds: Mapping[str, float]) -> None:
        """Name steps that are still to come, with a guess of their seconds, so that the time left is that of all."""
        ...


class _Silent:
    @contextmanager
    def __call__(self, description: str, total: int) -> Iterator[Callable[[int], None]]:
        del description, total
        yield lambda _: None

    def plan(self, seconds: Mapping[str, float]) -> None:
        del seconds


silent: Progress = _Silent()
"""Shows nothing, for library use and tests."""


Announce = Callable[[str, tuple[Section, ...]], None]
"""Shows a headline and sections."""


def unannounced(headline: str, sections: tuple[Section, ...]) -> None:
    """Shows nothing before the end, for library use and tests."""
    del headline, sections


Draw = Callable[[Mapping[str, Callable[[], Any]]], None]
"""Draws figures, each by its function, before the rest is computed."""


def drawn_later(figures: Mapping[str, Callable[[], Any]]) -> None:
    """Draws nothing before the end, for library use and tests."""
    del figures


def _kept_nowhere(name: str, rows: pa.Table, step: str, done: int, of: int) -> None:
    """Keeps nothing, for library use and tests."""
    del name, rows, step, done, of


@dataclass(frozen=True)
class Store:
    """Replicates and draws that a run need not compute again.

    Attributes:
        tables: those of the shards of this run, and those that it had computed before it was interrupted, by name.
        keep: keeps rows of a table until the run is finished; see `kept.Kept.add`.
    """

    tables: Mapping[str, pa.Table] = field(default_factory=dict)
    keep: Callable[[str, pa.Table, str, int, int], None] = _kept_nowhere


class Source(Protocol):
    """A source of outcomes: a class of `cofail_lab.data`."""

    def load(self) -> Grades | Counts | Ratings:
        """Read everything. Raises InputError for what cannot be read."""
        ...


@dataclass(frozen=True)
class Inputs:
    """The data, the law and the options of a run; each is built only when an experiment asks for it.

    Attributes:
        options, selection: of the run.
        source: builds the source of outcomes; None where the configuration has none.
        law_factory: builds the error law; keywords change its parameters. None where the configuration has no law.
        policies: builds each policy of the configuration, by name, in the order given.
        known: facts of the `known` config group; None where the configuration has none.
        provenance: where the data came from; filled when they are loaded.
        store: what need not be computed again.
        announce: shows a headline and sections before the rest is computed.
        draw: draws figures of the result before the rest is computed, where this process would only wait.
    """

    options: RunOptions
    source: Callable[[], Source] | None = None
    selection: Selection = field(default_factory=Selection)
    law_factory: Callable[..., Any] | None = None
    policies: Mapping[str, Callable[[], AbstractPolicy | AbstractHindsight]] = field(default_factory=dict)
    known: Known | None = None
    provenance: dict[str, str] = field(default_factory=dict)
    store: Store = field(default_factory=Store)
    announce: Announce = unannounced
    draw: Draw = drawn_later

    def counts_or_outcomes(self) -> Counts | Outcomes:
        """The contents of the source: totals as they are, a matrix reduced to its complete queries."""
        loaded = self.counts_or_grades()
        return loaded.outcomes() if isinstance(loaded, Grades) else loaded

    def counts_or_grades(self) -> Counts | Grades:
        """The contents of the source: totals as they are, a matrix selected."""
        loaded = self._loaded()
        if isinstance(loaded, Grades):
            return loaded.select(self.selection)
        self._refuse_selection("data=counts: totals cannot be selected from; leave")
        return loaded

    def grades(self) -> Grades:
        """The selected matrix as it was read, with its unscored, erroneous and missing cells."""
        loaded = self._loaded()
        if not isinstance(loaded, Grades):
            raise InputError(_ONLY_TOTALS)
        return loaded.select(self.selection)

    def outcomes(self) -> Outcomes:
        """The complete queries of the selected matrix. Raises InputError where the source has only totals."""
        loaded = self.counts_or_outcomes()
        if not isinstance(loaded, Outcomes):
            raise InputError(_ONLY_TOTALS)
        return loaded

    def other(self, path: str | Sequence[str], scorer: str | None, threshold: float | None) -> Grades:
        """A second matrix: answers at a limit, errors and ungraded answers count in it as in the first.

        Args:
            path: file(s) of any known format.
            scorer, threshold: see `data.rule.Rule`.
        """
        from cofail_lab.data.auto import AutoSource

        loaded = AutoSource(path, scorer=scorer, threshold=threshold).load()
        self.provenance.update(other=loaded.source, other_sha256=loaded.sha256)
        return loaded.select(Selection(**{key: getattr(self.selection, key) for key in TREATMENTS}))

    def ratings(self) -> Ratings:
        """What several raters said. Raises InputError where the source holds anything else."""
        loaded = None if self.source is None else self._read()
        if not isinstance(loaded, Ratings):
            raise InputError("data: this experiment needs a table of items x raters; data=raters data.path=votes.csv")
        self._refuse_selection("data=raters: data.raters= selects; leave")
        return loaded

    def _loaded(self) -> Grades | Counts:
        loaded = self._read()
        if isinstance(loaded, Ratings):
            raise InputError(
                "data=raters: labels of raters, this experiment needs outcomes; experiment=raters makes them"
            )
        return loaded

    def _read(self) -> Grades | Counts | Ratings:
        if self.source is None:
            raise InputError("data: this experiment needs outcomes; name a source such as data=digits or data=csv")
        loaded = self.source().load()
        if isinstance(loaded, Grades | Ratings):
            self.provenance.update(source=loaded.source, sha256=loaded.sha256)
        else:
            self.provenance.update(source="counts")
        return loaded

    def _refuse_selection(self, why: str) -> None:
        """Raise InputError where something is selected; ``why`` ends before the keys to leave out."""
        if replace(self.selection, seed=0) != Selection():
            raise InputError(f"{why} dataset, models, min_coverage and pool_size out")

    def law(self, **changes: Any) -> AbstractErrorLaw:
        """The error law of the `law` config group, with some of its parameters changed."""
        if self.law_factory is None:
            raise InputError("law: this experiment needs an error law; name one such as law=common_shock")
        return self.law_factory(**changes)


class Experiment(Protocol):
    """A class in `cofail_lab.experiments` with a YAML in ``conf/experiment``; its fields are its parameters."""

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Compute everything; reads only through ``inputs`` and writes nothing."""
        ...


@runtime_checkable
class Splittable(Protocol):
    """An experiment whose replicates or draws can be split over jobs (``run.shards``)."""

    @property
    def splits(self) -> bool:
        """Whether these parameters leave anything to split."""
        ...

    def shard(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Compute the part of shard ``run.shard``; `run` gets the tables of this Result in `Inputs.store`."""
        ...

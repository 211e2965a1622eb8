"""`experiment=check`: a proposition of the user's own, to a counterexample or to "survived"."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cofail_lab import checks
from cofail_lab.claims.checking.check import Outcome, check, replay
from cofail_lab.claims.checking.laws import read_law
from cofail_lab.claims.checking.proposition import Proposition, read
from cofail_lab.claims.checking.slices import Slice, leading_axes, slice_through
from cofail_lab.claims.registry import select
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, Progress, silent
from cofail_lab.report import check as words
from cofail_lab.result import Result

if TYPE_CHECKING:
    from cofail_lab.claims.claim import Claim

_KEYS = ("says", "when", "over", "match", "tolerance", "expect", "id", "release")
# Values of each parameter in the figure: of two parameters, of one, and of a law that is built point by point.
_LATTICE, _LINE, _SLOW_LINE = 40, 120, 12


@dataclass(frozen=True)
class Check:
    """A search for a counterexample to a proposition.

    Attributes:
        claim: the ``claim`` group of the configuration.
        points: of the design.
        axes: parameters of the figure; None chooses.
        replay: a ``results.json``: measure its stored counterexample again instead.
    """

    claim: Mapping[str, Any]
    points: int = 4096
    axes: str | tuple[str, ...] | None = None
    replay: str | None = None

    def __post_init__(self) -> None:
        checks.within("experiment.points", self.points, 16, 2**20)
        checks.patterns("experiment.axes", self.axes)
        if not isinstance(self.claim, Mapping):
            raise InputError("claim: null; choose one, such as claim=own claim.says='ratio_one_factor(m) > 1'")
        if unknown := sorted(set(self.claim) - set(_KEYS)):
            raise InputError(f"claim.{unknown[0]}: no such key; there are {', '.join(_KEYS)}")
        if self.claim.get("expect") not in (None, "survived", "refuted"):
            raise InputError(f"claim.expect: {self.claim['expect']!r}; survived, refuted and null are accepted")

    def run(self, inputs: Inputs, progress: Progress = silent) -> Result:
        """Look for a counterexample, or measure a stored one again."""
        if self.replay is not None:
            return _replayed(self.replay, inputs)
        claim = {key: self.claim.get(key) for key in _KEYS}
        proposition = read(claim, None if inputs.law_factory is None else inputs.law())
        same = self._registered(claim["id"], claim["release"])
        n_points = 256 if inputs.options.smoke else self.points
        with progress("Counterexamples", total=4) as advance:
            outcome = check(proposition, n_points, inputs.options.seed, advance)
            shown = self._slice(proposition, outcome)
            advance(1)
        return words.Checked(proposition, outcome, shown, claim, same).result()

    def _slice(self, proposition: Proposition, outcome: Outcome) -> Slice | None:
        """What the figure shows, through the counterexample or the smallest margin; None where nothing varies."""
        point = outcome.counterexample.case if outcome.counterexample else outcome.worst
        given = () if self.axes is None else (self.axes,) if isinstance(self.axes, str) else tuple(self.axes)
        drawable = [name for name in proposition.box.varying if proposition.box.axes[name].size is None]
        for name in given:
            if name not in drawable:
                raise InputError(f"experiment.axes: {name!r} does not vary; there are {', '.join(drawable)}")
        names = given[:2] or leading_axes(proposition, dict(outcome.points), outcome.judged)
        if point is None or not names:
            return None
        if proposition.laws.slow:
            return slice_through(proposition, point, names[:1], _SLOW_LINE)
        return slice_through(proposition, point, names, _LINE if len(names) == 1 else _LATTICE)

    def _registered(self, name: Any, release: Any) -> Claim | None:
        """The built-in claim that says the same."""
        if name is None:
            return None
        found = [claim for claim in select(str(name)) if claim.id == name and release in (None, *claim.releases)]
        if not found:
            of = "" if release is None else f" of release {release}"
            raise InputError(f"claim.id: {name!r} is no single claim{of}; experiment=verify lists them")
        return found[-1]


def _replayed(path: str, inputs: Inputs) -> Result:
    stored = _stored(path)
    try:
        law = read_law(stored["law"], stored["case"], inputs.law if inputs.law_factory else None)
        proposition = read({key: stored["claim"].get(key) for key in _KEYS}, law)
        again = replay(proposition, stored["case"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"experiment.replay: {path}: not a counterexample of this lab ({error})") from error
    return words.replayed(proposition, again)


def _stored(path: str) -> Mapping[str, Any]:
    try:
        record = json.loads(Path(path).expanduser().read_text(encoding="utf-8"))
        found = [v["evidence"]["counterexample"] for v in record["verdicts"] if "counterexample" in v["evidence"]]
    except OSError as error:
        raise InputError(f"experiment.replay: {path}: cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"experiment.replay: {path}: not the results.json of a run of experiment=check") from error
    if not found or not isinstance(found[0].get("claim"), dict):
        raise InputError(f"experiment.replay: {path}: no counterexample of experiment=check is stored in it")
    return found[0]

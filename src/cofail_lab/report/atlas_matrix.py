"""What an atlas says of one matrix, from its fit: how its pairs price the tail, and how much could be routed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from cofail_lab.data.files import without_ending
from cofail_lab.report.numbers import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cofail_lab.report.gathered import GatheredRuns

Pricing = Literal["under", "over", "within", "no_tail", "unknown"]
"""What the one-factor reading of the pairs does to β: prices it too low, too high or within the chance of its null; no
query defeats everyone, so that there is no ratio; no null."""

_PATH = "data.path"
_LEVEL = 0.05


@dataclass(frozen=True)
class Matrix:
    """One matrix of the atlas.

    Attributes:
        name: of its file.
        page: of its fit.
        values: its metrics and labels.
        states: all-wrong queries by what readers found, ``unread`` among them; None where no sheet has been read back.
        sheet_fault: why a sheet that is there could not be read back, else empty.
    """

    name: str
    page: Path
    values: dict[str, Any]
    states: Mapping[str, int] | None = None
    sheet_fault: str = ""

    @property
    def n_unread(self) -> int:
        """All-wrong queries that nobody has read."""
        return int(self.values.get("n_all_wrong") or 0) if self.states is None else self.states.get("unread", 0)

    @property
    def audit(self) -> str:
        """Whether the queries that defeat everyone have been read, and how many of those read are genuine."""
        n = int(self.values.get("n_all_wrong") or 0)
        if not n:
            return "nothing to read"
        if self.sheet_fault:
            return f"{count(n)} unread, a sheet cannot be read"
        if self.states is None or self.n_unread == n:
            return f"{count(n)} unread"
        return f"{count(n - self.n_unread)} of {count(n)} read, {count(self.states.get('genuine', 0))} genuine"

    def number(self, name: str) -> float | None:
        """A metric; None where the fit has none."""
        value = self.values.get(name)
        return float(value) if isinstance(value, int | float) and np.isfinite(value) else None

    @property
    def pricing(self) -> Pricing:
        """By the one-factor ratio against its own null."""
        if not self.values.get("n_all_wrong"):
            return "no_tail"
        return self.priced_by("one_factor")

    def p_of(self, law: str) -> float | None:
        """How rare so large a ratio is without a common mode, under the law's own null where it has one."""
        if law == "one_factor":
            return self.number("null_p_value")
        own = self.number(f"null_p_value_{law}_own")
        return self.number(f"null_p_value_{law}") if own is None else own

    def priced_by(self, law: str) -> Pricing:
        """Too low where such a ratio is rare among those of the null, too high where it is among their smallest."""
        p = self.p_of(law)
        if p is None:
            return "unknown"
        return "under" if p <= _LEVEL else "over" if p > 1 - _LEVEL else "within"

    @property
    def routable(self) -> tuple[float | None, float | None, float | None]:
        """Share of the best model's errors that some other model gets right, with limits."""
        shares = [self.number(name) for name in ("foreclosed_share", "foreclosed_upper", "foreclosed_lower")]
        value, lower, upper = (None if share is None else 1 - share for share in shares)
        return value, lower, upper


def matrices_of(runs: GatheredRuns) -> tuple[Matrix, ...]:
    """The matrices, by β from the largest; none where these are no fits of different files alone."""
    done = runs.completed
    if set(runs.columns["experiment"]) != {"fit"} or list(runs.axes.values()) != [_PATH] or len(done) < 2:
        return ()
    paths = [str(runs.columns[_PATH][i]) for i in done]
    found = [
        Matrix(name, runs.pages[i], {key: column[i] for key, column in runs.columns.items()})
        for i, name in zip(done, _names(paths), strict=True)
    ]
    return tuple(sorted(found, key=lambda one: -(one.number("all_wrong") or 0.0)))


def _names(paths: Sequence[str]) -> list[str]:
    """Names of files without their ending; where two are alike, with their folder."""
    short = [without_ending(Path(path)) for path in paths]
    return [
        name if short.count(name) == 1 else f"{Path(path).parent.name}/{name}"
        for name, path in zip(short, paths, strict=True)
    ]

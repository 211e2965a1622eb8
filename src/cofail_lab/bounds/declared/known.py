"""The `known` config group: facts as people write them, by hand or measured in a matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import combinations
from typing import Any

import numpy as np

from cofail_lab import checks
from cofail_lab.bounds.declared.facts import Cells, Fact, Moments, Monotone, Pairs, SetRates
from cofail_lab.bounds.declared.frechet_class import FrechetClass
from cofail_lab.bounds.declared.limits import Limits, limits
from cofail_lab.bounds.declared.measured import Matrix
from cofail_lab.bounds.declared.pool import Pool
from cofail_lab.bounds.declared.stated import conditional, stated, without_value
from cofail_lab.bounds.declared.structures import Extendible, Factor, Independent, Interchangeable
from cofail_lab.errors import InputError

MEASURED = ("rates", "pairs", "triples", "moments")
# Keys whose value is a list of facts, values or names.
_LISTS = ("names", "some_pairs", "triples", "moments", "independent", "conditional", "cells")


@dataclass(frozen=True)
class Known:
    """What is known of a pool; everything may be left out, every value may be an interval [low, high].

    Attributes:
        n_models: models of the pool; null where another key says it.
        names: of the models.
        rates: P(model wrong), one a model (null for unknown ones), or one number for all.
        pairs: P(both wrong): a table, its entries above the diagonal row by row, or one number for all.
        some_pairs: [[a, b, value], ...].
        triples: [[a, b, c, value], ...].
        moments: p_1, p_2, ...: mean over sets of k models of P(the whole set wrong); null for unknown ones.
        interchangeable: [[a, b, c], ...], groups of models that could be exchanged.
        extendible: [a, b, c], interchangeable models of an endless supply: their law is a mixture over an error rate.
        factor: {models: [a, b], nodes: [[.1, .2], [.5, .9]]}, independent given a factor with these error rates.
        independent: [[a, b], [c, d]], groups that err independently of each other.
        conditional: [[a, b, value], ...], P(a wrong | b wrong); a and b may be lists.
        events: texts such as `stated.ACCEPTED`.
        monotone: models, best first: a better one is wrong where a worse one is right with at most the slack.
        slack: that probability.
        cells: shares of the cells of a partition of the queries, which events and routers may name.
        measured: which of rates, pairs, triples, moments a matrix or a law gives.
        order: moments that are measured.
        delta: error probability of the boxes around everything measured, together; null takes the matrix as the
            population.
    """

    n_models: int | None = None
    names: Sequence[str] | None = None
    rates: Any = None
    pairs: Any = None
    some_pairs: Sequence | None = None
    triples: Sequence | None = None
    moments: Sequence | None = None
    interchangeable: Sequence | str | None = None
    extendible: Sequence | str | None = None
    factor: Mapping | None = None
    independent: Sequence | None = None
    conditional: Sequence | None = None
    events: Sequence[str] | str | None = None
    monotone: Sequence | str | None = None
    slack: Any = 0.0
    cells: Sequence | None = None
    measured: Sequence[str] | str | None = None
    order: int = 3
    delta: float | None = None

    def __post_init__(self) -> None:
        for key in _LISTS:
            value = getattr(self, key)
            if value is not None and (isinstance(value, str | Mapping) or not isinstance(value, Sequence)):
                raise InputError(f"known.{key}: {value!r}; a list is accepted, see conf/known/table.yaml")
        for key in ("events", "measured"):
            value = getattr(self, key)
            if value is not None and not isinstance(value, str | Sequence):
                raise InputError(f"known.{key}: {value!r}; a list of texts is accepted")
        for kind in MEASURED:
            if kind in _listed(self.measured) and getattr(self, kind) is not None:
                raise InputError(f"known.{kind}: given, and also in known.measured; one of the two is accepted")
        if self.names is not None and not all(isinstance(name, str | int) for name in self.names):
            raise InputError(f"known.names: {list(self.names)!r}; a list of names is accepted")
        if self.n_models is not None:
            checks.within("known.n_models", self.n_models, 1, 100_000)
        checks.within("known.order", self.order, 1, 100_000)
        if self.delta is not None:
            checks.probability("known.delta", self.delta)
        for kind in _listed(self.measured):
            if kind not in MEASURED:
                raise InputError(f"known.measured: {kind!r}; {', '.join(MEASURED)} are accepted")

    @property
    def empty(self) -> bool:
        """Whether nothing is said."""
        return all(getattr(self, entry.name) == entry.default for entry in fields(self))

    @property
    def needs_matrix(self) -> bool:
        """Whether a matrix or a law has to give something."""
        return bool(_listed(self.measured)) or any(map(without_value, _listed(self.events)))

    def on(self, source: Matrix | None = None) -> FrechetClass:
        """The class of laws with these facts.

        Args:
            source: what measured facts come from; needed only where there are some.

        Raises:
            InputError: a value that cannot be read, or a measured fact without a source.
        """
        if source is None and self.needs_matrix:
            raise InputError("known.measured: no matrix and no law to measure in; name one, such as grades.csv")
        pool = self._pool(source)
        measured = None if source is None else source.boxed(self.delta, self._n_measured(pool))
        facts: list[Fact] = []
        facts += self._rates(pool, measured)
        facts += self._pairs(pool, measured)
        facts += self._sets(pool, measured)
        facts += self._moments(pool, measured)
        facts += self._structures(pool)
        facts += [
            conditional(entry, pool, f"known.conditional[{place}]")
            for place, entry in enumerate(self.conditional or ())
        ]
        facts += [
            stated(text, pool, f"known.events[{place}]", measured) for place, text in enumerate(_listed(self.events))
        ]
        return FrechetClass(pool, tuple(facts))

    def _pool(self, source: Matrix | None) -> Pool:
        said = {
            "known.n_models": self.n_models,
            "known.names": None if self.names is None else len(self.names),
            "known.rates": len(self.rates)
            if isinstance(self.rates, Sequence) and not isinstance(self.rates, str)
            else None,
            "known.pairs": len(self.pairs) if _is_table(self.pairs) else None,
            "known.monotone": len(self.monotone) if isinstance(self.monotone, list | tuple) else None,
            "data": None if source is None else source.n_models,
        }
        if self.monotone is not None and any(said[key] for key in said if key != "known.monotone"):
            said["known.monotone"] = None
        sizes = {key: size for key, size in said.items() if size}
        if not sizes:
            raise InputError("known.n_models: null; the number of models is needed, such as known.n_models=3")
        first, m = next(iter(sizes.items()))
        for key, size in sizes.items():
            if size != m:
                raise InputError(f"{key}: {size} models, but {first} has {m}; they must agree")
        names = self.names if self.names is not None else None if source is None else source.names
        if names is not None and len(set(names)) < m:
            raise InputError(f"known.names: {list(names)}; {m} different names are accepted")
        return Pool(m, None if names is None else tuple(map(str, names)), len(self.cells) if self.cells else 1)

    def _n_measured(self, pool: Pool) -> int:
        """Values that are measured: their boxes hold together."""
        kinds, m = _listed(self.measured), pool.n_models
        n = {
            "rates": m,
            "pairs": m * (m - 1) // 2,
            "triples": m * (m - 1) * (m - 2) // 6,
            "moments": min(self.order, m),
        }
        return sum(n[kind] for kind in kinds) + sum(map(without_value, _listed(self.events)))

    def _rates(self, pool: Pool, measured: Matrix | None) -> list[Fact]:
        m = pool.n_models
        if "rates" in _listed(self.measured) and measured is not None:
            found: dict[tuple[int, ...], Limits] = {(i,): measured.all_wrong((i,)) for i in range(m)}
            return [SetRates("rates", found)]
        if self.rates is None:
            return []
        values = self.rates if isinstance(self.rates, list | tuple) else [self.rates] * m
        table: dict[tuple[int, ...], Limits] = {
            (i,): limits(v, f"known.rates[{i}]") for i, v in enumerate(values) if v is not None
        }
        return [SetRates("rates", table)] if table else []

    def _pairs(self, pool: Pool, measured: Matrix | None) -> list[Fact]:
        m = pool.n_models
        if m < 2:
            return []
        if "pairs" in _listed(self.measured) and measured is not None:
            return [measured.pairs()]
        if self.pairs is None:
            return []
        ends = np.zeros((2, m, m))
        if _is_table(self.pairs):
            entries = {}
            for i, row in enumerate(self.pairs):
                if len(row) != m:
                    raise InputError(f"known.pairs: row {i} has {len(row)} entries; {m} are accepted")
                entries |= {(i, j): value for j, value in enumerate(row) if i != j}
        elif isinstance(self.pairs, list | tuple):
            above = list(combinations(range(m), 2))
            if len(self.pairs) != len(above):
                raise InputError(
                    f"known.pairs: {len(self.pairs)} values; one number, {len(above)} values above the diagonal or a "
                    f"table of {m} rows is accepted"
                )
            entries = dict(zip(above, self.pairs, strict=True))
        else:
            same = limits(self.pairs, "known.pairs")
            ends[0], ends[1] = same
            return [Pairs(ends[0], ends[1])]
        for (i, j), value in entries.items():
            known = limits(value, f"known.pairs[{i}][{j}]")
            if _is_table(self.pairs) and j < i and known != Limits(*ends[:, j, i]):
                raise InputError(
                    f"known.pairs[{i}][{j}]: {value} but [{j}][{i}] is {entries[j, i]}; they must be equal"
                )
            ends[:, i, j] = ends[:, j, i] = known
        return [Pairs(ends[0], ends[1])]

    def _sets(self, pool: Pool, measured: Matrix | None) -> list[Fact]:
        found: list[Fact] = []
        if "triples" in _listed(self.measured) and measured is not None:
            found.append(SetRates("triples", {s: measured.all_wrong(s) for s in combinations(range(pool.n_models), 3)}))
        for key, size in (("some_pairs", 2), ("triples", 3)):
            table = {}
            for place, entry in enumerate(getattr(self, key) or ()):
                where = f"known.{key}[{place}]"
                if not isinstance(entry, list | tuple) or len(entry) != size + 1:
                    raise InputError(f"{where}: {entry!r}; {size} models and a value are accepted")
                members = tuple(sorted(pool.members(entry[:size], where)))
                if members in table:
                    raise InputError(f"{where}: {pool.listed(members)} are given twice; once is accepted")
                table[members] = limits(entry[size], where)
            if table:
                found.append(SetRates(key, table))
        return found

    def _moments(self, pool: Pool, measured: Matrix | None) -> list[Fact]:
        m = pool.n_models
        if "moments" in _listed(self.measured) and measured is not None:
            return [Moments({k: measured.moment(k) for k in range(1, min(self.order, m) + 1)})]
        values = self.moments or ()
        if len(values) > m:
            raise InputError(f"known.moments: {len(values)} of {m} models; at most {m} are accepted")
        table = {k: limits(v, f"known.moments[{k - 1}]") for k, v in enumerate(values, 1) if v is not None}
        return [Moments(table)] if table else []

    def _structures(self, pool: Pool) -> list[Fact]:
        found: list[Fact] = []
        groups = self.interchangeable
        if isinstance(groups, list | tuple) and groups and isinstance(groups[0], list | tuple):
            listed: Sequence = groups
        else:
            listed = [] if groups is None else [groups]
        found += [Interchangeable(pool.members(group, "known.interchangeable")) for group in listed]
        if self.extendible is not None:
            found.append(Extendible(pool.members(self.extendible, "known.extendible")))
        if self.factor is not None:
            found.append(_factor(self.factor, pool))
        if self.independent:
            parts = tuple(pool.members(group, "known.independent") for group in self.independent)
            together = [model for part in parts for model in part]
            if len(parts) < 2 or len(set(together)) < len(together):
                raise InputError(
                    f"known.independent: {list(self.independent)}; two or more separate groups are accepted"
                )
            found.append(Independent(parts))
        if self.monotone is not None:
            order = pool.members(self.monotone, "known.monotone")
            if len(order) < 2:
                raise InputError("known.monotone: one model; two or more, best first, are accepted")
            found.append(Monotone(order, Limits(0.0, limits(self.slack, "known.slack").high)))
        if self.cells:
            found.append(Cells(tuple(limits(share, f"known.cells[{i}]") for i, share in enumerate(self.cells))))
        return found


def _listed(value: Any) -> list:
    return [] if value is None else [value] if isinstance(value, str) else list(value)


def _is_table(value: Any) -> bool:
    return (
        isinstance(value, list | tuple)
        and all(isinstance(row, list | tuple) for row in value)
        and (len(value) > 0 and len(value[0]) == len(value))
    )


def _factor(said: Mapping, pool: Pool) -> Factor:
    if not isinstance(said, Mapping):
        raise InputError(f"known.factor: {said!r}; {{models: [...], nodes: [[...], ...]}} is accepted")
    if set(said) - {"models", "nodes"} or "nodes" not in said:
        raise InputError(f"known.factor: {dict(said)!r}; {{models: [...], nodes: [[...], ...]}} is accepted")
    models = pool.members(said.get("models", "all"), "known.factor.models")
    try:
        nodes = np.array(said["nodes"], dtype=float)
    except (TypeError, ValueError):
        nodes = np.full((1, 1), np.nan)
    if nodes.ndim != 2 or nodes.shape[1] != len(models) or not ((nodes >= 0) & (nodes <= 1)).all():
        raise InputError(f"known.factor.nodes: a row of {len(models)} error rates in [0, 1] for each node is accepted")
    return Factor(models, nodes)

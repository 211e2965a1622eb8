"""Collects graded answers, one record each, and makes `Grades` of them; every log reader uses `Records`."""

from array import array
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from jaxtyping import Int

from cofail_lab.data.conflicts import two_questions
from cofail_lab.data.names import check_names, clean_text, counted, list_names
from cofail_lab.data.tables import coded
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

NUMBERS = ("score", "cost", "tokens_in", "tokens_out", "confidence")
"""Numbers that a record may have beside its state; nan where the log has none."""

MAX_CELLS = 2 * 10**8
"""Cells (times samples) of a matrix at most: its states and one array of floats take under 2 GiB."""


class Records:
    """Graded answers in the order in which they were added; columns, because a log may have millions of them.

    Several records of one (dataset, query, model) are repeated samples (epochs, runs) of one cell, in the order in
    which they were added. A record without a dataset belongs to the query of its name, if only one dataset has such a
    query. Queries of one name in several datasets are named ``dataset/query``.
    """

    def __init__(self) -> None:
        self._queries: dict[tuple[str, str], int] = {}  # (dataset, query)
        self._models: dict[str, int] = {}
        self._prompts: dict[int, str] = {}
        self._contents: dict[int, str] = {}
        # Queries with several wordings, and another text of those that are several questions.
        self._reworded: set[int] = set()
        self._clashes: dict[int, str] = {}
        self._query, self._model, self._state, self._at_limit = array("i"), array("i"), array("b"), array("b")
        self._numbers = {name: array("d") for name in NUMBERS}
        self.settings: dict[str, dict[str, str]] = {}
        """Model -> what else its run depends on, as in `grades.Grades`; set by readers whose logs say so."""

    def __len__(self) -> int:
        return len(self._state)

    def add(
        self,
        query: str,
        model: str,
        state: Cell,
        *,
        dataset: str = "",
        score: float = np.nan,
        cost: float = np.nan,
        tokens_in: float = np.nan,
        tokens_out: float = np.nan,
        confidence: float = np.nan,
        prompt: str | None = None,
        content: str | None = None,
        at_limit: bool = False,
    ) -> None:
        """Add one graded answer.

        Args:
            query, model, dataset: names; the dataset is empty where unknown.
            state: of the answer; MISSING adds only the names.
            score: as in the log, any scale.
            cost: US dollars, >= 0.
            tokens_in, tokens_out: read and written, >= 0.
            confidence: the model's own, any scale.
            prompt: the query's text; the first prompt of a query is kept.
            content: ``SCHEME:DIGEST`` of the query's content, where the log has one; it is compared before a prompt is,
                also with other logs of the same scheme, because prompts may be worded for each model.
            at_limit: the answer stopped at the token (or message, or time) limit.
        """
        # One log may call this a million times: only look-ups and appends to C arrays.
        i = self._queries.setdefault((dataset, query), len(self._queries))
        if content is not None and self._contents.setdefault(i, content) != content:
            self._clashes.setdefault(i, prompt or content)
        if prompt is not None and self._prompts.setdefault(i, prompt) != prompt:
            self._other_prompt(i, prompt, known=content is not None)
        self._query.append(i)
        self._model.append(self._models.setdefault(model, len(self._models)))
        self._state.append(state)
        self._at_limit.append(at_limit)
        numbers = self._numbers
        numbers["score"].append(score)
        numbers["cost"].append(cost)
        numbers["tokens_in"].append(tokens_in)
        numbers["tokens_out"].append(tokens_out)
        numbers["confidence"].append(confidence)

    def extend(
        self,
        query: Any,
        model: Any,
        state: Int[np.ndarray, " k"],
        *,
        dataset: Any = None,
        prompt: Any = None,
        at_limit: np.ndarray | None = None,
        **numbers: np.ndarray | None,
    ) -> None:
        """Add k graded answers at once.

        Args:
            query, model, dataset, prompt: k strings each, as an Arrow array or a sequence; a null dataset or prompt is
                unknown.
            state: values of `Cell`.
            at_limit: bool.
            numbers: float64 columns of `NUMBERS`, nan where unknown.
        """
        k = len(state)
        rows, row_names = coded(query, "query")
        groups, group_names = (np.zeros(k, np.int64), [""]) if dataset is None else coded(dataset, "dataset")
        columns, column_names = coded(model, "model")
        # Each (dataset, query) gets one number, so that the loop in Python sees it once, in order of appearance.
        pairs, first, codes = np.unique(groups * len(row_names) + rows, return_index=True, return_inverse=True)
        to_query = np.empty(len(pairs), np.int32)
        for p in np.argsort(first, kind="stable"):
            group, row = divmod(int(pairs[p]), len(row_names))
            to_query[p] = self._queries.setdefault((group_names[group], row_names[row]), len(self._queries))
        to_model = [self._models.setdefault(name, len(self._models)) for name in column_names]
        query_codes = to_query[codes]
        self._query.frombytes(query_codes.astype(np.intc).tobytes())
        self._model.frombytes(np.array(to_model, np.intc)[columns].tobytes())
        self._state.frombytes(np.asarray(state, np.int8).tobytes())
        limits = np.zeros(k, np.int8) if at_limit is None else np.asarray(at_limit, np.int8)
        self._at_limit.frombytes(limits.tobytes())
        for name in NUMBERS:
            values = numbers.get(name)
            values = np.full(k, np.nan) if values is None else np.asarray(values, np.float64)
            self._numbers[name].frombytes(values.tobytes())
        if prompt is not None:
            texts, prompts = coded(prompt, "prompt")
            for i, t in np.unique(np.stack([query_codes, texts], axis=1), axis=0):
                text = prompts[t]
                if text and self._prompts.setdefault(int(i), text) != text:
                    self._other_prompt(int(i), text, known=False)

    def _other_prompt(self, query: int, prompt: str, *, known: bool) -> None:
        """Note a prompt that is not the first of its query; its content is ``known`` where a log has a digest."""
        if " ".join(prompt.split()) != " ".join(self._prompts[query].split()):
            self._reworded.add(query)
            if not known:
                self._clashes.setdefault(query, prompt)

    def grades(
        self,
        *,
        source: str,
        sha256: str,
        notes: Sequence[str] = (),
        join: Literal["id", "content"] | None = None,
    ) -> Grades:
        """The matrix of all records; a pair without a record is missing.

        The state of a cell, its cost, tokens, score, confidence and limit are those of its *first* sample. If any cell
        has several samples, ``per_cell["samples"]``, int8 (queries, models, S), holds the states of all samples in
        order, padded with MISSING, and ``per_cell["frac"]`` the share of right samples among the right and wrong ones
        (nan where there is none). ``per_cell["tokens"]`` is the sum of tokens in and out, of those that are known.

        Args:
            source: for messages and provenance.
            sha256: of what was read.
            notes: of the reader.
            join: ``id`` takes different prompts of one query for wordings of one question; see `FileSource.join`.

        Raises:
            InputError: no record, a blank name, names that differ only in white space, an ambiguous query (several
                datasets have it, and a record names none), two questions of one name, or more than `MAX_CELLS` cells.
        """
        if not len(self):
            raise InputError(f"{source}: no graded answer in it")
        row_of, queries, datasets = self._rows(source)
        if self._clashes and join != "id":
            i, other = next(iter(self._clashes.items()))
            first = self._prompts.get(i) or self._contents[i]
            raise InputError(f"{source}: {two_questions(len(self._clashes), queries[row_of[i]], first, other)}")
        models = check_names(list(self._models), "model", source)
        n, m = len(queries), len(models)
        check_size(n, m, 1, source)
        state = np.frombuffer(self._state, np.int8)
        kept = np.flatnonzero(state != Cell.MISSING)
        flat = row_of[np.frombuffer(self._query, np.intc)[kept]].astype(np.int64) * m
        flat += np.frombuffer(self._model, np.intc)[kept]
        first, sample = _sample_numbers(flat)
        n_samples = int(sample.max(initial=-1)) + 1
        cells = np.full(n * m, Cell.MISSING, np.int8)
        cells[flat[first]] = state[kept][first]
        per_cell: dict[str, np.ndarray] = {}
        for name, column in self._numbers.items():
            values = np.frombuffer(column, np.float64)[kept][first]
            if not np.isnan(values).all():
                per_cell[name] = _spread(values, flat[first], n, m, np.nan)
        if tokens := [per_cell[name] for name in ("tokens_in", "tokens_out") if name in per_cell]:
            known = ~np.isnan(tokens).all(axis=0)
            per_cell["tokens"] = np.where(known, np.nansum(tokens, axis=0), np.nan)
        at_limit = np.frombuffer(self._at_limit, np.int8)[kept]
        if at_limit.any():
            per_cell["at_limit"] = _spread(at_limit[first].astype(bool), flat[first], n, m, False)
        all_notes = list(notes)
        if n_samples > 1:
            check_size(n, m, n_samples, source)
            samples = np.full((n * m, n_samples), Cell.MISSING, np.int8)
            samples[flat, sample] = state[kept]
            frac = share_right(samples)
            per_cell |= {"samples": samples.reshape(n, m, n_samples), "frac": frac.reshape(n, m)}
            all_notes.append(repeated_note(int((np.bincount(flat, minlength=1) > 1).sum()), n_samples))
            if late := int(((cells > Cell.WRONG) & ~np.isnan(frac)).reshape(-1).sum()):
                all_notes.append(
                    f"{counted(late, 'cell')} not graded in the first sample but in a later one: the first one counts."
                )
        per_query: dict[str, np.ndarray] = {}
        if any(datasets):
            per_query["dataset"] = np.array(datasets, dtype=object)
        if self._prompts:
            prompts = np.full(n, "", dtype=object)
            for i, text in self._prompts.items():
                prompts[row_of[i]] = prompts[row_of[i]] or clean_text(text)
            per_query["prompt"] = prompts
        if self._contents:
            contents = np.full(n, "", dtype=object)
            for i, digest in self._contents.items():
                contents[row_of[i]] = contents[row_of[i]] or digest
            per_query["content"] = contents
        if n_other := len(self._reworded | set(self._clashes)):
            all_notes.append(f"{counted(n_other, 'query')} with different prompts in other records; the first is kept.")
        return Grades(
            cells.reshape(n, m),
            queries,
            models,
            source,
            per_query,
            per_cell=per_cell,
            notes=tuple(all_notes),
            sha256=sha256,
            settings=self.settings,
        )

    def _rows(self, source: str) -> tuple[np.ndarray, tuple[str, ...], list[str]]:
        """Row of every (dataset, query), and the name and dataset of every row."""
        datasets_of: dict[str, list[str]] = {}
        for dataset, query in self._queries:
            if dataset:
                datasets_of.setdefault(query, []).append(dataset)
        rows: dict[tuple[str, str], int] = {}
        row_of = np.empty(len(self._queries), np.int32)
        for (dataset, query), code in self._queries.items():
            known = datasets_of.get(query, [])
            if not dataset and len(known) > 1:
                raise InputError(
                    f"{source}: query {query!r} without a dataset is ambiguous, because queries of that name are in "
                    f"{list_names(known, 3)}; every answer to it needs a dataset"
                )
            key = (dataset or (known[0] if known else ""), query)
            row_of[code] = rows.setdefault(key, len(rows))
        names = [f"{dataset}/{query}" if len(datasets_of.get(query, [])) > 1 else query for dataset, query in rows]
        return row_of, check_names(names, "query", source), [clean_text(dataset) for dataset, _ in rows]


def repeated_note(n_cells: int, n_samples: int) -> str:
    """A note on ``n_cells`` cells that have repeated samples, ``n_samples`` at most."""
    return f"{counted(n_cells, 'cell')} with repeated samples (at most {n_samples}); a cell is its first sample."


def share_right(samples: Int[np.ndarray, "... S"]) -> np.ndarray:
    """Share of right samples among the right and wrong ones of every cell; nan where it has none."""
    answered = (samples <= Cell.WRONG).sum(axis=-1)
    right = (samples == Cell.RIGHT).sum(axis=-1)
    return np.divide(right, answered, out=np.full(answered.shape, np.nan), where=answered > 0)


def check_size(n: int, m: int, samples: int, source: str) -> None:
    """Raise InputError for a matrix of more than `MAX_CELLS` cells, which would not fit in memory."""
    if n * m * samples > MAX_CELLS:
        times = f" x {samples} samples" if samples > 1 else ""
        raise InputError(
            f"{source}: {n:,} queries x {m:,} models{times} make a matrix of more than {MAX_CELLS:,} cells; "
            "are the query and model fields the right ones?"
        )


def _sample_numbers(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Indices of the records that are the first of their cell, and the number of every record within its cell.

    Args:
        flat: cell of every record.
    """
    seen = np.bincount(flat, minlength=1)
    if seen.max(initial=0) <= 1:
        return np.arange(len(flat)), np.zeros(len(flat), np.int64)
    order = np.argsort(flat, kind="stable")
    ordered = flat[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    lengths = np.diff(np.r_[starts, len(ordered)])
    sample = np.empty(len(flat), np.int64)
    sample[order] = np.arange(len(flat)) - np.repeat(starts, lengths)
    return order[starts], sample


def _spread(values: np.ndarray, flat: np.ndarray, n: int, m: int, empty: Any) -> np.ndarray:
    """An array (n, m) with the values at the flat indices and ``empty`` elsewhere."""
    whole = np.full(n * m, empty, values.dtype)
    whole[flat] = values
    return whole.reshape(n, m)

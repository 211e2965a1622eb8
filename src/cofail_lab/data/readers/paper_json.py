"""The reference work's own JSON: a matrix, a cascade or the samples of a fusion, distinguished by their keys.

- matrix: ``{qid: {dataset, multi_answer?, models: {id: {correct, cost, tok_in, tok_out, max_tokens?, missing?,
  votes?}}}}``. ``max_tokens`` is the token limit or whether it was reached; ``votes``, a list of judges' grades, is
  kept as ``per_cell["votes"]``, states of `Cell` padded with MISSING.
- cascade: ``{L, H, kc, rec: [{qid, ds, conf, Lcorr, Hcorr, Lcost, Hcost}]}``: two models, ``conf`` is that of L.
- fusion: ``{samples: {qid: {model: [answers]}}, meta, models, S}``: S answers per model and query, kept as repeated
  samples. An answer that is true, false, 0, 1 or null is a grade. Text is compared with the field of ``meta[qid]`` that
  `data.gold` names: it is right if equal to the field, or to an element of a list, up to case and white space.
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from cofail_lab.data import files
from cofail_lab.data.names import shorten
from cofail_lab.data.readers.json_log import JsonSource, first_keys, listing, mapping, name, score_of
from cofail_lab.data.records import Records, check_size
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

_SCORER = "correct"
_CASCADE = {"qid", "Lcorr", "Hcorr"}
_MATRIX = {"models", "correct", "dataset"}


@dataclass(frozen=True)
class PaperJsonSource(JsonSource):
    """A matrix, a cascade or fusion samples.

    Attributes:
        gold: field of ``meta[qid]`` that holds the right answer, for fusion samples that are text (`data.gold`).
    """

    gold: str | None = None

    patterns: ClassVar[tuple[str, ...]] = ("*.json", "*.json.gz")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.gold is not None and not (isinstance(self.gold, str) and self.gold):
            raise InputError(f"data.gold: {self.gold!r} is not the name of a field")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Which of the three documents has the keys of this file."""
        if not files.ends_in(path, (".json", ".json.gz")):
            return ""
        keys = first_keys(path)
        if keys >= _CASCADE:
            return "a cascade of two models"
        if keys >= _MATRIX:
            return "a matrix by query and model"
        whole_samples = files.head(path, 64).lstrip(b"\xef\xbb\xbf \r\n\t{").startswith(b'"samples"')
        return "samples of a fusion" if whole_samples else ""

    def grades(self, path: Path) -> Grades:
        """The matrix of one file, with judge votes and ``multi_answer`` where the document has them."""
        whole = mapping(files.read_json(path, unique_keys=True), path.name)
        records, extras = Records(), _Extras()
        self.rule.choose([_SCORER], path.name)
        if {"L", "H", "rec"} <= set(whole):
            notes = self._cascade(whole, path.name, records)
        elif "samples" in whole and "models" not in mapping(whole["samples"], f"{path.name}: samples"):
            notes = self._fusion(whole, path.name, records)
        else:
            notes = self._matrix(whole, path.name, records, extras)
        grades = records.grades(source=path.name, sha256=files.digest([path]), notes=notes, join=self.join)
        return extras.attach_to(grades)

    def _matrix(self, whole: dict[str, Any], file: str, records: Records, extras: "_Extras") -> list[str]:
        """Add a matrix; returns notes, here none."""
        for query, held in whole.items():
            where = f"{file}: {shorten(query)}"
            row = mapping(held, where)
            dataset = name(row, "dataset", where) if row.get("dataset") not in (None, "") else ""
            if "multi_answer" in row:
                extras.multi_answer[query] = bool(row["multi_answer"])
            for model, cell in mapping(row.get("models"), f"{where}: models").items():
                at = f"{where}: {shorten(model)}"
                cell = mapping(cell, at)
                tokens_out = amount(cell.get("tok_out"), f"{at}: tok_out")
                state = Cell.MISSING if cell.get("missing") else self.rule.state(cell.get("correct"), f"{at}: correct")
                records.add(
                    query,
                    model,
                    state,
                    dataset=dataset,
                    score=score_of(cell.get("correct")),
                    cost=amount(cell.get("cost"), f"{at}: cost"),
                    tokens_in=amount(cell.get("tok_in"), f"{at}: tok_in"),
                    tokens_out=tokens_out,
                    at_limit=_at_limit(cell.get("max_tokens"), tokens_out, at),
                )
                if cell.get("votes") is not None:
                    votes = listing(cell["votes"], f"{at}: votes")
                    extras.votes[query, model] = [self.rule.state(vote, f"{at}: votes") for vote in votes]
        return []

    def _cascade(self, whole: dict[str, Any], file: str, records: Records) -> list[str]:
        """Add a cascade; returns notes."""
        low, high = name(whole, "L", file), name(whole, "H", file)
        if low == high:
            raise InputError(f"{file}: L and H are both {shorten(low)!r}; two models were expected")
        for number, held in enumerate(listing(whole["rec"], f"{file}: rec"), start=1):
            where = f"{file}: rec {number}"
            row = mapping(held, where)
            query = name(row, "qid", where)
            dataset = name(row, "ds", where) if row.get("ds") not in (None, "") else ""
            for model, side in ((low, "L"), (high, "H")):
                correct = row.get(f"{side}corr")
                records.add(
                    query,
                    model,
                    self.rule.state(correct, f"{where}: {side}corr"),
                    dataset=dataset,
                    score=score_of(correct),
                    confidence=score_of(row.get("conf")) if side == "L" else float("nan"),
                    cost=amount(row.get(f"{side}cost"), f"{where}: {side}cost"),
                )
        return [f"A cascade from {shorten(low)!r} to {shorten(high)!r} (kc = {shorten(str(whole.get('kc')))})."]

    def _fusion(self, whole: dict[str, Any], file: str, records: Records) -> list[str]:
        """Add the samples of a fusion; returns notes."""
        meta = whole.get("meta")
        meta = meta if isinstance(meta, dict) else {}
        compared = 0
        for query, held in mapping(whole["samples"], f"{file}: samples").items():
            where = f"{file}: {shorten(query)}"
            about = meta.get(query)
            about = about if isinstance(about, dict) else {}
            dataset = next((about[key] for key in ("dataset", "ds") if isinstance(about.get(key), str)), "")
            for model, answers in mapping(held, where).items():
                at = f"{where}: {shorten(model)}"
                for answer in listing(answers, at):
                    graded = answer is None or isinstance(answer, bool | int | float)
                    compared += not graded
                    state = self.rule.state(answer, at) if graded else self._compare(answer, about, at)
                    records.add(query, model, state, dataset=dataset)
        if not compared:
            return []
        return [f"{compared:,} answers are right if equal to meta's {self.gold!r} up to case and white space."]

    def _compare(self, answer: Any, about: dict[str, Any], where: str) -> Cell:
        """State of a text, compared with the right answer in ``about``, which is ``meta[qid]``."""
        if not isinstance(answer, str):
            raise InputError(f"{where}: an answer that is neither text nor a grade")
        if self.gold is None:
            fields = shorten(", ".join(about), 120) or "nothing"
            raise InputError(
                f"{where}: answers are text; data.gold= must name the field of meta that holds the right answer "
                f"({fields})"
            )
        if self.gold not in about:
            raise InputError(
                f"{where}: no {self.gold!r} in meta, which has {shorten(', '.join(about), 120) or 'nothing'}"
            )
        right = about[self.gold] if isinstance(about[self.gold], list) else [about[self.gold]]
        if not right or not all(isinstance(text, str | int | float) for text in right):
            raise InputError(f"{where}: meta's {self.gold!r} is neither text nor a number nor a list of them")
        return Cell.RIGHT if _plain(answer) in {_plain(str(text)) for text in right} else Cell.WRONG


class _Extras:
    """Columns of a matrix beside the graded answers.

    Attributes:
        multi_answer: query -> whether several answers are right.
        votes: (query, model) -> the judges' grades.
    """

    def __init__(self) -> None:
        self.multi_answer: dict[str, bool] = {}
        self.votes: dict[tuple[str, str], list[Cell]] = {}

    def attach_to(self, grades: Grades) -> Grades:
        """The grades with ``per_query["multi_answer"]`` and ``per_cell["votes"]``, where there are any."""
        per_query, per_cell = dict(grades.per_query), dict(grades.per_cell)
        if self.multi_answer:
            per_query["multi_answer"] = np.array([self.multi_answer.get(query, False) for query in grades.queries])
        if self.votes:
            n_votes = max(map(len, self.votes.values()))
            check_size(len(grades.queries), len(grades.models), n_votes, grades.source)
            votes = np.full((*grades.cells.shape, n_votes), Cell.MISSING, np.int8)
            row = {query: i for i, query in enumerate(grades.queries)}
            column = {model: j for j, model in enumerate(grades.models)}
            for (query, model), states in self.votes.items():
                votes[row[query], column[model], : len(states)] = states
            per_cell["votes"] = votes
        return replace(grades, per_query=per_query, per_cell=per_cell)


def _at_limit(limit: Any, tokens_out: float, where: str) -> bool:
    """Whether an answer stopped at its limit, which is given as a number of tokens or as true or false."""
    if limit is None or isinstance(limit, bool):
        return bool(limit)
    return tokens_out >= amount(limit, f"{where}: max_tokens")


def _plain(text: str) -> str:
    """A text without differences of case and white space."""
    return " ".join(text.split()).casefold()

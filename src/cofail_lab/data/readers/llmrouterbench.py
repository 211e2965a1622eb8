"""LLMRouterBench results: one JSON file per dataset, split and model, with a list of ``records``.

Schema: ``data_collector/storage.py`` and ``runner.py`` of github.com/ynulihao/LLMRouterBench (commit 46d48d4): records
hold ``index`` (from 1, of the dataset's split), ``origin_query``, ``score`` (in [0, 1], null where not graded),
``prompt_tokens``, ``completion_tokens`` and ``cost`` in dollars. A record that could not be processed has a null score
and a ``raw_output`` that begins as in `_FAILED`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, listing, mapping, name, score_of, text_or_none
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_FAILED = ("Processing failed: ", "Unexpected error: ")
_SCORER = "score"


@dataclass(frozen=True)
class LLMRouterBenchSource(JsonLogSource):
    """Results of LLMRouterBench's collector; a query is its dataset, split and index."""

    patterns: ClassVar[tuple[str, ...]] = ("*.json",)

    @classmethod
    def sniff(cls, path: Path) -> str:
        """An object with ``performance`` and ``records`` with an ``origin_query``."""
        recognised = files.ends_in(path, ".json") and {"performance", "records", "origin_query"} <= first_keys(path)
        return "LLMRouterBench records" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add the records of one file; those that could not be processed are errors."""
        whole = mapping(files.read_json(path), path.name)
        if "model_name" not in whole:
            raise InputError(f"{path.name}: no 'model_name'; results of versions that did not record it are not read")
        model, dataset = name(whole, "model_name", path.name), name(whole, "dataset_name", path.name)
        split = whole.get("split")
        dataset = f"{dataset}/{split}" if isinstance(split, str) and split else dataset
        self.rule.choose([_SCORER], path.name)
        failed = 0
        for number, record in enumerate(listing(whole.get("records"), f"{path.name}: records"), start=1):
            where = f"{path.name}: record {number}"
            record = mapping(record, where)
            state, broken = self._state(record, where)
            failed += broken
            # A record that was not processed has zeros where its tokens and cost are not known.
            usage: dict[str, Any] = {} if broken else _usage(record, where)
            records.add(
                name(record, "index", where),
                model,
                state,
                dataset=dataset,
                score=score_of(record.get("score")),
                prompt=text_or_none(record.get("origin_query")),
                **usage,
            )
        return [f"{model}: records that could not be processed, counted as errors: {failed:,}."] if failed else []

    def _state(self, record: dict[str, Any], where: str) -> tuple[Cell, bool]:
        """State of a record, and whether it could not be processed."""
        output = record.get("raw_output")
        if record.get("score") is None and isinstance(output, str) and output.startswith(_FAILED):
            return Cell.ERROR, True
        return self.rule.state(record.get("score"), f"{where}: score"), False


def _usage(record: dict[str, Any], where: str) -> dict[str, float]:
    fields = {"cost": "cost", "tokens_in": "prompt_tokens", "tokens_out": "completion_tokens"}
    return {ours: amount(record.get(theirs), f"{where}: {theirs}") for ours, theirs in fields.items()}

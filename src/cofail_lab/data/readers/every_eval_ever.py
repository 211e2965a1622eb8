"""Every Eval Ever: ``*_samples.jsonl`` (or ``.jsonl``), one instance-level record per line.

Schema: ``every_eval_ever/schemas/instance_level_eval.schema.json`` of github.com/evaleval/every_eval_ever, version
0.2.2 (also read: 0.2.0 and 0.2.1, without ``evaluation_result_id``). ``evaluation`` holds ``score`` and ``is_correct``,
``error`` what went wrong (a timeout, a refusal, an API error). The score decides, because ``is_correct`` has a meaning
for 0/1 metrics only; a record whose two fields contradict each other is an InputError. A sample that several metrics
scored has a record for each metric, with an ``evaluation_result_id`` of its own.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.names import list_names
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, mapping, name, score_of, text_or_none
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_ORDINALS = ("first", "second", "third", "fourth", "fifth", "a later one")
_Row = tuple[str, tuple[str, str, str], str, dict[str, Any]]
"""Where a record is, its model, dataset and sample, its metric, and the record."""


@dataclass(frozen=True)
class EveryEvalEverSource(JsonLogSource):
    """Instance-level records; `data.scorer` chooses an ``evaluation_result_id`` where a sample has several."""

    patterns: ClassVar[tuple[str, ...]] = ("*.jsonl", "*.jsonl.gz")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Lines with the keys that the schema requires."""
        required = {"schema_version", "evaluation_id", "model_id", "sample_id", "interaction_type"}
        recognised = files.ends_in(path, (".jsonl", ".jsonl.gz")) and required <= first_keys(path)
        return "Every Eval Ever records" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add the records of the chosen metric."""
        rows: list[_Row] = []
        metrics_of: dict[tuple[str, str, str], set[str]] = {}
        for number, line in files.read_jsonl(path):
            where = f"{path.name}: line {number}"
            record = mapping(line, where)
            key = (
                name(record, "model_id", where),
                name(record, "evaluation_name", where),
                name(record, "sample_id", where),
            )
            metric = record.get("evaluation_result_id")
            metric = metric if isinstance(metric, str) else ""
            metrics_of.setdefault(key, set()).add(metric)
            rows.append((where, key, metric, record))
        if set().union(*metrics_of.values()) == {""} and (numbered := _numbered(rows)):
            rows = numbered
            metrics_of = {}
            for _, key, metric, _ in rows:
                metrics_of.setdefault(key, set()).add(metric)
        chosen = self._chosen(metrics_of, f"{path.name}: evaluation_result_id")
        for where, (model, dataset, query), metric, record in rows:
            if dataset not in chosen or metric == chosen[dataset]:
                self._add(records, where, (model, dataset, query), record)
        names = list_names([*dict.fromkeys(chosen.values())])
        return [f"Records of the evaluation result {names} only."] if chosen else []

    def _chosen(self, metrics_of: dict[tuple[str, str, str], set[str]], where: str) -> dict[str, str]:
        """The metric that decides in each dataset; datasets whose samples have one record each may be absent."""
        known: dict[str, set[str]] = {}
        several: set[str] = set()
        for (_, dataset, _), metrics in metrics_of.items():
            known.setdefault(dataset, set()).update(metrics)
            several.update([dataset] if len(metrics) > 1 else [])
        if isinstance(self.scorer, str):
            metric = self.rule.choose({metric for metrics in known.values() for metric in metrics}, where)
            return dict.fromkeys(known, metric)
        asked = several if self.scorer is None else set(known)
        return {dataset: self.rule.choose(known[dataset], where, dataset) for dataset in known if dataset in asked}

    def _add(self, records: Records, where: str, key: tuple[str, str, str], record: dict[str, Any]) -> None:
        model, dataset, query = key
        verdict = mapping(record.get("evaluation"), f"{where}: evaluation")
        score, correct = verdict.get("score"), verdict.get("is_correct")
        if record.get("error"):
            state = Cell.ERROR
        else:
            state = self.rule.state(score, f"{where}: evaluation.score")
            if not isinstance(correct, bool):
                raise InputError(f"{where}: evaluation.is_correct is {correct!r}; true or false was expected")
            if self.threshold is None and state <= Cell.WRONG and correct != (state == Cell.RIGHT):
                raise InputError(
                    f"{where}: score {score!r} and is_correct {str(correct).lower()} contradict each other; "
                    "data.threshold= lets the score decide"
                )
        usage = record.get("token_usage")
        usage = {} if usage is None else mapping(usage, f"{where}: token_usage")
        prompt, digest = record.get("input"), record.get("sample_hash")
        records.add(
            query,
            model,
            state,
            dataset=dataset,
            score=score_of(score),
            tokens_in=amount(usage.get("input_tokens"), f"{where}: input_tokens"),
            tokens_out=amount(usage.get("output_tokens"), f"{where}: output_tokens"),
            prompt=text_or_none(prompt.get("raw")) if isinstance(prompt, dict) else None,
            content=f"sample_hash:{digest}" if isinstance(digest, str) and digest else None,
        )


def _numbered(rows: list[_Row]) -> list[_Row]:
    """The rows with ``first``, ``second``, ... as their metrics, where those of one sample are of one answer.

    Before version 0.2.2 a record does not name its metric: the same answer twice is one answer under two metrics, and
    other answers are repeated samples, for which the list is empty.
    """
    answers: dict[tuple[str, str, str], list[Any]] = {}
    for _, key, _, record in rows:
        answers.setdefault(key, []).append(record.get("output"))
    if all(len(given) == 1 for given in answers.values()) or any(
        one != given[0] for given in answers.values() for one in given
    ):
        return []
    seen: Counter[tuple[str, str, str]] = Counter()
    numbered = []
    for where, key, _, record in rows:
        numbered.append((where, key, _ORDINALS[min(seen[key], len(_ORDINALS) - 1)], record))
        seen[key] += 1
    return numbered

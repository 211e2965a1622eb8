"""Inspect logs, ``.eval`` or ``.json``, read by inspect_ai's own log API (``pip install 'cofail-lab[inspect]'``).

Schema: ``EvalLog``, ``EvalSample`` and ``ModelUsage`` of inspect_ai 0.3.285, https://inspect.aisi.org.uk/eval-logs.html.
The model is ``eval.model``, the dataset ``eval.task``, a query the sample's id; epochs are repeated samples. A sample
with an ``error`` or stopped by a ``limit`` is an error whatever its score. Values are C, I, P, N or numbers: N (no
answer) and nan are unscored, although Inspect's own accuracy counts N as wrong. A score with several named values has
the scorers ``SCORER.NAME``. Tokens and cost are those of ``eval.model``; other models grade, and what the same model
used in a role of its own, such as ``grader``, is subtracted.
"""

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from cofail_lab.data import files
from cofail_lab.data.names import shorten
from cofail_lab.data.readers.eval_archive import check_archive
from cofail_lab.data.readers.json_log import JsonLogSource, score_of
from cofail_lab.data.records import Records
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample, EvalSampleSummary

    Sample = EvalSample | EvalSampleSummary

INSTALL = "pip install 'cofail-lab[inspect]'"
_STOPPED = ("max_tokens", "model_length")
# Large fields that say nothing about grades.
_NOT_READ = {"messages", "events", "store", "attachments", "metadata"}


@dataclass(frozen=True)
class InspectSource(JsonLogSource):
    """Inspect logs; `data.scorer` is the name of a scorer such as ``match``.

    Attributes:
        summaries: read only the summaries of the samples (`data.summaries`), about ten times as fast: without
            prompts, and without the answers that stopped at the model's own output limit.
    """

    summaries: bool = False

    patterns: ClassVar[tuple[str, ...]] = ("*.eval", "*.json")

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.summaries, bool):
            raise InputError(f"data.summaries: {self.summaries!r} is not true or false")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A zip archive called .eval, or JSON that begins as Inspect writes it."""
        begins = files.head(path, 512).lstrip()
        if path.suffix == ".eval" and begins.startswith(b"PK"):
            return "an Inspect log archive"
        squeezed = b"".join(begins.split())
        found = path.suffix == ".json" and squeezed.startswith(b'{"version":') and b',"eval":{' in squeezed
        return "an Inspect log" if found else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every sample of one log; samples of the dataset that are not in it are missing."""
        log, samples = _read(path, self.summaries)
        if not samples:
            raise InputError(f"{path.name}: no samples in it (status {log.status!r})")
        values = [_values(sample) for sample in samples]
        names = {scorer for scores in values for scorer in scores}
        if not names and not any(sample.error or sample.limit for sample in samples):
            raise InputError(f"{path.name}: no sample has a score; the log has to be scored first (inspect score)")
        scorer = self.rule.choose(names, path.name) if names else ""
        model, dataset = log.eval.model, log.eval.task
        own_roles = _roles_of(log, model)
        counted: dict[str, int] = Counter()
        for sample, scores in zip(samples, values, strict=True):
            value = scores.get(scorer)
            state = self._state(sample, value, f"{path.name}: sample {sample.id!r}, epoch {sample.epoch}", counted)
            whole = None if self.summaries else cast("EvalSample", sample)
            stopped = whole is not None and any(choice.stop_reason in _STOPPED for choice in whole.output.choices)
            records.add(
                str(sample.id), model, state, dataset=dataset, score=score_of(value), prompt=whole and _prompt(whole),
                at_limit=sample.limit is not None or stopped, **_usage(sample, model, own_roles),
            )  # fmt: skip
        there = {sample.id for sample in samples}
        absent = [query for query in log.eval.dataset.sample_ids or [] if query not in there]
        for query in absent:
            records.add(str(query), model, Cell.MISSING, dataset=dataset)
        return _notes(log, scorer, len(absent), counted)

    def _state(self, sample: "Sample", value: Any, where: str, counted: dict[str, int]) -> Cell:
        if getattr(sample, "invalidation", None) is not None:
            counted["invalid"] += 1
            return Cell.MISSING
        for what in ("error", "limit"):
            if getattr(sample, what) is not None:
                counted[what] += 1
                return Cell.ERROR
        counted["no_answer"] += value == "N"
        return self.rule.state(value, where)


def _read(path: Path, summaries: bool) -> "tuple[EvalLog, list[Sample]]":
    """A log and its samples by epoch; whatever the library makes of a damaged file becomes one line."""
    try:
        from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
    except ImportError as error:
        raise InputError(f"data=inspect: {error}; {INSTALL} reads Inspect logs") from error
    if path.suffix == ".eval":
        check_archive(path)
    else:
        # Bounds, encoding and depth are checked here; the library reads the file again.
        files.parse_json(files.read_bytes(path), path.name)
    location = str(path.resolve())
    samples: list[Sample]
    try:
        log = read_eval_log(location, header_only=summaries, exclude_fields=set(_NOT_READ))
        samples = [*(read_eval_log_sample_summaries(location) if summaries else log.samples or [])]
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path.name}: not a log that inspect_ai can read ({shorten(reason, 160)})") from error
    if summaries and log.invalidated:
        raise InputError(
            f"{path.name}: has invalidated samples, which summaries do not name; data.summaries=false does"
        )
    return log, sorted(samples, key=lambda sample: sample.epoch)


def _values(sample: "Sample") -> dict[str, Any]:
    """Value of every scorer; those of a score with several named values by ``SCORER.NAME``."""
    values: dict[str, Any] = {}
    for scorer, score in (sample.scores or {}).items():
        if isinstance(score.value, dict):
            values |= {f"{scorer}.{name}": value for name, value in score.value.items()}
        else:
            values[scorer] = score.value
    return values


def _roles_of(log: "EvalLog", model: str) -> set[str]:
    """Roles, such as that of the grader, which the evaluated model itself plays."""
    bound = log.eval.model_roles or {}
    return {
        role
        for role, configs in bound.items()
        if any(config.model == model for config in (configs if isinstance(configs, list) else [configs]))
    }


def _usage(sample: "Sample", model: str, own_roles: set[str]) -> dict[str, float]:
    total = sample.model_usage.get(model)
    if total is None:
        return {}
    others = [usage for role, usage in sample.role_usage.items() if role in own_roles]

    def less(of: Any) -> float:
        return max(of(total) - sum(of(usage) for usage in others), 0.0)

    numbers = {
        "tokens_in": less(
            lambda u: u.input_tokens + (u.input_tokens_cache_read or 0) + (u.input_tokens_cache_write or 0)
        ),
        "tokens_out": less(lambda u: u.output_tokens),
    }
    if total.total_cost is not None:
        numbers["cost"] = less(lambda u: u.total_cost or 0.0)
    return {key: value for key, value in numbers.items() if math.isfinite(value)}


def _prompt(sample: "EvalSample") -> str | None:
    """The question as the dataset has it, with its choices."""
    asked = sample.input if isinstance(sample.input, str) else "\n".join(message.text for message in sample.input)
    return "\n".join([asked, *(sample.choices or [])]) or None


def _notes(log: "EvalLog", scorer: str, absent: int, counted: dict[str, int]) -> list[str]:
    notes = [f"Right is decided by scorer {scorer!r}."] if scorer else []
    if log.status != "success":
        notes.append(f"{log.eval.model}: the run's status is {log.status!r}.")
    for n, what in (
        (absent, "samples of the dataset that are not in the log, taken as missing"),
        (counted["invalid"], "invalidated samples, taken as missing"),
        (counted["error"], "samples that ended in an error"),
        (counted["limit"], "samples stopped by a limit, taken as errors"),
        (
            counted["no_answer"],
            "values N (no answer), taken as unscored where Inspect's own accuracy has wrong",
        ),
    ):
        if n:
            notes.append(f"{log.eval.model}: {what}: {n:,}.")
    graded_by_itself = any(entry.name.rpartition("/")[2].startswith("model_graded") for entry in log.eval.scorers or [])
    if graded_by_itself and not log.eval.model_roles and set(log.stats.model_usage) <= {log.eval.model}:
        notes.append(f"{log.eval.model} graded its own answers: its tokens include those of grading.")
    return notes

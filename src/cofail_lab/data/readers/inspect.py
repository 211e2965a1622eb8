"""Inspect logs, ``.eval`` or ``.json``, read through the log API of inspect_ai (``pip install 'cofail-lab[inspect]'``).

Schema: ``EvalLog``, ``EvalSample`` and ``ModelUsage`` of inspect_ai 0.3.285, https://inspect.aisi.org.uk/eval-logs.html.
The model is ``eval.model``, the dataset ``eval.task``, a query the sample's id; epochs are repeated samples. Logs of
one model with another solver, task arguments or generate settings are systems of their own; of the logs of one
``eval.task_id`` (a run and its retries) the last one counts. A sample with an ``error`` is an error even if it has a
score. One stopped by a ``limit`` keeps the grade that the scorer gave it, is marked as at its limit, and is an error
where it has none. Values are C, I, P, N or numbers: N
(no answer) and nan are unscored, although Inspect's own accuracy counts N as wrong. A score with several named values
has the scorers ``SCORER.NAME``. Tokens and cost are those of ``eval.model`` without those of grading: other models are
not counted, and what the same model used in another role, such as ``grader``, is subtracted.
"""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from cofail_lab.data import files
from cofail_lab.data.conflicts import content_key
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
# Settings that do not change what a model answers, or only by chance.
_NO_SETTINGS = {
    "seed",
    "max_connections",
    "max_retries",
    "timeout",
    "attempt_timeout",
    "cache",
    "batch",
    "cache_prompt",
    "adaptive_connections",
}
# Large fields that hold nothing about grades.
_NOT_READ = {"messages", "events", "store", "attachments", "metadata"}


@dataclass(frozen=True)
class InspectSource(JsonLogSource):
    """Inspect logs; `data.scorer` is the name of a scorer such as ``match``.

    Attributes:
        summaries: read only the summaries of the samples (`data.summaries`), about ten times as fast; they have no
            prompts, and do not show which answers stopped at the model's own output limit.
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
        recognised = path.suffix == ".json" and squeezed.startswith(b'{"version":') and b',"eval":{' in squeezed
        return "an Inspect log" if recognised else ""

    @classmethod
    def superseded(cls, paths: Sequence[Path]) -> set[Path]:
        """Of the logs of one task id, all but the last: a retry copies what had succeeded, and runs the rest again."""
        if len(paths) < 2:
            return set()
        runs: dict[str, list[tuple[str, Path]]] = {}
        for path in paths:
            log, _ = _read(path, summaries=True, header_only=True)
            runs.setdefault(log.eval.task_id or str(path), []).append((str(log.eval.created), path))
        return {path for logs in runs.values() for _, path in sorted(logs)[:-1]}

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every sample of one log; samples of the dataset that are not in the log are missing."""
        log, samples = _read(path, self.summaries)
        if not samples:
            raise InputError(f"{path.name}: no samples in it (status {log.status!r})")
        values = [_values(sample) for sample in samples]
        names = {scorer for scores in values for scorer in scores}
        if not names and not any(sample.error or sample.limit for sample in samples):
            raise InputError(f"{path.name}: no sample has a score; the log has to be scored first (inspect score)")
        scorer = self.rule.choose(names, path.name, log.eval.task) if names else ""
        model, dataset = log.eval.model, log.eval.task
        records.settings[model] = _settings(log)
        own_roles = _roles_of(log, model)
        counts: dict[str, int] = Counter()
        for sample, scores in zip(samples, values, strict=True):
            value = scores.get(scorer)
            state = self._state(sample, value, f"{path.name}: sample {sample.id!r}, epoch {sample.epoch}", counts)
            whole = None if self.summaries else cast("EvalSample", sample)
            stopped = whole is not None and any(choice.stop_reason in _STOPPED for choice in whole.output.choices)
            records.add(
                str(sample.id),
                model,
                state,
                dataset=dataset,
                score=score_of(value),
                prompt=None if whole is None else _prompt(whole),
                content=_content(sample),
                at_limit=sample.limit is not None or stopped,
                **_usage(sample, model, own_roles),  # type: ignore[arg-type]
            )
        there = {sample.id for sample in samples}
        absent = [query for query in log.eval.dataset.sample_ids or [] if query not in there]
        for query in absent:
            records.add(str(query), model, Cell.MISSING, dataset=dataset)
        return _notes(log, scorer, len(absent), counts)

    def _state(self, sample: "Sample", value: Any, where: str, counts: dict[str, int]) -> Cell:
        """State of a sample with this value; ``counts`` counts the reasons that override or explain it."""
        if getattr(sample, "invalidation", None) is not None:
            counts["invalid"] += 1
            return Cell.MISSING
        if sample.error is not None:
            counts["error"] += 1
            return Cell.ERROR
        if sample.limit is not None:
            counts["limit"] += 1
            if value is None:
                counts["limit_ungraded"] += 1
                return Cell.ERROR
        counts["no_answer"] += value == "N"
        return self.rule.state(value, where)


def _read(path: Path, summaries: bool, *, header_only: bool = False) -> "tuple[EvalLog, list[Sample]]":
    """A log and its samples, by epoch, none of them with ``header_only``; InputError for all that inspect_ai raises."""
    try:
        from inspect_ai.log import read_eval_log, read_eval_log_sample_summaries
    except ImportError as error:
        raise InputError(f"data=inspect: {error}; {INSTALL} reads Inspect logs") from error
    if path.suffix == ".eval":
        check_archive(path)
    else:
        # Size, encoding and depth are checked here; the library reads the file again.
        files.parse_json(files.read_bytes(path), path.name)
    location = str(path.resolve())
    samples: list[Sample]
    try:
        log = read_eval_log(location, header_only=summaries, exclude_fields=set(_NOT_READ))
        if header_only:
            return log, []
        samples = [*(read_eval_log_sample_summaries(location) if summaries else log.samples or [])]
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path.name}: not a log that inspect_ai can read ({shorten(reason, 160)})") from error
    if summaries and log.invalidated:
        raise InputError(
            f"{path.name}: has invalidated samples, and summaries do not name them; data.summaries=false is needed"
        )
    return log, sorted(samples, key=lambda sample: sample.epoch)


def _settings(log: "EvalLog") -> dict[str, str]:
    """What the answers depend on beside the model: solver, task arguments and generate settings."""
    run = log.eval
    settings = {
        "solver": run.solver or "",
        **{f"solver.{key}": value for key, value in (run.solver_args or {}).items()},
    }
    settings |= {"plan": " > ".join(step.solver for step in log.plan.steps)}
    settings |= {f"task.{key}": value for key, value in (run.task_args or {}).items()}
    settings |= {f"model.{key}": value for key, value in (run.model_args or {}).items()}
    for config in (run.model_generate_config, log.plan.config):
        settings |= config.model_dump(exclude_none=True)
    return {key: str(value) for key, value in settings.items() if value not in ("", None) and key not in _NO_SETTINGS}


def _content(sample: "Sample") -> str:
    """Digest of the question and its target, which summaries hold too."""
    asked = sample.input if isinstance(sample.input, str) else "\n".join(message.text for message in sample.input)
    target = sample.target if isinstance(sample.target, str) else "\0".join(sample.target)
    return f"inspect:{content_key(asked + chr(0) + target)}"


def _values(sample: "Sample") -> dict[str, Any]:
    """Value of every scorer; a score with several named values has one for each ``SCORER.NAME``."""
    values: dict[str, Any] = {}
    for scorer, score in (sample.scores or {}).items():
        if isinstance(score.value, dict):
            values |= {f"{scorer}.{name}": value for name, value in score.value.items()}
        else:
            values[scorer] = score.value
    return values


def _roles_of(log: "EvalLog", model: str) -> set[str]:
    """Roles, such as that of the grader, for which the log uses the evaluated model."""
    bound = log.eval.model_roles or {}
    return {
        role
        for role, configs in bound.items()
        if any(config.model == model for config in (configs if isinstance(configs, list) else [configs]))
    }


def _usage(sample: "Sample", model: str, own_roles: set[str]) -> dict[str, float]:
    """Tokens and cost of the answer, without what the model used in other roles."""
    total = sample.model_usage.get(model)
    if total is None:
        return {}
    others = [usage for role, usage in sample.role_usage.items() if role in own_roles]

    def rest(number_of: Any) -> float:
        return max(number_of(total) - sum(number_of(usage) for usage in others), 0.0)

    numbers = {
        "tokens_in": rest(
            lambda u: u.input_tokens + (u.input_tokens_cache_read or 0) + (u.input_tokens_cache_write or 0)
        ),
        "tokens_out": rest(lambda u: u.output_tokens),
    }
    if total.total_cost is not None:
        numbers["cost"] = rest(lambda u: u.total_cost or 0.0)
    return {key: value for key, value in numbers.items() if math.isfinite(value)}


def _prompt(sample: "EvalSample") -> str | None:
    """The question, as in the dataset, with its choices."""
    asked = sample.input if isinstance(sample.input, str) else "\n".join(message.text for message in sample.input)
    return "\n".join([asked, *(sample.choices or [])]) or None


def _notes(log: "EvalLog", scorer: str, absent: int, counts: dict[str, int]) -> list[str]:
    notes = [f"Right is decided by scorer {scorer!r}."] if scorer else []
    if log.status != "success":
        notes.append(f"{log.eval.model}: the run's status is {log.status!r}.")
    for n, what in (
        (absent, "samples of the dataset that are not in the log, counted as missing"),
        (counts["invalid"], "invalidated samples, counted as missing"),
        (counts["error"], "samples that ended in an error"),
        (counts["limit"], "samples stopped by a limit, which keep the grade they got (data.limits= changes that)"),
        (counts["limit_ungraded"], "samples stopped by a limit without a grade, counted as errors"),
        (
            counts["no_answer"],
            "values N (no answer), counted as unscored where Inspect's own accuracy counts wrong",
        ),
    ):
        if n:
            notes.append(f"{log.eval.model}: {what}: {n:,}.")
    graded_by_itself = any(entry.name.rpartition("/")[2].startswith("model_graded") for entry in log.eval.scorers or [])
    if graded_by_itself and not log.eval.model_roles and set(log.stats.model_usage) <= {log.eval.model}:
        notes.append(f"{log.eval.model} graded its own answers: its tokens include those of grading.")
    return notes

"""HELM: ``per_instance_stats.json`` and the ``run_spec.json`` beside it, one folder per run.

Schema: ``PerInstanceStats``, ``Stat`` and ``MetricName`` of ``helm/benchmark/metrics``, ``RunSpec`` of
``helm/benchmark/run_spec.py``, written by ``helm/benchmark/runner.py`` without its nulls and nans (crfm-helm 0.5.16).
Rows and stats with a ``perturbation`` belong to a changed question and are left out. The stats in `RIGHT_OR_WRONG`
decide what is right without a threshold; any other stat needs `data.threshold`. ``train_trial_index`` numbers repeated
samples, which have other in-context examples. Questions come from ``instances.json`` or ``scenario_state.json`` beside,
where HELM left one of them.
"""

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from cofail_lab.data import files
from cofail_lab.data.conflicts import content_key
from cofail_lab.data.names import shorten
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, listing, mapping, name
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

FILE, SPEC = "per_instance_stats.json", "run_spec.json"
_INSTANCES, _REQUESTS = "instances.json", "scenario_state.json"
# Bytes of a file of requests that is read for the questions in it.
_MAX_REQUESTS = 2**28

RIGHT_OR_WRONG = (
    "bbq_accuracy",
    "chain_of_thought_correctness",
    "cleva_math_result_match",
    "code_eval_acc",
    "ehr_sql_execution_accuracy",
    "exact_match",
    "exact_match_indicator",
    "exact_set_match",
    "execution_accuracy",
    "final_number_exact_match",
    "ifeval_strict_accuracy",
    "math_equiv",
    "math_equiv_chain_of_thought",
    "medcalc_bench_accuracy",
    "medec_error_flag_accuracy",
    "medec_error_sentence_accuracy",
    "omni_math_accuracy",
    "pass",
    "prefix_exact_match",
    "quasi_exact_match",
    "quasi_leave_articles_exact_match",
    "quasi_prefix_exact_match",
)
"""Stats whose value for one answer is 0 or 1; for any other value of them the error asks for `data.threshold`."""

# Parts of an adapter that name the model, or choose instances and not answers.
_NO_SETTINGS = {"model", "model_deployment", "random", "max_eval_instances", "num_train_trials", "sample_train"}
_MODEL_PART = re.compile(r"(?<=[:,])(model|model_deployment)=[^,]*,?")


@dataclass(frozen=True)
class HelmSource(JsonLogSource):
    """HELM runs; `data.scorer` is the name of a metric such as ``exact_match``."""

    patterns: ClassVar[tuple[str, ...]] = (FILE, f"{FILE}.gz")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A list of per-instance stats."""
        recognised = path.name.startswith(FILE) and {"instance_id", "train_trial_index", "stats"} <= first_keys(path)
        return "HELM per-instance stats" if recognised else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add the unperturbed rows of one run."""
        model, dataset, adapter = _run(path)
        file = f"{path.resolve().parent.name}/{path.name}"
        rows, perturbed = [], 0
        for number, row in enumerate(listing(files.read_json(path), file), start=1):
            where = f"{file}: row {number}"
            row = mapping(row, where)
            if row.get("perturbation") is not None:
                perturbed += 1
                continue
            query, trial = name(row, "instance_id", where), row.get("train_trial_index", 0)
            rows.append((query, trial if isinstance(trial, int) else 0, _stats(row, where), f"{where}: {query}"))
        rows = _answers(rows)
        questions = _questions(path)
        metric = self._metric({stat for _, _, stats, _ in rows for stat in stats}, file, dataset)
        for query, _, stats, where in sorted(rows, key=lambda row: row[1]):
            value = stats.get(metric)
            state = Cell.UNSCORED if value is None else self.rule.state(value, f"{where}: {metric}")
            records.add(
                query,
                model,
                state,
                dataset=dataset,
                score=float("nan") if value is None else value,
                tokens_in=amount(stats.get("num_prompt_tokens"), where),
                tokens_out=amount(stats.get("num_completion_tokens", stats.get("num_output_tokens")), where),
                at_limit=stats.get("finish_reason_length", 0.0) > 0,
                **questions.get(query, {}),
            )
        records.settings[model] = _settings(adapter)
        notes = [f"Right is decided by {metric!r}."]
        return [*notes, f"{model}: perturbed rows, left out: {perturbed:,}."] if perturbed else notes

    def _metric(self, names: set[str], file: str, task: str) -> str:
        """The metric that decides, among the names in a file."""
        metric = self.rule.choose(names if self.scorer else names.intersection(RIGHT_OR_WRONG), file, task)
        if metric not in RIGHT_OR_WRONG and self.threshold is None:
            allowed = ", ".join(sorted(names.intersection(RIGHT_OR_WRONG))) or "none"
            raise InputError(
                f"data.scorer: {metric!r} needs data.threshold= to decide what is right; metrics that need none in "
                f"{file}: {allowed}"
            )
        return metric


def _answers(rows: list[tuple[str, int, dict[str, float], str]]) -> list[tuple[str, int, dict[str, float], str]]:
    """One row per instance and trial: HELM writes a row for every metric object, each with stats of its own.

    Raises:
        InputError: two rows of one answer have other values of one stat.
    """
    answers: dict[tuple[str, int], tuple[str, int, dict[str, float], str]] = {}
    for query, trial, stats, where in rows:
        _, _, known, _ = answers.setdefault((query, trial), (query, trial, {}, where))
        for stat, value in stats.items():
            if known.setdefault(stat, value) != value:
                raise InputError(f"{where}: {shorten(stat)!r} has two values, {known[stat]:g} and {value:g}")
    return list(answers.values())


def _questions(path: Path) -> dict[str, dict[str, Any]]:
    """Prompt, and digest of prompt and references, of every instance; empty where HELM left no instances beside.

    Ids are positions in a sample of the scenario: another sample has the same ids.
    """
    held: Any = None
    if (instances := path.with_name(_INSTANCES)).is_file():
        held = files.read_json(instances)
    elif (requests := path.with_name(_REQUESTS)).is_file() and requests.stat().st_size <= _MAX_REQUESTS:
        whole = files.read_json(requests)
        states = whole.get("request_states") if isinstance(whole, dict) else None
        held = [state.get("instance") for state in states or () if isinstance(state, dict)]
    questions: dict[str, dict[str, Any]] = {}
    for instance in held if isinstance(held, list) else ():
        if not isinstance(instance, dict) or instance.get("perturbation") is not None:
            continue
        asked, query = instance.get("input"), instance.get("id")
        text = asked.get("text") if isinstance(asked, dict) else asked
        if isinstance(query, str) and isinstance(text, str) and text.strip():
            asked_and_known = "\0".join([text, *_references(instance.get("references"))])
            questions[query] = {"prompt": text, "content": f"helm:{content_key(asked_and_known)[:16]}"}
    return questions


def _references(held: Any) -> list[str]:
    """Texts of the references, in their order, each with whether it is a right answer."""
    texts = []
    for reference in held if isinstance(held, list) else ():
        if isinstance(reference, dict):
            output, tags = reference.get("output"), reference.get("tags")
            text = output.get("text") if isinstance(output, dict) else output
            texts.append(f"{text} {isinstance(tags, list) and 'correct' in tags}")
    return texts


def _settings(adapter: dict[str, Any]) -> dict[str, str]:
    """What the answers depend on beside the model; long texts, such as instructions, are shortened to a digest."""
    held = {
        key: str(value) for key, value in adapter.items() if key not in _NO_SETTINGS and value not in (None, "", [])
    }
    digests = {key: hashlib.sha256(text.encode(errors="replace")).hexdigest()[:8] for key, text in held.items()}
    return {key: text if len(text) <= 40 else digests[key] for key, text in held.items()}


def _run(path: Path) -> tuple[str, str, dict[str, Any]]:
    """Model, dataset and adapter of the run; the dataset is the run's name without its model."""
    spec_path = path.with_name(SPEC)
    if not spec_path.is_file():
        raise InputError(f"{path}: no {SPEC} beside it, which names the model")
    spec = mapping(files.read_json(spec_path), SPEC)
    adapter = mapping(spec.get("adapter_spec"), f"{SPEC}: adapter_spec")
    model = name(adapter, "model" if adapter.get("model") else "model_deployment", f"{SPEC}: adapter_spec")
    run = name(spec, "name", SPEC)
    return model, _MODEL_PART.sub("", run).rstrip(":,"), adapter


def _stats(row: dict[str, Any], where: str) -> dict[str, float]:
    """Value of every stat without a perturbation: the mean over the outputs of one request, of which most have one."""
    values: dict[str, float] = {}
    for stat in listing(row.get("stats"), f"{where}: stats"):
        stat = mapping(stat, f"{where}: stats")
        label = mapping(stat.get("name"), f"{where}: stats: name")
        if label.get("perturbation") is not None:
            continue
        key = name(label, "name", f"{where}: stats")
        value = stat.get("mean")
        if not isinstance(value, int | float):
            continue
        if values.setdefault(key, value) != value:
            raise InputError(f"{where}: {shorten(key)!r} has two values, {values[key]:g} and {value:g}")
    return values

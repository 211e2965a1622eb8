"""promptfoo: the JSON or JSON Lines that ``promptfoo eval --output`` writes.

Schema: ``EvaluateResult``, ``EvaluateSummaryV2`` and ``EvaluateSummaryV3`` of ``src/types/index.ts`` and
``src/evaluator.ts`` of github.com/promptfoo/promptfoo. A document holds ``results.results`` beside ``evalId`` and
``config``, a summary of the Node package ``results`` alone, JSON Lines a result per line. A column is a provider with a
prompt (``promptIdx``), a query a test: its ``vars`` and assertions, because ``testIdx`` counts repeats and changes with
filters.

``success`` decides. ``error`` is also set to the reason of a failed assertion: what broke has ``failureReason`` 2, or,
in versions without this field, an error and no ``gradingResult``. A provider without output fails the test, as in
promptfoo's own statistics. A test without assertions always succeeds there; here it is unscored.
"""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from cofail_lab.data import files
from cofail_lab.data.names import counted, shorten
from cofail_lab.data.readers.json_log import JsonLogSource, first_keys, listing, mapping, score_of
from cofail_lab.data.records import Records
from cofail_lab.data.rule import amount
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

_SUCCESS, _SCORE = "success", "score"
_BROKEN = 2
_JSON_LINES = (".jsonl", ".jsonl.gz")
# Variables that promptfoo sets itself, other ones in every call.
_OWN_VARS = ("__evalId", "__evalStepId", "__repeatIndex", "_conversation", "sessionId")
_NO_OUTPUT = "No output"
# Settings of a provider that do not change what it answers.
_NO_SETTINGS = {"apiKey", "apiKeyEnvar", "apiHost", "apiBaseUrl", "seed", "cost", "inputCost", "outputCost"}


class _Column(NamedTuple):
    """A system: a provider with a prompt; the number tells columns apart that agree in both.

    Attributes:
        provider: its label, or its id.
        prompt: its label.
        number: ``promptIdx``, empty where a result has none.
    """

    provider: str
    prompt: str
    number: str


class _Test(NamedTuple):
    """What was asked.

    Attributes:
        digest: of the variables and the assertions.
        description: in the configuration, often empty.
        prompt: the variables as text, the same for every prompt that they are put into.
    """

    digest: str
    description: str
    prompt: str


@dataclass(frozen=True)
class PromptfooSource(JsonLogSource):
    """Results of promptfoo; `data.scorer` is ``success`` (default), ``score`` or a named metric of the assertions."""

    patterns: ClassVar[tuple[str, ...]] = ("*.json", "*.jsonl", "*.json.gz", "*.jsonl.gz")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """Results with a test, a prompt and a verdict each."""
        if not files.ends_in(path, (".json", ".json.gz", *_JSON_LINES)):
            return ""
        keys = first_keys(path)
        wanted = {"provider", "prompt", "success"}
        recognised = wanted <= keys and not keys.isdisjoint({"testIdx", "gradingResult", "failureReason"})
        # A long configuration or table of prompts may come before the first result.
        early = {"evalId", "results", "timestamp"} <= keys and not keys.isdisjoint({"prompts", "testPassCount"})
        return "promptfoo results" if recognised or early else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every result of one evaluation."""
        rows, configured = _results(path)
        if not rows:
            raise InputError(f"{path.name}: no result in it")
        tests = [_test(row, where) for where, row in rows]
        names = _query_names(tests)
        columns = [_column(row, where) for where, row in rows]
        models = _model_names(columns)
        for column, model in models.items():
            records.settings[model] = {"prompt": shorten(column.prompt), **configured.get(column.provider, {})}
        scorer = self._scorer([row for _, row in rows], path.name)
        counts: Counter[str] = Counter()
        for (where, row), test, column in zip(rows, tests, columns, strict=True):
            score = row.get("score") if scorer == _SUCCESS else _value(row, scorer)
            records.add(
                names[test.digest],
                models[column],
                self._state(row, scorer, where, counts),
                score=score_of(score),
                cost=_cost(row, where),
                prompt=test.prompt or None,
                content=f"promptfoo:{test.digest}",
                **_tokens(row, where),
            )
        rule = f"Right is decided by {scorer!r}"
        notes = [rule + (f", from {self.threshold:g} on." if self.threshold is not None else ".")]
        for key, what in (
            ("broken", "ended in an error of the provider or of the grader"),
            ("empty", "without output, counted as wrong, as promptfoo does"),
            ("unasserted", "of tests without assertions, counted as unscored"),
        ):
            if counts[key]:
                notes.append(f"{path.name}: {counted(counts[key], 'answer')} {what}.")
        return notes

    def _scorer(self, rows: list[dict[str, Any]], file: str) -> str:
        if self.scorer is None:
            # A threshold is of no use to true and false.
            return _SUCCESS if self.threshold is None else _SCORE
        named = {name for row in rows for name in (row.get("namedScores") or ()) if isinstance(name, str)}
        return self.rule.choose({_SUCCESS, _SCORE, *named}, file)

    def _state(self, row: dict[str, Any], scorer: str, where: str, counts: Counter[str]) -> Cell:
        grading = row.get("gradingResult")
        reason, error = row.get("failureReason"), row.get("error")
        if reason == _BROKEN or (reason is None and error and not grading and error != _NO_OUTPUT):
            counts["broken"] += 1
            return Cell.ERROR
        success = row.get(_SUCCESS)
        if not isinstance(success, bool):
            raise InputError(f"{where}: success is {shorten(repr(success))}; true or false was expected")
        if success and _ungraded(row):
            counts["unasserted"] += 1
            return Cell.UNSCORED
        if not success and error == _NO_OUTPUT and not grading:
            counts["empty"] += 1
            return Cell.WRONG
        return self.rule.state(_value(row, scorer), f"{where}: {scorer}")


def _results(path: Path) -> tuple[list[tuple[str, dict[str, Any]]], dict[str, dict[str, str]]]:
    """(where, result) of every result, and the configuration of every provider by its label, or by its id."""
    if files.ends_in(path, _JSON_LINES):
        lines = [(f"{path.name}: line {number}", line) for number, line in files.read_jsonl(path)]
        return [(where, mapping(line, where)) for where, line in lines], {}
    document = mapping(files.read_json(path), path.name)
    held = document.get("results")
    if isinstance(held, dict):
        held = held.get("results")
    rows = []
    for number, row in enumerate(listing(held, f"{path.name}: results"), start=1):
        where = f"{path.name}: result {number}"
        rows.append((where, mapping(row, where)))
    config = document.get("config")
    providers = config.get("providers") if isinstance(config, dict) else None
    configured: dict[str, dict[str, str]] = {}
    for provider in providers if isinstance(providers, list) else ():
        if isinstance(provider, dict) and isinstance(provider.get("config"), dict):
            name = str(provider.get("label") or provider.get("id"))
            configured[name] = {key: str(value) for key, value in provider["config"].items() if key not in _NO_SETTINGS}
    return rows, configured


def _test(row: dict[str, Any], where: str) -> _Test:
    case = row.get("testCase")
    case = case if isinstance(case, dict) else {}
    variables = row.get("vars", case.get("vars"))
    variables = {} if variables is None else mapping(variables, f"{where}: vars")
    variables = {key: value for key, value in variables.items() if key not in _OWN_VARS}
    asked = json.dumps([variables, case.get("assert")], sort_keys=True, ensure_ascii=False)
    description = row.get("description") or case.get("description")
    if not variables and not case:
        raise InputError(f"{where}: neither vars nor testCase; one of them is needed to tell tests apart")
    values = [
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False) for value in variables.values()
    ]
    return _Test(
        hashlib.sha256(asked.encode(errors="replace")).hexdigest()[:16],
        description if isinstance(description, str) else "",
        "\n".join(values),
    )


def _query_names(tests: list[_Test]) -> dict[str, str]:
    """Name of every test by its digest: its description, where every test has one of its own; else the digest."""
    described = {test.digest: test.description.strip() for test in tests}
    own = all(described.values()) and len(set(described.values())) == len(described)
    return described if own else {digest: digest for digest in described}


def _column(row: dict[str, Any], where: str) -> _Column:
    """The column in which promptfoo shows a result."""
    provider, prompt = row.get("provider"), row.get("prompt")
    if isinstance(provider, dict):
        provider = provider.get("label") or provider.get("id")
    if not isinstance(provider, str) or not provider.strip():
        raise InputError(f"{where}: no provider with an id or a label")
    if isinstance(prompt, dict):
        prompt = prompt.get("label") or prompt.get("display") or row.get("promptId")
    number = row.get("promptIdx")
    return _Column(provider, prompt if isinstance(prompt, str) else "", str(number) if isinstance(number, int) else "")


def _model_names(columns: list[_Column]) -> dict[_Column, str]:
    """Name of every column: its provider, and its prompt or number where a provider has several columns."""
    names: dict[_Column, str] = {}
    different = list(dict.fromkeys(columns))
    of_provider = Counter(provider for provider, _, _ in different)
    of_prompt = Counter((provider, shorten(prompt)) for provider, prompt, _ in different)
    for column in different:
        provider, prompt, number = column
        if of_provider[provider] == 1:
            names[column] = provider
        elif of_prompt[provider, shorten(prompt)] == 1 and prompt.strip():
            names[column] = f"{provider} (prompt={shorten(prompt)})"
        else:
            names[column] = f"{provider} (promptIdx={number})"
    return names


def _ungraded(row: dict[str, Any]) -> bool:
    """Whether a result is of a test without assertions."""
    case, grading = row.get("testCase"), row.get("gradingResult")
    if isinstance(grading, dict) and grading.get("componentResults"):
        return False
    if isinstance(grading, dict) and grading.get("reason") == "No assertions":
        return True
    return isinstance(case, dict) and "assert" in case and not case["assert"]


def _value(row: dict[str, Any], scorer: str) -> Any:
    """Value of the field or metric that decides, None where a result has none."""
    if scorer in (_SUCCESS, _SCORE):
        return row.get(scorer)
    named = row.get("namedScores")
    return named.get(scorer) if isinstance(named, dict) else None


def _cost(row: dict[str, Any], where: str) -> float:
    """Dollars of the answer; unknown where it came from a cache, for which promptfoo writes 0."""
    response = row.get("response")
    cached = isinstance(response, dict) and response.get("cached")
    cost = amount(row.get("cost"), f"{where}: cost")
    return float("nan") if cached and cost == 0 else cost


def _tokens(row: dict[str, Any], where: str) -> dict[str, Any]:
    """Tokens of the answer, without those of grading; a cached answer has none of its own."""
    response = row.get("response")
    usage = response.get("tokenUsage") if isinstance(response, dict) else None
    if not isinstance(usage, dict) or not isinstance(response, dict) or response.get("cached"):
        return {}
    return {
        name: amount(usage.get(key), f"{where}: tokenUsage.{key}")
        for name, key in (("tokens_in", "prompt"), ("tokens_out", "completion"))
    }

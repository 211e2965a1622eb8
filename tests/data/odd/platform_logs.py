"""Odd logs of promptfoo, lighteval, SWE-bench, Every Eval Ever, LLMRouterBench and the reference work."""

import json
from typing import Any

import pyarrow as pa

from tests.data.fuzzing import parquet
from tests.data.odd.changes import ABSENT, rich
from tests.data.odd.model_logs import Case

_ROWS = rich("promptfoo")["out.json"]["results"]["results"]


def _rows(*changes: dict[str, Any]) -> dict[str, Any]:
    """Results alone, the first of the plain log with changes each."""
    rows = [_ROWS[0] | change for change in changes]
    return {"out.json": {"results": [{name: held for name, held in row.items() if held is not ABSENT} for row in rows]}}


def _asked(number: int, prompt: str | None, **more: Any) -> dict[str, Any]:
    return {"promptIdx": number, "prompt": {"label": prompt}, "promptId": f"id{number}", **more}


_NO_REASON = {"failureReason": None, "success": False}
PROMPTFOO: dict[str, Case] = {
    "lines": ({"out.jsonl": _ROWS}, {}),
    "no line": ({"out.jsonl": ""}, {}),
    "no result": ({"out.json": {"results": []}}, {}),
    "the score": (rich("promptfoo"), {"scorer": "score", "threshold": 0.5}),
    "the score without a threshold": (rich("promptfoo"), {"scorer": "score"}),
    "a threshold alone": (rich("promptfoo"), {"threshold": 0.75}),
    "a named score": (rich("promptfoo"), {"scorer": "tone", "threshold": 0.5}),
    "a named score that one lacks": (
        rich("promptfoo", {"results.results.0.namedScores": None}),
        {"scorer": "tone", "threshold": 0.6},
    ),
    "no such score": (rich("promptfoo"), {"scorer": "other"}),
    "descriptions that name tests": (
        _rows(*({"testCase": {"description": f" t{k} ", "assert": [k]}} for k in range(2))),
        {},
    ),
    "both descriptions": (
        _rows(*({"description": f"own {k}", "testCase": {"description": f"t{k}", "assert": [k]}} for k in range(2))),
        {},
    ),
    "a prompt of both labels": (_rows({}, {"prompt": {"label": "l", "display": "d"}, "promptId": "i"}), {}),
    "a description of the result": (_rows({"description": "own"}, {"description": "own"}), {}),
    "descriptions that are no names": (
        _rows(*({"testCase": {"description": "t", "assert": [k]}} for k in range(2))),
        {},
    ),
    "one provider with one prompt": (_rows({"provider": {"id": "x"}}), {}),
    "prompts of one label": (_rows(_asked(0, "p"), _asked(1, "p"), _asked(2, "q")), {}),
    "prompts of no label": (_rows(_asked(0, None), _asked(1, None), _asked(1, None)), {}),
    "prompts of blank labels": (_rows(_asked(3, " "), _asked(4, "p")), {}),
    "a prompt as text": (_rows({"prompt": "p"}, {"prompt": {"display": "d"}}), {}),
    "variables of the test": (
        _rows({"vars": None}, {"vars": ABSENT, "testCase": {"vars": {"a": [1], "b": "c"}, "assert": [1]}}),
        {},
    ),
    "neither variables nor test": (_rows({"vars": {}, "testCase": {}}), {}),
    "no assertions": (_rows({"testCase": {"assert": []}, "gradingResult": None}), {}),
    "no assertions and a failure": (_rows({"testCase": {"assert": []}, "gradingResult": None, "success": False}), {}),
    "assertions of the configuration": (_rows({"testCase": {"description": "d"}, "gradingResult": None}), {}),
    "an error of an old version": (_rows(_NO_REASON | {"error": "API", "gradingResult": None}), {}),
    "a failure of an old version": (_rows(_NO_REASON | {"error": "Expected"}), {}),
    "no output of an old version": (_rows(_NO_REASON | {"error": "No output", "gradingResult": None}), {}),
    "no output that was graded": (_rows({"success": False, "error": "No output"}), {}),
    "an answer from a cache that cost": (_rows({"response": {"cached": True}, "cost": 0.5}), {}),
    "an answer that cost nothing": (_rows({"cost": 0}), {}),
    "configurations": (
        rich(
            "promptfoo",
            {
                "config.providers": [
                    "other",
                    {"id": "gpt", "config": {"top_p": 1, "apiKey": "x"}},
                    {"id": "x", "label": "gpt", "config": None},
                ]
            },
        ),
        {},
    ),
}

_TIME = "2026-01-01T00-00-00.123"
_DETAILS = f"details_suite|t:easy|5_{_TIME}.parquet"


def _details(rows: list[dict[str, Any]]) -> bytes:
    return parquet({name: pa.array([row[name] for row in rows]) for name in rows[0]})


def _asks(k: int, metrics: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"doc": {"query": f"{k}?", "choices": ["A ", "B"], "gold_index": [k % 2], **more}, "metric": metrics}


_NEW = _details(
    [_asks(0, {"em": 1.0, "f1": 0.5}), _asks(1, {"em": 0.0, "f1": 0.25}), _asks(0, {"em": None, "f1": 1.0})]
)
_FLAT = {
    "example": "0?",
    "full_prompt": "x",
    "gold": ["A"],
    "choices": ["A", "B"],
    "gold_index": 1,
    "metrics": {"em": 1},
}
_TEXT = {"__doc__": "{'query': '0?', 'choices': ['A', 'B'], 'gold_index': 1}", "__metric__": "{'em': True, 'x': 'y'}"}
_EM = {"scorer": "em"}
_STATED = {"config_general": {"model_name": "org/m"}}

LIGHTEVAL: dict[str, Case] = {
    "two metrics": ({_DETAILS: _NEW}, {}),
    "one of them": ({_DETAILS: _NEW}, _EM),
    "from a threshold on": ({_DETAILS: _NEW}, {"scorer": {"suite|t*": "f1"}, "threshold": 0.5}),
    "a results file beside": ({f"a/{_DETAILS}": _NEW, f"a/results_{_TIME}.json": _STATED}, _EM),
    "a results file two above": ({f"a/b/{_DETAILS}": _NEW, f"results_{_TIME}.json": _STATED}, _EM),
    "a results file three above": ({f"a/b/c/{_DETAILS}": _NEW, f"results_{_TIME}.json": _STATED}, _EM),
    "a results file of another time": ({f"a/{_DETAILS}": _NEW, "a/results_2025.json": _STATED}, _EM),
    "a results file without the name": (
        {f"a/{_DETAILS}": _NEW, f"a/results_{_TIME}.json": {"config_general": {"model_name": " "}}},
        _EM,
    ),
    "results in their own folder": (
        {
            f"details/org/m/{_TIME}/{_DETAILS}": _NEW,
            f"results/org/m/results_{_TIME}.json": {"config_general": {"model_name": "stated"}},
        },
        _EM,
    ),
    "details in folders of names": ({f"details/org/m/{_TIME}/{_DETAILS}": _NEW}, _EM),
    "details in folders of names without the time": ({f"details/org/m/{_DETAILS}": _NEW}, _EM),
    "details in a folder of the hub": ({f"details_org__m__x_private/{_TIME}/{_DETAILS}": _NEW}, _EM),
    "details in a public folder of the hub": ({f"details_org__m/{_DETAILS}": _NEW}, _EM),
    "shots and how many were cut": ({f"details_suite|t|5|0_{_TIME}.parquet": _NEW}, _EM),
    "a task without shots": ({f"details_suite|t_{_TIME}.parquet": _NEW}, _EM),
    "a file of another name": ({"m/details_x.parquet": _NEW}, _EM),
    "the first layout": ({f"m/{_DETAILS}": _details([_FLAT, _FLAT | {"gold": [], "metrics": {"em": 0}}])}, {}),
    "the first layout, a gold that is no list": ({f"m/{_DETAILS}": _details([_FLAT | {"gold": " B "}])}, {}),
    "the first layout without the prompt": (
        {f"m/{_DETAILS}": _details([{name: cell for name, cell in _FLAT.items() if name != "full_prompt"}])},
        {},
    ),
    "the second layout as text": ({f"m/{_DETAILS}": _details([_TEXT])}, {}),
    "text that is no literal": ({f"m/{_DETAILS}": _details([_TEXT | {"__doc__": "{'query'"}])}, {}),
    "metrics that are no names": ({f"m/{_DETAILS}": _details([_TEXT | {"__metric__": "[1]"}])}, {}),
    "no number": ({f"m/{_DETAILS}": _details([_TEXT | {"__metric__": "{'x': 'y'}"}])}, {}),
    "a text that is too long": ({f"m/{_DETAILS}": _details([_TEXT | {"__doc__": "'" + "x" * 2**20}])}, {}),
    "places outside": ({f"m/{_DETAILS}": _details([_asks(0, {"em": 1.0}, gold_index=[2, -2, 1])])}, {}),
    "other columns": ({f"m/{_DETAILS}": _details([{"a": 1}])}, {}),
}

_RESULTS = "evaluation/2026_gpt/results/results.json"
_NOT_LISTED = rich("swebench_results", {"generated": []})
REPORT = next(iter(rich("swebench_instance").values()))
_ONE, _TWO, _LOG = (
    f"runs/v2/gpt.4/org__repo-{k}/{name}"
    for k, name in ((1, "report.json"), (2, "report.json"), (3, "run_instance.log"))
)
INSTANCES = {_ONE: REPORT, _TWO: {"org__repo-2": {**REPORT["org__repo-1"], "resolved": False}}, _LOG: "log"}

SWEBENCH: dict[str, Case] = {
    "a report": (rich("swebench_report"), {}),
    "a report called report.json": ({"a/gpt/report.json": next(iter(rich("swebench_report").values()))}, {}),
    "an old report": (rich("swebench_report", {"schema_version": 1}), {}),
    "right and wrong": (rich("swebench_report", {"unresolved_ids": ["r1"]}), {}),
    "right and an empty patch": (rich("swebench_report", {"empty_patch_ids": ["r1"]}), {}),
    "right and an error": (rich("swebench_report", {"error_ids": ["r1"]}), {}),
    "no id": (rich("swebench_report", {"error_ids": ["e", ""]}), {}),
    "another scorer": (rich("swebench_report"), {"scorer": "resolved_ids"}),
    "results": (rich("swebench_results"), {}),
    "results without all ids": (_NOT_LISTED, {}),
    "results without right ones": (rich("swebench_results", {"resolved": ABSENT}), {}),
    "details": (rich("swebench_details"), {}),
    "details without grades": (rich("swebench_details", {"w1": {"cost": 1}}), {}),
    "instances": ({**INSTANCES}, {}),
    "an instance without a report": ({_LOG: "log"}, {}),
    "an instance whose report says nothing": (rich("swebench_instance", {"org__repo-1.resolved": "yes"}), {}),
    "another file": ({"x.json": {"a": 1}}, {}),
}

_EEE = rich("every_eval_ever")["x_samples.jsonl"]
_UNNAMED = [{name: held for name, held in row.items() if name != "evaluation_result_id"} for row in _EEE]


def _graded(score: Any, correct: Any, **more: Any) -> dict[str, Any]:
    return {"x.jsonl": [_EEE[0] | {"evaluation": {"score": score, "is_correct": correct}} | more]}


EVERY_EVAL_EVER: dict[str, Case] = {
    "nothing chosen": (rich("every_eval_ever"), {}),
    "the other metric": (rich("every_eval_ever"), {"scorer": "f1", "threshold": 0.5}),
    "no such metric": (rich("every_eval_ever"), {"scorer": "em"}),
    "a metric by data set": (
        {"x.jsonl": [*_EEE, _EEE[0] | {"evaluation_name": "e", "evaluation_result_id": "g"}]},
        {"scorer": {"d": "acc", "e": "g"}},
    ),
    "metrics by preference": (
        {"x.jsonl": [*_EEE, _EEE[0] | {"evaluation_name": "e", "evaluation_result_id": "g"}]},
        {"scorer": ["g", "acc"]},
    ),
    "only a data set with several asks": (
        {"x.jsonl": [*_EEE[:4], _EEE[0] | {"evaluation_name": "e", "evaluation_result_id": "g"}]},
        {},
    ),
    "no metric has a name": ({"x.jsonl": _UNNAMED}, {"threshold": 0.5}),
    "the first of those without a name": ({"x.jsonl": _UNNAMED}, {"scorer": "first"}),
    "the third of those without a name": ({"x.jsonl": _UNNAMED}, {"scorer": "third", "threshold": 0.5}),
    "a later one": ({"x.jsonl": [_UNNAMED[0]] * 7}, {"scorer": "a later one"}),
    "other answers are repeated": ({"x.jsonl": [_UNNAMED[0], _UNNAMED[0] | {"output": {"raw": "B"}}]}, {}),
    "right and not": (_graded(1, False), {}),
    "wrong and right": (_graded(0, True), {}),
    "right and not, with a threshold": (_graded(1, False), {"threshold": 0.5}),
    "no grade and right": (_graded(None, True), {}),
    "neither true nor false": (_graded(1, None), {}),
    "an error with a grade": (_graded(1, None, error="refused"), {}),
    "no error": (_graded(1, True, error=""), {}),
}

_FUSION = {"gold": "gold"}
PAPER_JSON: dict[str, Case] = {
    "a matrix": (rich("paper_matrix"), {}),
    "the only scorer": (rich("paper_matrix"), {"scorer": "correct"}),
    "another scorer": (rich("paper_matrix"), {"scorer": "votes"}),
    "rates": (rich("paper_matrix", {"q1.models.a.correct": 0.5}), {"threshold": 0.5}),
    "votes of other numbers": (rich("paper_matrix", {"q2.models.b.votes": [1, None, 0]}), {}),
    "a cascade": (rich("paper_cascade"), {}),
    "a cascade of one": (rich("paper_cascade", {"H": "low"}), {}),
    "a cascade without names of data sets": (rich("paper_cascade", {"rec.0.ds": ""}), {}),
    "a fusion": (rich("paper_fusion"), _FUSION),
    "a fusion without the field": (rich("paper_fusion"), {}),
    "a fusion with another field": (rich("paper_fusion"), {"gold": "answer"}),
    "a fusion with both names of a data set": (rich("paper_fusion", {"meta.q2.dataset": "f"}), _FUSION),
    "a fusion whose first name is none": (rich("paper_fusion", {"meta.q2.dataset": 5}), _FUSION),
    "a fusion without texts": (rich("paper_fusion", {"samples.q1": {"a": [1]}, "samples.q2.b": [False]}), {}),
    "a fusion whose field is empty": (rich("paper_fusion", {"meta.q1.gold": []}), _FUSION),
    "a fusion whose field is a table": (rich("paper_fusion", {"meta.q1.gold": {}}), _FUSION),
    "a fusion without meta": (rich("paper_fusion", {"meta": {}}), _FUSION),
    "an answer that is a list": (rich("paper_fusion", {"samples.q1.a.0": ["x"]}), _FUSION),
    "a matrix of samples": ({"m.json": json.dumps({"samples": {"models": {"a": {"correct": 1}}}})}, {}),
}

LLMROUTERBENCH: dict[str, Case] = {
    "no split": (rich("llmrouterbench", {"split": ""}), {}),
    "no name of the model": (rich("llmrouterbench", {"model_name": ABSENT}), {}),
    "another scorer": (rich("llmrouterbench"), {"scorer": "performance"}),
    "failed with a score": (rich("llmrouterbench", {"records.3.score": 0}), {}),
    "failed otherwise": (rich("llmrouterbench", {"records.3.raw_output": "Processing failed: y"}), {}),
    "not failed": (rich("llmrouterbench", {"records.3.raw_output": "An Unexpected error: y"}), {}),
    "rates": (rich("llmrouterbench", {"records.0.score": 0.5, "records.1.score": 0.4}), {"threshold": 0.5}),
}

"""Odd logs of the formats of JSON: other choices of what counts, other layouts, and what is refused.

A case is a log and the keys of its reader; where the log is a plain one with changes, only what these change is kept.
"""

import json
from typing import Any

from tests.data.odd.changes import renamed, rich
from tests.data.odd.rich_logs import Log

Case = tuple[Log, dict[str, Any]]

_MESSAGES = [{"role": "system", "content": "brief"}, {"role": "user", "content": "one?"}]
_NAMED = {"qa": {"value": {"a": 1, "b": 0}}}
_HALF = {"threshold": 0.5}

INSPECT: dict[str, Case] = {
    "summaries with an invalidated sample": (rich("inspect"), {**_HALF, "summaries": True}),
    "summaries": (rich("inspect", {"samples.6.invalidation": None}), {**_HALF, "summaries": True}),
    "no threshold": (rich("inspect"), {}),
    "a lower threshold": (rich("inspect"), {"threshold": 0.0}),
    "another scorer": (rich("inspect"), {"scorer": "other"}),
    "a scorer by task": (rich("inspect"), {**_HALF, "scorer": {"t*": "match"}}),
    "named values": (rich("inspect", {"samples.0.scores": _NAMED}), {**_HALF, "scorer": "qa.a"}),
    "two scorers": (rich("inspect", {"samples.0.scores": _NAMED}), _HALF),
    "messages and several targets": (
        rich("inspect", {"samples.1.input": _MESSAGES, "samples.1.target": list("AB")}),
        _HALF,
    ),
    "no prompt at all": (rich("inspect", {"samples.1.input": "", "samples.1.choices": None}), _HALF),
    "graded by itself": (
        rich(
            "inspect",
            {
                "eval.scorers.0.name": "inspect_ai/model_graded_qa",
                "eval.model_roles": None,
                "stats": {"model_usage": {"org/m": {"input_tokens": 1, "output_tokens": 1, "total_tokens": 2}}},
            },
        ),
        _HALF,
    ),
    "a finished run": (rich("inspect", {"status": "success"}), _HALF),
    "nothing scored": (
        rich("inspect", {"samples": [{**rich("inspect")["log.json"]["samples"][0], "scores": {}}]}),
        _HALF,
    ),
    "nothing scored and one stopped": (
        rich("inspect", {"samples": [{**rich("inspect")["log.json"]["samples"][2], "scores": {}}]}),
        {},
    ),
    "a role with several models": (
        rich("inspect", {"eval.model_roles": {"grader": [{"model": "x"}, {"model": "org/m"}]}}),
        _HALF,
    ),
    "other prices": (rich("inspect", {"samples.0.role_usage.grader.total_cost": 9}), _HALF),
    "settings that change nothing": (
        rich(
            "inspect",
            {
                "plan.config": {
                    "seed": 1,
                    "max_connections": 2,
                    "max_retries": 3,
                    "timeout": 4,
                    "attempt_timeout": 5,
                    "cache_prompt": True,
                    "max_tokens": 6,
                }
            },
        ),
        _HALF,
    ),
    "no folder of samples": (renamed(rich("inspect", {"samples": []}), "x.json"), _HALF),
}

_METRICS = {"type": "metrics", "data": {"score": 0.75, "fluent": True, "note": "x", "none": None}}

OPENAI_EVALS: dict[str, Case] = {
    "a metric beside matches": (rich("openai_evals", {f"9.{k}": v for k, v in _METRICS.items()}), {}),
    "a metric": (
        rich("openai_evals", {f"9.{k}": v for k, v in _METRICS.items()}),
        {"scorer": ["fluent", "score"]},
    ),
    "a metric that is null": (rich("openai_evals", {f"9.{k}": v for k, v in _METRICS.items()}), {"scorer": "none"}),
    "a metric from a threshold on": (
        rich("openai_evals", {f"9.{k}": v for k, v in _METRICS.items()}),
        {"scorer": "score", "threshold": 0.75},
    ),
    "a metric that is text": (rich("openai_evals", {f"9.{k}": v for k, v in _METRICS.items()}), {"scorer": "note"}),
    "no such scorer": (rich("openai_evals"), {"scorer": "score"}),
    "nothing graded": ({"r.jsonl": [rich("openai_evals")["run.jsonl"][k] for k in (0, 1, 8, 11, 12)]}, {}),
    "nothing graded and a scorer": (
        {"r.jsonl": [rich("openai_evals")["run.jsonl"][k] for k in (0, 1)]},
        {"scorer": "match"},
    ),
    "two runs in one file": (rich("openai_evals", {"12": {"spec": {}}}), {}),
    "no run": ({"r.jsonl": rich("openai_evals")["run.jsonl"][1:]}, {}),
    "nobody to ask": (rich("openai_evals", {"0.spec.completion_fns": []}), {}),
    "one function, arguments with a sign": (
        rich(
            "openai_evals",
            {"0.spec.completion_fns": ["gpt"], "0.spec.run_config.command": "oaieval --completion_args=t=1,u=2"},
        ),
        {},
    ),
    "not finished": ({"r.jsonl": rich("openai_evals")["run.jsonl"][:-1]}, {}),
    "an error beside a grade of another kind": (
        rich("openai_evals", {f"2.{k}": v for k, v in _METRICS.items()}),
        {"scorer": "score", "threshold": 0.5},
    ),
    "an error after an answer": (rich("openai_evals", {"8.sample_id": "s3"}), {}),
    "events in another order": (rich("openai_evals", {"9.sample_id": "s1", "10.sample_id": "s1"}), {}),
}

_TIME = "2026-01-01T00-00-00.000000"
_ROWS = rich("lm_eval")[f"samples_t_{_TIME}.jsonl"]
_STRICT = {"filter": "strict"}
_UNNAMED = [{k: v for k, v in row.items() if k not in ("filter", "metrics", "doc_hash")} for row in _ROWS]
_OLD_RESULTS = {"results": {"arc": {}, "hard_arc": {}}, "model_name": "not this"}
_WRITTEN = [
    {"doc_id": 0, "prompt_0": "a?", "prompt_1": "b", "logit_0": -2.5, "truth": "0", "acc": "True", "acc_norm": "False"},
    {"doc_id": 1, "prompt_0": "c?", "logit_0": -1.5, "truth": "1", "acc": "False", "acc_norm": "False"},
]

LM_EVAL: dict[str, Case] = {
    "two filters": (rich("lm_eval"), {}),
    "the other filter": (rich("lm_eval"), {"filter": {"t": "flexible"}}),
    "filters by preference": (rich("lm_eval"), {"filter": ["loose", "flexible", "strict"]}),
    "no such filter": (rich("lm_eval"), {"filter": "loose"}),
    "no results": (rich("lm_eval", without=1), _STRICT),
    "lower is better": (rich("lm_eval", {"higher_is_better.t.acc": False}, file=1), _STRICT),
    "shots of another task": (rich("lm_eval", {"n-shot": {"u": 3}}, file=1), _STRICT),
    "results of another time": (
        {f"samples_t_{_TIME}.jsonl": _ROWS, "out_2026-01-02T00-00-00.000000.json": {"model_name": "org/other"}},
        _STRICT,
    ),
    "results under another name": (
        {f"samples_t_{_TIME}.jsonl": _ROWS, f"mine_{_TIME}.json": {"model_name": "org/other"}},
        _STRICT,
    ),
    "two results": (
        {
            f"org__x/samples_t_{_TIME}.jsonl": _ROWS,
            f"org__x/a_{_TIME}.json": {"model_name": "a"},
            f"org__x/b_{_TIME}.json": {"model_name": "b"},
        },
        _STRICT,
    ),
    "rows without names": ({"samples.jsonl": _UNNAMED}, {"filter": "second"}),
    "rows without names, the first": ({"samples.jsonl": _UNNAMED}, {"filter": "first"}),
    "rows without names, each once": ({"samples.jsonl": _UNNAMED[:3]}, {}),
    "eleven rows of one document": ({"samples.jsonl": [_UNNAMED[0]] * 11}, {}),
    "ten of one document, a later one": (
        {"samples.jsonl": [*[_UNNAMED[0]] * 9, _UNNAMED[1] | {"doc_id": 0}]},
        {"filter": "a later one"},
    ),
    "no row": ({"samples.jsonl": ""}, {}),
    "two metrics": ({"samples.jsonl": [_UNNAMED[0] | {"f1": 0.5}]}, {}),
    "the second metric": ({"samples.jsonl": [_UNNAMED[0] | {"f1": 0.5}]}, {"scorer": "f1", "threshold": 0.5}),
    "an array of an old version": (
        {"out/pretrained=acme__small,dtype=x_hard_arc.jsonl": json.dumps(_UNNAMED), "out/results.json": _OLD_RESULTS},
        {"filter": "first"},
    ),
    "an array of an old version, without the model": (
        {"out/arc.jsonl": json.dumps(_UNNAMED[:2]), "out/results.json": _OLD_RESULTS},
        {},
    ),
    "an array with something else": ({"arc.jsonl": json.dumps([*_UNNAMED[:1], 3])}, {}),
    "written out": (
        {"w/gpt2_hard_arc_write_out_info.json": json.dumps(_WRITTEN), "w/results.json": _OLD_RESULTS},
        {"scorer": "acc"},
    ),
    "written out, two metrics": ({"w/arc_write_out_info.json": json.dumps(_WRITTEN)}, {}),
    "written out, the task alone": ({"w/arc_write_out_info.json": json.dumps(_WRITTEN)}, {"scorer": "acc_norm"}),
    "neither hash nor document": ({"samples.jsonl": [{"doc_id": 0, "doc": {}, "acc": 1}]}, {}),
}

_STATE = {"request_states": [{"instance": i} for i in rich("helm")["run/instances.json"]] + [3]}

HELM: dict[str, Case] = {
    "f1 without a threshold": (rich("helm"), {"scorer": "f1_score"}),
    "f1": (rich("helm"), {"scorer": "f1_score", "threshold": 0.5}),
    "no such metric": (rich("helm"), {"scorer": "bleu"}),
    "no run": (rich("helm", without=1), {}),
    "no questions": (rich("helm", without=2), {}),
    "questions of the requests": (
        {**rich("helm", without=2), "run/scenario_state.json": _STATE},
        {},
    ),
    "a sentence of references": (rich("helm", {"0.references": [{"output": "4"}, 7]}, file=2), {}),
    "a deployment": (rich("helm", {"adapter_spec.model": ""}, file=1), {}),
    "a name without a model": (rich("helm", {"name": "qa:subject=x,"}, file=1), {}),
    "a name with a deployment": (rich("helm", {"name": "qa:model_deployment=a/b,method=x,model=y"}, file=1), {}),
    "two values of one stat": (rich("helm", {"0.stats.3.name.name": "exact_match"}), {}),
    "two values in two rows": (rich("helm", {"4.stats.0": {"name": {"name": "exact_match"}, "mean": 0.0}}), {}),
    "two metrics": (rich("helm", {"0.stats.3.name.name": "quasi_exact_match"}), {}),
    "no metric": (rich("helm", {"0.stats": [], "1.stats": [], "3.stats": []}), {}),
    "a rate": (rich("helm", {"0.stats.0.mean": 0.5}), {}),
    "nothing perturbed": (
        {**rich("helm"), "run/per_instance_stats.json": rich("helm")["run/per_instance_stats.json"][:3]},
        {},
    ),
}

EVALPLUS: dict[str, Case] = {
    "base": (rich("evalplus"), {"scorer": "base"}),
    "nothing chosen": (rich("evalplus"), {}),
    "no such tests": (rich("evalplus"), {"scorer": "minus"}),
    "base alone": ({"run/eval_results.json": {"eval": {"a/b": [{"base_status": "timeout"}], "c": []}}}, {}),
    "other lengths": (rich("evalplus", {"eval.old.plus": ["pass", "fail"]}), {"scorer": "plus"}),
    "old and plain": (
        rich("evalplus", {"eval.old": {"base": ["fail", "pass"], "plus": [[], "fail"]}}),
        {"scorer": "plus"},
    ),
    "old without plus": (rich("evalplus", {"eval.old": {"base": ["fail", "pass"]}}), {"scorer": "plus"}),
    "an unknown status": (rich("evalplus", {"eval.Mbpp/2.0.base_status": "broken"}), {"scorer": "base"}),
    "a file without a stem": (renamed(rich("evalplus"), "gpt_4/_eval_results.json"), {"scorer": "plus"}),
    "a file with dots": (renamed(rich("evalplus"), "gpt-4.1-eval_results.json"), {"scorer": "plus"}),
    "no status": (rich("evalplus", {"eval.old": [{"plus_status": "pass"}]}), {"scorer": "plus"}),
}

_DETAILS = rich("opencompass")["out/results/gpt/d.json"]["details"]

OPENCOMPASS: dict[str, Case] = {
    "a mapping": (
        rich("opencompass", {"details": {"type": "GEN", **{str(k): entry for k, entry in enumerate(_DETAILS)}}}),
        {},
    ),
    "predictions": ({name: rich("opencompass")[name] for name in reversed(list(rich("opencompass")))}, {}),
    "predictions alone": (rich("opencompass", without=0), {}),
    "results alone": (rich("opencompass", without=1), {}),
    "no details": (rich("opencompass", {"details": None}), {}),
    "no grades": (rich("opencompass", {"details": [{"pred": "4"}]}), {}),
    "two grades": (rich("opencompass", {"details.0.is_correct": True}), {}),
    "the second grade": (rich("opencompass", {"details.0.is_correct": True}), {"scorer": "is_correct"}),
    "references in order": (
        rich("opencompass", {"details.0.ref": "r", "details.0.references": ["s", "t"], "details.0.reference": "u"}),
        {},
    ),
    "an empty list of references": (rich("opencompass", {"details.0.answer": [], "details.0.prompt": "asked"}), {}),
    "both prompts": (rich("opencompass", {"details.0.prompt": "asked", "details.0.origin_prompt": "other"}), {}),
    "predictions that are a list": (rich("opencompass", {"0": "x"}, file=1), {}),
}

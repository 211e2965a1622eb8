"""One small log of every JSON format with everything in it that the reader looks at."""

from typing import Any

from tests.data.odd import rich_platforms
from tests.data.odd.rich_platforms import Log


def _inspect() -> Log:
    def sample(name: Any, value: Any, **more: Any) -> dict[str, Any]:
        usage = {"input_tokens": 30, "output_tokens": 7, "total_tokens": 37, "input_tokens_cache_read": 2}
        return {
            "id": name,
            "epoch": 1,
            "input": f"{name}?",
            "target": "A",
            "choices": ["A", "B"],
            "messages": [],
            "output": {"model": "m", "choices": [{"message": {"role": "assistant", "content": "A"}}]},
            "scores": {"match": {"value": value}},
            "model_usage": {"org/m": {**usage, "total_cost": 0.5}, "judge": usage},
            "role_usage": {"grader": {"input_tokens": 11, "output_tokens": 3, "total_tokens": 14, "total_cost": 0.125}},
            **more,
        }

    length = {"choices": [{"message": {"role": "assistant", "content": ""}, "stop_reason": "max_tokens"}]}
    limit = {"type": "token", "limit": 10}
    error = {"message": "API", "traceback": "", "traceback_ansi": ""}
    invalid = {"author": "x", "timestamp": "2026-01-01T00:00:00+00:00"}
    return {
        "log.json": {
            "version": 2,
            "status": "error",
            "eval": {
                "task": "t",
                "task_id": "i",
                "model": "org/m",
                "created": "2026-01-01T00:00:00+00:00",
                "dataset": {"name": "d", "sample_ids": [1, 2, 3, 4, 5, 6, 7, 8, 9]},
                "solver": "chain",
                "solver_args": {"depth": 3},
                "task_args": {"shots": 5},
                "model_args": {"device": "x"},
                "model_generate_config": {"temperature": 0.5, "seed": 4},
                "model_roles": {"grader": {"model": "org/m"}},
                "scorers": [{"name": "match"}],
                "config": {},
            },
            "stats": {},
            "plan": {"steps": [{"solver": "prompt"}, {"solver": "generate"}], "config": {"top_p": 0.25}},
            "samples": [
                sample(1, "C"),
                sample(2, "I", output={"model": "m", **length}),
                sample(3, "P", limit=limit),
                sample(4, "N"),
                sample(5, "C", error=error),
                sample(6, "C", scores={}, limit=limit),
                sample(7, "C", invalidation=invalid),
                sample(1, "I", epoch=2, model_usage={}),
            ],
        }
    }


def _openai_evals() -> Log:
    def event(query: str, kind: str, data: Any) -> dict[str, Any]:
        return {"run_id": "r", "event_id": 0, "sample_id": query, "type": kind, "data": data}

    usage = {"prompt_tokens": 21, "completion_tokens": 4}
    return {
        "run.jsonl": [
            {
                "spec": {
                    "completion_fns": ["gpt", "judge", "other"],
                    "eval_name": "e.dev",
                    "run_id": "r",
                    "run_config": {"command": "oaieval gpt e --completion_args temperature=0.5,x=1 --debug"},
                }
            },
            event("s1", "sampling", {"prompt": [{"role": "user", "content": "one?"}], "usage": usage}),
            event("s1", "match", {"correct": True}),
            event("s2", "sampling", {"prompt": "two?", "usage": usage}),
            event("s2", "sampling", {"prompt": "grade two", "usage": usage}),
            event("s2", "match", {"correct": False}),
            event("s2", "match", {"correct": True}),
            event("s3", "sampling", {"prompt": "three?"}),
            event("s4", "error", {"message": "x"}),
            event("s5", "match", {"correct": False}),
            event("s5", "error", {"message": "x"}),
            event("s6", "raw_sample", {}),
            {"final_report": {"accuracy": 0.5}},
        ]
    }


def _lm_eval() -> Log:
    time = "2026-01-01T00-00-00.000000"
    row = {
        "doc_id": 0,
        "doc": {"q": "0?"},
        "target": "A",
        "arguments": {"gen_args_0": {"arg_0": "0?"}},
        "resps": [["A"]],
        "filtered_resps": ["A"],
        "filter": "strict",
        "metrics": ["acc"],
        "doc_hash": "h0" * 20,
        "acc": 1.0,
    }
    asked = {"doc_hash": "h2", "arguments": [["2?", "A"]], "acc": None}
    return {
        f"samples_t_{time}.jsonl": [
            row,
            {**row, "doc_id": 1, "acc": 0.0},
            {**row, "doc_id": 2, **asked},
            {**row, "doc_id": 0, "filter": "flexible", "acc": 0.0},
        ],
        f"results_{time}.json": {
            "model_name": "org/m",
            "higher_is_better": {"t": {"acc": True}},
            "config": {"model_args": "a=1", "gen_kwargs": None, "model_dtype": "float16", "batch_size": 4},
            "system_instruction": "be brief",
            "fewshot_as_multiturn": False,
            "n-shot": {"t": 5, "other": 6},
        },
    }


def _helm() -> Log:
    def stats(value: float, **more: float) -> list[Any]:
        held = {"exact_match": value, "num_prompt_tokens": 12, "num_output_tokens": 3, "f1_score": 0.5, **more}
        return [{"name": {"name": name}, "mean": mean} for name, mean in held.items()]

    def row(query: str, held: list[Any], trial: int = 0, **more: Any) -> dict[str, Any]:
        return {"instance_id": query, "train_trial_index": trial, "stats": held, **more}

    changed = {"name": "typos"}
    perturbed = [{"name": {"name": "exact_match", "perturbation": changed}, "mean": 0.0}]
    references = [{"output": {"text": "4"}, "tags": ["correct"]}, {"output": {"text": "5"}, "tags": []}]
    return {
        "run/per_instance_stats.json": [
            row("id1", [*stats(1.0), *perturbed]),
            row("id2", stats(0.0, finish_reason_length=1.0, num_completion_tokens=9)),
            row("id3", [{"name": {"name": "f1_score"}, "mean": 0.25}]),
            row("id1", stats(0.0), trial=1),
            row("id1", [{"name": {"name": "inference_runtime"}, "mean": 2.5}]),
            row("id2", stats(1.0), perturbation=changed),
        ],
        "run/run_spec.json": {
            "name": "qa:subject=x,model=org_m,data=y",
            "adapter_spec": {
                "model": "org/m",
                "model_deployment": "host/m",
                "temperature": 0.5,
                "instructions": "Answer in one word, and in nothing but one word.",
                "max_eval_instances": 10,
                "stop_sequences": [],
            },
        },
        "run/instances.json": [
            {"id": "id1", "input": {"text": "2 + 2?"}, "references": references},
            {"id": "id2", "input": "3 + 3?"},
            {"id": "id2", "input": {"text": "3 plus 3?"}, "perturbation": changed},
        ],
    }


def _evalplus() -> Log:
    def sample(base: Any, plus: Any) -> dict[str, Any]:
        return {"base_status": base, "plus_status": plus}

    return {
        "run/gpt_eval_results.json": {
            "eval": {
                "HumanEval/0": [sample("pass", "fail"), sample("pass", "pass")],
                "HumanEval/1": [sample("fail", None), sample("timeout", None)],
                "Mbpp/2": [sample("pass", "timeout"), sample(None, None)],
                "old": {"nfiles": 1, "base": [["pass", []]], "plus": [["pass", []]]},
            }
        }
    }


def _opencompass() -> Log:
    return {
        "out/results/gpt/d.json": {
            "accuracy": 50.0,
            "details": [
                {"example_abbr": "d_0", "pred": ["4"], "answer": ["4"], "correct": [True, False]},
                {"example_abbr": "d_1", "pred": ["4"], "references": "5", "prompt": "one?", "correct": [False]},
                {"pred": ["4"], "gold": 6, "origin_prompt": [{"role": "HUMAN", "content": "2?"}], "correct": None},
                {"pred": ["4"], "correct": 1},
            ],
        },
        "out/predictions/gpt/d.json": {
            "0": {"origin_prompt": [{"role": "HUMAN", "prompt": "zero"}, {"prompt": "and so on"}], "prediction": "4"},
            "1": {"origin_prompt": "not one?", "prediction": "4"},
        },
    }


def _every_eval_ever() -> Log:
    def row(query: str, metric: str, score: Any, **more: Any) -> dict[str, Any]:
        return {
            "schema_version": "0.2.2",
            "evaluation_id": "e",
            "model_id": "org/m",
            "evaluation_name": "d",
            "sample_id": query,
            "sample_hash": f"#{query}",
            "interaction_type": "single_turn",
            "evaluation_result_id": metric,
            "input": {"raw": f"{query}?"},
            "output": {"raw": "A"},
            "evaluation": {"score": score, "is_correct": score == 1},
            "token_usage": {"input_tokens": 15, "output_tokens": 6},
            **more,
        }

    return {
        "x_samples.jsonl": [
            row("s1", "acc", 1),
            row("s2", "acc", 0),
            row("s3", "acc", None),
            row("s4", "acc", 0, error="timeout"),
            row("s1", "acc", 0),
            row("s1", "f1", 0.5),
        ]
    }


_MAPPING = {"query": "task.id", "model": "m", "right": "r", "records": "runs.*", "subset": "set", "prompt": "ask"}
_NUMBERS = {"cost": "usage.usd", "tokens_in": "usage.in", "tokens_out": "usage.out", "confidence": "sure"}

RICH: dict[str, tuple[str, Log, dict[str, Any]]] = {
    "inspect": ("inspect", _inspect(), {"threshold": 0.5}),
    "openai_evals": ("openai_evals", _openai_evals(), {}),
    "lm_eval": ("lm_eval", _lm_eval(), {"filter": "strict"}),
    "helm": ("helm", _helm(), {}),
    "evalplus": ("evalplus", _evalplus(), {"scorer": "plus"}),
    "opencompass": ("opencompass", _opencompass(), {}),
    "every_eval_ever": ("every_eval_ever", _every_eval_ever(), {"scorer": "acc"}),
    "promptfoo": ("promptfoo", rich_platforms.promptfoo(), {}),
    "swebench_report": ("swebench", rich_platforms.swebench_report(), {}),
    "swebench_results": ("swebench", rich_platforms.swebench_results(), {}),
    "swebench_details": ("swebench", rich_platforms.swebench_details(), {}),
    "swebench_instance": ("swebench", rich_platforms.swebench_instance(), {}),
    "llmrouterbench": ("llmrouterbench", rich_platforms.llmrouterbench(), {}),
    "paper_matrix": ("paper_json", rich_platforms.paper_matrix(), {}),
    "paper_cascade": ("paper_json", rich_platforms.paper_cascade(), {}),
    "paper_fusion": ("paper_json", rich_platforms.paper_fusion(), {"gold": "gold"}),
    "records": ("records", rich_platforms.records(), {**_MAPPING, **_NUMBERS, "error": "why", "unscored": -1}),
}
"""Name -> format, log, and keys of the reader."""

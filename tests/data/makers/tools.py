"""Small files as other tools write them, by the names under which docs/data.md shows how they are read.

The shapes follow the writers: ``router_inference`` of RouterArena, ``lcb_runner/runner/main.py`` of LiveCodeBench,
``gen_ground_truth_judgment.py`` of LiveBench, ``gen_judgment.py`` of FastChat, ``run.py`` of tau-bench, ``data_model``
of tau2-bench, ``benchmark.py`` of Aider, ``harness/models.py`` of Terminal-Bench, ``evaluate.py`` of BigCodeBench, the
tables under ``routellm/evals``, ``test_run.py`` of DeepEval, and the Experiments API of Langfuse.
"""

import csv
import io
import json
from typing import Any, NamedTuple

from cofail_lab.grades import Cell

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


class ToolFiles(NamedTuple):
    """What a tool wrote.

    Attributes:
        files: path below the folder, and content.
        states: of every (query, model).
    """

    files: dict[str, str]
    states: dict[tuple[str, str], Cell]


def _lines(rows: list[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows)) + "\n"


def _router_arena() -> ToolFiles:
    def row(index: str, model: str, accuracy: float | None, *, optimal: bool = False) -> dict[str, Any]:
        generated = {"success": True, "generated_answer": "4", "token_usage": {"input_tokens": 9, "output_tokens": 3}}
        return {
            "global index": index,
            "prompt": f"{index}?",
            "prediction": model,
            "generated_result": generated,
            "cost": 0.001,
            "accuracy": accuracy,
            "for_optimality": optimal,
        }

    one = [row("AIME_1", "gpt-4o", 1.0), row("AIME_2", "gpt-4o-mini", 0.0), row("AIME_2", "gpt-4o", 1.0, optimal=True)]
    two = [row("AIME_1", "gpt-4o-mini", 0.0), row("AIME_2", "gpt-4o-mini", None)]
    files = {"predictions/router-v1.0.json": json.dumps(one), "predictions/router-v1.5.json": json.dumps(two)}
    states = {
        ("AIME_1", "router-v1.0"): RIGHT,
        ("AIME_2", "router-v1.0"): WRONG,
        ("AIME_1", "router-v1.5"): WRONG,
        ("AIME_2", "router-v1.5"): UNSCORED,
    }
    return ToolFiles(files, states)


def _live_code_bench() -> ToolFiles:
    def rows(first: list[bool], second: list[bool]) -> str:
        return json.dumps(
            [
                {
                    "question_id": q,
                    "question_title": "t",
                    "code_list": ["x", "y"],
                    "graded_list": g,
                    "pass@1": 0.5,
                    "metadata": ["{}", "{}"],
                }
                for q, g in (("1873_A", first), ("1873_B", second))
            ]
        )

    name = "Scenario.codegeneration_2_0.2_eval_all.json"
    files = {
        f"output/GPT-4.1/{name}": rows([True, False], [False, False]),
        f"output/GPT-4.5/{name}": rows([False, True], [True, True]),
    }
    states = {
        ("1873_A", "GPT-4.1"): RIGHT,
        ("1873_B", "GPT-4.1"): WRONG,
        ("1873_A", "GPT-4.5"): WRONG,
        ("1873_B", "GPT-4.5"): RIGHT,
    }
    return ToolFiles(files, states)


def _live_bench() -> ToolFiles:
    scores = {("h1", "a"): 1, ("h2", "a"): 0.25, ("h1", "b"): 0.0, ("h2", "b"): 0.75}
    rows = [
        {
            "question_id": q,
            "task": "LCB_generation",
            "model": m,
            "score": score,
            "turn": 1,
            "tstamp": 1721331.5,
            "category": "coding",
        }
        for (q, m), score in scores.items()
    ]
    states = {key: RIGHT if score >= 0.5 else WRONG for key, score in scores.items()}
    return ToolFiles(
        {"live_bench/coding/LCB_generation/model_judgment/ground_truth_judgment.jsonl": _lines(rows)}, states
    )


def _mt_bench() -> ToolFiles:
    scores = {("81", 1, "a"): 9, ("81", 2, "a"): 5, ("81", 1, "b"): -1, ("81", 2, "b"): 7}
    rows = [
        {
            "question_id": int(q),
            "model": m,
            "judge": ["gpt-4", "single-v1"],
            "user_prompt": "[Question]",
            "turn": turn,
            "judgment": f"Rating: [[{score}]]",
            "score": score,
            "tstamp": 1686,
        }
        for (q, turn, m), score in scores.items()
    ]
    found = {9: RIGHT, 7: RIGHT, 5: WRONG, -1: UNSCORED}
    return ToolFiles(
        {"mt_bench/model_judgment/gpt-4_single.jsonl": _lines(rows)},
        {(f"{turn}/{q}", m): found[score] for (q, turn, m), score in scores.items()},
    )


def _tau_bench() -> ToolFiles:
    def rows(rewards: list[tuple[int, float, int]]) -> str:
        return json.dumps(
            [
                {
                    "task_id": task,
                    "reward": reward,
                    "trial": trial,
                    "traj": [],
                    "info": {"error": "RateLimitError", "traceback": "..."} if reward < 0 else {"task": {}},
                }
                for task, reward, trial in rewards
            ]
        )

    files = {
        "results/tool-calling-gpt-4.1-0.0.json": rows([(0, 1.0, 0), (1, 0.0, 0), (0, 0.0, 1), (1, 1.0, 1)]),
        "results/tool-calling-gpt-4o-0.0.json": rows([(0, 0.0, 0), (1, -0.0001, 0), (0, 0.0, 1), (1, 1.0, 1)]),
    }
    states = {
        ("0", "tool-calling-gpt-4.1-0.0"): RIGHT,
        ("1", "tool-calling-gpt-4.1-0.0"): WRONG,
        ("0", "tool-calling-gpt-4o-0.0"): WRONG,
        ("1", "tool-calling-gpt-4o-0.0"): ERROR,
    }
    return ToolFiles(files, states)


def _tau2_bench() -> ToolFiles:
    def run(model: str, rewards: list[float]) -> str:
        simulations = [
            {
                "id": f"s{k}",
                "task_id": str(k),
                "trial": 0,
                "seed": 300,
                "reward_info": {"reward": reward},
                "agent_cost": 0.01,
                "termination_reason": "user_stop",
            }
            for k, reward in enumerate(rewards)
        ]
        tasks = [{"id": str(k)} for k in range(len(rewards))]
        return json.dumps(
            {"timestamp": "t", "info": {"agent_info": {"llm": model}}, "tasks": tasks, "simulations": simulations}
        )

    return ToolFiles(
        {
            "simulations/gpt-4.1_airline.json": run("gpt-4.1", [1.0, 0.0]),
            "simulations/o4_airline.json": run("o4", [0.0, 0.0]),
        },
        {
            ("0", "gpt-4.1_airline"): RIGHT,
            ("1", "gpt-4.1_airline"): WRONG,
            ("0", "o4_airline"): WRONG,
            ("1", "o4_airline"): WRONG,
        },
    )


def _aider() -> ToolFiles:
    def case(run: str, language: str, outcomes: list[bool] | None) -> tuple[str, str]:
        path = f"tmp.benchmarks/{run}/{language}/exercises/practice/book-store/.aider.results.json"
        held = {
            "testdir": path,
            "testcase": "book-store",
            "model": "openai/m",
            "edit_format": "diff",
            "tests_outcomes": outcomes,
            "cost": 0.01,
            "prompt_tokens": 500,
            "completion_tokens": 100,
        }
        return path, json.dumps({"exception": "litellm.Timeout"} if outcomes is None else held)

    one, two = "2026-01-01--one", "2026-01-02--two"
    cases = [
        case(one, "python", [False, True]),
        case(one, "java", [False, False]),
        case(two, "python", [True]),
        case(two, "java", None),
    ]
    states = {
        ("python/book-store", one): RIGHT,
        ("book-store", one): WRONG,
        ("python/book-store", two): RIGHT,
        ("book-store", two): ERROR,
    }
    return ToolFiles(dict(cases), states)


def _terminal_bench() -> ToolFiles:
    def run(results: list[tuple[str, bool | None]]) -> str:
        return json.dumps(
            {
                "id": "r",
                "accuracy": 0.5,
                "n_resolved": 1,
                "resolved_ids": ["hello-world"],
                "unresolved_ids": [],
                "results": [
                    {
                        "id": "1",
                        "trial_name": f"{task}.1-of-1",
                        "task_id": task,
                        "is_resolved": resolved,
                        "failure_mode": "unset" if resolved is not None else "unknown_agent_error",
                        "parser_results": {"t": "passed"},
                        "total_input_tokens": 900,
                        "total_output_tokens": 50,
                    }
                    for task, resolved in results
                ],
            }
        )

    files = {
        "runs/agent-a/results.json": run([("hello-world", True), ("crack-7z-hash", False)]),
        "runs/agent-b/results.json": run([("hello-world", False), ("crack-7z-hash", None)]),
    }
    states = {
        ("hello-world", "agent-a"): RIGHT,
        ("crack-7z-hash", "agent-a"): WRONG,
        ("hello-world", "agent-b"): WRONG,
        ("crack-7z-hash", "agent-b"): UNSCORED,
    }
    return ToolFiles(files, states)


def _big_code_bench() -> ToolFiles:
    def run(statuses: list[str]) -> str:
        held = {
            f"BigCodeBench/{k}": [{"task_id": f"BigCodeBench/{k}", "solution": "", "status": status, "details": {}}]
            for k, status in enumerate(statuses)
        }
        return json.dumps({"date": "2026-01-01 00:00", "eval": held})

    ending = "bigcodebench-instruct--0-1-sanitized_calibrated_eval_results"
    one, two = f"gpt-4.1--{ending}", f"gpt-4.5--{ending}"
    states = {("0", one): RIGHT, ("1", one): WRONG, ("0", two): WRONG, ("1", two): ERROR}
    return ToolFiles(
        {f"{one}.json": run(["pass", "fail"]), f"{two}.json": run(["fail", "timeout"])},
        {(f"BigCodeBench/{q}", m): state for (q, m), state in states.items()},
    )


def _route_llm() -> ToolFiles:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["prompt", "gpt-4-1106-preview", "mistralai/Mixtral-8x7B-Instruct-v0.1"])
    writer.writerows([["Q1, with\na line", True, False], ["Q2", False, False]])
    states = {("Q1, with\na line", "gpt-4-1106-preview"): RIGHT, ("Q2", "gpt-4-1106-preview"): WRONG}
    states |= {(q, "mistralai/Mixtral-8x7B-Instruct-v0.1"): WRONG for q in ("Q1, with\na line", "Q2")}
    return ToolFiles({"mmlu_anatomy.csv": text.getvalue()}, states)


def _promptfoo() -> ToolFiles:
    truth = {("Q1", "echo"): True, ("Q2", "echo"): False, ("Q1", "gpt"): False, ("Q2", "gpt"): False}
    rows = [
        {
            "vars": {"question": q},
            "provider": {"id": m, "label": ""},
            "prompt": {"raw": q, "label": "p"},
            "success": right,
            "score": float(right),
            "failureReason": 0 if right else 2 if (q, m) == ("Q2", "gpt") else 1,
        }
        for (q, m), right in truth.items()
    ]
    whole = {"evalId": "e", "results": {"version": 3, "prompts": [{"raw": "p"}], "results": rows}, "config": {}}
    states = {key: RIGHT if right else WRONG for key, right in truth.items()}
    return ToolFiles({"output.json": json.dumps(whole)}, states)


def _deep_eval() -> ToolFiles:
    def run(correct: list[bool], error: str | None = None) -> str:
        cases = [
            {
                "name": f"test_case_{k}",
                "input": f"Q{k}",
                "actualOutput": "x",
                "success": right,
                "metricsData": [
                    {"name": "Relevancy", "score": 1.0, "threshold": 0.5, "success": True, "error": None},
                    {
                        "name": "Correctness",
                        "score": float(right),
                        "threshold": 0.5,
                        "success": right,
                        "error": error if not right else None,
                    },
                ],
            }
            for k, right in enumerate(correct)
        ]
        scores = [{"metric": "Correctness", "scores": [1, 0]}]
        return json.dumps({"testCases": cases, "metricsScores": scores, "hyperparameters": {"model": "gpt"}})

    return ToolFiles(
        {"runs/gpt-4.1.json": run([True, False]), "runs/gpt-4.5.json": run([True, False], "judge timed out")},
        {("Q0", "gpt-4.1"): RIGHT, ("Q1", "gpt-4.1"): WRONG, ("Q0", "gpt-4.5"): RIGHT, ("Q1", "gpt-4.5"): ERROR},
    )


def _langfuse() -> ToolFiles:
    values = {("i1", "a"): 1, ("i2", "a"): 0, ("i1", "b"): 0, ("i2", "b"): None}
    items = [
        {
            "id": f"{q}{m}",
            "traceId": f"t{q}{m}",
            "experimentName": m,
            "experimentItemId": q,
            "scores": [
                {"name": "tone", "dataType": "NUMERIC", "value": 0.4},
                *([{"name": "correct", "dataType": "BOOLEAN", "value": value}] if value is not None else []),
            ],
        }
        for (q, m), value in values.items()
    ]
    found = {1: RIGHT, 0: WRONG, None: UNSCORED}
    states = {key: found[value] for key, value in values.items()}
    return ToolFiles({"items.json": json.dumps({"data": items, "meta": {"cursor": None}})}, states)


TOOLS = {
    "RouterArena": _router_arena,
    "LiveCodeBench": _live_code_bench,
    "LiveBench": _live_bench,
    "MT-bench": _mt_bench,
    "tau-bench": _tau_bench,
    "tau2-bench": _tau2_bench,
    "Aider": _aider,
    "Terminal-Bench": _terminal_bench,
    "BigCodeBench": _big_code_bench,
    "RouteLLM": _route_llm,
    "promptfoo": _promptfoo,
    "DeepEval": _deep_eval,
    "Langfuse": _langfuse,
}
"""Name in docs/data.md -> its files."""

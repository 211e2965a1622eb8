"""Logs of platforms, benchmarks and the reference work with everything in them; see `rich_logs`."""

from typing import Any

Log = dict[str, Any]
"""File -> document; a list of a file of JSON Lines is its lines. The first file is the one that is read."""


def promptfoo() -> Log:
    def row(query: str, number: int, **more: Any) -> dict[str, Any]:
        right = number == 0
        return {
            "provider": {"id": "echo:gpt", "label": "gpt"},
            "prompt": {"raw": f"{query}?", "label": f"ask {number}"},
            "promptIdx": number,
            "testIdx": 4,
            "vars": {"q": f"{query}?", "n": 3, "sessionId": "s"},
            "testCase": {"description": query, "assert": [{"type": "equals"}]},
            "success": right,
            "score": 0.25 + 0.5 * right,
            "failureReason": int(not right),
            "error": None if right else "Expected",
            "cost": 0.125,
            "namedScores": {"tone": 0.5},
            "gradingResult": {"pass": right, "reason": "r", "componentResults": [{"pass": right}]},
            "response": {"cached": False, "tokenUsage": {"prompt": 13, "completion": 4}},
            **more,
        }

    empty = {"failureReason": 0, "error": "No output", "gradingResult": None, "success": False}
    cached = {"cost": 0, "response": {"cached": True, "tokenUsage": {"prompt": 1, "completion": 1}}}
    unasserted = {"gradingResult": {"reason": "No assertions"}, "namedScores": {}}
    return {
        "out.json": {
            "evalId": "e",
            "results": {
                "version": 3,
                "results": [
                    row("q1", 0, provider="gpt"),
                    row("q1", 1),
                    row("q2", 0, **unasserted),
                    row("q2", 1, failureReason=2, error="API error", gradingResult=None),
                    row("q3", 0, **cached),
                    row("q3", 1, **empty),
                    row("q3", 0, success=False, score=0.0),
                ],
            },
            "config": {"providers": [{"id": "echo:gpt", "label": "gpt", "config": {"temperature": 0.5, "seed": 3}}]},
        }
    }


def swebench_report() -> Log:
    return {
        "runs/gpt.v1.run-2.json": {
            "schema_version": 2,
            "completed_instances": 3,
            "resolved_instances": 1,
            "resolved_ids": ["r1"],
            "unresolved_ids": ["w1", "w2", "e2"],
            "empty_patch_ids": ["w3"],
            "error_ids": ["e1"],
            "infra_failure_ids": ["e2", "e3"],
            "incomplete_ids": ["m1"],
            "ambiguous_failure_ids": ["w1", "w2", "w3", "w4"],
            "submitted_ids": ["r1", "w1", "e1", "m2", "m3", "m4", "m5", "m6"],
        }
    }


def swebench_results() -> Log:
    lists = {"resolved": ["r1"], "generated": ["r1", "w1", "e1"], "no_generation": ["w2"], "no_apply": ["w3"]}
    broken = {"install_fail": ["e1"], "reset_failed": ["e2"], "test_errored": [], "test_timeout": ["e3"]}
    return {"evaluation/2026_gpt/results/results.json": {**lists, **broken, "no_logs": ["e4"]}}


def swebench_details() -> Log:
    held = {"r1": {"resolved": True, "cost": 0.5}, "w1": {"resolved": False}, "u1": {"resolved": None, "cost": 2}}
    return {"2026_gpt/logs/per_instance_details.json": held}


def swebench_instance() -> Log:
    held = {"patch_is_None": False, "patch_exists": True, "patch_successfully_applied": True, "resolved": True}
    return {"run_evaluation/run-3/gpt/org__repo-1/report.json": {"org__repo-1": held}}


def llmrouterbench() -> Log:
    def record(index: Any, score: Any, **more: Any) -> dict[str, Any]:
        usage = {"prompt_tokens": 17, "completion_tokens": 5, "cost": 0.25}
        return {"index": index, "origin_query": f"{index}?", "score": score, "raw_output": "A", **usage, **more}

    records = [record(1, 1), record(2, 0), record(3, None), record("4", None, raw_output="Unexpected error: x")]
    whole = {"performance": 0.5, "model_name": "gpt", "dataset_name": "d", "split": "test", "records": records}
    return {"d-test-gpt.json": whole}


def paper_matrix() -> Log:
    cell = {"correct": 1, "cost": 0.25, "tok_in": 5, "tok_out": 7, "max_tokens": 8, "votes": [1, 0]}
    return {
        "matrix.json": {
            "q1": {"dataset": "d", "multi_answer": True, "models": {"a": cell, "b": {**cell, "correct": 0}}},
            "q2": {"dataset": "e", "models": {"a": {**cell, "max_tokens": 7, "votes": None}, "b": {"correct": None}}},
            "q3": {"models": {"a": {"correct": 0, "missing": True}, "b": {"correct": 1, "max_tokens": True}}},
        }
    }


def paper_cascade() -> Log:
    row = {"qid": "q1", "ds": "d", "conf": 0.75, "Lcorr": 1, "Hcorr": 0, "Lcost": 0.25, "Hcost": 2}
    return {"cascade.json": {"L": "low", "H": "high", "kc": 3, "rec": [row, {**row, "qid": "q2", "Hcorr": None}]}}


def paper_fusion() -> Log:
    samples = {"q1": {"a": ["Paris", " paris "], "b": ["Rome", None]}, "q2": {"a": [1, 0], "b": [True, "8"]}}
    meta = {"q1": {"dataset": "d", "gold": "PARIS"}, "q2": {"ds": "e", "gold": [7, 8]}}
    return {"fusion.json": {"samples": samples, "meta": meta, "models": ["a", "b"], "S": 2}}


def records() -> Log:
    def record(query: Any, model: Any, grade: Any, **more: Any) -> dict[str, Any]:
        usage = {"usage": {"in": 14, "out": 6, "usd": 0.125}, "sure": -2.5}
        return {"task": {"id": query}, "m": model, "r": grade, "set": "d", "ask": f"{query}?", **usage, **more}

    rows = [record(1, "a", 1), record(1, "b", [1, 0]), record(2, "a", -1), record(2.5, "b", [], why=["", 0])]
    return {"answers.json": {"about": [], "runs": {"x": rows, "y": [record("3", "a", "pass", why="down")]}}}

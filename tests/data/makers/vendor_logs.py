"""The logs in ``tests/data/logs``, made by the writers of the packages themselves: ``python vendor_logs.py``.

Not run by the tests: these packages need gigabytes that have no part in writing a log. In an environment of its own::

    pip install --no-deps crfm-helm==0.5.16 swebench==5.0.2 evals==3.0.1.post1 evalplus==0.3.1
    pip install cattrs dacite numpy tqdm filelock pyyaml docker blobfile termcolor requests fire wget tempdir \
        multipledispatch appdirs psutil openai backoff lz4 rich python-dotenv beartype pydantic mock zstandard

What is still missing when one of them is imported is replaced by a mock; the code that grades and writes is theirs.
"""

import importlib
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

LOGS = Path(__file__).parents[1] / "logs"


def vendor(name: str) -> Any:
    """A vendor's module; what it imports and is not installed is a mock."""
    while True:
        try:
            return importlib.import_module(name)
        except ModuleNotFoundError as error:
            assert error.name is not None and not name.startswith(error.name), error
            mock = MagicMock(name=error.name, __path__=[], __spec__=None)
            sys.modules[error.name] = mock
            for loaded in [key for key in sys.modules if key.partition(".")[0] == name.partition(".")[0]]:
                del sys.modules[loaded]


def helm() -> None:
    """Two models, three instances, two trials; a perturbed copy; stats that decide nothing; one not scored."""
    general, metric = vendor("helm.common.general"), vendor("helm.benchmark.metrics.metric")
    runner = vendor("helm.benchmark.runner")
    stat, spec = vendor("helm.benchmark.metrics.statistic"), vendor("helm.benchmark.run_spec")
    adapter = vendor("helm.benchmark.adaptation.adapter_spec")
    scenario = vendor("helm.benchmark.scenarios.scenario")
    metric_name = vendor("helm.benchmark.metrics.metric_name").MetricName
    typos = vendor("helm.benchmark.augmentations.perturbation_description").PerturbationDescription(
        name="misspellings", robustness=True
    )
    right = {
        "openai/gpt-4": {"id1": (1, 1), "id2": (0, 1), "id3": (0, 0)},
        "meta/llama-3-8b": {"id1": (1, 0), "id2": (1, 1), "id3": (None, 0)},
    }
    for model, instances in right.items():
        run = spec.RunSpec(
            name=f"mmlu:subject=anatomy,method=multiple_choice_joint,model={model.replace('/', '_')}",
            scenario_spec=scenario.ScenarioSpec(class_name="helm.benchmark.scenarios.mmlu_scenario.MMLUScenario"),
            adapter_spec=adapter.AdapterSpec(method="multiple_choice_joint", model=model, model_deployment=model),
            metric_specs=[],
        )
        rows = []
        for instance, trials in instances.items():
            for trial, value in enumerate(trials):
                for perturbation in (None, typos)[: 2 - trial]:
                    said = 0 if perturbation else value
                    values = {
                        "exact_match": float("nan") if said is None else said,
                        "quasi_exact_match": said,
                        "num_prompt_tokens": 50,
                        "num_completion_tokens": 4,
                        "inference_runtime": 0.25,
                        "finish_reason_length": int(instance == "id3"),
                    }
                    stats = [
                        stat.Stat(metric_name(name, split="test", perturbation=perturbation)).add(one)
                        for name, one in values.items()
                    ]
                    rows.append(metric.PerInstanceStats(instance, perturbation, trial, stats))
        folder = (
            LOGS / "helm" / model.partition("/")[2]
        )  # HELM's own folder is run.name, which not every system can hold
        folder.mkdir(parents=True, exist_ok=True)
        # As runner.py writes them.
        (folder / "run_spec.json").write_text(json.dumps(general.asdict_without_nones(run), indent=2))
        kept = runner.remove_per_instance_stats_nans(rows)
        (folder / "per_instance_stats.json").write_text(
            json.dumps(list(map(general.asdict_without_nones, kept)), indent=2)
        )


def swebench() -> None:
    """Reports on ten instances: every outcome that the harness tells apart."""
    reporting = vendor("swebench.harness.reporting")
    ids = [f"org__repo-{i}" for i in range(10)]
    outcomes = {
        "agent/one": ["resolved"] * 4 + ["unresolved", "infra", "ambiguous", "empty", "error", "absent"],
        "two": [
            "unresolved",
            "resolved",
            "resolved",
            "error",
            "infra",
            "resolved",
            "resolved",
            "unresolved",
            "empty",
            "resolved",
        ],
    }
    logs_of = {"infra": "OutOfMemoryError: Cannot allocate memory", "ambiguous": "ModuleNotFoundError: no tests ran"}
    target = LOGS / "swebench"
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        for model, outcome in outcomes.items():
            predictions = {}
            for instance, what in zip(ids, outcome, strict=True):
                if what == "absent":
                    continue
                patch = "" if what == "empty" else "diff --git a/x b/x"
                predictions[instance] = {"instance_id": instance, "model_patch": patch, "model_name_or_path": model}
                folder = reporting.RUN_EVALUATION_LOG_DIR / "run-1" / model.replace("/", "__") / instance
                folder.mkdir(parents=True)
                (folder / reporting.LOG_TEST_OUTPUT).write_text(logs_of.get(what, "1 passed"))
                (folder / reporting.LOG_INSTANCE).write_text("done")
                if what not in ("empty", "error"):
                    report = {instance: {"resolved": what == "resolved"}}
                    (folder / reporting.LOG_REPORT).write_text(json.dumps(report))
            reporting.make_run_report(predictions, [{"instance_id": i} for i in ids], "run-1", report_dir=str(target))
        os.chdir(LOGS)


def openai_evals() -> None:
    """A match eval and a model-graded one of two models; an error, a sample that was never sampled."""
    os.environ.setdefault("OPENAI_API_KEY", "none")  # its client is built on import, and never used
    record, base = vendor("evals.record"), vendor("evals.base")
    target = LOGS / "openai_evals"
    target.mkdir(parents=True, exist_ok=True)
    for model, right in {"gpt-4": (1, 1, 0), "gpt-3.5-turbo": (1, 0, 0)}.items():
        for eval_name, grader in (("arithmetic.dev.v0", []), ("essay.dev.v0", ["gpt-4-grader"])):
            spec = base.RunSpec([model, *grader], eval_name, eval_name.partition(".")[0], "dev", {}, "someone")
            spec.run_id, spec.created_at = f"240101{'B' if grader else 'A'}{model}", "2024-01-01 00:00:00"
            path = target / f"{eval_name}.{model}.jsonl"
            recorder = record.LocalRecorder(str(path), spec)
            for i in range(5):
                with recorder.as_default_recorder(f"{eval_name}.{i}"):
                    record.record_raw({"input": f"What is {i} + {i}?"})
                    if i == 4:
                        continue
                    usage = {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15}
                    prompt = [{"role": "user", "content": f"What is {i} + {i}?"}]
                    if i == 3:
                        record.record_error("timeout", TimeoutError("no answer within 40 s"))
                        continue
                    record.record_sampling(prompt=prompt, sampled=["?"], model=f"{model}-0613", usage=usage)
                    if grader:
                        record.record_sampling(prompt=prompt, sampled=["Y"], model="gpt-4-0613", usage=usage)
                        record.record_metrics(choice="Y" if right[i] else "N", score=float(right[i]))
                    else:
                        record.record_match(bool(right[i]), expected=str(2 * i), picked="?")
            recorder.flush_events()
            recorder.record_final_report({"accuracy": sum(right) / 3})


def evalplus() -> None:
    """Programs of two models for three problems, run and graded by EvalPlus itself."""
    problems = [
        {
            "task_id": f"HumanEval/{i}",
            "prompt": f"def f{i}(x):\n",
            "entry_point": f"f{i}",
            "test": "",
            "contract": "",
            "canonical_solution": f"    return x + {i}\n",
            "base_input": [[1]],
            "plus_input": [[-1], [0]],
            "atol": 0,
        }
        for i in range(3)
    ]
    programs = {
        "model-a": [
            ["    return x + 0\n", "    return abs(x)\n"],
            ["    return x + 1\n", "    return x\n"],
            ["    return 2\n", "    return x + 2\n"],
        ],
        "model-b": [["    return abs(x)\n"] * 2, ["    return x + 1\n"] * 2, ["    while True: pass\n"] * 2],
    }
    with tempfile.TemporaryDirectory() as scratch:
        held = Path(scratch) / "problems.jsonl"
        held.write_text("".join(json.dumps(problem) + "\n" for problem in problems))
        os.environ.update(HUMANEVAL_OVERRIDE_PATH=str(held), XDG_CACHE_HOME=scratch, HOME=scratch)
        evaluate = vendor("evalplus.evaluate").evaluate
        for model, bodies in programs.items():
            samples = Path(scratch) / f"{model}.jsonl"
            rows = [
                {"task_id": problem["task_id"], "solution": problem["prompt"] + body}
                for problem, of_problem in zip(problems, bodies, strict=True)
                for body in of_problem
            ]
            samples.write_text("".join(json.dumps(row) + "\n" for row in rows))
            evaluate("humaneval", str(samples), parallel=1)
            target = LOGS / "evalplus" / f"{model}_eval_results.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text((Path(scratch) / f"{model}_eval_results.json").read_text())


if __name__ == "__main__":
    for make in (helm, swebench, openai_evals, evalplus):
        make()

"""Real harness logs, made by lm_eval itself with its dummy model: ``python lm_eval_logs.py FOLDER``.

Run in a process of its own: the harness loads half of the Python world. Nothing is fetched: the tasks and their items
are written here.
"""

import itertools
import json
import os
import random
import sys
from pathlib import Path

N = 8
MODELS = {"org/alpha": 1, "org/beta": 2}
"""Name and seed: the dummy model answers at random."""

_TASK = """
task: {name}
dataset_path: json
dataset_kwargs: {{data_files: {{test: {items}}}}}
test_split: test
doc_to_text: "{{{{question}}}}"
"""
_CHOICE = """
output_type: multiple_choice
doc_to_choice: "{{choices}}"
doc_to_target: "{{answer}}"
metric_list:
  - {metric: acc, aggregation: mean, higher_is_better: true}
"""
_TWO_METRICS = _CHOICE + "  - {metric: acc_norm, aggregation: mean, higher_is_better: true}\n"
_GENERATE = """
output_type: generate_until
doc_to_target: "{{choices[answer]}}"
generation_kwargs: {until: ["\\n"]}
filter_list:
  - {name: strict, filter: [{function: take_first}]}
  - {name: shout, filter: [{function: uppercase}, {function: take_first}]}
metric_list:
  - {metric: exact_match, aggregation: mean, higher_is_better: true}
"""
TASKS = {"sums": _CHOICE, "two_metrics": _TWO_METRICS, "written": _GENERATE}
RUNS = {"out": ["sums"], "more": ["two_metrics", "written"]}
"""Output folder and its tasks: in the first nothing is left to choose."""


def write_tasks(folder: Path) -> Path:
    """Task files and their items: the questions of the Inspect task, and one item twice."""
    tasks = folder / "tasks"
    tasks.mkdir(parents=True)
    rows = [
        {"question": f"What is {i} plus {i}?", "choices": [str(2 * i), "lol", "none"], "answer": i % 2}
        for i in range(N)
    ]
    for name, body in TASKS.items():
        items = tasks / f"{name}.jsonl"
        held = [*rows, rows[0]] if name == "two_metrics" else rows
        items.write_text("".join(json.dumps(row) + "\n" for row in held))
        (tasks / f"{name}.yaml").write_text(_TASK.format(name=name, items=items) + body)
    return tasks


def main(folder: Path) -> None:
    os.environ.update(HF_HOME=str(folder / "cache"), HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1")
    from lm_eval import simple_evaluate
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    manager = TaskManager(include_path=str(write_tasks(folder)), include_defaults=False)
    for (output, tasks), (model, seed) in itertools.product(RUNS.items(), MODELS.items()):
        random.seed(seed)
        tracker = EvaluationTracker(output_path=str(folder / output))
        results = simple_evaluate(
            model="dummy",
            model_args={"pretrained": model},
            tasks=tasks,
            task_manager=manager,
            log_samples=True,
            evaluation_tracker=tracker,
            bootstrap_iters=0,
            random_seed=seed,
            numpy_random_seed=seed,
            torch_random_seed=seed,
        )
        assert results is not None
        # As the harness's own command line saves them.
        samples = results.pop("samples")
        tracker.save_results_aggregated(results=results, samples=samples)
        for task in tasks:
            tracker.save_results_samples(task_name=task, samples=samples[task])


if __name__ == "__main__":
    main(Path(sys.argv[1]))

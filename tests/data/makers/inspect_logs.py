"""Real Inspect logs, made by inspect_ai itself with its mock model: ``python inspect_logs.py FOLDER``.

Run in a process of its own: an evaluation starts an event loop, and its imports take seconds.
"""

import sys
from pathlib import Path
from typing import Any

from inspect_ai import Task
from inspect_ai import eval as evaluate
from inspect_ai.dataset import MemoryDataset, Sample
from inspect_ai.log import EvalLog, read_eval_log, write_eval_log
from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model
from inspect_ai.scorer import Score, Scorer, Target, accuracy, match, mean, model_graded_qa, scorer
from inspect_ai.solver import TaskState, generate

N = 8
BROKEN, ENDLESS, CUT = 3, 5, 6
"""Items at which the second model raises, runs into the token limit, and is cut off by its own output limit."""

RIGHT = {
    "mockllm/one": [1, 1, 1, 1, 0, 0, 0, 1],
    "mockllm/two": [1, 0, 1, 1, 0, 1, 0, 1],
    "mockllm/three": [0, 0, 1, 1, 1, 1, 0, 1],
}
"""What each model answers rightly in its first epoch; `one` gets item 4 right in its second."""


def question(i: int) -> str:
    """Asked by the harness's task too, so that logs of both join by content."""
    return f"What is {i} plus {i}?"


def dataset() -> MemoryDataset:
    return MemoryDataset([Sample(id=f"sum-{i}", input=question(i), target=str(2 * i)) for i in range(N)], name="sums")


def answering(name: str) -> Model:
    """A mock model that answers as `RIGHT` says, and breaks where the second one does."""
    calls = [0] * N

    def answer(messages: list[Any], *rest: Any) -> ModelOutput:
        i = int(messages[-1].text.split()[2])
        calls[i] += 1
        right = RIGHT[name][i] or (name, i, calls[i]) == ("mockllm/one", 4, 2)
        if name == "mockllm/two" and i == BROKEN:
            raise RuntimeError("the provider hung up")
        output = ModelOutput.from_content(
            name,
            str(2 * i) if right else "no idea",
            stop_reason="max_tokens" if (name, i) == ("mockllm/two", CUT) else "stop",
        )
        spent = 5_000 if (name, i) == ("mockllm/two", ENDLESS) else 7
        output.usage = ModelUsage(
            input_tokens=20, output_tokens=spent, total_tokens=20 + spent, input_tokens_cache_read=3
        )
        return output

    return get_model(name, custom_outputs=answer, memoize=False)


def grading(name: str) -> Model:
    """A mock grader that finds everything right and spends other amounts of tokens."""

    def grade(*arguments: Any) -> ModelOutput:
        output = ModelOutput.from_content(name, "GRADE: C")
        output.usage = ModelUsage(input_tokens=1_000, output_tokens=100, total_tokens=1_100)
        return output

    return get_model(name, custom_outputs=grade, memoize=False)


@scorer(metrics=[mean()])
def share() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value=1.0 if target.text in state.output.completion else 0.25)

    return score


@scorer(metrics={"*": [accuracy()]})
def rubric() -> Scorer:
    async def score(state: TaskState, target: Target) -> Score:
        return Score(value={"right": int(target.text in state.output.completion), "polite": 1})

    return score


@scorer(metrics=[accuracy()])
def letters() -> Scorer:
    """Item 0 is C, 1 is I, 2 is P, 3 is N, 4 has no score, then again."""

    async def score(state: TaskState, target: Target) -> Score:
        kind = int(str(state.sample_id).rpartition("-")[2]) % 5
        return Score.unscored(reason="grader_failed") if kind == 4 else Score(value="CIPN"[kind])

    return score


def run(model: Model, scorers: list[Scorer], folder: Path, name: str, **options: Any) -> EvalLog:
    task = Task(dataset=dataset(), solver=generate(), scorer=scorers, name="sums")
    (log,) = evaluate(
        task, model=model, log_dir=str(folder / name), display="none", log_level="error", fail_on_error=False, **options
    )
    assert log.status == "success", log.error
    return log


def main(folder: Path) -> None:
    for name in RIGHT:
        log = run(answering(name), [match()], folder, "plain", epochs=2, token_limit=1_000)
        # The same log in the other format.
        write_eval_log(read_eval_log(log.location), str(folder / "json" / f"{name.rpartition('/')[2]}.json"))
        # The tool names a log by the second and at random; tests want the logs in the order they were made.
        made = Path(log.location)
        made.rename(made.with_name(f"{list(RIGHT).index(name)}_{made.name}"))
    run(answering("mockllm/one"), [match(), share(), rubric(), letters()], folder, "scorers")
    run(
        answering("mockllm/one"), [model_graded_qa()], folder, "judge", model_roles={"grader": grading("mockllm/judge")}
    )
    run(answering("mockllm/one"), [model_graded_qa()], folder, "self", model_roles={"grader": grading("mockllm/one")})
    run(answering("mockllm/one"), [], folder, "unscored")
    run(answering("mockllm/one"), [match()], folder, "part", limit=5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

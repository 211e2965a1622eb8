"""More inputs of the kinds that once gave wrong numbers in silence, in other formats than where they were found."""

import gzip
import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from omegaconf import OmegaConf

from cofail_lab.cli import config_folder
from cofail_lab.command_line import for_hydra
from cofail_lab.data.auto import AutoSource
from cofail_lab.data.formats import FORMATS, source_class
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades
from cofail_lab.selection import Selection
from tests.data.fuzzing import VARIANTS, seed_files
from tests.data.makers import small_logs
from tests.data.test_fuzzing import KEYS_OF

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


def from_command_line(*arguments: str) -> Grades:
    """The matrix that a command reads."""
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        config = compose("config", overrides=for_hydra(arguments))
    held: dict[str, Any] = OmegaConf.to_container(config.data, resolve=True)  # type: ignore[assignment]
    selection = {field.name for field in fields(Selection)}
    source = {key: value for key, value in held.items() if key not in selection}
    return instantiate(source, _convert_="all").load()


@pytest.mark.parametrize("name", [*FORMATS, *VARIANTS])
def test_paths_with_any_characters(name: str, tmp_path: Path) -> None:
    here = tmp_path / "lr=1, it's (one) [x] ~ß {a,b} $HOME"
    here.mkdir()
    for file, content in seed_files(name).items():
        (here / file).write_bytes(content)
    path = here / next(iter(seed_files(name)))
    form = VARIANTS.get(name, name)
    keys = [f"data.{key}={value}" for key, value in KEYS_OF.get(name, {}).items()]
    plain = source_class(form)(str(path), **KEYS_OF.get(name, {})).load()
    read = from_command_line(f"data={form}", f"data.path={path}", *keys)
    assert (read.cells == plain.cells).all()
    if name == "lm_eval":
        assert (from_command_line(f"data.path={path}", *keys).cells == plain.cells).all()


def read(path: Path | list[Path], **keys: Any) -> Grades:
    return AutoSource([str(one) for one in path] if isinstance(path, list) else str(path), **keys).load()


def column(grades: Grades, model: str) -> list[Cell]:
    return [Cell(state) for state in grades.cells[:, grades.models.index(model)]]


# Kind 1: the same id, another question.


def test_shots_and_templates_are_no_other_question(tmp_path: Path) -> None:
    """The harness hashes documents: their prompts differ from model to model."""
    small_logs.lm_eval(tmp_path / "a", [small_logs.lm_eval_row(k, k % 2, f"{k}?") for k in range(4)], "a")
    small_logs.lm_eval(tmp_path / "b", [small_logs.lm_eval_row(k, 1.0, f"<|user|>{k}?") for k in range(4)], "b")
    grades = read(tmp_path)
    assert column(grades, "a") == [WRONG, RIGHT] * 2
    assert column(grades, "b") == [RIGHT] * 4


def test_documents_of_another_hash_do_not_match(tmp_path: Path) -> None:
    small_logs.lm_eval(tmp_path / "a", [small_logs.lm_eval_row(k, 1.0, "?") for k in range(4)], "a")
    rows = [small_logs.lm_eval_row(k, 1.0, "?", doc_hash=f"other{k}") for k in range(4)]
    small_logs.lm_eval(tmp_path / "b", rows, "b")
    with pytest.raises(InputError, match="no query is in the logs of two models"):
        read(tmp_path)


def test_other_digests_of_one_id_are_refused(tmp_path: Path) -> None:
    for model, turn in (("a", 1), ("b", -1)):
        digests = ["x", "y", "z"][::turn]
        rows = [{"sample_id": f"s{k}", "score": 1, "sample_hash": digests[k]} for k in range(3)]
        small_logs.every_eval_ever(tmp_path / f"{model}_samples.jsonl", model, rows)
    with pytest.raises(InputError, match=r"2 queries of the same name.*'s0': '\?' has another digest in a_samples"):
        read(tmp_path)
    assert any("Joined by name, as data.join=id says, although 2" in note for note in read(tmp_path, join="id").notes)


def test_one_prompt_with_another_target_is_another_question(tmp_path: Path) -> None:
    for model, target in (("a", "A"), ("b", "B")):
        samples = [{"id": k, "value": "C", "target": target} for k in (1, 2)]
        small_logs.inspect(tmp_path / f"{model}.json", f"mockllm/{model}", samples)
    with pytest.raises(InputError, match="2 queries of the same name"):
        read(tmp_path)
    assert any(
        "Joined by prompt, as data.join=content says, although 2" in n for n in read(tmp_path, join="content").notes
    )


def test_helm_ids_of_another_sample_are_refused(tmp_path: Path) -> None:
    """Ids of HELM are positions in the instances that a run has drawn."""
    for model, shift in (("a", 0), ("b", 1)):
        small_logs.helm(tmp_path / model, model, [(f"id{k}", 0, {"exact_match": 1.0}) for k in range(3)])
        instances = [{"id": f"id{k}", "input": {"text": f"{k + shift}?"}, "references": []} for k in range(3)]
        if model == "a":
            small_logs.dump(tmp_path / model / "instances.json", instances)
        else:
            states = [{"instance": instance} for instance in instances]
            small_logs.dump(tmp_path / model / "scenario_state.json", {"request_states": states})
    with pytest.raises(
        InputError, match=r"3 queries of the same name.*'0\?' in a/per_instance_stats.json, '1\?' in b/per"
    ):
        read(tmp_path)
    assert len(read(tmp_path, join="content").queries) == 4


def test_positions_with_another_reference_are_refused(tmp_path: Path) -> None:
    for model, turn in (("a", 0), ("b", 1)):
        details = [{"pred": "4", "answer": str(k + turn), "correct": True} for k in range(3)]
        small_logs.opencompass(tmp_path, model, details)
    with pytest.raises(InputError, match="3 queries of the same name"):
        read(tmp_path)


def test_other_assertions_are_another_test(tmp_path: Path) -> None:
    for provider, wanted in (("a", "A"), ("b", "B")):
        case = {"vars": {"q": "1?"}, "assert": [{"type": "equals", "value": wanted}]}
        rows = [{"q": "1?", "provider": provider, "success": True, "testCase": case}]
        small_logs.promptfoo(tmp_path / f"{provider}.json", rows)
    with pytest.raises(InputError, match="no query is in the logs of two models"):
        read(tmp_path)


def test_rows_of_arrays_without_names_do_not_match(tmp_path: Path) -> None:
    for name in "ab":
        np.save(tmp_path / f"{name}.npy", np.eye(3))
    with pytest.raises(InputError, match=r"a.npy: nothing names its queries.*data.names="):
        read(tmp_path)
    names = tmp_path / "queries.json"
    names.write_text(json.dumps({"queries": ["q1", "q2", "q3"]}))
    grades = read([tmp_path / "a.npy", tmp_path / "b.npy"], names=str(names))
    assert grades.models == tuple(f"m{k} (file={name})" for name in "ab" for k in (1, 2, 3))


# Kind 2: different systems, and repeats of one.


def test_helm_runs_with_another_temperature_are_two_systems(tmp_path: Path) -> None:
    for temperature, value in ((0.0, 1.0), (1.0, 0.0)):
        small_logs.helm(tmp_path / f"t{temperature}", "m", [("q", 0, {"exact_match": value})], temperature=temperature)
    grades = read(tmp_path)
    assert grades.models == ("m (temperature=0.0)", "m (temperature=1.0)")
    assert grades.cells.tolist() == [[RIGHT, WRONG]]
    assert read(tmp_path, name="model").cells.shape == (1, 1)


def test_evalplus_files_of_one_name_in_two_folders_are_two_systems(tmp_path: Path) -> None:
    for folder, status in (("one", "pass"), ("two", "fail")):
        held = {"eval": {"T/0": [{"base_status": status, "plus_status": None}]}}
        small_logs.dump(tmp_path / folder / "m_eval_results.json", held)
    assert read(tmp_path).models == ("m (folder=one)", "m (folder=two)")


def test_completion_arguments_make_another_system(tmp_path: Path) -> None:
    for name, arguments in (("a", "temperature=0"), ("b", "temperature=1"), ("c", "temperature=1")):
        events = [("s", "match", {"correct": name == "a"})]
        command = f"oaieval gpt e --completion_args {arguments} --seed {name}"
        small_logs.openai_evals(tmp_path / f"{name}.jsonl", "gpt", events, "e", command)
    grades = read(tmp_path)
    assert grades.models == ("gpt (completion_args=temperature=0)", "gpt (completion_args=temperature=1)")
    assert grades.per_cell["samples"].tolist() == [[[RIGHT, MISSING], [WRONG, WRONG]]]
    assert any("2 logs taken for repeated runs" in note for note in grades.notes)


def test_promptfoo_columns_are_systems(tmp_path: Path) -> None:
    rows = [
        {"q": q, "provider": "m", "success": k == 0, "promptIdx": k, "prompt": {"label": f"p{k}"}, "testIdx": repeat}
        for q in ("1?", "2?")
        for k in (0, 1)
        for repeat in (0, 1)
    ]
    grades = read(small_logs.promptfoo(tmp_path / "prompts.json", rows))
    assert grades.models == ("m (prompt=p0)", "m (prompt=p1)")
    assert grades.per_cell["samples"].tolist() == [[[RIGHT] * 2, [WRONG] * 2]] * 2
    for heat in (0, 1):
        providers = [{"id": "m", "config": {"temperature": heat, "apiKey": heat}}]
        rows = [{"q": q, "provider": "m", "success": heat == 0} for q in ("1?", "2?")]
        small_logs.promptfoo(tmp_path / "heat" / f"{heat}.json", rows, providers)
    assert read(tmp_path / "heat").models == ("m (temperature=0)", "m (temperature=1)")


def test_a_stem_keeps_its_dots(tmp_path: Path) -> None:
    for model, right in (("gpt-4.1", 1), ("gpt-4.5", 0)):
        small_logs.dump(tmp_path / f"{model}.jsonl", [{"id": "q1", "right": right}])
    grades = source_class("records")(str(tmp_path), query="id", model="@stem", right="right").load()
    assert grades.models == ("gpt-4.1", "gpt-4.5")
    packed = tmp_path / "gpt-5.jsonl.gz"
    packed.write_bytes(gzip.compress(b'{"id": "q1", "right": 1}\n'))
    assert source_class("records")(str(packed), query="id", model="@stem", right="right").load().models == ("gpt-5",)


# Kind 3: several rows for one answer.


def test_metrics_of_one_answer_in_several_trials(tmp_path: Path) -> None:
    answers = [("q", trial, {"exact_match": float(trial), "f1": 0.5, "num_prompt_tokens": 9.0}) for trial in (0, 1)]
    grades = read(small_logs.helm(tmp_path, "m", answers))
    assert grades.per_cell["samples"].tolist() == [[[WRONG, RIGHT]]]
    assert grades.per_cell["tokens_in"].tolist() == [[9]]


def test_records_that_do_not_name_their_metric(tmp_path: Path) -> None:
    rows = [{"sample_id": f"s{k}", "score": score} for k in (0, 1) for score in (k, 1)]
    path = small_logs.every_eval_ever(tmp_path / "x_samples.jsonl", "m", rows)
    with pytest.raises(InputError, match=r"2 scorers \(first, second\); choose with data.scorer="):
        read(path)
    assert column(read(path, scorer="first"), "m") == [WRONG, RIGHT]
    # Other answers are repeated samples.
    rows = [{**row, "output": {"raw": [str(k)]}} for k, row in enumerate(rows)]
    assert read(small_logs.every_eval_ever(path, "m", rows)).per_cell["samples"].shape == (2, 1, 2)


# Kind 4: retries.


def test_of_three_retries_the_last_counts(tmp_path: Path) -> None:
    for k, value in enumerate("ICC"):
        samples = [{"id": n, "value": value} for n in range(1, k + 2)]
        created = f"2026-01-0{k + 1}T00:00:00+00:00"
        small_logs.inspect(tmp_path / f"{k}.json", "mockllm/m", samples, task_id="T", created=created)
    grades = read(tmp_path)
    assert column(grades, "mockllm/m") == [RIGHT] * 3
    assert "samples" not in grades.per_cell
    assert any(note.startswith("2 logs left out") for note in grades.notes)


def test_a_run_report_stands_for_its_instances(tmp_path: Path) -> None:
    folder = tmp_path / "logs" / "run_evaluation" / "r.1" / "org__m"
    for instance, resolved in (("p-1", True), ("p-2", False), ("p-3", None)):
        small_logs.swebench_instance(folder, instance, resolved)
    grades = read(tmp_path)
    assert dict(zip(grades.queries, column(grades, "org__m"), strict=True)) == {
        "p-1": RIGHT,
        "p-2": WRONG,
        "p-3": ERROR,
    }
    other = tmp_path / "logs" / "run_evaluation" / "r.1" / "org__n"
    small_logs.swebench_instance(other, "p-1", False)
    report = small_logs.swebench_report(tmp_path / "org__m.r2.json", {"resolved": ["p-1"], "unresolved": ["p-2"]})
    assert len(read(tmp_path).models) == 3, "another run is another system"
    report.rename(tmp_path / "org__m.r.1.json")
    grades = read(tmp_path)
    assert len(grades.models) == 2
    assert len(grades.queries) == 2


# Kind 5: limits and errors.


def test_limits_of_every_kind_keep_their_grades(tmp_path: Path) -> None:
    kinds = (("token", "C"), ("message", "I"), ("time", None))
    samples = [
        {"id": k, "value": value, "limit": {"type": kind, "limit": 9}} for k, (kind, value) in enumerate(kinds, 1)
    ]
    grades = read(small_logs.inspect(tmp_path / "a.json", "mockllm/m", samples))
    assert column(grades, "mockllm/m") == [RIGHT, WRONG, ERROR]
    assert grades.per_cell["at_limit"].all()
    assert grades.select(Selection(limits="wrong", errors="wrong")).cells.ravel().tolist() == [WRONG] * 3


def test_a_report_of_a_subset_of_a_subset(tmp_path: Path) -> None:
    states = {
        "resolved": ["a"],
        "unresolved": ["b"],
        "incomplete": ["c"],
        "empty_patch": ["d"],
        "submitted": list("abde"),
    }
    grades = read(small_logs.swebench_report(tmp_path / "m.r.json", states))
    assert dict(zip(grades.queries, column(grades, "m"), strict=True)) == {
        "a": RIGHT,
        "b": WRONG,
        "c": MISSING,
        "d": WRONG,
        "e": MISSING,
    }


# Kinds 7 and 8: the message for several scorers leads on, and so does a scorer by task.


def _ambiguous(folder: Path, name: str) -> Path:
    """A log of one answer that is right by one scorer and wrong by another."""
    if name == "helm":
        return small_logs.helm(folder, "m", [("q", 0, {"exact_match": 1.0, "quasi_exact_match": 0.0})])
    if name == "lm_eval":
        row = small_logs.lm_eval_row(0, 1.0, "?", metrics=["acc", "acc_norm"], acc_norm=0.0)
        return small_logs.lm_eval(folder, [row], "m")
    if name == "inspect":
        scores = {"m": {"value": "C"}, "n": {"value": {"x": 0, "y": 1}}}
        return small_logs.inspect(folder / "a.json", "mockllm/m", [{"id": 1, "value": scores}])
    if name == "every_eval_ever":
        rows = [{"sample_id": "s", "score": s, "evaluation_result_id": r} for r, s in (("em", 1), ("f1", 0))]
        return small_logs.every_eval_ever(folder / "x_samples.jsonl", "m", rows)
    if name == "openai_evals":
        return small_logs.openai_evals(folder / "a.jsonl", "m", [("s", "metrics", {"score": 1.0, "len": 0.0})], "e")
    if name == "lighteval":
        return small_logs.lighteval(folder, "m", "t", [{"em": 1.0, "qem": 0.0}])
    if name == "opencompass":
        return small_logs.opencompass(folder, "m", [{"correct": True, "is_correct": False}])
    statuses = {"eval": {"T/0": [{"base_status": "pass", "plus_status": "fail"}]}}
    return small_logs.dump(folder / "m_eval_results.json", statuses)


@pytest.mark.parametrize(
    "name", ["helm", "lm_eval", "inspect", "every_eval_ever", "openai_evals", "lighteval", "opencompass", "evalplus"]
)
def test_every_scorer_that_a_message_lists_can_be_chosen(name: str, tmp_path: Path) -> None:
    path = _ambiguous(tmp_path, name)
    with pytest.raises(InputError, match=r"scorers \(.*choose with data.scorer=") as error:
        read(path)
    listed = str(error.value).partition("scorers (")[2].partition(")")[0].split(", ")
    found = {scorer: Cell(read(path, scorer=scorer).cells[0, 0]) for scorer in listed}
    assert len(listed) >= 2
    assert set(found.values()) == {RIGHT, WRONG}
    assert read(path, scorer=["no_such_one", listed[-1]]).cells.tolist() == [[found[listed[-1]]]]


def test_tasks_with_other_scorers(tmp_path: Path) -> None:
    for model in "ab":
        small_logs.openai_evals(tmp_path / "o" / f"{model}1.jsonl", model, [("s", "match", {"correct": True})], "sums")
        graded = [("e", "metrics", {"score": 0.0, "len": 1.0})]
        small_logs.openai_evals(tmp_path / "o" / f"{model}2.jsonl", model, graded, "essay")
        small_logs.lighteval(tmp_path / "l", model, "arc", [{"acc": 1.0}])
        small_logs.lighteval(tmp_path / "l", model, "gsm8k", [{"em": 0.0, "qem": 1.0}])
        rows = [
            {"sample_id": "s", "evaluation_name": task, "evaluation_result_id": metric, "score": score}
            for task, metric, score in (("arc", "acc", 1), ("gsm8k", "em", 0), ("gsm8k", "qem", 1))
        ]
        small_logs.every_eval_ever(tmp_path / "e" / f"{model}_samples.jsonl", model, rows)
    for folder, by_list, by_task in (
        ("o", ["match", "score"], {"ess*": "score"}),
        ("l", ["acc", "em"], {"gsm*": "em"}),
        ("e", ["acc", "em"], {"gsm*": "em", "arc": "acc"}),
    ):
        for scorer in (by_list, by_task):
            grades = read(tmp_path / folder, scorer=scorer)
            assert sorted(column(grades, "a")) == [RIGHT, WRONG]
            assert len(grades.queries) == 2


# Kind 9: notes are true.


def test_one_run_of_each_model_is_no_repeat(tmp_path: Path) -> None:
    for model in "ab":
        small_logs.lighteval(tmp_path, model, "t", [{"em": 1.0}, {"em": 0.0}])
    grades = read(tmp_path)
    assert not any("repeated" in note for note in grades.notes)
    assert "samples" not in grades.per_cell

"""lighteval: how models and tasks are named, documents that come twice, and files that are not of it."""

from pathlib import Path

import pytest

from cofail_lab.data.readers import lighteval
from cofail_lab.data.readers.lighteval import LightevalSource
from cofail_lab.errors import InputError
from tests.data.cells import RIGHT, WRONG
from tests.data.fuzzing import parquet
from tests.data.makers.small_logs import TIME, dump
from tests.data.reading import load

DOC = {"query": "1?", "choices": ["A", "B"], "gold_index": 1}


def details(path: Path, document: dict, metric: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(parquet({"doc": [document], "metric": [metric]}))
    return path


def test_models_are_named_by_the_results_file_or_by_the_folders(tmp_path: Path) -> None:
    name = f"details_t|0_{TIME}.parquet"
    path = details(tmp_path / "details" / "org" / "m" / TIME / name, DOC, {"em": 1.0})
    assert load("lighteval", path).models == ("org/m",)
    assert any("named after its folder" in note for note in load("lighteval", path).notes)
    dump(tmp_path / "results" / "org" / "m" / f"results_{TIME}.json", {"config_general": {"model_name": "org/m-v2"}})
    assert load("lighteval", path).models == ("org/m-v2",)
    hub = details(tmp_path / "details_org__m_private" / TIME / name, DOC, {"em": 1.0})
    assert load("lighteval", hub).models == ("org/m",)


@pytest.mark.parametrize(
    ("task", "dataset"),
    [("suite|t:a|5|0", "suite|t:a"), ("suite|t:a|25", "suite|t:a"), ("gsm8k|0", "gsm8k"), ("gsm8k", "gsm8k")],
)
def test_shots_are_a_setting_and_no_part_of_the_task(task: str, dataset: str, tmp_path: Path) -> None:
    path = details(tmp_path / f"details_{task}_{TIME}.parquet", DOC, {"em": 1.0})
    assert list(load("lighteval", path).per_query["dataset"]) == [dataset]


def test_one_question_with_two_answers_is_two_queries(tmp_path: Path) -> None:
    path = tmp_path / f"details_t|0_{TIME}.parquet"
    other = {**DOC, "gold_index": 0}
    path.write_bytes(parquet({"doc": [DOC, other, DOC], "metric": [{"em": 1.0}] * 3}))
    grades = load("lighteval", path)
    assert len({query.partition("#")[0] for query in grades.queries}) == 2
    assert len(grades.queries) == 3
    assert any("come more than once are queries of their own: 1" in note for note in grades.notes)


def test_other_tables_are_not_taken_for_details(tmp_path: Path) -> None:
    for columns in (
        {"doc": [{"id": 1}], "metric": [1.0]},
        {"example": ["x"], "metrics": ["y"]},
        {"q": ["1"], "a": [1]},
    ):
        path = tmp_path / "details_x.parquet"
        path.write_bytes(parquet(columns))
        assert not LightevalSource.sniff(path)
        with pytest.raises(InputError):
            load("lighteval", path)
    path.write_bytes(parquet({"doc": ["{'query': 'x'}"], "metric": ["__import__('os')"]}))
    with pytest.raises(InputError, match="metrics by name were expected"):
        load("lighteval", path)


def test_runs_with_other_numbers_of_shots_are_systems(tmp_path: Path) -> None:
    for shots in (0, 5):
        details(tmp_path / "details" / "m" / TIME / f"details_t|{shots}_{TIME}.parquet", DOC, {"em": float(shots > 0)})
    grades = load("lighteval", tmp_path)
    assert dict(zip(grades.models, grades.cells[0].tolist(), strict=True)) == {
        "m (few-shot=0)": WRONG,
        "m (few-shot=5)": RIGHT,
    }


def test_only_the_parts_of_a_document_that_are_needed_are_read() -> None:
    """Of a nested document its parts where they are columns, else the whole; of a flat one what there is."""
    document, metrics = lighteval._LAYOUTS[1]
    parts = [f"{document}.{part}" for part in lighteval._PARTS]
    assert lighteval._wanted([*parts, f"{document}.tokens", metrics], (document, metrics)) == [*parts, metrics]
    assert lighteval._wanted([document, "tokens", metrics], (document, metrics)) == [document, metrics]
    flat = lighteval._LAYOUTS[0]
    there = lighteval._FLAT_PARTS[:1]
    assert lighteval._wanted([*there, "tokens", flat[1]], flat) == [*there, flat[1]]

"""What a configuration is refused for before anything is computed."""

from pathlib import Path
from typing import Any

import pytest
from omegaconf import OmegaConf

from cofail_lab import job
from cofail_lab.errors import InputError

WHOLE: dict[str, Any] = {"data": {"x": 1}, "experiment": {"k": 2}, "run": {"seed": 0}, "record": {"figures": None}}


def test_of_missing_values_the_first_is_named_with_an_example() -> None:
    config = OmegaConf.create(WHOLE | {"data": {"path": "???", "odd": "???"}, "experiment": {"other": "???"}})
    with pytest.raises(InputError, match=r"^data\.odd: a value is needed, such as data\.odd=\.\.\.; cofail-lab --help"):
        job.resolve(config)
    config = OmegaConf.create(WHOLE | {"data": {"path": "???"}, "experiment": {"other": "???"}})
    with pytest.raises(InputError, match=r"^data\.path: a value is needed, such as data\.path=grades\.csv; "):
        job.resolve(config)


@pytest.mark.parametrize("group", ["data", "experiment", "run", "record"])
def test_a_group_without_a_choice_is_refused(group: str) -> None:
    with pytest.raises(InputError, match=f"^{group}: null; choose one"):
        job.resolve(OmegaConf.create(WHOLE | {group: None}))


def test_what_is_printed_is_no_part_of_what_is_computed() -> None:
    config = OmegaConf.create(WHOLE | {"sweep": {"gather": True}, "verbose": True, "law": {"seed": "${run.seed}"}})
    assert OmegaConf.to_container(job.resolve(config)) == WHOLE | {"law": {"seed": 0}}


@pytest.mark.parametrize(
    ("record", "drawn", "shard", "figures", "report"),
    [
        ({"figures": None, "report": None}, True, None, True, True),
        ({"figures": None, "report": None}, False, None, False, True),
        ({"figures": None, "report": None}, False, 2, False, False),
        ({"figures": False, "report": False}, True, None, False, False),
        ({"figures": True, "report": True}, False, 2, True, True),
    ],
)
def test_figures_and_page_are_made_as_stated_or_as_usual(
    tmp_path: Path, record: dict, drawn: bool, shard: int | None, figures: bool, report: bool
) -> None:
    config = OmegaConf.create(WHOLE | {"record": record, "run": {"seed": 7, "shard": shard, "smoke": True}})
    made = job.recorder(config, tmp_path, "fit", drawn=drawn, origin={"key": "k"})
    assert (made._figures, made._report, made._seed, made._smoke) == (figures, report, 7, True)
    assert (made._origin, made._experiment, made.folder) == ({"key": "k"}, "fit", tmp_path)
    with pytest.raises(InputError, match=r"^record\.figures: 'yes' is not true, false or null"):
        job.recorder(OmegaConf.create(WHOLE | {"record": {"figures": "yes"}}), tmp_path, "fit", drawn=drawn)


def test_what_is_built_of_a_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each part is made from its own entry; the selection has the seed of the run, and what is declared is optional."""
    monkeypatch.setattr("hydra.utils.instantiate", lambda entry, **_: ("made", dict(entry)))
    choice = dict.fromkeys(job._SELECTION) | {"dataset": "d", "models": ["m1", "m2"], "pool_size": 5}
    choice |= {"min_coverage": 0.0, "limits": "wrong", "errors": "missing", "unanswered": "missing"}
    config: dict[str, Any] = {
        "run": {"seed": 7, "workers": None, "shards": 1, "shard": None},
        "experiment": {"size": 3},
        "data": {"path": "a.csv", "name": "n", **choice},
        "law": None,
        "policy": None,
    }
    monkeypatch.setattr(job, "n_cores", lambda: 6)
    for known, cores, workers in ((None, True, 6), ({"a": 0.5}, False, None)):
        experiment, inputs = job.build(OmegaConf.create(config | {"known": known}), all_cores=cores)
        assert experiment == ("made", {"size": 3})
        assert inputs.source is not None and inputs.source() == ("made", {"path": "a.csv", "name": "n"})
        assert inputs.known == (None if known is None else ("made", known))
        assert (inputs.options.seed, inputs.options.workers) == (7, workers)
        assert (inputs.selection.dataset, inputs.selection.models, inputs.selection.pool_size) == ("d", ["m1", "m2"], 5)
        assert inputs.selection.seed == 7 and inputs.law_factory is None

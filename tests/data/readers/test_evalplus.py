"""EvalPlus results, written by the vendor's own package, and older layouts."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from tests.data.makers.documented import RIGHT, WRONG
from tests.data.reading import VENDOR, load


def test_vendor_evalplus_results() -> None:
    with pytest.raises(InputError, match=r"2 scorers .base, plus.; choose with data.scorer="):
        load("evalplus", VENDOR / "evalplus")
    base = load("evalplus", VENDOR / "evalplus", scorer="base")
    plus = load("evalplus", VENDOR / "evalplus", scorer="plus")
    assert plus.models == ("model-a", "model-b")
    assert base.per_cell["samples"][:, 0].tolist() == [[0, 0], [0, 1], [1, 0]]
    assert plus.per_cell["samples"][:, 0].tolist() == [[0, 1], [0, 1], [1, 0]]
    # pass@1 as EvalPlus printed it for these two files.
    np.testing.assert_allclose(base.per_cell["frac"].mean(axis=0), [2 / 3, 2 / 3])
    np.testing.assert_allclose(plus.per_cell["frac"].mean(axis=0), [1 / 2, 1 / 3])


def test_evalplus_layouts_of_before(tmp_path: Path) -> None:
    path = tmp_path / "some-model" / "eval_results.json"
    path.parent.mkdir()
    held = {"HumanEval/0": {"nfiles": 1, "base": [["pass", [1]]], "plus": [["fail", [0]]]}}
    path.write_text(json.dumps({"eval": held, "hash": ""}))
    assert load("evalplus", path, scorer="plus").cells.tolist() == [[WRONG]]
    assert load("evalplus", path, scorer="base").models == ("some-model",)
    path.write_text(json.dumps({"eval": {"Mbpp/2": [{"base_status": "pass", "plus_status": None}]}}))
    assert load("evalplus", path).cells.tolist() == [[RIGHT]]


def test_a_sample_passes_plus_only_if_it_passes_base(tmp_path: Path) -> None:
    """The four pairs of statuses; the tests of plus alone say nothing."""
    pairs = [("pass", "pass"), ("pass", "fail"), ("fail", "pass"), ("fail", "fail")]
    held = {f"T/{k}": [{"base_status": base, "plus_status": plus}] for k, (base, plus) in enumerate(pairs)}
    (tmp_path / "m_eval_results.json").write_text(json.dumps({"eval": held}))
    path = tmp_path / "m_eval_results.json"
    assert load("evalplus", path, scorer="plus").cells[:, 0].tolist() == [RIGHT, WRONG, WRONG, WRONG]
    assert load("evalplus", path, scorer="base").cells[:, 0].tolist() == [RIGHT, RIGHT, WRONG, WRONG]

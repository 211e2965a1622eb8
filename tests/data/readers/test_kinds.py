"""Which kind of file a reader takes a file for, by the fewest keys of each kind."""

import json
from hashlib import sha256
from pathlib import Path

import pytest

from cofail_lab.data.readers import lm_eval, swebench
from cofail_lab.errors import InputError


@pytest.mark.parametrize(
    ("name", "keys", "kind"),
    [
        ("m.run.json", {"completed_instances", "resolved_instances"}, "a SWE-bench run report"),
        ("m.run.json", {"completed_instances", "resolved_instances", "more"}, "a SWE-bench run report"),
        ("m.run.json", {"resolved_ids"}, "a SWE-bench run report"),
        ("m.run.json", {"completed_instances"}, ""),
        ("m.run.json", {"resolved_instances"}, ""),
        ("x", {"patch_exists", "patch_successfully_applied", "resolved"}, "the SWE-bench report of an instance"),
        ("x", {"patch_exists", "resolved"}, ""),
        ("results.json", {"resolved"}, "results of a SWE-bench submission"),
        ("results.json", {"no_generation", "x"}, "results of a SWE-bench submission"),
        ("results.json", {"no_logs"}, "results of a SWE-bench submission"),
        ("results.json", {"generated"}, "results of a SWE-bench submission"),
        ("results.json", {"x"}, ""),
        ("other.json", {"no_logs"}, ""),
        ("per_instance_details.json", {"resolved", "cost"}, "SWE-bench instance details"),
        ("per_instance_details.json", {"cost"}, ""),
        ("other.json", {"resolved"}, ""),
    ],
)
def test_kinds_of_swe_bench(name: str, keys: set[str], kind: str) -> None:
    assert swebench._kind(Path(name), keys) == kind


@pytest.mark.parametrize(
    ("path", "model", "run"),
    [
        ("model.run.json", "model", "run"),
        ("gpt-4.1.run.json", "gpt-4.1", "run"),
        ("folder/model.json", "folder", ""),
        ("folder/report.json", "folder", ""),
        ("folder/a.report.json", "a", "report"),
    ],
)
def test_the_model_of_a_run_report(tmp_path: Path, path: str, model: str, run: str) -> None:
    assert swebench._model_and_run(tmp_path / path) == (model, run)


def test_the_model_of_an_instance(tmp_path: Path) -> None:
    for place, names in (
        ("run/model/instance/report.json", ("model", "run")),
        ("run/model/logs/instance/report.json", ("model", "run")),
        ("run/results/model/instance/report.json", ("model", "run")),
    ):
        assert swebench._place(tmp_path / place) == names
    assert swebench._place(Path("/instance/report.json")) == ("", "")


def test_documents_of_lm_eval_are_told_apart_by_their_hash() -> None:
    """As stated, else computed from the document, else from prompt and answer; one of them is needed."""
    doc = {"question": "é?", "answer": 3}
    own = sha256(json.dumps(doc, indent=2, ensure_ascii=False).encode()).hexdigest()[:16]
    assert lm_eval._doc_hash({"doc_hash": "0123456789abcdef0123", "doc": doc}, "x") == "0123456789abcdef"
    for stated in ("", "  ", None, 7):
        assert lm_eval._doc_hash({"doc_hash": stated, "doc": doc}, "x") == own
    old = json.dumps(["p", "t"], indent=2).encode()
    assert lm_eval._doc_hash({"prompt_0": "p", "truth": "t"}, "x") == sha256(old).hexdigest()[:16]
    with pytest.raises(InputError, match="line 1: neither doc_hash nor doc"):
        lm_eval._doc_hash({"other": 1}, "line 1")

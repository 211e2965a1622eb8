"""SWE-bench reports, written by the vendor's own package."""

import json
from pathlib import Path

import numpy as np
import pytest

from cofail_lab.data.readers.swebench import SWEBenchSource
from cofail_lab.errors import InputError
from tests.data.makers import documented, small_logs
from tests.data.makers.documented import ERROR, MISSING, RIGHT, WRONG
from tests.data.reading import VENDOR, edited, load


def test_vendor_swebench_reports() -> None:
    """What broke is an error and what was never predicted is missing, though the harness scores both as failures."""
    grades = load("swebench", VENDOR / "swebench")
    assert grades.models == ("agent__one", "two")
    column = dict(zip(grades.queries, grades.cells[:, 0], strict=True))
    expected = [RIGHT] * 4 + [WRONG, ERROR, WRONG, WRONG, ERROR, MISSING]
    assert [column[f"org__repo-{i}"] for i in range(10)] == expected
    report = json.loads((VENDOR / "swebench" / "agent__one.run-1.json").read_text())
    assert "org__repo-5" in report["unresolved_ids"]
    assert any("infrastructure" in note for note in grades.notes)


def test_swebench_results_need_all_ids(tmp_path: Path) -> None:
    log = documented.swebench_results(tmp_path)
    with pytest.raises(InputError, match=r"data.instances= must name a file with all ids"):
        load("swebench", log.path)
    listed = tmp_path / "ids.json"
    listed.write_text(json.dumps([log.truth.query(i) for i in range(log.truth.n)]))
    np.testing.assert_array_equal(
        load("swebench", log.path, instances=str(listed)).cells, load("swebench", log.path, **log.options).cells
    )
    # An older submission lists what was generated.
    edited(log.files[0], lambda d: d.update(generated=[log.truth.query(i) for i in range(log.truth.n)]))
    assert load("swebench", log.files[0]).cells.shape == (log.truth.n, 1)


def test_every_list_of_a_submission_has_its_state(tmp_path: Path) -> None:
    """What was generated and is in no list has failed; what broke in the evaluation is an error."""
    states = {
        "resolved": RIGHT,
        "install_fail": ERROR,
        "reset_failed": ERROR,
        "test_errored": ERROR,
        "test_timeout": ERROR,
        "no_logs": ERROR,
        "no_generation": WRONG,
        "no_apply": WRONG,
        "in no list": WRONG,
    }
    lists = {key: [key] for key in states if key != "in no list"}
    path = small_logs.dump(tmp_path / "2024_m" / "results.json", {**lists, "generated": list(states)})
    grades = load("swebench", path)
    assert dict(zip(grades.queries, grades.cells[:, 0].tolist(), strict=True)) == states


def test_the_log_of_an_instance_is_read_where_it_has_no_report(tmp_path: Path) -> None:
    log = tmp_path / "run_instance.log"
    log.touch()
    assert SWEBenchSource.sniff(log) == "a SWE-bench instance without a report"
    (tmp_path / "report.json").touch()
    assert SWEBenchSource.sniff(log) == ""

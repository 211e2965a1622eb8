"""Which files of a folder are outcome matrices."""

import pytest

from cofail_lab.command_line import for_hydra
from cofail_lab.data.folder import matrices_in
from cofail_lab.errors import InputError
from tests.conftest import real_path
from tests.data.cells import write

MATRIX = "query,a,b,c\nq1,1,0,1\nq2,0,0,1\n"


def test_companions_raters_and_other_files_are_none(tmp_path):
    for name in ("one.csv", "two's.csv"):
        write(tmp_path, MATRIX, name)
    write(tmp_path, "query,a,b,c\nq1,.1,.2,.3\nq2,.1,.2,.3\n", "one.costs.csv")
    write(tmp_path, "query,r1,r2\nq1,1,0\n", "raters.csv")
    write(tmp_path, "no table", "README.md")
    write(tmp_path, "query,verdict\nq1,genuine\n", "one.verdicts.csv")
    write(tmp_path, "query,a,b,c\nq1,1,0\n", "broken.csv")
    assert [path.name for path in matrices_in([str(tmp_path)])] == ["broken.csv", "one.csv", "two's.csv"]
    # Named itself, a table stays; a companion is none.
    named = [str(tmp_path / name) for name in ("raters.csv", "one.csv", "one.costs.csv")]
    assert [path.name for path in matrices_in(named)] == ["raters.csv", "one.csv"]
    with pytest.raises(InputError, match="no outcome matrix"):
        matrices_in([str(tmp_path / "one.costs.csv")])
    with pytest.raises(InputError, match="nowhere"):
        matrices_in([str(tmp_path / "nowhere")])


def test_the_command_line_makes_a_job_of_each(tmp_path):
    for name in ("one.csv", "two's.csv"):
        write(tmp_path, MATRIX, name)
    found = for_hydra(["study=atlas_of_matrices", str(tmp_path), "run.seed=1"])
    quoted = f"data.path='{tmp_path}/one.csv','{tmp_path}/two\\'s.csv'"
    assert found == ["study=atlas_of_matrices", "run.seed=1", quoted]
    assert for_hydra(["experiment=raters", "votes.csv"])[0] == "data=raters"
    assert for_hydra(["experiment=raters", "data=csv", "votes.csv"])[0] == "data.path='votes.csv'"


def test_the_real_matrices():
    names = {path.name.partition(".")[0] for path in matrices_in([str(real_path("mmlu_pro").parent)])}
    assert {"mmlu_pro", "medagents_zeroshot", "swebench_lite_systems"} <= names
    assert not names & {"audit_raters", "churn_registry", "README"}

"""Keys follow content."""

from pathlib import Path

from cofail_lab.sweep.key import job_key, sweep_key


def test_keys_follow_content(tmp_path: Path) -> None:
    path = tmp_path / "grades.csv"
    path.write_text("query,a,b\n1,0,1\n")
    config = {"data": {"path": str(path)}, "run": {"seed": 0}}
    key = job_key(config)
    assert job_key({"run": {"seed": 0}, "data": {"path": str(path)}}) == key
    assert job_key({**config, "run": {"seed": 1}}) != key
    (tmp_path / "grades.models.csv").write_text("model,family\n")
    beside = job_key(config)
    assert beside != key
    (tmp_path / "other.csv").write_text("")
    assert job_key(config) == beside
    path.write_text("query,a,b\n1,1,1\n")
    assert job_key(config) != beside
    assert job_key({"data": {"path": [str(tmp_path)]}}) != job_key({"data": {"path": str(tmp_path / "absent")}})
    assert sweep_key(["a=1", "b=2"]) == sweep_key(["b=2", "a=1", "sweep.retry_failed=true"]) != sweep_key(["a=1"])

"""`data=run`: the matrix of an earlier run, read again from where that run had it, if it is still the same."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from inspect import isclass
from pathlib import Path
from typing import Any

from cofail_lab.data.files import local_path
from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades
from cofail_lab.selection import Selection


@dataclass(frozen=True)
class RunSource:
    """The source that an earlier run has recorded, with its selection.

    A run folder holds no matrix: the file, or what else it was, is read again, and refused if its hash is another one.

    Attributes:
        path: folder of the run. `job.resolve` puts the folder of the newest finished run in place of ``latest``.
    """

    path: str

    def __post_init__(self) -> None:
        if not isinstance(self.path, str) or not self.path:
            raise InputError(f"data.path: {self.path!r} is not the folder of a run, nor latest")

    def load(self) -> Grades:
        """Read the matrix again, and select from it what the run did; a note says so."""
        folder = local_path(self.path)
        config, recorded = _read(folder)
        chosen = {field.name for field in fields(Selection)} - {"seed"}
        source = {key: value for key, value in config["data"].items() if key not in chosen}
        selection = {key: value for key, value in config["data"].items() if key in chosen}
        if local_path(str(source.get("path"))) == folder:
            raise InputError(f"data.path: {self.path} names itself as its data")
        try:
            grades = _built(source).load()
        except InputError as error:
            said = str(error).removeprefix("data.path: ")
            raise InputError(f"data.path: the data of {self.path} cannot be read again: {said}") from error
        if not isinstance(grades, Grades):
            raise InputError(f"data.path: {self.path} was computed from totals, there is no matrix to read again")
        if grades.sha256 != recorded:
            raise InputError(
                f"data.path: {grades.source} has changed since {self.path} read it (sha256 {recorded[:12]}…, now "
                f"{grades.sha256[:12]}…); name the file itself to analyse it as it is now"
            )
        note = f"The matrix of {self.path}: {shorten(grades.source)}, read again, the same by its hash."
        selected = grades.select(Selection(**selection, seed=config["run"]["seed"]))
        return replace(selected, notes=(note, *selected.notes))


def _read(folder: Path) -> tuple[Mapping[str, Any], str]:
    """The configuration of a run, and the hash of its data.

    Raises:
        InputError: no such run, or one without data.
    """
    import yaml

    try:
        record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
        data = record["provenance"]["data"]
        if not isinstance(config["data"], dict) or not isinstance(config["run"], dict):
            raise TypeError
    except (OSError, ValueError, KeyError, TypeError, yaml.YAMLError):
        raise InputError(f"data.path: {folder} is not the folder of a run (results.json and config.yaml)") from None
    if not data.get("sha256"):
        raise InputError(f"data.path: {folder} has no matrix: its {record['experiment']} read none")
    return config, str(data["sha256"])


def _built(source: Mapping[str, Any]) -> Any:
    """The source of a recorded configuration. A folder may come from elsewhere: nothing but our classes is called."""
    from hydra.errors import HydraException
    from hydra.utils import get_object, instantiate

    try:
        for target in _targets(source):
            named = get_object(target)
            if not isclass(named) or not named.__module__.startswith(("cofail_lab.data.", "cofail_lab.models.")):
                raise InputError(f"{shorten(target)} is no source of this package")
        return instantiate(source, _convert_="all")
    except (HydraException, ImportError, AttributeError, ValueError, TypeError) as error:
        known = error.__cause__
        raise known if isinstance(known, InputError) else InputError(" ".join(str(error).split())) from error


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        if "_target_" in node:
            yield str(node["_target_"])
        for value in node.values():
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)

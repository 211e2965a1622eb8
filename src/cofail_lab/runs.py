"""Reads the run folders that `record` has written."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate
from cofail_lab.result import Origin, Result, Row, Section
from cofail_lab.verdict import Verdict

if TYPE_CHECKING:
    import pyarrow as pa

try:
    from yaml import CSafeLoader as _Loader
except ImportError:  # PyYAML without libyaml gives the same, ten times slower
    from yaml import SafeLoader as _Loader


@dataclass(frozen=True)
class Run:
    """The content of one run folder.

    Attributes:
        folder: the run folder.
        experiment, status: as recorded.
        error: why the run failed; None if it did not.
        parameters: dotted key -> value of its configuration; lists are JSON text.
        metrics, labels: as recorded.
        errors: name of an estimate -> its error.
        code: version of the code; None where the run does not record one.
    """

    folder: Path
    experiment: str
    status: str
    error: str | None
    parameters: Mapping[str, Any]
    metrics: Mapping[str, float | int | None]
    labels: Mapping[str, str]
    errors: Mapping[str, float | None]
    code: str | None


def find(root: Path) -> list[Path]:
    """Every folder at or below ``root`` that holds a run, sorted; folders whose name begins with a dot are skipped.

    Raises:
        InputError: there is no such folder.
    """
    if not root.is_dir():
        raise InputError(f"gather.path: {root} is not a folder")
    return sorted(_walk(root))


def _walk(folder: Path) -> Iterator[Path]:
    if (folder / "results.json").is_file():
        yield folder
    for inner in folder.iterdir():
        if inner.is_dir() and not inner.name.startswith(".") and inner.name not in ("tables", "figures"):
            yield from _walk(inner)


def latest(root: Path) -> Path:
    """The run that has finished last below a folder and that has read a matrix; jobs of sweeps are left out.

    Raises:
        InputError: there is none.
    """
    folders = find(root) if root.is_dir() else []
    finished = [folder for folder in folders if not folder.parent.name.startswith("sweep_")]
    for folder in sorted(finished, key=lambda folder: (folder / "results.json").stat().st_mtime_ns, reverse=True):
        try:
            record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
            if record["status"] == "completed" and record["provenance"]["data"].get("sha256"):
                return folder
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            continue
    raise InputError(f"data.path: latest, but no finished run in {root} has read a matrix")


def read(folders: Iterable[Path]) -> Iterator[Run | None]:
    """The runs, in the order of the folders; None for a folder whose files are not a readable run."""
    for folder in folders:
        try:
            yield _read(folder)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError):
            yield None


def tables(folder: Path) -> dict[str, pa.Table]:
    """The tables of a run, by name."""
    import pyarrow.parquet as pq

    return {path.stem: pq.read_table(path) for path in sorted((folder / "tables").glob("*.parquet"))}


def load_result(folder: str | Path) -> Result:
    """The result in a run folder, of the command line or of `Result.save`; its figures are there as files only.

    Raises:
        InputError: no run there, or one without a result.
    """
    path = Path(folder).expanduser().absolute()
    try:
        record = json.loads((path / "results.json").read_text(encoding="utf-8"))
        parameters = yaml.load((path / "config.yaml").read_text(encoding="utf-8"), Loader=_Loader)
        made, summary = record["provenance"], record.get("summary")
        origin = Origin(
            str(record["experiment"]), made["command"], parameters or {}, made["seed"], made["data"], made["seconds"]
        )
        verdicts = tuple(Verdict(**verdict) for verdict in record["verdicts"])
        estimates = {name: Estimate(**estimate) for name, estimate in record["estimates"].items()}
        brief, sections = (tuple(map(_section, (summary or {}).get(part, ()))) for part in ("brief", "sections"))
        status, error = record["status"], record.get("error")
    except OSError as problem:
        raise InputError(f"load_result: {path}: no run there ({problem.strerror})") from problem
    except (ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as problem:
        raise InputError(f"load_result: {path}: not a run that can be read ({problem})") from problem
    if summary is None and status != "completed":
        raise InputError(f"load_result: {path}: {status}, without a result: {error}")
    return Result(
        headline=(summary or {}).get("headline", f"A run of {origin.experiment}, recorded without words."),
        metrics=record["metrics"],
        labels=record["labels"],
        estimates=estimates,
        verdicts=verdicts,
        tables=tables(path),
        interrupted=None if status == "completed" else str(error).removeprefix("interrupted: "),
        brief=brief,
        sections=sections,
        origin=origin,
    )


def _section(stored: Mapping[str, Any]) -> Section:
    rows = tuple(Row(**row) for row in stored["rows"])
    appendix = bool(stored.get("appendix", False))
    return Section(stored["title"], tuple(stored["sentences"]), rows, stored["figures"], appendix=appendix)


def _read(folder: Path) -> Run:
    record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    config = yaml.load((folder / "config.yaml").read_text(encoding="utf-8"), Loader=_Loader)
    return Run(
        folder=folder,
        experiment=str(record["experiment"]),
        status=str(record["status"]),
        error=record.get("error"),
        parameters={**_names_of_policies(config), **dict(_flat(config))},
        metrics=record["metrics"],
        labels=record["labels"],
        errors={name: estimate["error"] for name, estimate in record["estimates"].items()},
        code=record["provenance"].get("code") or (record["provenance"].get("git") or {}).get("revision"),
    )


def _names_of_policies(config: Mapping[Any, Any]) -> dict[str, str]:
    """Which policies a run had: their parameters alone do not say it where runs have different ones."""
    policies = config.get("policy")
    return {"policy": ", ".join(map(str, policies))} if isinstance(policies, Mapping) else {}


def _flat(node: Mapping[Any, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in node.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name}.")
        else:
            yield name, json.dumps(value) if isinstance(value, list) else value

"""The run folder: the only folder that the lab writes to.

`results.json` exists from the start, with status ``started``. The status becomes ``completed``, ``interrupted`` or
``failed`` at the end, after tables, figures and page are written. A file is renamed into place, so that no reader sees
half of one.
"""

import json
import math
import os
import platform
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cofail_lab.errors import InputError
from cofail_lab.kept import Kept
from cofail_lab.result import Origin, Result

SCHEMA = "cofail_lab.results/1"
_PACKAGES = ("cofail-lab", "numpy", "scipy", "jax", "scikit-learn", "pyarrow", "matplotlib", "hydra-core")

_EMPTY: dict[str, Any] = {"metrics": {}, "labels": {}, "estimates": {}, "verdicts": []}


def unfinished(folder: Path, key: str | None) -> dict[str, Any] | None:
    """The record of the same run in a folder, interrupted or killed before; None where there is none."""
    try:
        record = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        same = key is not None and record["provenance"]["key"] == key
        return record if same and record["status"] in ("started", "interrupted") else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


class Recorder:
    """Writes one run into one folder.

    Args:
        folder: created if absent; files of an earlier run are replaced.
        experiment: name of the experiment.
        config_yaml: the fully resolved configuration.
        seed: seed of the run.
        figures: whether figures are drawn and written.
        report: whether the HTML page is written.
        smoke: whether the figures after the first are drawn once, as a phone needs them, and are no PNG.
        origin: entries of the provenance that only the caller knows, such as the key. A run that was interrupted or
            killed is continued by one with the same key.

    Attributes:
        kept: what the run has computed so far, if it was not finished before.
    """

    def __init__(
        self,
        folder: Path,
        experiment: str,
        config_yaml: str,
        *,
        seed: int | None,
        figures: bool = True,
        report: bool = True,
        smoke: bool = False,
        origin: Mapping[str, Any] | None = None,
    ) -> None:
        self.folder, self._experiment, self._config_yaml = folder, experiment, config_yaml
        self._seed, self._figures, self._report, self._smoke = seed, figures, report, smoke
        self._origin = dict(origin or {})
        self.kept = Kept(folder)
        self._fields: dict[str, Any] = {}
        # For the page, and for a phone where it is another one.
        self._drawings: dict[str, tuple[str, str | None]] = {}
        self._begun = time.monotonic()

    def start(self) -> None:
        """Write the configuration, and results with status ``started``; what another run has kept here is removed.

        Raises:
            InputError: the folder cannot be written.
        """
        before = unfinished(self.folder, self._origin.get("key"))
        if before is None:
            self.kept.forget()
        else:
            self._fields = {name: before[name] for name in (*_EMPTY, "summary") if name in before}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.kept.begin()
            self._write("config.yaml", self._config_yaml)
            self._write_results("started", **self._fields, provenance=self._provenance({}))
        except OSError as error:
            raise InputError(f"hydra.run.dir: cannot write to {self.folder} ({error.strerror or error})") from error

    def finish(
        self, result: Result, inputs_provenance: Mapping[str, str], advance: Callable[[int], None] = lambda _: None
    ) -> Result:
        """Write the result of a run; that of an interrupted run has what was computed.

        Args:
            result: what the experiment returned.
            inputs_provenance: where the data came from.
            advance: called with 1 after every figure.

        Returns:
            The result as recorded: `Result.interrupted` says so if the run is interrupted while figures are drawn.
        """
        provenance = self._provenance(inputs_provenance)
        self._fields = {
            "metrics": {name: _number(value) for name, value in result.metrics.items()},
            "labels": dict(result.labels),
            "estimates": {
                name: {"value": _number(e.value), "error": _number(e.error), "kind": e.kind}
                for name, e in result.estimates.items()
            },
            "verdicts": [_plain(asdict(verdict)) for verdict in result.verdicts],
            "summary": _summary(result),
        }
        for name, table in result.tables.items():
            self._write_table(name, table)
            if name in result.csv:
                self._write(f"tables/{name}.csv", _as_csv(table))
        for name, page in result.pages.items():
            self._write(name, page)
        # After an interruption the page has those that were drawn.
        with suppress(KeyboardInterrupt):
            self.draw(result.figures, advance)
        drawings = {name: self._drawings[name] for name in result.figures if name in self._drawings}
        if self._figures and len(drawings) < len(result.figures) and result.interrupted is None:
            result = replace(result, interrupted=f"{len(drawings)} of {len(result.figures)} figures drawn")
        if self._report:
            from cofail_lab.report.next_steps import next_step
            from cofail_lab.report.page import render_page

            title = f"cofail-lab {self._experiment}"
            flat = {name: value if isinstance(value, str) else json.dumps(value) for name, value in provenance.items()}
            made = {**inputs_provenance, "date": time.strftime("%Y-%m-%d"), **flat}
            wide = {name: drawn for name, (drawn, _) in drawings.items()}
            phone = {name: drawn for name, (_, drawn) in drawings.items() if drawn is not None}
            # The page may be moved with its folder: paths in it begin there.
            following = next_step(self._experiment, result, Path())
            page = render_page(result, title, made, wide, self.folder, phone, [*result.tables], following)
            self._write("report.html", page)
        if result.interrupted is None:
            self._write_results("completed", **self._fields, provenance=provenance)
            self.kept.forget()
        else:
            self.interrupt(f"interrupted: {result.interrupted}", inputs_provenance)
        return result

    def interrupt(self, message: str, inputs_provenance: Mapping[str, str]) -> None:
        """Record that the run was interrupted, with what it has found so far, or found before it was continued."""
        self._write_results(
            "interrupted", error=message, **self._fields, provenance=self._provenance(inputs_provenance)
        )

    def fail(self, message: str, inputs_provenance: Mapping[str, str], unexpected: BaseException | None = None) -> None:
        """Record why the run has no result; for an unexpected error also its traceback."""
        where = {} if unexpected is None else {"traceback": "".join(traceback.format_exception(unexpected))}
        self._write_results("failed", error=message, **where, provenance=self._provenance(inputs_provenance))
        self.kept.forget()

    def draw(self, figures: Mapping[str, Callable[[], Any]], advance: Callable[[int], None] = lambda _: None) -> None:
        """Draw and write the figures that are not drawn yet; nothing where the run has no figures."""
        if not self._figures:
            return
        from cofail_lab.report.figures.phone import for_any_page, for_page
        from cofail_lab.report.figures.style import png, svg

        for name, draw in figures.items():
            if name not in self._drawings:
                figure = draw()
                once = self._smoke and bool(self._drawings)
                drawn = for_any_page(figure) if once else svg(figure)
                self._write(f"figures/{name}.svg", drawn)
                if not once:
                    self._write(f"figures/{name}.png", png(figure))
                # Not before both files: it changes the figure.
                self._drawings[name] = (drawn, None) if once or not self._report else for_page(figure, drawn)
            advance(1)

    def _write_results(self, status: str, **fields: Any) -> None:
        record = {"schema": SCHEMA, "experiment": self._experiment, "status": status, **_EMPTY, **fields}
        self._write("results.json", json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False) + "\n")

    def _write_table(self, name: str, table: Any) -> None:
        import pyarrow.parquet as pq

        path = self.folder / "tables" / f"{name}.parquet"
        path.parent.mkdir(exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        pq.write_table(table, partial)
        partial.replace(path)

    def _write(self, name: str, content: str | bytes) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(content.encode() if isinstance(content, str) else content)
        partial.replace(path)

    def _provenance(self, inputs: Mapping[str, str]) -> dict[str, Any]:
        return {
            "versions": _versions(),
            "git": _git(),
            "command": " ".join(["cofail-lab", *sys.argv[1:]]),
            "seed": self._seed,
            "device": _device(),
            "precision": "float64",
            "data": dict(inputs),
            "seconds": round(time.monotonic() - self._begun, 3),
            **self._origin,
        }


def _as_csv(table: Any) -> bytes:
    """A table as CSV in UTF-8, with the byte order mark by which spreadsheets know it."""
    import io

    import pyarrow.csv

    sink = io.BytesIO()
    pyarrow.csv.write_csv(table, sink)
    return b"\xef\xbb\xbf" + sink.getvalue()


def _summary(result: Result) -> dict[str, Any]:
    """The words of a result; its listings are tables as well, and can be long."""
    parts = {"brief": result.brief, "sections": result.sections}
    said = {name: [_plain(asdict(replace(section, listing=None))) for section in part] for name, part in parts.items()}
    return {"headline": result.headline, **said}


def _number(value: float | int | None) -> float | int | None:
    """A JSON number; None (null) where the number does not exist."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value if isinstance(value, int) else float(value)


def _plain(value: Any) -> Any:
    """Nested evidence for JSON: sequences and arrays become lists, exact fractions become text."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | str):
        return value
    return _number(value) if isinstance(value, int | float) else str(value)


# Cached: a process may run many jobs.
@cache
def _versions() -> dict[str, str | None]:
    return {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}}


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _device() -> str:
    """Platform of the computing device. JAX is not imported only to learn this."""
    jax = sys.modules.get("jax")
    return "none used" if jax is None else str(jax.default_backend())


@cache
def _git() -> dict[str, Any] | None:
    """Revision of the source tree that this code runs from; None for an installed package."""
    root = Path(__file__).resolve().parents[2]
    if not (root / ".git").exists():
        return None
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}

    def ask(*question: str) -> str:
        command = ["git", "-C", str(root), *question]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=10, env=environment)  # noqa: S603
        return done.stdout

    try:
        return {"revision": ask("rev-parse", "HEAD").strip(), "dirty": bool(ask("status", "--porcelain").strip())}
    except (OSError, subprocess.SubprocessError):
        return None


def save(result: Result, folder: str | Path, *, overwrite: bool, figures: bool) -> Path:
    """See `Result.save`."""
    import yaml

    origin = result.origin or Origin("python", "cofail_lab.Result.save")
    path = Path(folder).expanduser().absolute()
    if path.exists() and not path.is_dir():
        raise InputError(f"save: {path} is a file, not a folder")
    if path.is_dir() and any(path.iterdir()):
        if not (path / "results.json").is_file():
            raise InputError(f"save: {path} is not empty and holds no run; name another folder")
        if not overwrite:
            raise InputError(f"save: {path} holds a run already; overwrite=True replaces it")
        # What the other run had and this one does not would be read as if it were of this one.
        for pattern in ("tables/*.parquet", "tables/*.csv", "figures/*.png", "figures/*.svg"):
            for stale in path.glob(pattern):
                stale.unlink()
    recorder = Recorder(
        path,
        origin.experiment,
        yaml.safe_dump(_plain(origin.parameters), sort_keys=False),
        seed=origin.seed,
        figures=figures,
        origin={"command": origin.command, "seconds": origin.seconds},
    )
    recorder.start()
    recorder.finish(result, origin.inputs)
    return path

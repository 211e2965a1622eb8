"""Runs every ``bench_*.py`` (or those named), each function of its ``BENCHMARKS`` in a process of its own.

All of them together are written to ``docs/performance.md``.
"""

import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import asdict
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.row import Row

_PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
_HEADINGS = ("what", "seconds", "against", "times faster", "asked for", "checked")


def main(names: list[str]) -> None:
    folder = Path(__file__).parent
    modules = names or sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))
    console, found, broken = Console(width=160 if not sys.stdout.isatty() else None), {}, []
    for module in modules:
        source = import_module(f"benchmarks.bench_{module}")
        found[module] = (source.__doc__ or module).strip().splitlines()[0], []
        for function in source.BENCHMARKS:
            with tempfile.TemporaryDirectory() as scratch:
                answer = Path(scratch) / "rows.json"
                # A fresh process each: compilation and memory of one benchmark must not help or burden the next.
                command = [sys.executable, "-m", "benchmarks", "--one", module, function.__name__, str(answer)]
                if subprocess.run(command, check=False).returncode:
                    broken.append(f"{module}.{function.__name__}")
                    continue
                rows = [Row(**row) for row in json.loads(answer.read_text())]
            found[module][1].extend(rows)
            table = Table(*_HEADINGS, title=f"{module}: {function.__name__}")
            for row in rows:
                table.add_row(*_cells(row))
            console.print(table)
    if not names:
        _PAGE.write_text(_page(found, broken), encoding="utf-8")
        console.print(f"Written to {_PAGE.parent.name}/{_PAGE.name}.")
    if broken:
        sys.exit(f"failed: {', '.join(broken)}")


def one(module: str, function: str, answer: str) -> None:
    rows: list[Row] = getattr(import_module(f"benchmarks.bench_{module}"), function)()
    Path(answer).write_text(json.dumps([asdict(row) for row in rows]))


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:,.1f}"
    return row.name, f"{row.seconds:.3g}", row.alternative, ratio, row.limit, row.note


def _page(found: dict[str, tuple[str, list[Row]]], broken: list[str]) -> str:
    lines = [
        "# Performance",
        "",
        "Written by `python -m benchmarks`. A time is compared with the alternative named beside it, in the same run.",
        "",
        f"Machine: {_machine()}",
        "",
    ]
    if broken:
        lines += [f"These benchmarks failed and have no rows: {', '.join(broken)}.", ""]
    for title, rows in found.values():
        lines += [f"## {title}", "", f"| {' | '.join(_HEADINGS)} |", f"|{'---|' * len(_HEADINGS)}"]
        lines += [f"| {' | '.join(cell.replace('|', '/') for cell in _cells(row))} |" for row in rows]
        lines.append("")
    return "\n".join(lines)


def _machine() -> str:
    """CPU, memory, what else was running, and versions; nothing that names the machine."""
    information = Path("/proc/cpuinfo")
    models = [line.partition(":")[2].strip() for line in information.read_text().splitlines() if "model name" in line]
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    versions = ", ".join(f"{name} {version(name)}" for name in ("numpy", "scipy", "jax", "jaxlib", "scikit-learn"))
    return (
        f"{models[0] if models else platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GiB, load at the end "
        f"{os.getloadavg()[1]:.1f} (5 minutes); {platform.system()}, Python {platform.python_version()}, {versions}."
    )


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:5])
    else:
        main(sys.argv[1:])

"""Runs every ``bench_*.py`` (or those named), each function of its ``BENCHMARKS`` in a process of its own.

Each file has its section in ``docs/performance.md``, which is written anew; sections of files not run stay as they are.
``before_after BASE`` compares two commits instead (`benchmarks.before_after`), and writes a section too.
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
_HEAD = """# Performance

Written by `python -m benchmarks`, a section for each file there. A time is compared with the alternative named beside
it, in the same run.
"""
_HEADINGS = ("what", "seconds", "against", "times faster", "asked for", "checked")


def main(names: list[str]) -> None:
    folder = Path(__file__).parent
    known = sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))
    if unknown := [name for name in names if name not in known]:
        print(f"{unknown[0]}: no such section; there are before_after BASE, {', '.join(known)}", file=sys.stderr)
        sys.exit(2)
    modules = names or known
    console, broken = Console(width=160 if not sys.stdout.isatty() else None), []
    for module in modules:
        source = import_module(f"benchmarks.bench_{module}")
        section: list[Row] = []
        for function in source.BENCHMARKS:
            with tempfile.TemporaryDirectory() as scratch:
                answer = Path(scratch) / "rows.json"
                # A fresh process each: compilation and memory of one benchmark must not help or burden the next.
                command = [sys.executable, "-m", "benchmarks", "--one", module, function.__name__, str(answer)]
                if subprocess.run(command, check=False).returncode:
                    broken.append(f"{module}.{function.__name__}")
                    continue
                rows = [Row(**row) for row in json.loads(answer.read_text())]
            section.extend(rows)
            table = Table(*_HEADINGS, title=f"{module}: {function.__name__}")
            for row in rows:
                table.add_row(*_cells(row))
            console.print(table)
        title = (source.__doc__ or module).strip().splitlines()[0]
        about = source.about(section) if hasattr(source, "about") else ""
        _write(module, title, section, [name for name in broken if name.startswith(f"{module}.")], about)
    if broken:
        sys.exit(f"failed: {', '.join(broken)}")


def one(module: str, function: str, answer: str) -> None:
    rows: list[Row] = getattr(import_module(f"benchmarks.bench_{module}"), function)()
    Path(answer).write_text(json.dumps([asdict(row) for row in rows]))


def before_after(base: str, *arguments: str) -> None:
    from benchmarks.before_after import compare

    rows = compare(base, list(arguments))
    for row in rows:
        print(*_cells(row), sep="  ")
    _write("before_after", "This tree against another commit, in turn.", rows, [])


def _cells(row: Row) -> tuple[str, ...]:
    ratio = "" if row.ratio is None else f"{row.ratio:,.1f}"
    return row.name, f"{row.seconds:.3g}", row.alternative, ratio, row.limit, row.note


def _write(module: str, title: str, rows: list[Row], broken: list[str], about: str = "") -> None:
    """Replace the section of one file in the page; a file's own `about` stands above its table."""
    head, *sections = _PAGE.read_text(encoding="utf-8").split("\n## ") if _PAGE.exists() else [_HEAD]
    kept = {section.partition(":")[0]: section.strip() for section in sections}
    lines = [f"{module}: {title}", "", *([about, ""] if about else []), _machine(), ""]
    if broken:
        lines += [f"Failed, and without rows: {', '.join(broken)}.", ""]
    lines += [f"| {' | '.join(_HEADINGS)} |", f"|{'---|' * len(_HEADINGS)}"]
    lines += [f"| {' | '.join(cell.replace('|', '/') for cell in _cells(row))} |" for row in rows]
    kept[module] = "\n".join(lines)
    body = [head.strip(), *(f"## {kept[name]}" for name in sorted(kept))]
    _PAGE.write_text("\n\n".join(body) + "\n", encoding="utf-8")


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
    elif sys.argv[1:2] == ["before_after"]:
        before_after(*sys.argv[2:])
    else:
        main(sys.argv[1:])

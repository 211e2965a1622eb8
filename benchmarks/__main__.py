"""Runs every ``bench_*.py`` (or those named), each function of its ``BENCHMARKS`` in a process of its own."""

import subprocess
import sys
from importlib import import_module
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.row import Row


def main(names: list[str]) -> None:
    folder = Path(__file__).parent
    modules = names or sorted(path.stem.removeprefix("bench_") for path in folder.glob("bench_*.py"))
    for module in modules:
        functions = import_module(f"benchmarks.bench_{module}").BENCHMARKS
        for function in functions:
            # A fresh process each: compilation and memory of one benchmark must not help or burden the next.
            subprocess.run([sys.executable, "-m", "benchmarks", "--one", module, function.__name__], check=True)


def one(module: str, function: str) -> None:
    rows: list[Row] = getattr(import_module(f"benchmarks.bench_{module}"), function)()
    table = Table("what", "seconds", "against", "times faster", "asked for", "checked", title=f"{module}: {function}")
    for row in rows:
        ratio = "" if row.ratio is None else f"{row.ratio:,.1f}"
        table.add_row(row.name, f"{row.seconds:.3g}", row.alternative, ratio, row.limit, row.note)
    Console(width=160 if not sys.stdout.isatty() else None).print(table)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--one"]:
        one(*sys.argv[2:4])
    else:
        main(sys.argv[1:])

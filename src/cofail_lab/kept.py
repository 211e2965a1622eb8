"""What an unfinished run has computed, kept in its folder, so that the same command goes on from there.

``.kept`` holds tables in parts: a file every few seconds, renamed into place and with checksums, so that a part is
whole or discarded. The folder is there from the start of a run to its end, and is left behind only by a run that was
interrupted or killed.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

KEPT = ".kept"
"""Name of the folder, within that of the run."""
_STEP, _DONE, _OF = b"step", b"done", b"of"


class Kept:
    """The tables of one unfinished run.

    Args:
        run: folder of the run.
    """

    def __init__(self, run: Path) -> None:
        self._folder = run / KEPT

    def begin(self) -> None:
        """Make the folder, which marks the run as unfinished."""
        self._folder.mkdir(exist_ok=True)

    def add(self, name: str, rows: pa.Table, step: str, done: int, of: int) -> None:
        """Keep rows of a table.

        Args:
            name: of the table.
            rows: those that are done now.
            step: of the run that computes the table, and perhaps others, as people call it.
            done: what these rows are of the step, such as a number of replicates.
            of: the whole step.
        """
        import pyarrow.parquet as pq

        number = 1 + max((int(path.name.split(".")[1]) for path in self._folder.glob(f"{name}.*.parquet")), default=-1)
        path = self._folder / f"{name}.{number}.parquet"
        partial = path.with_suffix(".partial")
        described = rows.replace_schema_metadata({_STEP: step, _DONE: str(done), _OF: str(of)})
        pq.write_table(described, partial, write_page_checksum=True)
        partial.replace(path)

    def tables(self) -> tuple[dict[str, pa.Table], list[str]]:
        """What is kept: the tables by name, and a sentence on every step and on every part that was discarded."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        parts: dict[str, list[pa.Table]] = {}
        done: dict[str, int] = {}
        total: dict[str, int] = {}
        damaged: list[str] = []
        for path in sorted(self._folder.glob("*.parquet"), key=lambda path: path.stat().st_mtime_ns):
            try:
                rows = pq.read_table(path, page_checksum_verification=True)
                said = rows.schema.metadata
                step, part, of = said[_STEP].decode(), int(said[_DONE]), int(said[_OF])
            except (OSError, ValueError, KeyError, TypeError, pa.ArrowException):
                path.unlink()
                damaged.append(f"{path.name} is damaged and was discarded")
                continue
            parts.setdefault(path.name.split(".")[0], []).append(rows)
            done[step], total[step] = done.get(step, 0) + part, of
        steps = [
            f"{step} kept" if done[step] >= total[step] else f"{step} resumed ({done[step]:,} of {total[step]:,})"
            for step in done
        ]
        return {name: pa.concat_tables(tables) for name, tables in parts.items()}, steps + damaged

    def __bool__(self) -> bool:
        """Whether anything is kept."""
        return any(self._folder.glob("*.parquet"))

    def forget(self) -> None:
        """Remove everything: the run is finished, or is another one."""
        shutil.rmtree(self._folder, ignore_errors=True)

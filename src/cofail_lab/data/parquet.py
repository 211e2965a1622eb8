"""Parquet files: columns of numbers and text, and records with whatever is nested in them; errors are one line."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cofail_lab.data.files import opened
from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError

MAX_ROWS = 2 * 10**7
"""Rows of a Parquet file that is read by columns."""
# Rows that are held as Python objects at once.
_BATCH = 4096


def read_parquet(path: Path, columns: list[str] | None = None, *, most_cells: int) -> dict[str, Any]:
    """Columns of a Parquet file as Arrow columns, text as dictionaries.

    Args:
        path: of the file.
        columns: names; None for all columns.
        most_cells: rows times columns at most.

    Raises:
        InputError: not readable, not a table of numbers and text, a name twice, or too many cells.
    """
    import pyarrow as pa

    with ParquetFile(path) as file:
        schema = file.schema_arrow
        wanted = list(schema.names) if columns is None else columns
        if not wanted:
            raise InputError(f"{path.name}: the table has no columns; 'query' and one column per model were expected")
        if file.metadata.num_rows * len(wanted) > most_cells:
            raise InputError(
                f"{path.name}: {file.metadata.num_rows:,} rows x {len(wanted):,} columns; at most "
                f"{most_cells:,} cells are read"
            )
        if len(set(schema.names)) < len(schema.names):
            repeated = next(name for name in schema.names if schema.names.count(name) > 1)
            raise InputError(f"{path.name}: column {shorten(repeated)!r} appears twice; names must be unique")
        for name in wanted:
            kind = schema.field(name).type
            if pa.types.is_nested(kind) and not pa.types.is_dictionary(kind):
                raise InputError(f"{path.name}: column {shorten(name)!r} holds {kind}, not numbers or text")
        table = file.read(wanted, use_threads=True)
    return {name: table.column(name) for name in wanted}


class ParquetFile:
    """Opens a Parquet file with its text columns as dictionaries; its errors become an InputError of one line."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> Any:
        import pyarrow as pa
        import pyarrow.parquet as pq

        with opened(self._path):
            pass
        try:
            names = [field.name for field in pq.read_schema(self._path) if _is_text(field.type)]
            # A text that many rows share stays one text in memory.
            self._file = pq.ParquetFile(self._path, read_dictionary=names)
        except (pa.ArrowException, OSError, ValueError) as error:
            raise self._plain(error) from error
        return self._file

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        import pyarrow as pa

        self._file.close()
        damaged = isinstance(error, pa.ArrowException | OSError | MemoryError | ValueError)
        if error is not None and damaged and not isinstance(error, InputError):
            raise self._plain(error) from error

    def _plain(self, error: BaseException) -> InputError:
        reason = shorten((str(error).splitlines() or ["damaged"])[0], 120)
        return InputError(f"{self._path.name}: not a Parquet table of numbers and text ({reason})")


def _is_text(kind: Any) -> bool:
    import pyarrow as pa

    return pa.types.is_string(kind) or pa.types.is_large_string(kind)


def schema_names(path: Path) -> list[str]:
    """Names of the columns of a Parquet file, those inside structs as ``outer.inner``; InputError as `read_parquet`."""
    with ParquetFile(path) as file:
        return list(_names(file.schema_arrow))


def _names(fields: Any, before: str = "") -> Iterator[str]:
    import pyarrow as pa

    for field in fields:
        yield before + field.name
        if pa.types.is_struct(field.type):
            yield from _names(field.type, f"{before}{field.name}.")


def read_records(path: Path, columns: Sequence[str] | None = None) -> Iterator[dict[str, Any]]:
    """Every row of a Parquet file as a mapping, with lists and mappings in it as they are.

    Args:
        path: of the file.
        columns: names, as from `schema_names`; None for all columns. A row holds the structs that they are in.

    Raises:
        InputError: not readable, damaged, or more than `MAX_ROWS` rows.
    """
    with ParquetFile(path) as file:
        if (n := file.metadata.num_rows) > MAX_ROWS:
            raise InputError(f"{path.name}: {n:,} rows; at most {MAX_ROWS:,} are read")
        for batch in file.iter_batches(_BATCH, columns=None if columns is None else list(columns)):
            yield from batch.to_pylist()

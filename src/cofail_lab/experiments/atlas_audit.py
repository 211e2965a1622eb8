"""Which of a matrix's all-wrong queries have been read: by the sheet of verdicts beside its file."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from cofail_lab.data.sheet import read_verdicts
from cofail_lab.errors import InputError

_ENDINGS = (".verdicts.csv", ".verdicts.xlsx")


def read_states(matrix: str, run: Path) -> Counter[str] | None:
    """How many all-wrong queries are in each state of `data.sheet.State`; None where no sheet can be read.

    Args:
        matrix: path of the file; the sheet is ``NAME.verdicts.csv`` (or ``.xlsx``) beside ``NAME.csv.gz``.
        run: folder of its fit, whose table of queries says which of them defeat everyone.
    """
    stem = Path(matrix).name.partition(".")[0]
    sheets = [path for ending in _ENDINGS if (path := Path(matrix).with_name(stem + ending)).is_file()]
    table = run / "tables" / "queries.parquet"
    if not sheets or not table.is_file():
        return None
    import pyarrow.parquet as pq

    columns = pq.read_table(table, columns=["query", "all_wrong"]).to_pydict()
    try:
        found = read_verdicts(sheets[0], columns["query"])
    except InputError:
        return None
    failed = [query for query, all_wrong in zip(columns["query"], columns["all_wrong"], strict=True) if all_wrong]
    return Counter(found[query].verdict if query in found else "unread" for query in failed)

"""Tables that grow without end are not read."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from cofail_lab.data import tables
from cofail_lab.data.dialect import _merit
from cofail_lab.data.readers.long import LongSource
from cofail_lab.errors import InputError
from tests.data.cells import write


def test_tables_that_grow_without_end_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    from cofail_lab.data import files, tables

    rows = b"query,model,correct\n" + b"q1,a,1\n" * 400_000
    path = write(tmp_path, gzip.compress(rows), "bomb.csv.gz")
    monkeypatch.setattr(tables, "MAX_TEXT_CELLS", 10_000)
    # Of the first 3,334 rows: 10,002 cells, at 8 bytes for each and 25 for every character after its first.
    held = 8 * 10_002 + 25 * (3_333 * 1 + len("query,model,correct") - 2 - 3)
    monkeypatch.setattr(tables, "_MAX_TEXT_BYTES", held - 1)
    with pytest.raises(InputError, match="more than 10,000 cells"):
        tables.read_sheet(Path(path))
    monkeypatch.setattr(files, "FREE_BYTES", 2**20)
    with pytest.raises(InputError, match="times its size"):
        LongSource(path).load()


def test_a_last_row_that_may_be_cut_says_nothing_of_the_delimiter() -> None:
    assert _merit("a;b\nc;d\ne", ";") == 1
    assert _merit("a;b\nc\ne;f\n", ";") == 0.5


def test_an_empty_number_is_unknown_however_others_are_written() -> None:
    """Arrow reads the first column itself; the second has a number in a form that it does not know."""
    for texts in (["0.5", ""], ["1_0", "", " "]):
        numbers = tables.numbers(pa.array(texts), "t.csv: column 'cost'")
        assert np.isnan(numbers[1:]).all()
        assert numbers[0] == float(texts[0])

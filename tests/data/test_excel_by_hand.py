"""What is read of an Excel workbook, whose reader is put in by hand."""

import sys
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from cofail_lab.data.excel import excel_rows
from cofail_lab.errors import InputError


def test_rows_of_the_first_sheet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Blank rows are none, wherever they are; whole numbers have no decimal point, others keep theirs."""
    sheets = [
        [["", ""], ["query", "m"], [1.0, 0.0], ["", ""], ["b", 0.5], ["", 1.0], ["c", True], ["", ""]],
        [["x"], ["y"]],
    ]

    def from_path(path: str) -> SimpleNamespace:
        assert path == str(tmp_path / "a.xlsx")
        return SimpleNamespace(get_sheet_by_index=lambda i: SimpleNamespace(to_python=lambda: sheets[i]))

    reader = SimpleNamespace(CalamineWorkbook=SimpleNamespace(from_path=from_path))
    monkeypatch.setitem(sys.modules, "python_calamine", reader)
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("x", "")
    rows = [["query", "m"], ["1", "0"], ["b", "0.5"], ["", "1"], ["c", "True"]]
    assert excel_rows(tmp_path / "a.xlsx") == rows
    sheets[0] = [["", ""], [""]]
    with pytest.raises(InputError, match=r"a\.xlsx: the first sheet is empty"):
        excel_rows(tmp_path / "a.xlsx")

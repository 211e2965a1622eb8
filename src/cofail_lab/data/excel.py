"""The first sheet of an Excel workbook as text, through the optional reader ``python-calamine``."""

from pathlib import Path
from typing import Any

from cofail_lab.data.files import opened_zip
from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError


def excel_rows(path: Path) -> list[list[str]]:
    """Rows of the first sheet of an Excel workbook as text, the header first; whole numbers without a decimal point.

    Raises:
        InputError: the extra ``xlsx`` is not installed, or the file is damaged or empty.
    """
    try:
        import python_calamine
    except ImportError:
        raise InputError(
            f"{path.name}: to read Excel workbooks, pip install 'cofail-lab[xlsx]'; or save the sheet as CSV"
        ) from None
    with opened_zip(path):
        pass  # refuses archives that unpack to implausible sizes
    try:
        values = python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    except Exception as error:  # the reader has an exception of its own for every kind of damage
        raise InputError(f"{path.name}: not an Excel workbook ({shorten(str(error), 120)})") from error
    rows = [[_text(value) for value in row] for row in values if any(value != "" for value in row)]
    if not rows:
        raise InputError(f"{path.name}: the first sheet is empty; a header and one row per query were expected")
    return rows


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)

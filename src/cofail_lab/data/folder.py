"""The outcome matrices of folders: every file that a reader recognises, but no companion, sheet or small table."""

from collections.abc import Sequence
from pathlib import Path

from cofail_lab.data.auto import AutoSource, guess
from cofail_lab.data.files import absent, local_path
from cofail_lab.data.readers.companions import is_companion
from cofail_lab.errors import InputError

_FEWEST_MODELS = 3


def matrices_in(paths: Sequence[str]) -> list[Path]:
    """Files with an outcome matrix each, sorted by name within each folder; a file that is named itself stays.

    A table of two columns of grades, such as the labels of two raters, is no pool. A file that a reader recognises and
    cannot read stays: whoever reads it says why.

    Raises:
        InputError: no such path, or no matrix in any of them.
    """
    found: list[Path] = []
    for text in paths:
        path = local_path(text)
        if not path.exists():
            raise absent(path)
        if path.is_dir():
            found += [one for one in sorted(path.iterdir()) if one.is_file() and _is_matrix(one)]
        elif not is_companion(path):
            found.append(path)
    if not found:
        raise InputError(f"data.path: no outcome matrix in {', '.join(map(str, paths))}")
    return list(dict.fromkeys(found))


def _is_matrix(path: Path) -> bool:
    try:
        if is_companion(path) or ".verdicts." in path.name or guess(path) is None:
            return False
        return len(AutoSource(str(path)).load().models) >= _FEWEST_MODELS
    except InputError:
        return True

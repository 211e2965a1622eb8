"""The key of a job: a hash of its resolved configuration, of the files it reads and of the code that runs it.

Two jobs with one key would give the same numbers, so a folder named by the key is finished once and for all.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

# What computes beside this package; another version may round differently.
_COMPUTES = ("numpy", "scipy", "jax", "jaxlib", "scikit-learn", "cvxpy", "highspy")
_DIGITS = 16


def job_key(config: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits for a resolved configuration, given as plain dicts and lists.

    Files count by their content wherever an entry called ``path`` (or ``..._path``) names one, together with the
    siblings that share the name up to its first dot; a folder counts with everything in it.
    """
    content = {
        "config": config,
        "data": {path: _digest(Path(path).expanduser()) for path in sorted(set(_paths(config)))},
        "code": code_version(),
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def sweep_key(overrides: list[str]) -> str:
    """Eight hexadecimal digits for the overrides of a whole sweep, in whatever order they were written.

    Those of ``sweep`` say how it is run, not what it is.
    """
    own = sorted(override for override in overrides if not override.startswith("sweep."))
    return hashlib.sha256("\n".join(own).encode()).hexdigest()[:8]


@cache
def code_version() -> str:
    """Hash of the sources of this package and of the versions of what computes for it."""
    content = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for path in sorted(root.rglob("*.py")):
        content.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    for package in _COMPUTES:
        try:
            content.update(f"{package} {version(package)}\0".encode())
        except PackageNotFoundError:
            content.update(f"{package} absent\0".encode())
    return content.hexdigest()[:_DIGITS]


def _paths(node: Any, name: str = "") -> Iterator[str]:
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _paths(value, str(key))
    elif isinstance(node, list):
        for value in node:
            yield from _paths(value, name)
    elif isinstance(node, str) and node and (name == "path" or name.endswith("_path")):
        yield node


def _digest(path: Path) -> str:
    """Content of a file and its siblings, or of a folder; ``absent`` where there is nothing to read."""
    if path.is_dir():
        files = sorted(found for found in path.rglob("*") if found.is_file())
    elif path.is_file():
        stem = path.name.split(".")[0]
        files = sorted(found for found in path.parent.iterdir() if found.name.split(".")[0] == stem and found.is_file())
    else:
        return "absent"
    root = path if path.is_dir() else path.parent
    content = hashlib.sha256()
    for file in files:
        state = file.stat()
        content.update(f"{file.relative_to(root)}\0{_file_digest(file, state.st_size, state.st_mtime_ns)}\0".encode())
    return content.hexdigest()


@cache
def _file_digest(path: Path, size: int, changed: int) -> str:
    """Read once per process and state of the file."""
    del size, changed
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

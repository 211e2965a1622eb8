"""The key of a job: a hash of its resolved configuration, of the files it reads and of the code that runs it.

Two jobs with the same key give the same numbers. A finished folder with that name need not be computed again.
"""

import glob
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from cofail_lab.data.files import local_path

# Packages that compute numbers for this one; another version of them may round differently.
_NUMERICAL_PACKAGES = ("numpy", "scipy", "jax", "jaxlib", "scikit-learn", "cvxpy", "highspy")
_DIGITS = 16
# Entries of the configuration that name files, beside those called ``..._path``.
_FILES = ("path", "repo", "registry", "names", "instances", "other", "keys", "published", "replay", "verdicts")


def job_key(config: Mapping[str, Any]) -> str:
    """Sixteen hexadecimal digits for a resolved configuration, given as plain dicts and lists.

    Every entry that names a file (`_FILES`, ``..._path``) adds its content, and that of the files beside it that have
    the same name up to the first dot. A folder stands for all files in it, a pattern for what it matches.
    ``run.workers`` is left out: it changes no number.
    """
    run = {name: value for name, value in config.get("run", {}).items() if name != "workers"}
    content = {
        "config": {**config, "run": run},
        "data": {path: _digest(local_path(path)) for path in sorted(set(_paths(config)))},
        "code": code_version(),
    }
    text = json.dumps(content, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def sweep_key(overrides: list[str]) -> str:
    """Eight hexadecimal digits for the overrides of a whole sweep; their order does not matter.

    Overrides of ``sweep`` and ``run.workers`` are left out: they say how the sweep is run, not what it computes.
    """
    own = sorted(override for override in overrides if not override.startswith(("sweep.", "run.workers=")))
    return hashlib.sha256("\n".join(own).encode()).hexdigest()[:8]


@cache
def code_version() -> str:
    """Hash of the sources of this package and of the versions of the packages that compute for it."""
    content = hashlib.sha256()
    root = Path(__file__).resolve().parents[1]
    for path in sorted(root.rglob("*.py")):
        content.update(f"{path.relative_to(root)}\0".encode() + path.read_bytes())
    for package in _NUMERICAL_PACKAGES:
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
    elif isinstance(node, str) and node and (name in _FILES or name.endswith("_path")):
        yield node


def _digest(path: Path) -> str:
    """Hash of a file and its siblings, of a folder, or of what a pattern matches; ``absent`` where there is nothing."""
    if os.path.isdir(path):  # noqa: PTH112 - unlike Path's, it is false for a name that no file can have
        files = sorted(file for file in path.rglob("*") if file.is_file())
    elif os.path.isfile(path):  # noqa: PTH113
        stem = path.name.split(".")[0]
        files = sorted(file for file in path.parent.iterdir() if file.name.split(".")[0] == stem and file.is_file())
    else:
        found = glob.glob(str(path), recursive=True) if glob.has_magic(str(path)) else []  # noqa: PTH207
        matches = [match for match in sorted(found) if os.path.exists(match)]  # noqa: PTH110
        listed = "\0".join(f"{match}\0{_digest(Path(match))}" for match in matches)
        return hashlib.sha256(listed.encode(errors="surrogatepass")).hexdigest() if matches else "absent"
    root = path if path.is_dir() else path.parent
    content = hashlib.sha256()
    for file in files:
        state = file.stat()
        content.update(f"{file.relative_to(root)}\0{_file_digest(file, state.st_size, state.st_mtime_ns)}\0".encode())
    return content.hexdigest()


@cache
def _file_digest(path: Path, size: int, changed: int) -> str:
    """Cached: a process reads a file again only after the size or the time of change differs."""
    del size, changed
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

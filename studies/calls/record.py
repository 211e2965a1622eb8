"""A plugin of pytest that notes the arguments of calls: `pytest -p studies.calls.record`, with CALLS=FOLDER.

Each function and method of the product is wrapped as its module is loaded; nested ones are not.
"""

import ast
import functools
import hashlib
import importlib.machinery
import importlib.util
import json
import os
import sys
from collections import defaultdict
from collections.abc import Callable, Sequence
from importlib.abc import MetaPathFinder
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import pytest

from studies.calls.values import NotPlainError, write

# Calls that are looked at for each function and test file, and kept for each function.
_LOOKS, _KEPT = 25, 150
_TEXT = 6000
# Decorators inside of which a function is noted, and those around which it is; others are left alone.
_INSIDE = {
    *("property", "cached_property", "staticmethod", "classmethod", "cache", "lru_cache", "abstractmethod"),
    *("DRAWS", "BY_SIZE", "ESTIMATE", "_COUNTS", "in_one_thread"),
}
_AROUND = {"jit", "partial", "vmap"}
# What these give depends on this checkout, this environment or the network.
_OTHERS = {"code_version", "job_key", "_git", "_versions", "n_cores", "__dir__", "config_folder", "_download"}
_WRAPPER = "__noted__"


class Notes:
    """Calls of this process, by function."""

    def __init__(self) -> None:
        self.calls: dict[str, dict[str, str]] = defaultdict(dict)
        self.looks: dict[tuple[str, str], int] = defaultdict(int)
        self.file = ""
        self._busy = False

    def look(self, name: str, arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Keep the arguments of a call where they can be written and are new."""
        seen = self.looks[name, self.file] = self.looks[name, self.file] + 1
        # The first ones, and of the later ones fewer and fewer.
        if self._busy or (seen > _LOOKS and seen & (seen - 1)) or len(self.calls[name]) >= _KEPT:
            return
        self._busy = True
        try:
            text = json.dumps({"args": write(list(arguments)), "named": write(named)})
        except (NotPlainError, RecursionError, AttributeError, TypeError, ValueError, OSError):
            return
        finally:
            self._busy = False
        if len(text) <= _TEXT:
            self.calls[name].setdefault(hashlib.sha256(text.encode()).hexdigest(), text)


NOTES = Notes()


def noted(name: str) -> Callable[[Any], Any]:
    """A wrapper that notes every call."""

    def wrap(function: Any) -> Any:
        @functools.wraps(function)
        def call(*arguments: Any, **named: Any) -> Any:
            NOTES.look(name, arguments, named)
            return function(*arguments, **named)

        for key in ("lower", "clear_cache"):
            if hasattr(function, key):
                setattr(call, key, getattr(function, key))
        return call

    return wrap


def with_notes(source: bytes, module: str) -> ast.Module:
    """A module whose functions and methods are wrapped."""
    tree = ast.parse(source)
    _mark(tree.body, f"{module}:")
    return ast.fix_missing_locations(tree)


def _mark(body: list[ast.stmt], prefix: str) -> None:
    for node in body:
        if isinstance(node, ast.ClassDef):
            _mark(node.body, f"{prefix}{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            names = {_name(one) for one in node.decorator_list}
            if (
                node.name in _OTHERS
                or not names <= _INSIDE | _AROUND
                or any("jvp" in ast.unparse(one) for one in node.decorator_list)
            ):
                continue
            wrapper = ast.Call(ast.Name(_WRAPPER, ast.Load()), [ast.Constant(prefix + node.name)], [])
            place = len(node.decorator_list) if names <= _INSIDE else 0
            node.decorator_list.insert(place, ast.copy_location(wrapper, node))


def _name(node: ast.expr) -> str:
    node = node.func if isinstance(node, ast.Call) else node
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else "?"


class _Loader(importlib.machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> CodeType:
        source = Path(self.path).read_bytes()
        return compile(with_notes(source, fullname), self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> Any:
        if name.partition(".")[0] != "cofail_lab" or name.endswith("__main__"):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.origin and spec.origin.endswith(".py"):
            spec.loader = _Loader(name, spec.origin)
        return spec


import builtins  # noqa: E402

setattr(builtins, _WRAPPER, noted)
sys.meta_path.insert(0, _Finder())


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logstart(nodeid: str) -> None:
    """Which file calls from now on."""
    NOTES.file = nodeid.partition("::")[0]


def pytest_sessionfinish() -> None:
    """Write what this process noted."""
    folder = Path(os.environ["CALLS"])
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / f"{os.getpid()}.jsonl").open("w", encoding="utf-8") as file:
        for name, calls in NOTES.calls.items():
            for text in calls.values():
                file.write(f"{json.dumps(name)}\t{text}\n")

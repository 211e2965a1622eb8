"""Every constant, and every default of a function or a class, is what it was when it was kept.

A level, a limit or a number of replicates is changed on purpose: `WRITE_GOLDEN=1 pytest tests/test_kept_constants.py`
keeps the new one, and the difference shows what becomes another number for whoever states nothing.
"""

import ast
import hashlib
import inspect
import os
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import ModuleType
from typing import Any

import numpy as np
import pytest

import cofail_lab
from tests.experiments.whole import GOLDEN

# What is longer is kept by its digest.
_LONGEST = 160


def modules() -> Iterator[ModuleType]:
    for found in walk_packages(cofail_lab.__path__, "cofail_lab."):
        if not found.name.endswith("__main__"):
            yield import_module(found.name)


def constants(module: ModuleType) -> Iterator[str]:
    """Numbers, texts and collections of these that a module names in capitals."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    stored = (node for line in tree.body for node in ast.walk(line) if isinstance(line, ast.Assign | ast.AnnAssign))
    names = {node.id for node in stored if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for name in sorted(name for name in names if name.strip("_").isupper()):
        if _is_plain(value := getattr(module, name)):
            yield f"{module.__name__}.{name} = {_text(value)}"


def defaults(module: ModuleType) -> Iterator[str]:
    """Of the functions, classes and methods that a module defines."""
    for name, thing in sorted(vars(module).items()):
        if getattr(thing, "__module__", None) != module.__name__ or not callable(thing):
            continue
        own = sorted(vars(thing).items()) if inspect.isclass(thing) else ()
        methods = [(f"{name}.{key}", each) for key, each in own if inspect.isfunction(each) and key[:2] != "__"]
        for called, each in ((name, thing), *methods):
            stated = [f"{key}={_text(one)}" for key, one in _defaults(each) if _is_plain(one)]
            if stated:
                yield f"{module.__name__}.{called}({', '.join(stated)})"


def _defaults(thing: Any) -> Iterator[tuple[str, Any]]:
    try:
        parameters = inspect.signature(thing).parameters
    except (TypeError, ValueError):  # such as an exception
        return
    yield from ((name, one.default) for name, one in parameters.items())


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list | set | frozenset):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, (*value, *value.values())))
    return value is None or isinstance(value, bool | int | float | str | np.generic)


def _text(value: Any) -> str:
    said = _whole(value)
    return said if len(said) <= _LONGEST else f"{said[:40]}… {hashlib.sha256(said.encode()).hexdigest()[:12]}"


def _whole(value: Any) -> str:
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_whole, value)))}}}"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{_whole(key)}: {_whole(one)}' for key, one in value.items())}}}"
    if isinstance(value, tuple | list):
        return f"({', '.join(map(_whole, value))})"
    return " ".join(repr(value.item() if isinstance(value, np.generic) else value).split())


@pytest.mark.parametrize("kind", [constants, defaults])
def test_what_nobody_states(kind: Callable[[ModuleType], Iterator[str]]) -> None:
    found, path = [line for module in modules() for line in kind(module)], GOLDEN / f"{kind.__name__}.txt"
    if os.environ.get("WRITE_GOLDEN"):
        path.write_text("\n".join(found) + "\n", encoding="utf-8")
    kept = path.read_text(encoding="utf-8").splitlines()
    changed = sorted({*found} ^ {*kept})
    assert found == kept, f"WRITE_GOLDEN=1 would keep these in {path.name} instead: {changed or 'another order'}"

"""One call again: what it gives, raises, prints and changes in its arguments."""

import contextlib
import functools
import io
import json
import tempfile
from collections.abc import Callable, Iterator, Mapping
from types import FunctionType
from typing import Any

from studies.calls.values import LONGEST, NotPlainError, found, read, write

# Of a result this many plain values are looked at.
_RESULT = 4000


def function(name: str) -> Callable[..., Any]:
    """The function or method behind ``module:name``, without what caches it or makes it a property."""
    module, _, path = name.partition(":")
    *owners, last = path.split(".")
    # As a class holds it, a property stays one.
    return bare(vars(found(f"{module}:{'.'.join(owners)}"))[last] if owners else found(name))


def bare(thing: Any) -> Callable[..., Any]:
    """The function inside a property, a class or static method, a cache or another wrapper."""
    if isinstance(thing, property):
        return bare(thing.fget)
    if isinstance(thing, functools.cached_property):
        return bare(thing.func)
    if isinstance(thing, classmethod | staticmethod):
        return bare(thing.__func__)
    if hasattr(thing, "cache_clear") or isinstance(thing, FunctionType):
        return bare(getattr(thing, "__wrapped__")) if hasattr(thing, "__wrapped__") else thing  # noqa: B009 - none is declared
    return thing


def outcome(called: Callable[..., Any], call: Mapping[str, Any]) -> dict[str, Any]:
    """What a call gives, written; arguments that it changes and what it prints are part of it.

    Files that it reads are written into a folder that exists only meanwhile, where the process is then.

    Raises:
        NotPlainError: where that is too large.
    """
    if any(f'"{word}":' in json.dumps(call) for word in ("file", "folder")):
        with elsewhere():
            return _outcome(called, call)
    return _outcome(called, call)


@contextlib.contextmanager
def elsewhere() -> Iterator[None]:
    """In a folder that exists only meanwhile: files that come with a call are written where the process is."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        yield


def _outcome(called: Callable[..., Any], call: Mapping[str, Any]) -> dict[str, Any]:
    arguments, named = read(call["args"]), read(call["named"])
    printed = io.StringIO()
    given: dict[str, Any] = {}
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
        try:
            given["gives"] = write(called(*arguments, **named), _RESULT, as_result=True)
        except NotPlainError:
            raise
        except (Exception, SystemExit) as error:
            given |= {"raises": type(error).__name__, "says": str(error)[:LONGEST], "in": _whose(error)}
    for key, value in (("args", arguments), ("named", named)):
        after = write(value, _RESULT, as_result=True)
        if json.dumps(after) != json.dumps(call[key]):
            given[f"{key} afterwards"] = after
    if printed.getvalue():
        given["prints"] = printed.getvalue()[:LONGEST]
    return given


def is_meant(given: Mapping[str, Any]) -> bool:
    """Whether a call gives something, or is refused by a check of the project."""
    return "raises" not in given or (given["in"] == "project" and given["raises"] in ("InputError", "ValueError"))


def _whose(error: BaseException) -> str:
    """Of the file that raised it: the project's, or another's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename if trace is not None else ""
    return "project" if "cofail_lab" in file or file == "mutant" else "elsewhere"

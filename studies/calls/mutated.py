"""Mutants that run: a function of the product compiled with one change, and whether a call tells the two apart."""

import ast
import signal
import warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

from studies.calls.kept import Call
from studies.calls.mutants import mutants
from studies.calls.replay import bare, outcome
from studies.calls.values import NotPlainError, same

# What reaches outside of the process is not called with changed source.
_OUTSIDE = ("subprocess", "os.kill", "rmtree", "unlink", "rename", "replace(path", "write_text", "Popen", "os._exit")
# Decorators that stay; the others only cache, or make a property.
_STAY = ("jit", "partial", "vmap")


class Mutated(NamedTuple):
    """A changed function: in which line, how, and what to call."""

    line: int
    what: str
    called: Callable[..., Any]

    def differs(self, call: Call, given: Any) -> bool:
        """Whether a call gives something else than the function gave."""
        found = outcome_within(1.0, self.called, call)
        return found is None or not same(found, given)


def mutated(name: str) -> list[Mutated]:
    """Mutants of a function; none where it reaches outside of the process."""
    tree = source_of(name)
    if any(word in ast.unparse(tree) for word in _OUTSIDE):
        return []
    made = ((one, _compiled(name, one.tree)) for one in mutants(tree))
    return [Mutated(one.line, one.what, called) for one, called in made if called is not None]


def source_of(name: str) -> ast.FunctionDef:
    """The definition of a function or method ``module:name``."""
    module, _, path = name.partition(":")
    file = Path(str(import_module(module).__file__))
    body: list[ast.stmt] = ast.parse(file.read_text(encoding="utf-8")).body
    *owners, last = path.split(".")
    for owner in owners:
        (inside,) = (node for node in body if isinstance(node, ast.ClassDef) and node.name == owner)
        body = inside.body
    return next(node for node in body if isinstance(node, ast.FunctionDef) and node.name == last)


def outcome_within(seconds: float, called: Callable[..., Any], call: Call) -> Any:
    """What a call gives; None after so many seconds of the processor, or where it cannot be read or written."""
    # `KeyboardInterrupt` passes through what catches every error.
    before = signal.signal(signal.SIGPROF, _stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        return outcome(called, call)
    except (KeyboardInterrupt, NotPlainError):
        return None
    except Exception:  # of arguments that cannot be brought back
        return None
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _stop(*_: object) -> None:
    raise KeyboardInterrupt


def _compiled(name: str, tree: ast.FunctionDef) -> Callable[..., Any] | None:
    """A changed function among the names of its module; None where it cannot be compiled."""
    module = import_module(name.partition(":")[0])
    tree.decorator_list = [one for one in tree.decorator_list if any(word in ast.unparse(one) for word in _STAY)]
    held: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            exec(compile(ast.Module([tree], []), "mutant", "exec"), vars(module), held)  # noqa: S102 - source of this project
        except Exception:  # such as a default that cannot be computed
            return None
    return bare(held[tree.name])

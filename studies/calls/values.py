"""Arguments and results as JSON, and back: what is neither plain nor of this project is not written."""

import math
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from fractions import Fraction
from functools import partial, reduce
from importlib import import_module
from itertools import islice
from pathlib import Path, PurePath
from types import BuiltinFunctionType, FunctionType, MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

# Plain values in one call, and characters of one text.
MOST = 500
LONGEST = 3000
# Characters of a path.
_PATH = 250
# Bytes of a file, or of all files of a folder, that a call reads.
_BYTES = 4000
# Of what yields, which may have no end, so many are looked at.
_YIELDED = 200
# Of what computes: another processor rounds differently.
_RELATIVE, _ABSOLUTE = 1e-5, 1e-9
# Only what these define is named, and called by its name.
_ROOTS = ("cofail_lab", "numpy", "math", "builtins", "operator")
_BITS = ("PCG64", "Philox")


class NotPlainError(Exception):
    """A value that is not written: too large, or of another kind."""


class _Kind(NamedTuple):
    """How a kind of value is written: ``{word: parts}``, where the parts are plain or of other kinds."""

    word: str
    is_one: Callable[[Any], bool]
    parts: Callable[[Any], Any]
    made: Callable[[Any], Any]


def write(value: Any, most: int = MOST, *, as_result: bool = False) -> Any:
    """JSON of a value, which `read` brings back.

    Args:
        value: plain, or of a kind of the table below.
        most: plain values in it.
        as_result: it only has to be recognized, not to be brought back: what cannot be written stands as its class,
            and what yields as the list of what it yields first.

    Raises:
        NotPlainError: where it holds more, or what cannot be written.
    """
    left = most

    def written(value: Any) -> Any:
        nonlocal left
        left -= 1
        if left < 0:
            raise NotPlainError
        if value is None or isinstance(value, bool) or (type(value) is float and math.isfinite(value)):
            return value
        if type(value) is str and not as_result and value.startswith("/") and len(value) < _PATH:
            return {"text_of": written(Path(value))}
        if type(value) in (int, str):
            if len(str(value)) > LONGEST:
                raise NotPlainError
            return value
        if type(value) is list:
            return [written(one) for one in value]
        if as_result and isinstance(value, Iterator):
            return {"yields": [written(one) for one, _ in zip(value, range(_YIELDED), strict=False)]}
        if as_result and isinstance(value, PurePath):
            return {"path": str(value)}
        for kind in _KINDS:
            if kind.is_one(value):
                return {kind.word: written(kind.parts(value))}
        if as_result:
            return {"of": type(value).__qualname__}
        raise NotPlainError

    return written(value)


def read(written: Any) -> Any:
    """The value that was written."""
    if isinstance(written, list):
        return [read(one) for one in written]
    if not isinstance(written, dict):
        return written
    ((word, held),) = written.items()
    return _MADE[word](read(held))


def same(one: Any, other: Any) -> bool:
    """Whether two written values are equal, numbers as closely as another processor would compute them."""
    if isinstance(one, float) or isinstance(other, float):
        numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (one, other))
        return numbers and math.isclose(one, other, rel_tol=_RELATIVE, abs_tol=_ABSOLUTE)
    if type(one) is not type(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    return bool(one == other)


def found(name: str) -> Any:
    """What ``module:name`` stands for.

    Raises:
        ValueError: for another library than those whose names are written.
    """
    module, _, path = name.partition(":")
    if module.partition(".")[0] not in _ROOTS:
        raise ValueError(f"{name}: only what {', '.join(_ROOTS)} define is named")
    return reduce(getattr, path.split("."), import_module(module))


def _name(thing: Any) -> str:
    """Module and qualified name, where they lead back to a thing."""
    name = f"{getattr(thing, '__module__', None)}:{getattr(thing, '__qualname__', None)}"
    try:
        if found(name) is thing:
            return name
    except (AttributeError, ImportError, ValueError):
        pass
    raise NotPlainError


def _is_array(value: Any) -> bool:
    return type(value) is np.ndarray


def _is_jax(value: Any) -> bool:
    if not type(value).__module__.startswith("jax"):
        return False
    import jax
    from jax.core import Tracer

    return isinstance(value, jax.Array) and not isinstance(value, Tracer)


def _array_parts(value: Any) -> list[Any]:
    held = np.asarray(value)
    if held.size > MOST * 8 or held.dtype.kind not in "biufcSU":
        raise NotPlainError
    flat = held.ravel()
    return [held.dtype.str, list(held.shape), (flat.astype(int) if held.dtype.kind == "b" else flat).tolist()]


def _scalar_parts(value: np.generic) -> list[Any]:
    dtype, _, (held,) = _array_parts(value)
    return [dtype, held]


def _array(parts: list[Any]) -> Any:
    return np.array(parts[2], np.dtype(parts[0])).reshape(parts[1])


def _jax_array(parts: list[Any]) -> Any:
    import jax.numpy as jnp

    return jnp.asarray(_array(parts))


def _generator_parts(value: np.random.Generator) -> Any:
    state = value.bit_generator.state
    if state["bit_generator"] not in _BITS:
        raise NotPlainError
    return state


def _generator(state: Any) -> np.random.Generator:
    bits = getattr(np.random, state["bit_generator"])()
    bits.state = state
    return np.random.Generator(bits)


def _is_own(value: Any) -> bool:
    kind = type(value)
    is_open = is_dataclass(kind) or (hasattr(value, "__dict__") and not isinstance(value, BaseException))
    return kind.__module__.startswith("cofail_lab") and is_open


def _own_parts(value: Any) -> list[Any]:
    """Class, and each field with what it holds; in a constructor some hold nothing yet."""
    kind = type(value)
    names = [one.name for one in fields(kind)] if is_dataclass(kind) else list(vars(value))
    held = [[name, getattr(value, name)] for name in names if name in vars(value) or hasattr(value, name)]
    return [_name(kind), held]


def _own(parts: list[Any]) -> Any:
    """An object as it was, whatever its constructor would say."""
    made = object.__new__(found(parts[0]))
    for name, value in parts[1]:
        object.__setattr__(made, name, value)
    return made


def _is_file(value: Any) -> bool:
    return isinstance(value, PurePath) and value.is_absolute() and Path(value).is_file()


def _is_folder(value: Any) -> bool:
    return isinstance(value, PurePath) and value.is_absolute() and Path(value).is_dir()


def _file_parts(path: Path) -> list[Any]:
    """Name and content, as a relative path: the folder of a test is gone when the call is read."""
    if path.stat().st_size > _BYTES:
        raise NotPlainError
    return [path.name, path.read_bytes().decode("latin-1")]


def _folder_parts(folder: Path) -> list[Any]:
    paths = [path for path in islice(folder.rglob("*"), 100) if path.is_file()]
    files = [[path.relative_to(folder).as_posix(), _file_parts(path)[1]] for path in paths]
    if sum(len(content) for _, content in files) > _BYTES:
        raise NotPlainError
    return [folder.name, sorted(files)]


def _file(parts: list[Any]) -> Path:
    """The file again, in the folder where the process is."""
    path = Path(parts[0])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(parts[1].encode("latin-1"))
    return path


def _folder(parts: list[Any]) -> Path:
    Path(parts[0]).mkdir(exist_ok=True)
    for name, content in parts[1]:
        _file([f"{parts[0]}/{name}", content])
    return Path(parts[0])


def _path(value: PurePath) -> str:
    if value.is_absolute():
        raise NotPlainError
    return str(value)


def _is_named(value: Any) -> bool:
    return isinstance(value, type | FunctionType | BuiltinFunctionType)


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


def _an(kind: Any) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, kind)


def _arrow(columns: list[Any]) -> pa.Table:
    kinds = {"float": pa.float32(), "double": pa.float64()}
    return pa.table({name: pa.array(held, kinds.get(kind) or pa.type_for_alias(kind)) for name, kind, held in columns})


def _columns(table: pa.Table) -> list[Any]:
    return [[one.name, str(one.type), table.column(one.name).to_pylist()] for one in table.schema]


_KINDS = (
    _Kind("member", _an(Enum), lambda one: [_name(type(one)), one.name], lambda held: found(held[0])[held[1]]),
    _Kind("float", _is(float), str, float),
    _Kind("tuple", _is(tuple), list, tuple),
    _Kind("set", _is(set), lambda one: sorted(one, key=repr), set),
    _Kind("frozenset", _is(frozenset), lambda one: sorted(one, key=repr), frozenset),
    _Kind("dict", _is(dict), lambda one: [list(pair) for pair in one.items()], dict),
    _Kind(
        "mapping",
        _is(MappingProxyType),
        lambda one: [list(pair) for pair in one.items()],
        lambda held: MappingProxyType(dict(held)),
    ),
    _Kind("array", _is_array, _array_parts, _array),
    _Kind("scalar", _an(np.generic), _scalar_parts, lambda held: np.array(held[1], held[0])[()]),
    _Kind("jax", _is_jax, _array_parts, _jax_array),
    _Kind("complex", _is(complex), lambda one: [one.real, one.imag], lambda held: complex(*held)),
    _Kind("bytes", _is(bytes), lambda one: one.decode("latin-1"), lambda held: held.encode("latin-1")),
    _Kind("fraction", _is(Fraction), str, Fraction),
    _Kind("time", _is(datetime), datetime.isoformat, datetime.fromisoformat),
    _Kind("date", _is(date), date.isoformat, date.fromisoformat),
    _Kind("file", _is_file, _file_parts, _file),
    _Kind("folder", _is_folder, _folder_parts, _folder),
    _Kind("text_of", lambda _: False, str, str),
    _Kind("path", _an(PurePath), _path, Path),
    _Kind("slice", _is(slice), lambda one: [one.start, one.stop, one.step], lambda held: slice(*held)),
    _Kind("range", _is(range), lambda one: [one.start, one.stop, one.step], lambda held: range(*held)),
    _Kind("table", _an(pa.Table), _columns, _arrow),
    _Kind("generator", _an(np.random.Generator), _generator_parts, _generator),
    _Kind(
        "partial",
        _is(partial),
        lambda one: [one.func, list(one.args), dict(one.keywords)],
        lambda held: partial(held[0], *held[1], **held[2]),
    ),
    _Kind("named", _is_named, _name, found),
    _Kind(
        "own_tuple",
        lambda one: isinstance(one, tuple) and type(one).__module__.startswith("cofail_lab"),
        lambda one: [_name(type(one)), list(one)],
        lambda held: found(held[0])(*held[1]),
    ),
    _Kind("own", _is_own, _own_parts, _own),
)
_MADE = {kind.word: kind.made for kind in _KINDS}

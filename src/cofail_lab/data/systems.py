"""What the columns of a joined matrix are called, and which logs are repeated runs of one system.

Two logs are runs of one system if they name the same model and differ in nothing but time, seed or epoch. Logs of one
model that were made with other settings, or that only the places of their files distinguish, are systems of their own,
named by what differs.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from cofail_lab.data.files import without_ending
from cofail_lab.data.names import counted, list_names, shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell, Grades

_NAMES = {"model": "{model}", "file": "{file}", "folder": "{folder}"}
"""`data.name` -> the pattern that it stands for."""
_FIELDS = ("model", "file", "folder")


def check_pattern(name: str | None) -> None:
    """Raise InputError unless `data.name` is None, one of ``model``, ``file``, ``folder``, or a pattern of them."""
    if name is None or (isinstance(name, str) and name in _NAMES):
        return
    try:
        if isinstance(name, str) and name.format(**dict.fromkeys(_FIELDS, "")) != name:
            return
    except (KeyError, IndexError, ValueError, AttributeError):
        pass
    raise InputError(f"data.name: {name!r} is not model, file, folder or a pattern such as '{{model}} ({{folder}})'")


def name_systems(parts: Sequence[Grades], paths: Sequence[Path], pattern: str | None = None) -> list[Grades]:
    """The same matrices, their columns named by system; notes say what was kept apart, and what was not.

    Args:
        parts: one matrix per file.
        paths: of the files.
        pattern: `data.name`; None names a column by its model, and by what differs where logs of one model differ.

    Raises:
        InputError: the pattern gives two models of one file the same name.
    """
    if pattern is not None:
        form = _NAMES.get(pattern, pattern)
        return [
            _renamed(part, lambda model, path=path: _fill(form, model, path))
            for part, path in zip(parts, paths, strict=True)
        ]
    holders: dict[str, list[int]] = {}
    for k, part in enumerate(parts):
        for model in part.models:
            holders.setdefault(model, []).append(k)
    names: list[dict[str, str]] = [{} for _ in parts]
    notes: list[str] = []
    for model, held in holders.items():
        if len(held) < 2:
            continue
        settings = [parts[k].settings.get(model, {}) for k in held]
        # Settings that only go with the task, such as the number of shots, do not make another system.
        of_task: dict[frozenset[str], list[Mapping[str, str]]] = {}
        for k, own in zip(held, settings, strict=True):
            of_task.setdefault(_datasets(parts[k]), []).append(own)
        differing = list(dict.fromkeys(key for group in of_task.values() for key in _differing(group)))
        systems: dict[str, list[int]] = {}
        for k, own in zip(held, settings, strict=True):
            words = ", ".join(f"{key}={own[key]}" for key in differing if key in own)
            names[k][model] = f"{model} ({words})" if words else model
            systems.setdefault(names[k][model], []).append(k)
        if len(systems) > 1:
            listed = list_names([name.removeprefix(f"{model} ") for name in systems], 4)
            notes.append(
                f"{shorten(model)}: {len(systems)} logs or groups of logs with other settings, kept apart: {listed}; "
                "data.name=model takes them for one."
            )
        for name, logs in systems.items():
            if len(logs) > 1 and _overlap([parts[k] for k in logs], model):
                files = list_names(told_apart([paths[k] for k in logs]), 4)
                notes.append(
                    f"{counted(len(logs), 'log')} taken for repeated runs of {shorten(name)}: {files}; "
                    "data.name='{model} ({folder}/{file})' keeps them apart."
                )
    renamed = [
        _renamed(part, lambda model, own=own: own.get(model, model)) for part, own in zip(parts, names, strict=True)
    ]
    return [replace(renamed[0], notes=(*renamed[0].notes, *notes)), *renamed[1:]]


def told_apart(paths: Sequence[Path]) -> list[str]:
    """Names of files, with as many folders as it takes to tell them apart."""
    for depth in range(1, 6):
        names = ["/".join(path.resolve().parts[-depth:]) for path in paths]
        if len(set(names)) == len(names):
            return names
    return [str(path) for path in paths]


def _differing(settings: Sequence[Mapping[str, str]]) -> list[str]:
    """Keys whose values are not the same in all settings, in order of appearance."""
    keys = dict.fromkeys(key for own in settings for key in own)
    return [key for key in keys if len({own.get(key) for own in settings}) > 1]


def _datasets(part: Grades) -> frozenset[str]:
    return frozenset(map(str, part.per_query.get("dataset", ())))


def _overlap(parts: Sequence[Grades], model: str) -> bool:
    """Whether some query was answered in two of the logs."""
    seen: set[tuple[str, str]] = set()
    for part in parts:
        column = part.cells[:, part.models.index(model)]
        datasets = part.per_query.get("dataset", [""] * len(part.queries))
        here = {
            (str(dataset), query)
            for dataset, query, state in zip(datasets, part.queries, column, strict=True)
            if state != Cell.MISSING
        }
        if seen & here:
            return True
        seen |= here
    return False


def _fill(form: str, model: str, path: Path) -> str:
    return form.format(model=model, file=without_ending(path), folder=path.resolve().parent.name)


def _renamed(part: Grades, name: Callable[[str], str]) -> Grades:
    models = tuple(name(model) for model in part.models)
    if models == part.models:
        return part
    if len(set(models)) < len(models):
        raise InputError(f"data.name: two models of {part.source} would be called {models[0]!r}; use {{model}} in it")
    settings = {new: part.settings[old] for old, new in zip(part.models, models, strict=True) if old in part.settings}
    return replace(part, models=models, settings=settings)

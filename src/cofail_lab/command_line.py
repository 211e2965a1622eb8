"""The command line before Hydra reads it, and the messages for a command line that Hydra does not accept."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_EXTRAS = {"joblib": "joblib", "ray": "ray", "ray_cluster": "ray", "submitit_local": "slurm", "submitit_slurm": "slurm"}
_MULTIRUN = {"-m", "--multirun"}
# The study whose paths are many matrices, a job each, and not parts of one.
_ATLAS = "study=atlas_of_matrices"
# Options of Hydra that the next argument is the value of.
_WITH_VALUE = {"-cp", "--config-path", "-cn", "--config-name", "-cd", "--config-dir", "--package", "-p"}


def for_hydra(arguments: Sequence[str]) -> list[str]:
    """The command line as Hydra accepts it.

    A path without a key is the matrix to read, and a path without a source is read by ``data=auto``, or by
    ``data=raters`` where ``experiment=raters`` is asked for. A value that Hydra
    cannot parse is taken literally, such as a path with spaces or an equals sign, and so is one that names an existing
    file. In a single run ``key=a,b`` is a list.
    """
    single = not _MULTIRUN & set(arguments)
    paths, others, flags, option = [], [], [], None
    for argument in arguments:
        if option in _WITH_VALUE or argument.startswith("-"):
            flags.append(argument)
        elif _is_path(argument):
            paths.append(argument)
        else:
            others.append(_plain_value(argument, single))
        option = argument
    if _ATLAS in others:
        from cofail_lab.data.folder import matrices_in

        others += [f"data.path={','.join(_quoted(str(path)) for path in matrices_in(paths))}"] if paths else []
    elif paths:
        value = f"[{','.join(map(_quoted, paths))}]" if paths[1:] else _quoted(*paths)
        others.insert(0, f"data.path={value}")
    stated = [argument.partition("=")[0] for argument in others]
    source = []
    if "data.path" in stated and "data" not in stated and _ATLAS not in others:
        source = ["data=raters" if "experiment=raters" in others else "data=auto"]
    return [*flags, *source, *others]  # Hydra's parser accepts no flag between overrides


def _is_path(argument: str) -> bool:
    """Whether an argument is a path, not ``key=value``, ``+key=value`` or ``~key``."""
    if _exists(argument):
        return True
    if "=" in argument or re.fullmatch(r"~\w+", argument):
        return False
    key = re.fullmatch(r"~?(data|experiment|hydra|law|policy|record|run|study|sweep)([./]\w+)*", argument)
    return key is None or Path(argument).suffix in (".csv", ".tsv", ".gz", ".json", ".jsonl", ".parquet", ".xlsx")


def _exists(text: str) -> bool:
    try:
        return Path(text).expanduser().exists()
    except (OSError, ValueError, RuntimeError):  # a NUL, a name too long, no home folder
        return False


def _plain_value(argument: str, single: bool) -> str:
    """One ``key=value``, its value quoted where it is to be taken literally, or as a list."""
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.core.override_parser.types import ChoiceSweep
    from hydra.errors import HydraException

    key, equals, value = argument.partition("=")
    if not equals or not value:
        return argument
    if set(value) & set(",=()[]{} '\"~") and key == "data.path" and _exists(value):
        return f"{key}={_quoted(value)}"
    parser = OverridesParser.create()
    try:
        parsed: Any = parser.parse_override(argument).value()
    except HydraException:
        literal = f"{key}={_quoted(value)}"
        try:
            parser.parse_override(literal)
        except HydraException:
            return argument  # the key is wrong; Hydra says so
        return literal
    if single and isinstance(parsed, ChoiceSweep) and parsed.simple_form:
        return f"{key}=[{value}]"
    return argument


def _quoted(text: str) -> str:
    """A text as a quoted value of Hydra: quotes, backslashes before them, and interpolations are escaped."""
    text = re.sub(r"(\\+)$", r"\1\1", text.replace("${", r"\${"))
    return "'" + re.sub(r"(\\*)(')", r"\1\1\\\2", text) + "'"


def misplaced(arguments: Sequence[str], keys: Iterable[str]) -> str | None:
    """The message for the first argument that is neither an option, nor ``key=value``, nor a path; None without one.

    Args:
        arguments: of the command line.
        keys: keys and choices that exist (`config_keys`), for a suggestion.
    """
    from hydra._internal.utils import get_args_parser

    keys = list(keys)
    known = {name for action in get_args_parser()._actions for name in action.option_strings}
    previous = None
    for argument in arguments:
        name, _, value = argument.partition("=")
        value_of_option, previous = previous in _WITH_VALUE, argument
        if value_of_option or _exists(argument):
            continue
        if argument in keys:
            return f"{argument}: a key without a value; {argument}=... is written as one word, without spaces"
        if f"experiment/{argument}" in keys or argument == "help":
            meant = "--help" if argument == "help" else f"experiment={argument}"
            return f"{argument}: no such file, did you mean {meant}?"
        if not re.match(r"--?[A-Za-z]", argument) or name in known:
            continue
        near = _nearest_key(name.lstrip("-").replace("-", "_"), keys)
        meant = f", did you mean {near}={value or '...'}?" if near else ""
        return f"{argument}: no such option{meant}; keys are written key=value, without dashes; --help lists them"
    return None


def explain(error: Exception, keys: Iterable[str] = ()) -> str:
    """The message for a command line that Hydra does not accept.

    Args:
        error: what Hydra raised.
        keys: keys that exist, for a suggestion.
    """
    from hydra.errors import ConfigCompositionException, OverrideParseException

    if isinstance(error, OverrideParseException):
        return f"{error.override}: not a valid key=value; quote a value with special characters: key='\"...\"'"
    message = str(error).split("Config search path")[0]
    if isinstance(error, ConfigCompositionException) and "Could not override '" in message:
        return unknown_key(message.split("'")[1], keys)
    if absent := re.search(r"Could not load '([\w/]+)/([^'/]*)'", message):
        group, name = absent.groups()
        options = [key.rpartition("/")[2] for key in keys if key.startswith(f"{group}/")]
        return f"{group}={name}: no such choice{_nearest(name, options)}; there are {', '.join(options)}"
    for launcher, extra in _EXTRAS.items():
        if f"'hydra/launcher/{launcher}'" in message or (f"'{launcher}'" in message and "hydra/launcher" in message):
            return f"hydra/launcher={launcher}: not installed; pip install 'cofail-lab[{extra}]' brings it"
    if choice := re.search(r"Could not find '([\w/]+)/([^'/]*)'\s+Available options in '[^']*':\s+(.*)", message, re.S):
        group, name, options = choice[1], choice[2], choice[3].split()
        return f"{group}={name}: no such choice{_nearest(name, options)}; there are {', '.join(options)}"
    return message


def unknown_key(key: str, keys: Iterable[str]) -> str:
    """The message for a key that the configuration does not have."""
    keys = list(keys)
    if key in keys:
        group = key.partition(".")[0]
        return f"{key}: not a key of the chosen {group}; another {group}= has it: cofail-lab --help lists the choices"
    near = _nearest_key(key, keys)
    meant = f", did you mean {near}?" if near else ""
    return f"{key}: no such key{meant}; cofail-lab --help lists the keys of this configuration"


def config_keys(folder: Path) -> list[str]:
    """Every key and every group of the configurations in a folder, as written on the command line.

    Choices are among them as ``group/choice``.
    """
    import yaml

    # That of C, where there is one, is six times faster.
    try:
        from yaml import CSafeLoader as SafeLoader
    except ImportError:
        from yaml import SafeLoader

    keys = {path.name for path in folder.iterdir() if path.is_dir()}
    for path in (folder / "config.yaml", *folder.glob("*/*.yaml")):
        text = path.read_text(encoding="utf-8")
        own = path.parent != folder and "@package _global_" not in text
        content = yaml.load(text, Loader=SafeLoader)
        if path.parent != folder:
            keys.add(f"{path.parent.name}/{path.stem}")
        if isinstance(content, dict) and path.parent.name != "study":
            keys |= set(_places(content, f"{path.parent.name}." if own else ""))
    return sorted(keys)


def _places(content: dict[str, Any], before: str) -> Iterator[str]:
    """The keys of a configuration, and those inside them, without Hydra's own."""
    for key, value in content.items():
        if str(key).startswith("_") or (not before and key == "defaults"):
            continue
        yield f"{before}{key}"
        if isinstance(value, dict):
            yield from _places(value, f"{before}{key}.")


def _nearest_key(word: str, keys: Iterable[str]) -> str | None:
    """The key that is most like a word; one whose last part is the word comes first: ``seed`` means ``run.seed``."""
    keys = sorted((key for key in keys if "/" not in key), key=_usual_first)
    same = [key for key in keys if len(word) > 1 and key.rpartition(".")[2] == word.rpartition(".")[2]]
    like = difflib.get_close_matches(word, keys, n=1, cutoff=0.6)
    first = (same or like) if "." not in word else (like or same)
    return (first or _like_last_part(word, keys) or [None])[0]


def _usual_first(key: str) -> tuple[int, int]:
    """Sorting key of keys that share their last part: ``seed`` is more often that of the run than that of a law."""
    groups = ("run", "experiment", "data", "record", "sweep", "law")
    group = key.partition(".")[0]
    return key.count("."), groups.index(group) if group in groups else len(groups)


def _like_last_part(word: str, keys: Sequence[str]) -> list[str]:
    """The key whose last part is most like a word without a dot."""
    if "." in word:
        return []
    last = {key.rpartition(".")[2]: key for key in reversed(keys)}
    return [last[name] for name in difflib.get_close_matches(word, last, n=1, cutoff=0.7)]


def _nearest(word: str, words: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f", did you mean {near[0]}?" if near else ""

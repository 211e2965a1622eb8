"""Where calls stand: those that were noted, and the chosen ones with what they give."""

import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

GOLDEN = Path(__file__).parents[2] / "tests" / "golden" / "calls"

Call: TypeAlias = dict[str, Any]


class Kept(NamedTuple):
    """A function as ``module:name``, the written arguments of a call, and its outcome."""

    name: str
    call: Call
    given: Any


def file_of(module: str) -> Path:
    """Where the calls of a module's functions are kept."""
    return GOLDEN / f"{module.removeprefix('cofail_lab.')}.jsonl"


def kept_in(path: Path) -> Iterator[Kept]:
    """The calls of one file, which is named after the module; none where there is no file."""
    module = "cofail_lab" if path.stem == "cofail_lab" else f"cofail_lab.{path.stem}"
    # `splitlines` would also split at what ends a line in Unicode only, inside of a text.
    for line in path.read_text(encoding="utf-8").rstrip("\n").split("\n") if path.exists() else ():
        held = json.loads(line)
        yield Kept(
            f"{module}:{held['call'].rpartition(':')[2]}",
            {"args": held.get("args", []), "named": held.get("named", {"dict": []})},
            held["then"],
        )


def keep(path: Path, calls: Sequence[Kept]) -> None:
    """One line for each call; no file where there is none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    empty = ([], {"dict": []})
    lines = [
        text(
            {
                "call": name.partition(":")[2],
                **{key: held for key, held in call.items() if held not in empty},
                "then": _rounded(given),
            }
        )
        for name, call, given in calls
    ]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    if not lines:
        path.unlink()


def _rounded(given: Any) -> Any:
    """Numbers of an outcome with digits enough for `values.same`."""
    if isinstance(given, float):
        return float(f"{given:.8g}")
    if isinstance(given, list):
        return [_rounded(one) for one in given]
    if isinstance(given, dict):
        return {key: _rounded(one) for key, one in given.items()}
    return given


def text(written: Any) -> str:
    """As short as JSON is."""
    return json.dumps(written, ensure_ascii=False, separators=(",", ":"))


def noted_in(folder: Path, modules: Sequence[str] = ()) -> dict[str, list[Call]]:
    """Calls that `record` wrote, by function, from all processes; of some modules where they are named."""
    found: dict[str, dict[str, Call]] = defaultdict(dict)
    for path in sorted(folder.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            quoted, _, call = line.partition("\t")
            name = json.loads(quoted)
            if not modules or name.partition(":")[0] in modules:
                found[name][call] = json.loads(call)
    return {name: [calls[call] for call in sorted(calls)] for name, calls in found.items()}

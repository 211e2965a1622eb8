"""`cofail-lab --help`: one line per key, from the comments of the YAML files; read without Hydra, in a blink.

``cofail-lab experiment=plan --help`` shows the keys of that experiment, with examples.
"""

import re
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path

_KEY = re.compile(r'^( *)"?([a-z]\w*)"?:(?: +([^# ].*?))?(?: +# (.*))?$')
_WIDTH = 34

HEADER = """cofail-lab: how much can combining these models gain at most?

  cofail-lab grades.csv                               your own matrix: a row per query, a column per model
  cofail-lab                                          the embedded pool of digit classifiers
  cofail-lab experiment=queries grades.csv            the queries that defeat everyone
  cofail-lab -m data.pool_size=8,16,32                a sweep, one folder per job; again, it goes on where it stopped
"""

EXAMPLES = {
    "certify": "data=counts data.n_all_wrong=17 data.n_queries=330 data.n_models=67 data.best_correct=276",
    "plan": "experiment.gain=.02 experiment.n_models=10",
    "queries": "grades.csv experiment.most_right=1",
    "audit": "grades.csv experiment.verdicts=sheet.csv",
    "health": "logs/",
    "frontier": "grades.csv",
    "decide": "grades.csv",
    "policies": "grades.csv policy=[domain_table,ridge] policy.ridge.guard=false",
    "cascade": "grades.csv experiment.cheap=small experiment.strong=big",
    "select": "grades.csv experiment.k=3",
    "vote": "grades.csv",
    "ensemble_size": "grades.csv experiment.cost=.005",
    "self_moa": "grades.csv experiment.k=3",
    "churn": "grades.csv data.registry=models.csv",
    "explore": "grades.csv",
    "scope": "grades.csv experiment.members=[a,b,c] 'experiment.systems=*debate*'",
    "regrade": "grades.csv experiment.other=strict.csv",
    "raters": "votes.csv",
    "compare": "grades.csv experiment.other=other.csv",
    "errors": "grades.csv",
    "bounds": "'known.rates=[.2,.3,.35]' 'known.pairs=[.1,.12,.2]'",
    "verify": "experiment.claims=P1.iv,P8.ii",
    "check": "law=clayton 'claim.says=\"ratio_one_factor(m) > 1\"'",
    "tail_curve": "law=common_shock law.shock=.05",
    "grid": "law=common_shock 'experiment.axes={shock: [.01, .05]}'",
    "sample": "law=clayton law.theta=2",
    "convert": "logs/",
    "gather": "gather.path=outputs",
    "reference_work": "experiment.folder=matrices",
    "fit": "grades.csv experiment.bootstrap=200 experiment.null=39",
}
"""What follows ``cofail-lab experiment=NAME`` in an example."""


def wanted(arguments: Sequence[str]) -> bool:
    """Whether a command asks for help or for the version."""
    return not {"--help", "-h", "--version"}.isdisjoint(arguments)


def text(arguments: Sequence[str], folder: Path) -> str:
    """The version, or help on the configuration that a command line names.

    Args:
        arguments: of the command line.
        folder: ``conf``.
    """
    if "--version" in arguments:
        return f"cofail-lab {version('cofail-lab')}"
    chosen = dict(argument.split("=", 1) for argument in arguments if "=" in argument)
    experiment = chosen.get("experiment", "fit")
    choices = {"experiment": experiment, "data": chosen.get("data", "digits"), "run": chosen.get("run", "default")}
    if "law" in chosen:
        choices["law"] = chosen["law"]
    for group, of, usual in (("claim", "check", "own"), ("plan", "plan", "own"), ("known", "bounds", "table")):
        if experiment == of:
            choices[group] = chosen.get(group, usual)
    lines = [HEADER]
    if experiment in EXAMPLES and "experiment" in chosen:
        lines.append(f"Example:\n  cofail-lab experiment={experiment} \\\n    {EXAMPLES[experiment]}\n")
    lines.append("Choices (group=choice):")
    for group in sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "hydra"):
        names = " ".join(sorted(path.stem for path in group.glob("*.yaml")))
        lines.append(_wrapped(f"  {group.name + '=':<12} {names}", 15))
    lines.append(
        "\nKeys and their defaults, of " + ", ".join(f"{group}={name}" for group, name in choices.items()) + ":"
    )
    for group, name in choices.items():
        path = folder / group / f"{name}.yaml"
        lines += list(_keys(path, group)) if path.is_file() else [f"  {group}={name}: no such choice"]
    for name in filter(None, chosen.get("policy", "").strip("[]").split(",")):
        path = folder / "policy" / f"{name.strip()}.yaml"
        lines += list(_keys(path, "policy")) if path.is_file() else [f"  policy={name}: no such choice"]
    lines += list(_keys(folder / "config.yaml", ""))
    lines.append("\nOther choices have other keys: cofail-lab data=csv --help. --hydra-help lists Hydra's own flags.")
    return "\n".join(lines)


def _keys(path: Path, group: str) -> Iterator[str]:
    """A line for every key of a YAML file: key, default, and its comment."""
    parents: list[tuple[int, str]] = []
    comment = ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#"):
            said = line.strip("# ")
            comment = "" if said.startswith("@") else f"{comment} {said}".strip()
            continue
        match = _KEY.match(line)
        if match is None:
            continue
        indent, key, value, note = len(match[1]), match[2], match[3], match[4]
        while parents and parents[-1][0] >= indent:
            parents.pop()
        place = ".".join([*filter(None, [group]), *(name for _, name in parents), key])
        if value is None:
            parents.append((indent, key))
            comment = ""
        elif not _hidden(place):
            shown = "needed" if value == "???" else value
            yield _wrapped(f"  {f'{place}={shown}':<{_WIDTH}} {note or comment}".rstrip(), _WIDTH + 3)
            comment = ""


def _hidden(place: str) -> bool:
    """Whether a key is none that people set: Hydra's own, and the experiment's copy of a key of another group."""
    return place.startswith(("hydra.", "defaults", "experiment.experiment.")) or place in (
        "law",
        "claim",
        "plan",
        "experiment.claim",
        "experiment.plan",
    )


def _wrapped(line: str, indent: int, width: int = 118) -> str:
    """A line cut at spaces, its continuation indented."""
    parts = []
    while len(line) > width and (cut := line.rfind(" ", indent, width)) > indent:
        parts.append(line[:cut])
        line = " " * indent + line[cut + 1 :]
    return "\n".join([*parts, line])

"""Writes gallery.md beside this file, and figures/gallery/: every figure, under the command that draws it.

python docs/gallery.py          # about five minutes of one core

The commands run in a temporary folder, on what needs no download: the embedded digits, laws, and small files.
"""

import ast
import csv
import json
import os
import shlex
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ContextDecorator, chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

HERE = Path(__file__).resolve().parent
PAGE, IMAGES = HERE / "gallery.md", HERE / "figures" / "gallery"
_REPORT = HERE.parent / "src" / "cofail_lab" / "report"
# A drawing of many marks is larger than a picture of it.
_LARGEST = 40_000

COMMANDS = (
    ("One matrix", "cofail-lab data.pool_size=16 experiment.bootstrap=200 experiment.null=39 experiment.folds=3"),
    ("What pairs leave open", "cofail-lab experiment=bounds data.pool_size=10"),
    ("What other facts leave open", "cofail-lab experiment=bounds known=pairs experiment.target=gain data.pool_size=6"),
    ("How many queries to grade", "cofail-lab experiment=plan experiment.gain=.02 experiment.n_models=10"),
    ("How many show a common mode", "cofail-lab experiment=plan plan.for=tail law=one_factor_gaussian plan.shock=.05"),
    ("Accuracy for money", "cofail-lab experiment=frontier"),
    ("Which models to keep", "cofail-lab experiment=select experiment.k=4"),
    ("Routers and votes", "cofail-lab experiment=policies policy=[domain_table,ridge] experiment.bootstrap=200"),
    ("One cascade", "cofail-lab experiment=cascade 'experiment.cheap=gaussian nb' 'experiment.strong=knn k=1'"),
    ("Votes of three", "cofail-lab experiment=vote data.pool_size=16"),
    ("How many members of a vote", "cofail-lab experiment=ensemble_size"),
    ("The best model again, or others", "cofail-lab experiment=self_moa"),
    ("New models as they come", "cofail-lab grades.csv experiment=churn data.registry=models.csv"),
    ("The same wrong answers", "cofail-lab experiment=errors grades.csv"),
    ("A second grading", "cofail-lab experiment=compare grades.csv experiment.other=other.csv"),
    ("What an audit leaves", "cofail-lab experiment=audit grades.csv experiment.verdicts=sheet.csv experiment.null=0"),
    ("Raters", "cofail-lab experiment=raters votes.csv"),
    (
        "A law of joint failure",
        "cofail-lab experiment=tail_curve law=common_shock law.shock=.05 law.base_error_rates=.3x64 run.draws=100000",
    ),
    (
        "A proposition of your own",
        "cofail-lab experiment=check law=common_shock 'claim.says=\"ratio_one_factor(m) >= 1\"' experiment.points=512",
    ),
    ("A sweep", "cofail-lab -m experiment=certify data.pool_size=8,16,24 run.seed=0,1,2"),
    ("Many matrices", "cofail-lab study=atlas_of_matrices matrices run=smoke"),
    ("The reference work", "cofail-lab experiment=reference_work"),
    (
        "Evidence for claims",
        "cofail-lab experiment=verify experiment.claims="
        "C1,P1.v,P2.ii,P3.v,P4.v,P5.i,P7.ii,P8.v,P9.i,P10.i,P11.iii,P12.i,P13.i,P14.iii,P15.ii,P16",
    ),
)
"""Title and command of each part, in the order of the page."""

_BEGIN = """\
# Gallery

Every figure of the lab, under the command that draws it. The commands need no download: they read the embedded digits,
laws, or small files that `docs/gallery.py` makes. A run writes its figures into `figures/` of its folder, as SVG
and PNG, and into its page. `python docs/gallery.py` writes this page again.
"""


class Part(NamedTuple):
    """What one command drew.

    Attributes:
        title, command: from `COMMANDS`.
        figures: caption and image of each figure, the image relative to this folder.
        functions: that drew them, ``module.function``.
    """

    title: str
    command: str
    figures: list[tuple[str, str]]
    functions: list[str]


def drawing_functions() -> set[str]:
    """Every function of the lab that draws a figure, as ``module.function``."""
    found = set()
    for path in [*_REPORT.glob("figures/*.py"), *_REPORT.glob("evidence/*.py")]:
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and "drawing()" in map(ast.unparse, node.decorator_list):
                found.add(f"{path.stem}.{node.name}")
    # These change or write a figure that exists.
    return found - {"style.svg", "style.png"}


@contextmanager
def noted() -> Iterator[list[str]]:
    """The functions that draw within, one after the other; modules of figures must not be imported before."""
    from cofail_lab.report.figures import style

    called: list[str] = []
    plain = style.drawing

    class Drawing(ContextDecorator):
        """As the style's own, around a block and around a function; the latter is noted when it is called."""

        def __enter__(self) -> None:
            self.style = plain()
            self.style.__enter__()

        def __exit__(self, *error: Any) -> None:
            self.style.__exit__(*error)

        def __call__(self, function: Any) -> Any:
            name = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"

            def noting(*arguments: Any, **options: Any) -> Any:
                called.append(name)
                with plain():
                    return function(*arguments, **options)

            return noting

    style.drawing = Drawing  # type: ignore[assignment]
    try:
        yield called
    finally:
        style.drawing = plain


def run(place: int, title: str, command: str, called: list[str]) -> Part:
    """Run one command in the working folder and keep its figures, each as the smaller of a drawing and a picture."""
    print(f"{title}: {command}", flush=True)
    called.clear()
    folder = Path(f"run{place}")
    call(command, folder)
    said = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    assert said["status"] == "completed", said  # noqa: S101
    sections = [*said["summary"]["brief"], *said["summary"]["sections"]]
    captions = {name: caption for section in sections for name, caption in section["figures"].items()}
    drawn = sorted(path.stem for path in folder.glob("figures/*.svg"))
    ordered = [*(name for name in captions if name in drawn), *(name for name in drawn if name not in captions)]
    kept = [(captions.get(name, title), keep(folder / "figures" / name, f"{place:02d}_{name}")) for name in ordered]
    return Part(title, command, kept, sorted(set(called)))


def keep(figure: Path, name: str) -> str:
    """Copy a figure to the images of the page; returns its path from this folder."""
    from PIL import Image

    drawing = figure.with_suffix(".svg")
    if drawing.stat().st_size <= _LARGEST:
        image = IMAGES / f"{name}.svg"
        image.write_bytes(drawing.read_bytes())
    else:
        image = IMAGES / f"{name}.png"
        with Image.open(figure.with_suffix(".png")) as picture:
            half = picture.convert("RGB").resize((picture.width // 2, picture.height // 2), Image.Resampling.LANCZOS)
            half.quantize(64).save(image, optimize=True)
    return image.relative_to(HERE).as_posix()


def call(command: str, folder: Path) -> None:
    """Run a command, or all jobs of a sweep, into a folder; what it says is dropped."""
    from hydra.core.global_hydra import GlobalHydra

    from cofail_lab import cli

    _, *arguments = shlex.split(command)
    # No page: its narrow figures take time.
    arguments.append("record.report=false")
    swept = "-m" in arguments or any(argument.startswith("study=") for argument in arguments)
    sys.argv = ["cofail-lab", *arguments, f"hydra.{'sweep' if swept else 'run'}.dir={folder}"]
    GlobalHydra.instance().clear()
    with (
        Path(os.devnull).open("w") as nowhere,
        redirect_stdout(nowhere),
        redirect_stderr(nowhere),
        suppress(SystemExit),
    ):
        cli.main()


def small_files() -> None:
    """Write small files into the working folder.

    ``grades.csv``: six models of growing skill on 300 queries, with their answers beside it, ``models.csv``: when each
    was released, ``other.csv``: a second grading, ``votes.csv``: four raters, ``matrices/``: three matrices, and
    ``sheet.csv``: an audit of the queries that all models fail, each second one of them genuine.
    """
    rng = np.random.default_rng(0)
    hard = rng.normal(size=(300, 1))
    right = hard + rng.normal(size=(300, 6)) < np.linspace(0, 1.5, 6)
    answers = np.where(right, "a", np.where(hard > 1.2, "b", rng.choice(["b", "c", "d"], (300, 6))))
    names = [f"q{i}" for i in range(300)]
    _write("grades.csv", "query,a,b,c,d,e,f", names, right.astype(int))
    _write("grades.answers.csv", "query,a,b,c,d,e,f", names, answers)
    _write("other.csv", "query,a,b,c,d,e,f", names, (right | (rng.random((300, 6)) < 0.1)).astype(int))
    dates = [[f"{2023 + i // 2}-{1 + 6 * (i % 2):02d}-01"] for i in range(6)]
    _write("models.csv", "model,released", [*"abcdef"], dates)
    labels = [f"{name},a" for name in names]
    _write("votes.csv", "query,model,j1,j2,j3,j4", labels, right[:, :1] ^ (rng.random((300, 4)) < 0.1))
    Path("matrices").mkdir()
    for i, name in enumerate(("easy", "even", "hard")):
        grades = rng.normal(size=(200, 1)) + rng.normal(size=(200, 5)) < 1.5 - i / 2
        _write(f"matrices/{name}.csv", "query,a,b,c,d,e", names[:200], grades.astype(int))
    call("cofail-lab experiment=audit grades.csv experiment.null=0 record.figures=false", Path("unread"))
    with Path("unread/tables/sheet.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        if row["n_right"] == "0":
            row["verdict"] = "genuine" if int(row["draw"]) % 2 else "reference_error"
    with Path("sheet.csv").open("w", encoding="utf-8", newline="") as file:
        sheet = csv.DictWriter(file, list(rows[0]))
        sheet.writeheader()
        sheet.writerows(rows)


def _write(path: str, heading: str, names: Sequence[str], values: Iterable[Iterable[object]]) -> None:
    rows = [",".join([name, *map(str, row)]) for name, row in zip(names, values, strict=True)]
    Path(path).write_text("\n".join([heading, *rows]), encoding="utf-8")


def markdown(parts: list[Part]) -> str:
    """The page."""
    text = [_BEGIN]
    for part in parts:
        text.append(f"## {part.title}\n\n```\n{part.command}\n```\n")
        for caption, image in part.figures:
            plain = caption.replace("[", "(").replace("]", ")")
            text.append(f"![{plain}]({image})\n\n*{caption}*\n")
        text.append(f"Drawn by {', '.join(f'`{name}`' for name in part.functions)}.\n")
    return "\n".join(text)


def main() -> None:
    """Run every command and write the page."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    for stale in IMAGES.iterdir():
        stale.unlink()
    with tempfile.TemporaryDirectory() as scratch, chdir(scratch), noted() as called:
        small_files()
        parts = [run(place, title, command, called) for place, (title, command) in enumerate(COMMANDS, 1)]
    PAGE.write_text(markdown(parts), encoding="utf-8")
    missing = drawing_functions() - {name for part in parts for name in part.functions}
    print(f"not drawn: {', '.join(sorted(missing)) or 'none'}")


if __name__ == "__main__":
    main()

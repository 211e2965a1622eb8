"""The commands of the documentation are commands of the lab, and its tutorials show the programs that are tested."""

import re
import shlex
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra

from cofail_lab.cli import config_folder
from cofail_lab.command_line import for_hydra
from cofail_lab.report.figures import style
from docs import gallery

DOCS = Path(__file__).resolve().parents[2] / "docs"
EXAMPLES = DOCS.parent / "examples"
TUTORIALS = sorted((DOCS / "tutorials").glob("*.md"))
COMMANDS = [
    (page.stem, line)
    for page in [DOCS / "index.md", DOCS / "explore.md", DOCS / "gallery.md", *TUTORIALS]
    for line in re.findall(r"^cofail-lab .*$", page.read_text(encoding="utf-8"), re.MULTILINE)
]


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_command_is_one_of_the_lab(page: str, command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its keys and choices exist; of values that are swept, the first is taken. A study of a folder looks into it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "matrices").mkdir()
    (tmp_path / "matrices" / "one.csv").write_text("query,a,b,c\nq,1,0,1\n")
    arguments = shlex.split(command)[1:]
    overrides = [argument for argument in for_hydra(arguments) if not argument.startswith("-")]
    if "-m" in arguments:
        overrides = [override.partition(",")[0] for override in overrides]
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(config_folder()), version_base="1.3"):
        assert "_target_" in compose("config", overrides=overrides).experiment


def test_every_example_has_a_tutorial_that_shows_it() -> None:
    shown = {name for page in TUTORIALS for name in re.findall(r'--8<-- "examples/(\w+)\.py"', page.read_text())}
    assert shown == {path.stem for path in EXAMPLES.glob("*.py")} == {page.stem for page in TUTORIALS}


def test_the_gallery_has_every_figure_and_the_commands_of_its_script() -> None:
    page = gallery.PAGE.read_text(encoding="utf-8")
    named = set(re.findall(r"`(\w+\.\w+)`", "".join(re.findall(r"^Drawn by .*$", page, re.MULTILINE))))
    assert gallery.drawing_functions() <= named, "run python docs/gallery.py"
    assert re.findall(r"^cofail-lab .*$", page, re.MULTILINE) == [command for _, command in gallery.COMMANDS]
    images = set(re.findall(r"\]\((figures/gallery/[\w.]+)\)", page))
    assert images == {path.relative_to(DOCS).as_posix() for path in gallery.IMAGES.iterdir()}
    assert sum((DOCS / image).stat().st_size for image in images) < 1_500_000


def test_the_gallery_notes_functions_and_leaves_blocks_alone() -> None:
    with gallery.noted() as called:

        @style.drawing()
        def draw() -> int:
            return 1

        with style.drawing():
            assert called == [] and draw() == 1
    assert called == ["test_tutorials.draw"]

"""The documentation site is built without a warning, and asks no other server for anything."""

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
# What a browser loads by itself, unlike the target of a link.
_LOADED = re.compile(r"""<(?:script|img|iframe|source)[^>]*\ssrc=["']?([^"'\s>]+)|<link[^>]*\shref=["']?([^"'\s>]+)""")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if find_spec("mkdocs") is None or find_spec("mkdocstrings") is None:
        message = "the site's generator is not installed: pip install -e '.[docs]'"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_the_site_is_whole(site: Path) -> None:
    start = (site / "index.html").read_text(encoding="utf-8")
    assert "Should I build a router?" in start
    tutorial = (site / "tutorials" / "own_matrix.html").read_text(encoding="utf-8")
    assert "write_example" in tutorial and "--8&lt;--" not in tutorial
    assert "Add an error law" in (site / "contributing.html").read_text(encoding="utf-8")
    assert 'id="cofail_lab.api.certify"' in (site / "reference" / "functions.html").read_text(encoding="utf-8")
    committed = (ROOT / "docs" / "explorer" / "index.html").read_bytes()
    assert (site / "explorer" / "index.html").read_bytes() == committed


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    outside = []
    for page in site.rglob("*.html"):
        for sources in _LOADED.findall(page.read_text(encoding="utf-8")):
            outside += [(page.name, source) for source in sources if re.match(r"(https?:)?//", source)]
    for style in site.rglob("*.css"):
        outside += [
            (style.name, url)
            for url in re.findall(r"(?:url\(|@import )[\"']?([^\"')\s]+)", style.read_text(encoding="utf-8"))
            if re.match(r"(https?:)?//", url)
        ]
    assert outside == []

"""The programs of docs/python.md run as they stand, and print what the page says they print."""

import io
import re
from contextlib import redirect_stdout
from pathlib import Path

import pytest

PAGE = Path(__file__).resolve().parents[2] / "docs" / "python.md"


def test_the_page_runs_and_prints_what_it_shows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert [kind for kind, _ in blocks].count("python") >= 5
    names: dict[str, object] = {}
    printed = ""
    for kind, text in blocks:
        if kind == "python":
            out = io.StringIO()
            with redirect_stdout(out):
                exec(compile(text, str(PAGE), "exec"), names)  # noqa: S102  (the page is ours)
            printed = out.getvalue()
        else:
            assert printed.startswith(text), printed
    assert {path.name for path in tmp_path.iterdir()} == {"accuracies.pdf", "fit_of_five"}

"""Writes explorer/index.html beside this file: the explorer, beginning with the embedded pool of digit classifiers.

python docs/explorer_page.py
"""

from pathlib import Path

from cofail_lab.data.digits import DigitsSource
from cofail_lab.experiments.explore import Explore, start_from
from cofail_lab.report.explorer import render_explorer

PAGE = Path(__file__).with_name("explorer") / "index.html"


def page() -> str:
    """What `cofail-lab experiment=explore` writes."""
    return render_explorer(start_from(DigitsSource().load().outcomes(), Explore().overhead))


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page(), encoding="utf-8")

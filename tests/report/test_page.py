"""The page shows every text, and only as text."""

import base64
import re

from cofail_lab.report.figures.style import svg
from cofail_lab.report.page import render_page
from tests.report.made import HOSTILE, RESULT, draw_accuracies, draw_correlation, pool


def test_page_escapes_everything_and_needs_nothing_else() -> None:
    figures = {
        "pool": svg(draw_accuracies(pool(9, names=HOSTILE))),
        "heat": svg(draw_correlation(pool(9))),
        "extra <i>": "<svg/>",
    }
    page = render_page(RESULT, f"fit {HOSTILE[2]}", {"source": HOSTILE[2], "odd": HOSTILE[4]}, figures)
    assert "<script" not in page and page.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 5
    assert "\x1b" not in page and "\u202e" not in page
    assert "Accuracies &amp; &lt;ceiling&gt;" in page and "Shock &amp; Gaussian" in page
    references = re.findall(r"""(?:src|href|url|action|data)\s*[=(]\s*["']?([^"'\s>)]+)""", page)
    assert len(references) == 3 and all(r.startswith("data:image/svg+xml;base64,") for r in references)
    assert not re.search(r"https?:|//[a-z]|@import", page)
    embedded = [base64.b64decode(r.partition(",")[2]).decode() for r in references]
    assert embedded == list(figures.values())
    assert "never drawn" not in page and "Further figures" in page and "extra &lt;i&gt;" in page
    for cell in ("n_queries", "12,032", "—", "0.05375", "0.0512 ± 0.0004", "monte carlo", "ceiling-bound", "0.0559712"):
        assert cell in page
    assert "Stopped early: signal 15" in page
    assert "How to cite" in page and "J. Chen" in page and "arXiv:2606.27288" in page
    assert 'class="differs">undecided' in page

"""Tables that one can paste, figures and frames by name: special characters escaped, unknown names answered."""

import re
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from cofail_lab.errors import InputError
from cofail_lab.report import export
from cofail_lab.report.figures.style import canvas, fitted
from cofail_lab.result import Result, Row, Section
from tests.report.made import HOSTILE, RESULT

MODELS = pa.table(
    {
        "model": ["a_b & 50% #1", r"C:\x^2~{y}|z", "[gpt] *x* `y` <b>"],
        "accuracy": [0.5, None, 0.123456],
        "n_wrong": [1200, 3, 0],
        "constant": [True, False, False],
    }
)
WITH_TABLE = replace(RESULT, tables={"models": MODELS}, figures={"pool": lambda: canvas(1, 1)[0]})


def test_a_table_for_latex() -> None:
    assert WITH_TABLE.to_latex("models", ["model", "accuracy", "n_wrong"]).splitlines() == [
        r"\begin{tabular}{lrr}",
        r"\toprule",
        r"model & accuracy & n\_wrong \\",
        r"\midrule",
        r"a\_b \& 50\% \#1 & 0.5 & 1,200 \\",
        r"C:\textbackslash{}x\textasciicircum{}2\textasciitilde{}\{y\}\textbar{}z & --- & 3 \\",
        # Without the braces the bracket would be read as a length after the line break.
        r"{}[gpt] *x* `y` \textless{}b\textgreater{} & 0.1235 & 0 \\",
        r"\bottomrule",
        r"\end{tabular}",
    ]


def test_a_table_for_markdown() -> None:
    assert WITH_TABLE.to_markdown("models").splitlines() == [
        r"| model | accuracy | n\_wrong | constant |",
        "| --- | ---: | ---: | --- |",
        r"| a\_b \& 50% \#1 | 0.5 | 1,200 | yes |",
        r"| C:\\x^2\~\{y\}\|z | — | 3 | no |",
        r"| \[gpt\] \*x\* \`y\` \<b\> | 0.1235 | 0 | no |",
    ]


def test_the_answer_in_markdown_and_latex_is_that_of_the_screen() -> None:
    answer = Section("The answer", ("1. ≥ 2.0 points of β.",), (Row("gain | most", "12.3%", "P1.v"), Row("-", "a", "")))
    result = replace(RESULT, brief=(answer, Section("Nothing")))
    markdown = result.to_markdown()
    assert markdown.startswith(
        "**Nothing to gain over \\<script\\>alert(1)\\</script\\>.**\n\nStopped early: signal 15.\n"
    )
    assert "### The answer\n\n1\\. ≥ 2.0 points of β.\n\n|  |  |  |\n| --- | --- | --- |\n" in markdown
    assert r"| gain \| most | 12.3% | P1.v |" in markdown and "### Nothing" not in markdown
    latex = result.to_latex()
    assert r"1. $\geq$ 2.0 points of $\beta$." in latex and r"gain \textbar{} most & 12.3\% & P1.v \\" in latex
    assert latex.count(r"\begin{tabular}") == latex.count(r"\end{tabular}") == 1
    # Without a screen of its own a result has its sections.
    assert "### What can be gained" in RESULT.to_markdown() and "Single best & 82.4" in RESULT.to_latex()


@pytest.mark.parametrize("name", HOSTILE)
def test_no_name_leaves_its_cell(name: str) -> None:
    result = Result("x", {}, tables={"t": pa.table({name: [name, name], "b": [1, 2]})})
    for line in result.to_markdown("t").splitlines()[2:]:
        assert len(re.findall(r"(?<!\\)\|", line)) == 3
    body = result.to_latex("t").splitlines()
    assert len(body) == 8
    for line in (body[2], *body[4:6]):
        assert line.endswith(r" \\") and len(re.findall(r"(?<!\\)&", line)) == 1
        # Outside of commands that this module writes, no special character is left bare.
        bare = re.sub(r"\\(textbackslash|text\w+|ldots)\{\}|\\[{}$&#_%]|\$[^$]*\$", "", line.removesuffix(r"\\"))
        assert not set("\\$#_%~^") & set(bare)


def test_frames_of_tables_and_of_fields() -> None:
    frame = WITH_TABLE.frame("models")
    assert isinstance(frame, pd.DataFrame)
    assert frame["n_wrong"].tolist() == [1200, 3, 0]
    assert np.isnan(frame["accuracy"][1])
    other = WITH_TABLE.frame("metrics", "polars")
    assert isinstance(other, pl.DataFrame)
    assert other.rows() == [("n_queries", 12032.0), ("ratio_full_sigma", None), ("all_wrong", 0.05375)]
    assert WITH_TABLE.frame("labels").iloc[1].tolist() == ["regime", "ceiling-bound"]
    assert WITH_TABLE.frame("estimates")["kind"].tolist() == ["monte_carlo", "lp"]
    assert WITH_TABLE.frame("verdicts")["status"].tolist() == ["undecided"]
    with pytest.raises(InputError, match="frame: 'model' is none of models, metrics, labels, estimates, verdicts"):
        WITH_TABLE.frame("model")
    with pytest.raises(InputError, match="library: 'dask' is none of pandas, polars"):
        WITH_TABLE.frame("models", "dask")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="columns: 'b' is none of model, accuracy, n_wrong, constant of models"):
        WITH_TABLE.to_latex("models", ["b"])


def test_frames_without_pandas(monkeypatch: pytest.MonkeyPatch) -> None:
    for missing, found in ({"pandas"}, pl.DataFrame), ({"pandas", "polars"}, None):
        monkeypatch.setattr(export, "find_spec", lambda name, missing=missing: None if name in missing else name)
        if found is None:
            with pytest.raises(InputError, match="frame: pandas or polars is not installed; pip install pandas"):
                WITH_TABLE.frame("models")
        else:
            assert isinstance(WITH_TABLE.frame("models"), found)
    with pytest.raises(InputError, match="frame: polars is not installed; pip install polars"):
        WITH_TABLE.frame("models", "polars")


def test_a_figure_is_drawn_once_asked_for_and_shows_itself() -> None:
    figure = WITH_TABLE.figure("pool")
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")  # type: ignore[attr-defined]
    with pytest.raises(InputError, match="figure: 'pools' is none of pool"):
        WITH_TABLE.figure("pools")
    with pytest.raises(InputError, match="figure: 'pool' is none of none"):
        RESULT.figure("pool")


def test_the_page_has_the_figures_unless_told_otherwise() -> None:
    page = WITH_TABLE.to_html()
    assert '<svg role="img"' in page and "<figcaption" in page
    assert '<svg role="img"' not in WITH_TABLE.to_html(figures=False)


def test_no_row_is_taken_for_the_argument_of_the_one_before_it() -> None:
    rows = [export._latex_row(cells) for cells in (["[a]", "[b]"], ["*a", "*b"], ["a*", "b"])]
    assert rows == [r"{}[a] & [b] \\", r"{}*a & *b \\", r"a* & b \\"]


def test_what_stopped_a_run_is_escaped() -> None:
    stopped = export._stopped(Result("x", {}, interrupted="SIGTERM & 5%"), lambda text: text.replace("&", r"\&"))
    assert stopped == r"Stopped early: SIGTERM \& 5%."


def test_a_figure_too_wide_for_a_phone_is_in_the_page_twice() -> None:
    def draw(width: float) -> Figure:
        figure, axes = canvas(width, 1.0)
        axes.set_xlabel("a label of some words")
        return fitted(figure)

    section = Section("s", (), (), {"pool": "A caption."})
    for width, times in ((3.0, 1), (9.0, 2)):
        result = Result("h", {}, sections=(section,), figures={"pool": partial(draw, width)})
        assert result.to_html().count('<svg role="img"') == times


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("1) first", r"1\) first"),
        ("12. of May", r"12\. of May"),
        ("- 3 points", r"\- 3 points"),
        ("+1", r"\+1"),
        ("=", r"\="),
        ("3.5 points", r"3\.5 points"),
        ("12 queries.", "12 queries."),
        ("a. b", "a. b"),
    ],
)
def test_a_sentence_begins_no_list_and_no_heading(text: str, written: str) -> None:
    assert Result("h", {}, sections=(Section("s", (text,)),)).to_markdown().endswith(f"### s\n\n{written}\n")

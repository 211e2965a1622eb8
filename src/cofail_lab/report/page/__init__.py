"""The result as one HTML page that needs no other file and no network, and is readable without its script."""

import json
import os
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from markupsafe import Markup

from cofail_lab.citation import citation
from cofail_lab.report.answer import NEXT, VERDICTS
from cofail_lab.report.page.environment import SCRIPT, SCRIPT_HASH, STYLE, anchor, as_json, environment
from cofail_lab.report.page.glossary import definition
from cofail_lab.report.page.inline_svg import dark_variables, inline
from cofail_lab.report.page.matrix import MatrixView
from cofail_lab.report.page.verdicts import claim_groups
from cofail_lab.result import Result, Section


def render_page(
    result: Result,
    title: str,
    provenance: Mapping[str, str],
    figures: Mapping[str, str],
    folder: Path = Path(),
    phone: Mapping[str, str] | None = None,
    parquet: Collection[str] = (),
    following: str | None = None,
) -> str:
    """A self-contained page: no network, one hashed script; every text from a file is escaped.

    Args:
        result: what the experiment returned.
        title: of the page.
        provenance: name -> value, how and from what this was made.
        figures: name -> SVG text. A figure that a section names is in that section, the others are at the end; a figure
            that is named but not given is left out.
        folder: where the page will be; links to other files are relative to it.
        phone: name -> SVG text of the figures that look otherwise on a phone.
        parquet: names of the tables that are written beside the page, as ``tables/<name>.parquet``.
        following: what to do next, of an experiment whose result does not say so itself.
    """
    numbers = {f"figure-{i}": name for i, name in enumerate(figures)}
    sections = [*result.sections]
    drawn = {
        name: _drawn(key, figures[name], (phone or {}).get(name), _finding(name, sections))
        for key, name in numbers.items()
    }
    groups = claim_groups(result)
    placed = {name for section in sections for name in section.figures}
    placed |= {claim.figure for group in groups for claim in group.claims if claim.case}
    loose = Section("Further figures", figures={name: name for name in drawn if name not in placed})
    exhibit = result.exhibit
    data = {"title": title, "metrics": {**result.metrics}, "labels": {**result.labels}, "headline": result.headline}
    return (
        environment()
        .get_template("page.html.j2")
        .render(
            result=result,
            title=title,
            citation=citation(),
            provenance=provenance,
            figures=drawn,
            ids={name: key for key, name in numbers.items()},
            open_sections=[s for s in sections if not s.appendix],
            folded=[s for s in sections if s.appendix] + ([loose] if loose.figures else []),
            matrix=None if exhibit is None else MatrixView(exhibit),
            groups=groups,
            parquet=[(name, f"tables/{quote(name)}.parquet") for name in parquet],
            definition=definition,
            answer=_answer(result),
            next_steps=[said for part in result.brief if part.title == NEXT for said in part.sentences]
            + ([] if following is None else [f"Next: {following}."]),
            style=STYLE,
            dark=dark_variables(),
            script=SCRIPT,
            script_hash=SCRIPT_HASH,
            data=as_json(json.loads(json.dumps(data, allow_nan=True), parse_constant=lambda _: None)),
            link=lambda target: quote(os.path.relpath(target, folder)),
        )
    )


def _answer(result: Result) -> str:
    """The headline; without its verdict where this stands above it."""
    if result.exhibit is None or not result.exhibit.verdict:
        return result.headline
    start = next((f"{said}. " for said in VERDICTS.values() if result.headline.startswith(f"{said}. ")), "")
    return result.headline.removeprefix(start)


def _finding(name: str, sections: Sequence[Section]) -> str:
    """The id of the sentence that says what a figure shows: the first of its section; empty where there is none."""
    section = next((section for section in sections if name in section.figures), None)
    return f" {anchor(section.title)}-1" if section is not None and section.sentences else ""


def _drawn(key: str, svg: str, phone: str | None, finding: str) -> tuple[Markup, Markup | None]:
    """A figure as it is on wide pages, and as it is on a phone where that is another one.

    Who cannot see it hears its caption and the finding of its section.
    """
    label = f"{key}-caption{finding}"
    return inline(svg, key, label), None if phone is None else inline(phone, f"{key}-phone", label)

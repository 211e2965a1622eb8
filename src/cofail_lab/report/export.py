"""A result elsewhere: figures, data frames, the page, and tables to paste into Markdown or LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Literal

from cofail_lab.errors import InputError
from cofail_lab.report.names import printable
from cofail_lab.report.numbers import number

if TYPE_CHECKING:
    import pyarrow as pa
    from matplotlib.figure import Figure

    from cofail_lab.result import Result

_LIBRARIES = ("pandas", "polars")
_FIELDS = ("metrics", "labels", "estimates", "verdicts")
_VERDICT = ("id", "release", "status", "expected", "claimed", "measured", "tolerance", "statement")
_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|~$&#])")
# At the start of a line these begin a list or a heading; of a number the mark behind it is escaped, not the digits.
_MARKDOWN_BLOCK = re.compile(r"^(\d*)((?<=\d)[.)]|(?<!\d)[-+=])")
_LATEX = {
    line[0]: line[2:]
    for line in r"""
{ \{
} \}
$ \$
& \&
# \#
_ \_
% \%
\ \textbackslash{}
~ \textasciitilde{}
^ \textasciicircum{}
< \textless{}
> \textgreater{}
| \textbar{}
" ''
— ---
– --
… \ldots{}
× $\times$
± $\pm$
− $-$
≤ $\leq$
≥ $\geq$
∞ $\infty$
→ $\to$
² $^2$
α $\alpha$
β $\beta$
δ $\delta$
θ $\theta$
κ $\kappa$
λ $\lambda$
ν $\nu$
ρ $\rho$
ω $\omega$
Σ $\Sigma$
""".strip().splitlines()
}


def figure(result: Result, name: str) -> Figure:
    """See `Result.figure`."""
    from cofail_lab.report.figures.style import png

    if name not in result.figures:
        raise InputError(f"figure: {name!r} is none of {_listed(result.figures)}")
    drawn = result.figures[name]()
    # A notebook shows a figure by itself only where pyplot has drawn it.
    drawn._repr_png_ = partial(png, drawn, dpi=100)  # type: ignore[attr-defined]
    return drawn


def table(result: Result, name: str) -> pa.Table:
    """One of the tables of a result, or one of its other fields as a table."""
    import pyarrow as pa

    if name in result.tables:
        return result.tables[name]
    if name == "metrics":
        columns: Mapping[str, Sequence[Any]] = {
            "metric": [*result.metrics],
            "value": pa.array(
                [None if value is None else float(value) for value in result.metrics.values()], pa.float64()
            ),
        }
    elif name == "labels":
        columns = {"label": [*result.labels], "value": [*result.labels.values()]}
    elif name == "estimates":
        columns = {"estimate": [*result.estimates]}
        columns |= {key: [getattr(one, key) for one in result.estimates.values()] for key in ("value", "error", "kind")}
    elif name == "verdicts":
        columns = {key: [getattr(verdict, key) for verdict in result.verdicts] for key in _VERDICT}
    else:
        raise InputError(f"frame: {name!r} is none of {_listed([*result.tables, *_FIELDS])}")
    return pa.table(dict(columns))


def frame(result: Result, name: str, library: Literal["pandas", "polars"] | None = None) -> Any:
    """See `Result.frame`."""
    content = table(result, name)
    if library not in (None, *_LIBRARIES):
        raise InputError(f"library: {library!r} is none of {_listed(_LIBRARIES)}")
    wanted = _LIBRARIES if library is None else (library,)
    installed = next((one for one in wanted if find_spec(one) is not None), None)
    if installed is None:
        raise InputError(
            f"frame: {' or '.join(wanted)} is not installed; pip install {wanted[0]}, or use .tables, which are Arrow"
        )
    return content.to_pandas() if installed == "pandas" else import_module("polars").from_arrow(content)


def to_html(result: Result, *, figures: bool = True) -> str:
    """See `Result.to_html`."""
    from cofail_lab.report.figures.phone import for_page
    from cofail_lab.report.page import render_page

    drawings: dict[str, str] = {}
    phone: dict[str, str] = {}
    for name, draw in result.figures.items() if figures else ():
        drawings[name], narrow = for_page(draw())
        if narrow is not None:
            phone[name] = narrow
    origin = result.origin
    made = {} if origin is None else {"command": origin.command, **origin.inputs}
    title = "cofail-lab" if origin is None else f"cofail-lab {origin.experiment}"
    return render_page(result, title, made, drawings, phone=phone)


def to_markdown(result: Result, name: str | None = None, columns: Sequence[str] | None = None) -> str:
    """See `Result.to_markdown`."""
    if name is not None:
        return _markdown_table(*_cells(result, name, columns))
    parts = [
        f"**{_markdown(result.headline)}**",
        *([] if result.interrupted is None else [_stopped(result, _markdown)]),
    ]
    for section in result.brief or result.sections:
        if section.sentences or section.rows:
            parts.append(f"### {_markdown(section.title)}")
        parts += [_MARKDOWN_BLOCK.sub(r"\1\\\2", _markdown(sentence)) for sentence in section.sentences]
        if section.rows:
            body = [[row.label, row.value, row.note] for row in section.rows]
            parts.append(_markdown_table(["", "", ""], body, [False] * 3).rstrip())
    return "\n\n".join(parts) + "\n"


def to_latex(result: Result, name: str | None = None, columns: Sequence[str] | None = None) -> str:
    """See `Result.to_latex`."""
    if name is not None:
        headings, body, numeric = _cells(result, name, columns)
        return _latex_table(headings, body, "".join("r" if right else "l" for right in numeric)) + "\n"
    parts = [_latex(result.headline), *([] if result.interrupted is None else [_stopped(result, _latex)])]
    for section in result.brief or result.sections:
        if section.sentences or section.rows:
            parts.append(rf"\paragraph{{{_latex(section.title)}}}")
        parts += [_latex(sentence) for sentence in section.sentences]
        if section.rows:
            body = [[row.label, row.value, row.note] for row in section.rows]
            parts.append(_latex_table(None, body, r"llp{0.5\linewidth}"))
    return "\n\n".join(parts) + "\n"


def _stopped(result: Result, safe: Callable[[str], str]) -> str:
    return f"{safe(f'Stopped early: {result.interrupted}.')}"


def _listed(names: Sequence[str] | Mapping[str, Any]) -> str:
    return ", ".join(names) or "none"


def _cells(result: Result, name: str, columns: Sequence[str] | None) -> tuple[list[str], list[list[str]], list[bool]]:
    """Headings, rows of cells as people read them, and which columns hold numbers."""
    import pyarrow.types as kinds

    content = table(result, name)
    chosen = content.column_names if columns is None else list(columns)
    if unknown := [column for column in chosen if column not in content.column_names]:
        raise InputError(f"columns: {unknown[0]!r} is none of {_listed(content.column_names)} of {name}")
    content = content.select(chosen)
    numeric = [kinds.is_integer(kind) or kinds.is_floating(kind) for kind in content.schema.types]
    values = zip(*(column.to_pylist() for column in content.columns), strict=True)
    return chosen, [[_cell(value) for value in row] for row in values], numeric


def _cell(value: Any) -> str:
    return (
        value
        if isinstance(value, str)
        else number(value)
        if value is None or isinstance(value, int | float)
        else str(value)
    )


def _markdown(text: str) -> str:
    return _MARKDOWN.sub(r"\\\1", printable(text).strip())


def _markdown_table(headings: list[str], body: list[list[str]], numeric: list[bool]) -> str:
    lines = [[_markdown(heading) for heading in headings], ["---:" if right else "---" for right in numeric]]
    lines += [[_markdown(cell) for cell in row] for row in body]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _latex(text: str) -> str:
    return "".join(_LATEX.get(c, c) for c in printable(text).strip())


def _latex_table(headings: list[str] | None, body: list[list[str]], kinds: str) -> str:
    head = [] if headings is None else [_latex_row(headings), r"\midrule"]
    rows = [_latex_row(row) for row in body]
    return "\n".join([rf"\begin{{tabular}}{{{kinds}}}", r"\toprule", *head, *rows, r"\bottomrule", r"\end{tabular}"])


def _latex_row(cells: Sequence[str]) -> str:
    r"""One line of a tabular; an opening bracket would be taken for the argument of the ``\\`` before it."""
    written = [_latex(cell) for cell in cells]
    written[0] = "{}" + written[0] if written[0].startswith(("[", "*")) else written[0]
    return " & ".join(written) + r" \\"

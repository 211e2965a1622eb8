"""The explorer: one page with live inputs, computed in the browser by formulas that the tests compare with Python's.

``formulas/`` is mathematics and knows no page. In ``page/``, `format` writes numbers, `chart` draws, `state` reads
inputs, `totals`, `tail`, `pairs` and `chance` say what follows from them, and `page` puts it into the HTML. All modules
are joined to the one script of the page.
"""

import base64
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from cofail_lab.report.names import printable

FORMULAS = (
    *(f"formulas/{name}.js" for name in ("normal", "binomial", "certificate", "laws", "pools", "luck")),
    "page/format.js",
)
"""Modules that know no page, in an order in which each follows what it imports."""

_MODULES = (*FORMULAS, *(f"page/{name}.js" for name in ("chart", "state", "totals", "tail", "pairs", "chance", "page")))
# The correlation of two models' errors where it is not known.
_EXAMPLE = 0.3
_IMPORT = re.compile(r'^import \{[^}]*\} from "[^"]*";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export ", re.MULTILINE)


@dataclass(frozen=True)
class Start:
    """The numbers with which the page begins.

    A number that an input does not accept becomes the nearest that it does.

    Attributes:
        source: where they come from, in a few words; shown.
        n_models, n_queries, n_all_wrong, best_correct: totals, as in `bounds.certificate.Certificate`.
        overhead: what combining costs, in accuracy.
        error_rate: mean error rate, in [0, 1]; None where only totals are known, that of the best model stands for it.
        pearson: mean correlation of the errors of two models; None where it is not known, 0.3 stands for it.
    """

    source: str
    n_models: int
    n_queries: int
    n_all_wrong: int
    best_correct: int
    overhead: float
    error_rate: float | None
    pearson: float | None


def render_explorer(start: Start) -> str:
    """The page: no network, one style and one script, each allowed by its hash; every text is escaped."""
    script, style = _script(_MODULES), _source("page/explorer.css")
    return (
        _environment()
        .get_template("explorer.html.j2")
        .render(
            begins=printable(f"It begins with {start.source}{_unknown(start)}."),
            start=_inputs(start),
            script=Markup(script),  # noqa: S704  (our own files)
            style=Markup(style),  # noqa: S704
            script_hash=_hash(script),
            style_hash=_hash(style),
        )
        .lstrip()
    )


def formulas() -> str:
    """The modules of `FORMULAS` as one script, as it is in the page."""
    return _script(FORMULAS)


def _inputs(start: Start) -> dict[str, float | int]:
    """The value of each input that depends on the start, in the unit in which it is typed."""
    mean = 1 - start.best_correct / start.n_queries if start.error_rate is None else start.error_rate
    rate = min(max(round(100 * mean, 1), 0.1), 99.0)
    correlation = min(max(round(_EXAMPLE if start.pearson is None else start.pearson, 2), 0.0), 0.99)
    return {
        "n_models": start.n_models,
        "n_queries": start.n_queries,
        "n_all_wrong": start.n_all_wrong,
        "best_correct": start.best_correct,
        "overhead": max(round(100 * start.overhead, 2), 0.1),
        "error_rate": rate,
        "accuracy": min(max(round(100 - rate, 1), 1.0), 99.9),
        "correlation": correlation,
        # A shock that gives such a pair: ω = (p - α²)/(1 - 2α + p), theory P2.vi.
        "shock": _shock(rate / 100, correlation),
        "pool": min(max(start.n_models, 3), 1000),
        "small_pool": min(max(start.n_models, 3), 30),
    }


def _unknown(start: Start) -> str:
    if start.error_rate is not None and start.pearson is not None:
        return ""
    return f"; pairs of its models are not known, a correlation of {_EXAMPLE} is an example"


def _shock(rate: float, correlation: float) -> float:
    more = correlation * rate * (1 - rate)
    # Rounded down, so that it stays below the error rate.
    return int(1000 * more / ((1 - rate) ** 2 + more)) / 10


def _script(modules: tuple[str, ...]) -> str:
    sources = (_source(name) for name in modules)
    return "\n".join(_EXPORT.sub("", _IMPORT.sub("", source)) for source in sources)


def _source(name: str) -> str:
    return files(__name__).joinpath(name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


@cache
def _environment() -> Environment:
    loader = PackageLoader("cofail_lab.report", "explorer/page")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)

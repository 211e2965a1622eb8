"""`python -m studies.coverage_table`: writes docs/coverage.md, a row for every interval that a fit prints.

Matrices are drawn from truths with every number known, the product's own functions make the intervals, and the share of
matrices whose interval contains the number is counted. Matrix s of a truth has the seed (s, number of the truth).
``--keep`` goes on where an interrupted run stopped.
"""

import argparse
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from studies.coverage import of_laws, of_matrix, of_runs
from studies.coverage.kept import Found, Kept, Row
from studies.coverage.truths import TRUTHS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "coverage.md"


def table(rows: Mapping[str, Row], found: Found, columns: tuple[str, ...]) -> str:
    """A Markdown table: share inside and number of matrices by column, the smallest share with its binomial error."""
    head = ["printed", "covers", "made by", "level", *columns, "least"]
    lines = [head, ["---"] * len(head)]
    for name, row in rows.items():
        cells = found.get(name, {})
        shares = {column: held / asked for column, (held, asked) in cells.items() if asked >= 10}
        least = min(shares, key=lambda column: shares[column]) if shares else None
        said = "—"
        if least is not None:
            n = cells[least][1]
            said = f"{shares[least]:.3f} ± {np.sqrt(max(shares[least] * (1 - shares[least]), 1 / (4 * n)) / n):.3f}"
        texts = [
            f"{held / asked:.3f} ({asked})" if asked else "—" for held, asked in (cells.get(c, (0, 0)) for c in columns)
        ]
        lines.append([f"`{row.printed}`", row.covers, row.made, f"{100 * row.level:g}%", *texts, said])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def documented(metric: str) -> bool:
    """Whether a metric ``<name>_lower`` or ``<name>_upper`` has a row, or is listed as no confidence interval."""
    rows = (*of_matrix.FIT_ROWS.values(), *(law.row for law in of_laws.LAW_ROWS.values()), *of_runs.LUCK_ROWS.values())
    named = {name for row in rows for name in re.findall("[a-z_0-9]+", row.printed)} | NO_CONFIDENCE
    return bool({metric, re.sub("_(lower|upper)$", "", metric)} & named)


NO_CONFIDENCE = {"frechet", "null_ratio_one_factor"}
"""Names with ``_lower`` and ``_upper`` that are no confidence limits; the page says what they are."""


def page(tables: Mapping[str, Found], command: str, minutes: float) -> str:
    """The text of docs/coverage.md."""
    abouts = "; ".join(
        f"*{name}*: {truth.about}, n = {truth.n_queries:,}" for name, truth in of_matrix.FIT_TRUTHS.items()
    )
    pools = "; ".join(
        f"*{name}*: {len(pool.rates)} models, {pool.rates.min():g} to {pool.rates.max():g}, n = {pool.n_queries}, "
        f"ω = {pool.shock:g}"
        for name, pool in of_laws.POOLS.items()
    )
    lucks_about = "; ".join(
        f"*{c}*: {TRUTHS[n].about}" for c, n in zip(of_runs.COLUMNS, of_runs.LUCK_TRUTHS, strict=True)
    )
    laws, fits, lucks = (tables.get(name, {}) for name in MEASURES)
    law_rows = {name: law.row for name, law in of_laws.LAW_ROWS.items()}
    return f"""# Do the intervals cover?

Every interval that a fit prints has a row here. Matrices are drawn from truths whose numbers are known exactly, the
functions of the fit make the interval, and it is counted how often the interval contains the number. This page is
written by `{command}` ({minutes:.0f} minutes of one core, with `--keep` in several runs); do not edit it.

A cell is the share of matrices whose interval contains the number, and in brackets how many matrices have such an
interval (of *accuracy*: how many models). The last column is the smallest share of at least ten matrices, with its
binomial standard error. A share of .95 has an error of .040 in 30 matrices, .028 in 60 and .022 in 100, so that the
smallest of seven is expected one and a half errors below: with 60 matrices each, at .91.

## Of the matrix

{abouts}. The first half of the models is a family, the second another; {of_matrix.REPLICATES} bootstrap replicates
where a fit has 2,000.

{table(of_matrix.FIT_ROWS, fits, tuple(of_matrix.FIT_TRUTHS))}

**Ratios** have 90% intervals, the published level. Percentiles cover less where K is a few (*ties*: 2.8 on average);
texts and figures show BCa. They cover β over the prediction that the law makes from the rates
and pairs of the *population*, and not 1: a ratio of 1 is not expected even without a common mode ([fit.md](fit.md)).
Only matrices with K > 0 have one. A mean **tetrachoric** correlation has no interval where more than a tenth of the
pairs are on their Fréchet bound, or where the mean of the replicates is more than a quarter of their standard deviation
away: without these rules intervals held the truth in 4 of 40 *sparse* matrices. Where errors are few (harmonic mean of
n α (1 − α) below 25: *sparse*, *tiny n*) limits of correlations and slopes have a nominal 98%.

## Of the laws

{pools}. The base is the law of the row: one factor r = .4; own loadings .45 to .85; Clayton θ = .8; families ρ .3 and
.5; Σ of three factors; t factor ν = 5 and skewed factor (skewness .8), loadings √.4. Under a
base that is not the law of the data, ω is the atom that this base would need, and no interval covers the atom of the
data. At ω = 0 an interval that contains it has the lower limit 0.

{table(law_rows, laws, tuple(of_laws.POOLS))}

## Of repeated runs and guessing

{lucks_about}. Four runs a cell; four options to guess among.

{table(of_runs.LUCK_ROWS, lucks, of_runs.COLUMNS)}

## Printed, but no confidence interval

- `frechet_lower`, `frechet_upper`: what the rates and pairs of this matrix allow; no sampling error is meant.
- `null_ratio_*_lower`: the middle 90% of simulated ratios without a common mode. `python -m studies.null_study`
  measures whether p-values are uniform ([fit.md](fit.md)).
- `heldout_*_error`, ± of held-out differences: standard errors over queries with the fits held fixed.
- `predicted_*_error`: of the quadrature or the simulation of a prediction at the fitted parameters.
- Bands of the pool-size scan: the middle 90% of random pools.
"""


MEASURES: dict[str, Callable[[int, Kept], None]] = {
    "laws": of_laws.measure,
    "matrix": of_matrix.measure,
    "runs": of_runs.measure,
}
"""The three tables of the page."""


def main() -> None:
    """Measure what is not kept, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--matrices", type=int, default=100, help="of every truth; slow laws take fewer")
    parser.add_argument("--keep", type=Path, help="JSON file: what it holds is not measured again")
    parser.add_argument("--tables", nargs="*", default=list(MEASURES), choices=list(MEASURES))
    parser.add_argument("--write", action="store_true", help="only write the page from the file")
    options = parser.parse_args()
    kept = Kept(options.keep)
    for name in () if options.write else options.tables:
        MEASURES[name](options.matrices, kept)
    text = page(kept.tables, "python -m studies.coverage_table", kept.seconds / 60)
    PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()

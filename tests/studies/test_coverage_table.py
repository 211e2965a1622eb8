"""docs/coverage.md has every interval that a fit prints, and none of them covers less than it says."""

import re

import numpy as np
import pytest
from scipy.stats import beta as beta_law
from studies.coverage import of_laws, of_matrix, of_runs
from studies.coverage.kept import count

import cofail_lab as cl
from cofail_lab.outcomes import Outcomes
from studies import coverage_table

ROWS = {
    **of_matrix.FIT_ROWS,
    **{name: law.row for name, law in of_laws.LAW_ROWS.items()},
    **{f"runs {name}": row for name, row in of_runs.LUCK_ROWS.items()},
}


@pytest.mark.usefixtures("few_histograms")
def test_every_printed_interval_has_a_row() -> None:
    """Of a fit with families, repeated runs, guessing and every law by likelihood."""
    rng = np.random.default_rng(2)
    samples = (rng.random((60, 4, 4)) < rng.random((60, 1, 1))).astype(float)
    wrong = samples.mean(axis=2) < 0.5
    wrong[:3], samples[:3] = True, 0
    outcomes = Outcomes(
        wrong,
        tuple(map(str, range(60))),
        tuple("abcd"),
        "drawn",
        per_model={"family": np.array(["x", "x", "y", "y"])},
        per_cell={"samples": samples},
    )
    laws = ["one_factor_ml", "clayton_ml", "atom_independent", "atom_one_factor_loadings"]
    result = cl.fit(outcomes, bootstrap=20, null=3, folds=2, laws=laws, choices=4)
    found = result.metrics.items()
    printed = [name for name, value in found if value is not None and re.search("_(lower|upper)$", name)]
    assert {"luck_lower_lower", "all_wrong_known_upper", "shock_atom_independent_lower"} <= set(printed)
    assert [name for name in printed if not coverage_table.documented(name)] == []
    assert not coverage_table.documented("no_such_number_lower")


def test_the_page_has_every_row() -> None:
    lines = coverage_table.PAGE.read_text(encoding="utf-8").splitlines()
    for row in ROWS.values():
        assert any(line.startswith(f"| `{row.printed}` | {row.covers} |") for line in lines), row.printed


def test_no_interval_covers_less_than_it_says() -> None:
    """The smallest share of every row on the page may be below 92% (87% of the 90% intervals) by chance only.

    Cells are about 400: at a true share of exactly 92%, one of 400 would be told falsely with probability .04.
    """
    for line in coverage_table.PAGE.read_text(encoding="utf-8").splitlines():
        cells = re.findall(r"\d\.\d{3} \((\d+)\)", line)
        level = re.search(r"\| (\d+(?:\.\d+)?)% \|", line)
        if not cells or level is None:
            continue
        for share, asked in re.findall(r"(\d\.\d{3}) \((\d+)\)", line):
            held, n = round(float(share) * int(asked)), int(asked)
            most = 1.0 if held == n else float(beta_law.ppf(1 - 1e-4, held + 1, n - held))
            assert most >= float(level.group(1)) / 100 - 0.03, line


@pytest.mark.parametrize(("low", "high", "inside"), [(0.1, 0.3, 1), (None, 0.1, 0), (0.3, None, 0), (None, 0.2, 1)])
def test_counting(low: float | None, high: float | None, inside: int) -> None:
    found = {"x": {}}
    count(found, "x", "here", (low, high), 0.2)
    count(found, "x", "here", (None, None), 0.2)
    count(found, "x", "here", (0.0, 1.0), float("nan"))
    assert found == {"x": {"here": (inside, 1)}}


def test_targets_are_those_of_the_population() -> None:
    """One factor r = .5 of 20 models at .3: the tetrachoric correlation of the population is r, and its ratio is 1."""
    truth = of_matrix.FIT_TRUTHS["ties"].population
    wanted = of_matrix.targets(truth, np.where(np.arange(20) < 10, "first", "second"))
    assert wanted["tetrachoric"] == pytest.approx(0.5, abs=2e-3)
    assert wanted["ratio_one_factor"] == pytest.approx(1, abs=0.01)
    assert wanted["pearson_gap"] == pytest.approx(0, abs=1e-9)
    assert wanted["oracle_gain"] == pytest.approx(0.3 - truth.all_wrong)

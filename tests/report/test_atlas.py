"""The atlas: which fits make one, what the null says of each law, and how it is worded and drawn."""

import gzip
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.atlas_audit import read_states, with_states
from cofail_lab.report import atlas
from cofail_lab.report.atlas_matrix import matrices_of
from cofail_lab.report.figures import atlas as figures
from cofail_lab.report.gathered import GatheredRuns
from tests.conftest import Run

FITS: dict[str, list[Any]] = {
    "experiment": ["fit"] * 4,
    "status": ["completed"] * 4,
    "error": [None] * 4,
    "code": ["c"] * 4,
    "data.path": ["d/low.csv.gz", "d/high.csv", "e/none.csv", "e/chance.csv"],
    "n_models": [5, 6, 7, 8],
    "n_queries": [100, 200, 300, 400],
    "n_all_wrong": [10, 20, 0, 4],
    "all_wrong": [0.1, 0.2, 0.0, 0.01],
    "single_best": [0.7, 0.6, 0.9, 0.8],
    "oracle_gain": [0.2, 0.2, 0.1, 0.19],
    "foreclosed_share": [0.25, 0.5, 0.0, 0.05],
    "foreclosed_lower": [0.2, 0.4, 0.0, 0.01],
    "foreclosed_upper": [0.3, 0.6, 0.1, 0.1],
    "tetrachoric": [0.5, 0.6, 0.1, 0.4],
    "ratio_independent": [100.0, 50.0, None, 9.0],
    "ratio_one_factor": [2.0, 0.5, None, 1.2],
    "null_p_value": [0.025, 1.0, None, 0.3],
    "null_ratio_one_factor_lower": [0.8, 0.8, None, 0.7],
    "null_ratio_one_factor_upper": [1.2, 1.2, None, 1.5],
    "ratio_full_sigma": [1.5, 0.9, None, 1.0],
    "null_p_value_full_sigma": [0.5, 0.5, None, 0.5],
    "null_p_value_full_sigma_own": [0.05, 0.96, None, 0.4],
    "ratio_clayton": [0.4, None, None, 0.6],
    "null_p_value_clayton": [0.9, None, None, None],
    "tail": ["heavy_tail", "thinner", "chance", "cannot_tell"],
    "regime": ["undetermined"] * 4,
}


def runs(changed: dict[str, list[Any]] | None = None, axes: tuple[str, ...] = ("data.path",)) -> GatheredRuns:
    columns = FITS | (changed or {})
    folders = tuple(Path(f"job{i}") for i in range(4))
    return GatheredRuns(columns, {axis: axis for axis in axes}, (), frozenset({"tail", "regime"}), folders, folders)


def test_matrices_stand_by_their_tail() -> None:
    found = matrices_of(runs())
    assert [one.name for one in found] == ["high", "low", "chance", "none"]
    assert [one.page for one in found][:2] == [Path("job1"), Path("job0")]
    assert [one.pricing for one in found] == ["over", "under", "within", "no_tail"]
    low = found[1]
    assert low.priced_by("full_sigma") == "under"  # its own null, not that of one factor
    assert found[0].priced_by("full_sigma") == "over"
    assert low.priced_by("clayton") == "within" and found[2].priced_by("clayton") == "unknown"
    assert low.routable == pytest.approx((0.75, 0.7, 0.8))


def test_what_is_no_atlas() -> None:
    assert matrices_of(runs({"experiment": ["fit", "fit", "fit", "certify"]})) == ()
    assert matrices_of(runs(axes=("data.path", "run.seed"))) == ()
    assert matrices_of(runs(axes=("run.seed",))) == ()
    assert matrices_of(runs({"status": ["completed", "failed", "failed", "failed"]})) == ()
    assert len(matrices_of(runs({"status": ["completed", "failed", "completed", "completed"]}))) == 3


def test_names_that_are_alike_have_their_folder() -> None:
    paths = ["d/a.csv", "e/a.csv.gz", "e/b.csv", "c"]
    assert sorted(one.name for one in matrices_of(runs({"data.path": paths}))) == ["b", "c", "d/a", "e/a"]


def test_words_numbers_and_table() -> None:
    found = matrices_of(runs())
    said = atlas.headline(found)
    assert said.startswith("3 of 4 matrices have queries that defeat every model.")
    assert "prices 1 of these within chance, 1 too low and 1 too high" in said
    assert "1 has a tail heavier than every smooth law. 34 all-wrong queries are to be read before" in said
    assert "to be read" not in atlas.headline([replace(one, states={"genuine": 5}) for one in found])
    metrics = atlas.metrics(found)
    assert metrics == {
        "n_matrices": 4,
        "n_priced_under": 1,
        "n_priced_over": 1,
        "n_priced_within": 1,
        "n_priced_no_tail": 1,
        "n_all_wrong": 34,
    }
    rows = {row["matrix"]: row for row in atlas.table(found).to_pylist()}
    assert (rows["low"]["pricing"], rows["low"]["p_full_sigma"], rows["low"]["audit"]) == ("under", 0.05, "10 unread")
    assert rows["none"]["ratio_one_factor"] is None and rows["none"]["audit"] == "nothing to read"
    assert rows["high"]["routable_share_lower"] == pytest.approx(0.4)
    whole, laws = atlas.sections(found)
    assert any("too low in low." in sentence for sentence in whole.sentences)
    assert any("No query defeats everyone in none" in sentence for sentence in whole.sentences)
    assert whole.listing is not None and laws.listing is not None
    assert len(whole.listing.rows) == 4 and len(laws.listing.rows) == 3
    assert laws.listing.rows[1][2] == "2.00× (p 0.025)"
    assert all(len(row) == len(whole.listing.columns) for row in whole.listing.rows)
    nothing = matrices_of(runs({"n_all_wrong": [0] * 4}))
    assert atlas.headline(nothing) == "0 of 4 matrices have queries that defeat every model."
    assert atlas.sections(nothing)[1].listing.rows == ()


def test_the_figure_shows_each_matrix_once() -> None:
    figure = atlas.figure(matrices_of(runs()))()
    left, right = figure.axes
    assert [text.get_text() for text in left.get_yticklabels()] == ["high", "low", "chance", "none"]
    lines = {line.get_label(): line for line in left.lines}
    np.testing.assert_allclose(lines["one factor"].get_xdata(), [0.5, 2.0, 1.2])
    np.testing.assert_allclose(lines["one factor"].get_ydata(), [0, 1, 2])
    bars = [(patch.get_y() + patch.get_height() / 2, patch.get_x(), patch.get_width()) for patch in left.patches]
    assert bars[1] == pytest.approx((1, 0.8, 0.4))
    ends = [patch.get_x() + patch.get_width() for patch in right.patches[-4:]]
    assert ends == pytest.approx([1, 1, 1, 1])
    # No ratio anywhere, and a hundred matrices.
    figures.atlas(["a", "b"], {"one factor": [None, 0.0]}, [(None, None)] * 2, np.array([[0.5, 0.2], [1.0, 0.0]]))
    figures.atlas(["x" * 99] * 100, {"one factor": [3.0] * 100}, [(0.5, 2.0)] * 100, np.full((100, 2), 0.4))


def test_what_readers_found_is_counted(tmp_path: Path) -> None:
    (tmp_path / "run/tables").mkdir(parents=True)
    columns = {"query": ["a", "b", "c", "d"], "all_wrong": [True, True, True, False]}
    pq.write_table(pa.table(columns), tmp_path / "run/tables/queries.parquet")
    matrix = str(tmp_path / "m.csv.gz")
    assert read_states(matrix, tmp_path / "run") is None
    sheet = tmp_path / "m.verdicts.csv"
    sheet.write_text("query,verdict\na,genuine\nb,grader_defect\nd,ambiguous\n")
    states = read_states(matrix, tmp_path / "run")
    assert states == {"genuine": 1, "grader_defect": 1, "unread": 1}
    (tmp_path / "m.verdicts.xlsx").touch()  # of two sheets the one in text is read
    assert read_states(matrix, tmp_path / "run") == states
    one = matrices_of(runs({"n_all_wrong": [3, 3, 0, 1]}))[0]
    assert one.audit == "3 unread"
    assert replace(one, states=states).audit == "2 of 3 read, 1 genuine"
    assert replace(one, states={"unread": 3}).audit == "3 unread"
    assert read_states(matrix, tmp_path) is None
    # Of a name with a dot in it only the ending is left out.
    (tmp_path / "m.1.verdicts.csv").write_text("query,verdict\na,ambiguous\n")
    assert read_states(str(tmp_path / "m.1.csv"), tmp_path / "run") == {"ambiguous": 1, "unread": 2}
    # Found genuine and not well posed: genuine, as the audit counts where nothing else is said.
    (tmp_path / "m.1.verdicts.csv").write_text("query,verdict,well_posed\na,genuine,no\nb,,no\n")
    assert read_states(str(tmp_path / "m.1.csv"), tmp_path / "run") == {"genuine": 1, "ambiguous": 1, "unread": 1}
    sheet.write_text("query,verdict\nz,genuine\n")
    with pytest.raises(InputError, match=r"m\.verdicts\.csv: row 2: 'z' is no query"):
        read_states(matrix, tmp_path / "run")
    there = replace(one, values=one.values | {"data.path": matrix}, page=tmp_path / "run/report.html")
    faulty = with_states(there)
    assert faulty.audit == "3 unread, a sheet cannot be read"
    assert "'z' is no query of the data" in " ".join(atlas.sections([faulty])[0].sentences)
    # As in experiment=audit, an answer without a verdict is judged by the key.
    (tmp_path / "m.csv.gz").write_bytes(gzip.compress(b"query,x,y\na,0,0\nb,0,0\nc,0,0\nd,1,0\n"))
    (tmp_path / "m.key.csv").write_text("query,key\na,A\nb,B\nc,C\nd,D\n")
    sheet.write_text("query,verdict,right_answer\na,,a\nb,,E\n")
    assert with_states(there).states == {"genuine": 1, "reference_error": 1, "unread": 1}


@pytest.mark.slow
def test_the_study_goes_on_where_it_stopped(run: Run) -> None:
    """Two matrices and a table of two raters; a third matrix is the only one that is computed later."""
    (run.folder / "m").mkdir()

    def made(name: str, seed: int) -> None:
        rng = np.random.default_rng(seed)
        wrong = rng.normal(size=(200, 1)) + rng.normal(size=(200, 5)) > 0.5
        rows = [f"q{i},{','.join(str(int(not x)) for x in row)}" for i, row in enumerate(wrong)]
        (run.folder / "m" / f"{name}.csv").write_text("\n".join(["query,a,b,c,d,e", *rows]))

    made("one", 1)
    made("two", 2)
    (run.folder / "m/raters.csv").write_text("query,a,b\nq,1,0\nr,0,1\n")
    arguments = ("study=atlas_of_matrices", "m", "experiment.bootstrap=20", "experiment.null=19", "run.workers=1")
    code, out, _ = run(*arguments)
    assert code == 0
    assert "2 of 2 matrices have queries that defeat every model" in " ".join(out.split())
    made("three", 3)
    code, out, err = run(*arguments)
    assert code == 0
    assert "2 of 3 jobs were finished earlier and not run again" in err
    folder = run.folder / "outputs/atlas_of_matrices"
    assert (folder / "figures/atlas.svg").is_file() and (folder / "tables/atlas.csv").is_file()
    assert "The atlas" in (folder / "report.html").read_text()


def test_the_bars_of_the_atlas_are_the_shares_of_each_matrix() -> None:
    """Best model, perfect router and all wrong, from left to right; a share that is not there is none."""
    made = matrices_of(runs({"oracle_gain": [0.2, None, 0.1, 0.19], "single_best": [0.7, 0.6, 0.9, None]}))
    right = next(axes for axes in atlas.figure(made)().axes if len(axes.patches) == 12)
    widths = np.array([bar.get_width() for bar in right.patches]).reshape(3, 4)
    starts = np.array([bar.get_x() for bar in right.patches]).reshape(3, 4)
    shares = np.array([(one.number("single_best") or 0, one.number("oracle_gain") or 0) for one in made]).T
    np.testing.assert_allclose(widths, [*shares, 1 - shares.sum(axis=0)])
    np.testing.assert_allclose(starts, [0 * shares[0], shares[0], shares.sum(axis=0)])
    assert sorted(widths[1].tolist()) == pytest.approx([0.0, 0.1, 0.19, 0.2])

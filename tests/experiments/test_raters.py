"""`experiment=raters`: a planted panel, the published adjudication, own votes, and matrices that others read."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from scipy.stats import beta

from cofail_lab.data.readers.raters import RatersSource
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments import raters
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.raters import Raters
from cofail_lab.report.raters import FEWEST_QUERIES
from tests.conftest import Run, real_path
from tests.data.cells import grades_of, write
from tests.experiments.sources import Fixed


def read(path: str, experiment: Raters | None = None, **keys):
    inputs = Inputs(RunOptions(), source=lambda: RatersSource(path, **keys))
    return (experiment or Raters(bootstrap=100)).run(inputs)


def panel(folder: Path, n: int = 1500, missing: float = 0.0, seed: int = 3) -> tuple[str, np.ndarray]:
    """Five judges of sensitivity .9 and specificity .95 on the answers of four models, 60% of them right."""
    rng = np.random.default_rng(seed)
    right = rng.random((n, 4)) < 0.6
    lines = ["query,model,gold,j0,j1,j2,j3,j4"]
    for i in range(n):
        for j in range(4):
            votes = (rng.random(5) < (0.9 if right[i, j] else 0.05)).astype(int)
            texts = ["" if rng.random() < missing else str(vote) for vote in votes]
            lines.append(f"q{i},m{j},{int(right[i, j])},{','.join(texts)}")
    return write(folder, "\n".join(lines), "votes.csv"), right


def test_a_planted_panel(tmp_path):
    """6,000 items, fixed seed: κ has an error of .005 and a sensitivity one of .005; .01 and .02 are asked for."""
    path, right = panel(tmp_path)
    result = read(path, truth="gold")
    m = result.metrics
    assert m["fleiss_kappa"] == pytest.approx(0.7037, abs=0.01)
    assert m["cohen_kappa"] == pytest.approx(0.7037, abs=0.01)
    assert m["fleiss_kappa_lower"] < 0.7037 < m["fleiss_kappa_upper"]
    for row in result.tables["raters"].to_pylist():
        assert row["sensitivity"] == pytest.approx(0.9, abs=0.02)
        assert row["specificity"] == pytest.approx(0.95, abs=0.02)
        assert row["sensitivity_lower"] < row["sensitivity"] < row["sensitivity_upper"]
        assert row["accuracy"] == pytest.approx(0.6 * 0.9 + 0.4 * 0.95, abs=0.02)
    assert m["latent_prevalence"] == pytest.approx(0.6, abs=0.02)
    cells = np.array([[v == 1 for v in row] for row in _cells(result.tables["majority"])])
    assert cells[right].mean() == pytest.approx(0.99144, abs=0.006)
    assert m["effective_votes"] > 4.4 and abs(m["shortfall"]) < 0.01
    assert m["all_wrong_unanimous"] > m["all_wrong_majority"] > m["all_wrong_lenient"]


def _cells(table):
    return np.array([table.column(f"m{j}").to_pylist() for j in range(4)]).T


def test_own_votes_are_left_out_at_a_cost(tmp_path):
    path, right = panel(tmp_path)
    experiment = Raters(bootstrap=100, self={"j0": "m0", "j1": "m1", "j2": "m2", "j3": "m3"})
    result = read(path, experiment)
    m = result.metrics
    assert m["own_votes"] == 6000
    # Four votes with ties wrong: .9477 of right answers are marked right, .99144 by five.
    cells = _cells(result.tables["without_self"]) == 1
    assert cells[right].mean() == pytest.approx(0.9477, abs=0.01)
    assert m["own_lost"] == m["own_lost_to_ties"] > 0
    assert m["all_wrong_without_self"] >= m["all_wrong_majority"]
    assert "stricter rule" in " ".join(result.sections[0].sentences)
    lenient = read(path, Raters(bootstrap=100, ties="right", self=experiment.self))
    assert lenient.metrics["own_lost"] == 0


def test_a_rater_with_a_models_name_is_that_model(tmp_path):
    path = write(tmp_path, "query,model,a,b,c\n" + "".join(f"q{i},{m},1,0,{i % 2}\n" for i in range(6) for m in "ab"))
    assert read(path).metrics["own_votes"] == 12
    assert read(path, raters=["b", "c"]).metrics["own_votes"] == 6


def test_a_label_that_is_not_there_is_no_vote_of_its_own(tmp_path):
    """Rater a judges its own six answers, and leaves out two of them."""
    rows = "".join(f"q{i},{m},{'' if i < 2 else 1},0,1\n" for i in range(6) for m in "ax")
    assert read(write(tmp_path, "query,model,a,b,c\n" + rows)).metrics["own_votes"] == 4


def test_without_other_votes_nothing_is_said_of_favour(tmp_path):
    path = write(tmp_path, "query,model,a,b\n" + "".join(f"q{i},{m},{i % 2},1\n" for i in range(6) for m in "xy"))
    result = read(path, Raters(bootstrap=100, self={"a": "x", "b": "x"}))
    assert result.metrics["own_votes"] == 12 and result.metrics["own_favour"] is None
    assert "12 votes are of a model on its own answer; nobody else voted there." in result.sections[0].sentences[1]


def test_the_published_adjudication():
    path = real_path("audit_raters", ".csv")
    answers = read(str(path), raters="answer_*").metrics
    posed = read(str(path), raters="well_posed_*").metrics
    assert (answers["n_agreed"], answers["n_rated"]) == (9, 11)
    assert (posed["n_agreed"], posed["n_rated"]) == (11, 11)
    assert posed["cohen_kappa"] == 1
    # Where all resamples agree, their κ limits nothing; the exact limits of the share do.
    assert posed["cohen_kappa_lower"] is None
    assert posed["agreed_lower"] == pytest.approx(0.7151, abs=1e-4)


def test_each_rule_is_a_matrix_that_others_read(tmp_path):
    path, _ = panel(tmp_path, n=60, missing=0.5)
    result = read(path)
    for rule in ("majority", "unanimous", "lenient", "latent"):
        file = tmp_path / f"{rule}.parquet"
        pq.write_table(result.tables[rule], file)
        outcomes = WideSource(str(file)).load().outcomes()
        assert outcomes.n_models == 4
        assert outcomes.all_wrong() == pytest.approx(result.metrics[f"all_wrong_{rule}"])
    # An item without any vote is missing, not wrong: some of 240 have none of five labels.
    assert any(column.null_count for column in result.tables["lenient"].columns)


def test_items_alone_have_rules_but_no_matrix(tmp_path):
    path = write(tmp_path, "item,r1,r2,r3\n1,1,1,0\n2,0,,0\n3,1,1,1\n4,,,\n")
    result = read(path)
    assert result.tables["items"].column("majority").to_pylist() == [1, 0, 1, None]
    assert result.tables["items"].column("unanimous").to_pylist() == [0, 0, 1, None]
    # All agree on one of the two items that all have rated, and on the one that two have.
    m = result.metrics
    assert (m["n_agreed"], m["n_rated"]) == (2, 3)
    assert [m["agreed_lower"], m["agreed_upper"]] == pytest.approx([beta.ppf(0.025, 2, 2), beta.ppf(0.975, 3, 1)])
    assert "all_wrong_majority" not in result.metrics
    assert result.metrics["n_models"] is None


def test_two_raters_have_no_latent_classes(tmp_path):
    path = write(tmp_path, "item,r1,r2\n1,A,A\n2,B,A\n3,C,C\n")
    result = read(path)
    assert result.metrics["latent_prevalence"] is None
    assert "latent classes need 3 raters or more" in result.sections[1].sentences[0]
    assert result.headline.startswith("Both raters agree on 2 of 3 items (κ 0.500")


def test_few_queries_give_no_limits(tmp_path):
    """Of five queries the central 95% of resamples hold κ in 73% of samples; the exact limits of a share do hold."""
    rows = [f"{i},{i % 2},{i % 2},{int(i % 3 == 0)}" for i in range(12)]
    few, enough = (read(write(tmp_path, "\n".join(["item,r1,r2,r3", *rows[:n]]))) for n in (9, 10))
    for name in ("cohen_kappa", "fleiss_kappa"):
        assert few.metrics[name] is not None and few.metrics[f"{name}_lower"] is None
        assert enough.metrics[f"{name}_lower"] < enough.metrics[name]
    assert few.metrics["agreed_lower"] > 0
    assert few.tables["raters"].column("sensitivity_lower").null_count == 3
    assert "Fewer than 10 queries" in " ".join(s for part in few.sections for s in part.sentences)


def test_a_kappa_that_many_resamples_lack_has_no_limits(tmp_path):
    """One of twenty items is not 0: 36% of the resamples hold only zeros, where chance alone agrees always."""
    rows = [f"{i},{int(i == 0)},{int(i < 1)}" for i in range(19)] + ["19,0,1"]
    labels = read(write(tmp_path, "\n".join(["item,r1,r2", *rows])))
    assert labels.metrics["cohen_kappa"] == pytest.approx(0.6428, abs=1e-3)
    assert labels.metrics["cohen_kappa_lower"] is None


def test_other_experiments_and_sources_refuse_in_one_line(tmp_path):
    path, _ = panel(tmp_path, n=5)
    with pytest.raises(InputError, match="data=raters: labels of raters, this experiment needs outcomes"):
        Inputs(RunOptions(), source=lambda: RatersSource(path)).outcomes()
    with pytest.raises(InputError, match="needs a table of items x raters"):
        Raters().run(Inputs(RunOptions(), source=lambda: Fixed(grades_of([[0, 1]], "q", "ab"))))
    with pytest.raises(InputError, match=r"experiment\.self: 'j9' is no rater"):
        read(path, Raters(self={"j9": "m0"}))
    with pytest.raises(InputError, match=r"experiment\.self: 'm9' is no model"):
        read(path, Raters(self={"j0": "m9"}))
    with pytest.raises(InputError, match=r"experiment\.ties: 'coin' is not one of"):
        Raters(ties="coin")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"experiment\.self: 'a'; raters and their models"):
        Raters(self="a")  # type: ignore[arg-type]


def test_the_command(run: Run):
    panel(run.folder, n=40)
    code, out, err = run("experiment=raters", "votes.csv", "experiment.bootstrap=100", "hydra.run.dir=here")
    assert (code, err) == (0, "")
    assert "All 5 raters agree on" in " ".join(out.split())
    assert {"majority.csv", "unanimous.parquet", "raters.parquet"} <= {
        p.name for p in (run.folder / "here/tables").iterdir()
    }
    assert (run.folder / "here/figures/raters.svg").is_file()
    code, out, err = run("experiment=certify", "here/tables/majority.parquet", "hydra.run.dir=there")
    assert (code, err) == (0, "")
    code, _, err = run("experiment=raters")
    assert code == 2 and "data=raters" in err


def test_a_matrix_of_few_queries_has_no_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Below the fewest queries a single weight of one each stands for the resamples; from there on there are some."""
    seen = []
    kappas = raters.kappas

    def noted(labels: np.ndarray, weights: np.ndarray) -> object:
        seen.append(weights)
        return kappas(labels, weights)

    monkeypatch.setattr(raters, "kappas", noted)
    for n in (FEWEST_QUERIES - 1, FEWEST_QUERIES):
        (tmp_path / str(n)).mkdir()
        read(panel(tmp_path / str(n), n)[0], Raters(bootstrap=101))
    few, enough = seen
    assert few.shape == (1, 4 * (FEWEST_QUERIES - 1)) and (few == 1).all()
    assert enough.shape == (101, 4 * FEWEST_QUERIES) and (enough != 1).any()


def test_an_answer_is_right_if_more_than_half_of_the_posterior_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    latent = raters.latent_quality

    def even(*given: object) -> object:
        found = latent(*given)
        posterior = np.full_like(found.fitted.posterior, 0.5)
        posterior[0, 0], posterior[0, 1], posterior[1, 0], posterior[1, 1] = 0.49, 0.51, 0.51, 0.49
        return found._replace(fitted=found.fitted._replace(posterior=posterior))

    monkeypatch.setattr(raters, "latent_quality", even)
    path, _ = panel(tmp_path, 12)
    cells = _cells(read(path).tables["latent"]).ravel()
    assert sorted(cells.tolist())[-1] == 1 and int((cells == 1).sum()) == 1


def test_an_answer_that_nobody_rated_has_no_outcome_under_any_rule(tmp_path):
    path, _ = panel(tmp_path, n=30)
    lines = Path(path).read_text().splitlines()
    Path(path).write_text("\n".join([*lines, "q99,m0,1,,,,,", *(f"q99,m{j},1,1,1,1,1,1" for j in (1, 2, 3))]) + "\n")
    result = read(path)
    for rule in ("majority", "unanimous", "lenient", "latent"):
        rows = {row["query"]: row for row in result.tables[rule].to_pylist()}
        assert [rows["q99"][f"m{j}"] for j in range(4)] == [None, 1, 1, 1], rule

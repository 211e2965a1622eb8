"""`experiment=errors`: planted families, real answers, and what there is without them."""

import numpy as np
import pytest

from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.errors import SharedWrongAnswers
from tests.conftest import Run, real_path
from tests.experiments.sources import inputs_from

N = 600


def planted(rng, copied: float = 0.8) -> dict:
    """Six models of two families; of the first, a wrong answer is the family's with probability ``copied``."""
    key = rng.choice(list("ABCDE"), N)
    others = np.array([[x for x in "ABCDE" if x != one] for one in key])
    own = np.take_along_axis(others, rng.integers(0, 4, (N, 6)), axis=1)
    family = np.take_along_axis(others, rng.integers(0, 4, (N, 1)), axis=1)
    said = np.where((rng.random((N, 6)) < copied) & (np.arange(6) < 3), family, own)
    wrong = rng.random((N, 6)) < np.array([0.5, 0.5, 0.5, 0.4, 0.4, 0.4])
    return {
        "wrong": wrong,
        "per_cell": {"answer": np.where(wrong, said, key[:, None]).astype(object)},
        "per_query": {"key": key.astype(object)},
        "per_model": {"family": np.array(["x", "x", "x", "y", "y", "y"], dtype=object)},
    }


def run_on(columns: dict, **keys):
    columns = dict(columns)
    return SharedWrongAnswers(**{"bootstrap": 100, **keys}).run(inputs_from(columns.pop("wrong"), **columns))


def test_a_family_that_copies_is_seen(rng):
    """About 150 common errors a pair: a share has an error of .04."""
    result = run_on(planted(rng))
    m = result.metrics
    pairs = {(row["first"], row["second"]): row for row in result.tables["pairs"].to_pylist()}
    copying = [pairs[pair] for pair in pairs if set(pair) <= {"m0", "m1", "m2"}]
    assert len(copying) == 3 and [*pairs][:3] == [(row["first"], row["second"]) for row in copying]
    for row in copying:
        assert row["same_answer"] == pytest.approx(0.64 + 0.36 / 4, abs=0.12)
        assert row["kappa"] > 0.5
    free = [row for pair, row in pairs.items() if set(pair) & {"m3", "m4", "m5"}]
    assert np.mean([row["kappa"] for row in free]) == pytest.approx(0, abs=0.04)
    assert m["family_gap_lower"] > 0
    assert m["chance_when_wrong"] == pytest.approx(0.25, abs=0.03)
    assert m["excess_within"] > m["excess_across"]
    # Which queries are wrong is independent: six models are six.
    assert m["effective_models"] == pytest.approx(6, abs=0.7)
    assert m["effective_models_spectral"] == pytest.approx(6, abs=0.2)
    # The tree puts the family together.
    order = result.tables["models"].column("model").to_pylist()
    places = sorted(order.index(name) for name in ("m0", "m1", "m2"))
    assert places[2] - places[0] == 2


def test_without_families_or_keys(rng):
    columns = planted(rng)
    del columns["per_model"], columns["per_query"]
    m = run_on(columns).metrics
    assert m["family_gap"] is None and "excess_within" not in m
    # Without keys a habit is one letter for all queries, the right ones among them.
    assert 0.15 < m["chance_when_wrong"] < 0.3


def test_copies_are_one_model(rng):
    columns = planted(rng)
    columns["wrong"] = np.repeat(columns["wrong"][:, :1], 6, axis=1)
    columns["per_cell"] = {"answer": np.repeat(columns["per_cell"]["answer"][:, :1], 6, axis=1)}
    result = run_on(columns)
    m = result.metrics
    assert m["effective_models"] == pytest.approx(1)
    assert m["kappa_when_wrong"] == m["agree_when_wrong"] == 1
    assert m["n_all_wrong_alike"] == m["n_all_wrong"] > 0


def test_accuracy_is_a_rank_correlation(rng):
    m = run_on(planted(rng)).metrics
    # The copying family is the less accurate one.
    assert m["accuracy_rank_correlation"] < -0.3


def test_what_is_missing_is_said(rng):
    columns = planted(rng)
    with pytest.raises(InputError, match=r"made up has no answers, only grades; a companion NAME\.answers\.csv"):
        SharedWrongAnswers().run(inputs_from(columns["wrong"]))
    with pytest.raises(InputError, match=r"experiment\.least: 5000; no two models .* \(at most \d+ times\)"):
        run_on(columns, least=5000)
    with pytest.raises(InputError, match=r"experiment\.least: 0 is not a whole number >= 1"):
        SharedWrongAnswers(least=0)
    with pytest.raises(InputError, match=r"experiment\.bootstrap: 99"):
        SharedWrongAnswers(bootstrap=99)


def test_real_answers():
    source = WideSource(str(real_path("medagents_zeroshot")))
    result = SharedWrongAnswers(bootstrap=100).run(Inputs(RunOptions(), source=lambda: source))
    m = result.metrics
    assert (m["n_all_wrong"], m["n_all_wrong_alike"]) == (332, 151)
    assert m["agree_when_wrong"] == pytest.approx(0.693, abs=5e-4)
    assert m["chance_when_wrong"] == pytest.approx(0.325, abs=5e-4)
    assert m["effective_models"] == pytest.approx(1.84, abs=0.005)
    assert m["family_gap_lower"] > 0


def test_the_command(run: Run):
    rng = np.random.default_rng(1)
    columns = planted(rng)
    names = [f"m{j}" for j in range(6)]
    for name, cells in (("g", 1 - columns["wrong"].astype(int)), ("g.answers", columns["per_cell"]["answer"])):
        rows = [",".join([f"q{i}", *map(str, row)]) for i, row in enumerate(cells)]
        (run.folder / f"{name}.csv").write_text("\n".join([",".join(["query", *names]), *rows]))
    code, out, err = run("experiment=errors", "g.csv", "hydra.run.dir=here", "experiment.bootstrap=100")
    assert (code, err) == (0, "")
    assert "Where two models are wrong they give the same answer in" in " ".join(out.split())
    assert (run.folder / "here/figures/errors.svg").is_file()
    assert (run.folder / "here/tables/pairs.csv").is_file()


def test_pairs_that_are_seldom_wrong_together_are_left_out_and_the_others_stay() -> None:
    """Of three models a and b are both wrong on 30 queries, each with c on 5."""
    wrong = np.zeros((60, 3), bool)
    wrong[:30, :2] = wrong[25:40, 2] = True
    said = np.where(wrong, "x", "k").astype(object)
    found = SharedWrongAnswers(least=6, bootstrap=100).run(inputs_from(wrong, per_cell={"answer": said}))
    assert found.metrics["n_pairs"] == 1 and found.metrics["agree_when_wrong"] == 1
    assert found.tables["pairs"].to_pydict()["n_both_wrong"] == [30]
    with pytest.raises(InputError, match=r"no two models of .* that often \(at most 30 times\)$"):
        SharedWrongAnswers(least=31, bootstrap=100).run(inputs_from(wrong, per_cell={"answer": said}))

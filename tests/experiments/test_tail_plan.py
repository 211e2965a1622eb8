"""`experiment=plan plan.for=tail`, over a law and over a matrix."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from cofail_lab import models
from cofail_lab.bounds import tail_planner
from cofail_lab.errors import InputError
from cofail_lab.experiments import tail_plan
from cofail_lab.experiments.base import Inputs, RunOptions, silent
from cofail_lab.experiments.plan import Plan
from tests.conftest import Run
from tests.experiments.sources import inputs_from

PLAN = {"for": "tail", "shock": 0.05, "level": 0.05, "power": 0.8, "n_models": None, "n_queries": None}


def over(law: models.AbstractErrorLaw, **changes):
    return Plan(plan=PLAN | changes).run(Inputs(RunOptions(), law_factory=lambda: law))


LAW = models.OneFactorGaussian.equicorrelated([0.3] * 10, 0.17)


@pytest.fixture(scope="module")
def planned():
    """Shared by the tests: a plan takes seconds."""
    return over(LAW, n_queries=200)


def test_a_plan_over_a_law(planned) -> None:
    result = planned
    metrics = result.metrics
    assert metrics["all_wrong_without"] < metrics["all_wrong_with"]
    assert metrics["all_wrong_with"] == pytest.approx(0.05 + 0.95 * float(LAW.all_wrong()), rel=1e-9)
    assert metrics["power"] >= 0.8 and metrics["level_measured"] < 0.07
    assert metrics["n_queries_needed"] <= metrics["n_queries_needed_known_null"] <= 200
    assert result.headline.startswith(
        f"Grade {metrics['n_queries_needed']} queries with 10 models to see a common mode"
    )
    needed = dict(zip(*result.tables["queries"].to_pydict().values(), strict=True))
    assert needed[metrics["n_models_needed"]] <= 200
    assert (min(needed) == 3 and needed[3] is None) or needed[3] > 200
    assert list(needed) == [3, 4, 5, 6, 7, 8, 9, 10]
    result.figures["queries"]()


def test_a_larger_mode_and_a_larger_pool_need_fewer_queries(planned) -> None:
    more = over(LAW, shock=0.1).metrics["n_queries_needed"]
    assert more < planned.metrics["n_queries_needed"] < over(LAW, n_models=6).metrics["n_queries_needed"]


def test_a_plan_over_a_matrix_keeps_its_rates_and_pairs() -> None:
    rng = np.random.default_rng(3)
    shared = rng.normal(size=(400, 1))
    wrong = (shared + rng.normal(size=(400, 8)) < -0.8).astype(int)
    result = Plan(plan=PLAN | {"shock": 0.02}).run(inputs_from(1 - wrong if wrong.mean() > 0.5 else wrong))
    assert result.metrics["n_queries_needed"] is not None
    with pytest.raises(InputError, match=r"plan\.shock: 0\.6 is more than the pairs of this matrix leave room for"):
        Plan(plan=PLAN | {"shock": 0.6}).run(inputs_from(wrong))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"for": "gain"}, r"plan\.for: 'gain'; certificate and tail are accepted"),
        ({"shock": 5}, r"plan\.shock"),
        ({"n_models": 2}, r"plan\.n_models"),
        ({"n_models": 401}, r"plan\.n_models: 401; 3 to 400"),
        ({"n_queries": 0}, r"plan\.n_queries"),
        ({"size": 1}, r"plan\.size: no such key"),
    ],
)
def test_what_cannot_be_planned_is_refused(changes: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        over(LAW, **changes)


def test_unlike_models_are_planned_up_to_their_number() -> None:
    """Like ones up to any number; and never more than 400, however many the law has."""
    unlike = models.OneFactorGaussian.equicorrelated([0.2, 0.3, 0.4, 0.25], 0.17)
    wide = models.OneFactorGaussian.equicorrelated([0.3] * 400 + [0.2], 0.17)
    for law, wanted, most in ((unlike, 5, 4), (wide, 401, 400), (LAW, 401, 400)):
        with pytest.raises(InputError) as refused:
            over(law, n_models=wanted)
        assert str(refused.value).startswith(f"plan.n_models: {wanted}; 3 to {most} are accepted: ")


def test_a_law_of_unlike_loadings_is_planned_as_it_is() -> None:
    unlike = models.OneFactorGaussian([0.3] * 4, [0.1, 0.5, 0.5, 0.5])
    assert tail_plan._of_law(unlike).law is unlike
    alike = tail_plan._of_law(LAW)
    assert (alike.law, alike.error_rate, alike.correlation) == (None, 0.3, pytest.approx(0.17))


def test_without_a_law_or_a_source() -> None:
    with pytest.raises(InputError, match="name one such as law=one_factor_gaussian"):
        Plan(plan=PLAN).run(Inputs(RunOptions()))


def test_from_the_command_line(run: Run) -> None:
    code, out, err = run(
        "experiment=plan",
        "plan.for=tail",
        "law=independent",
        "law.error_rates=0.3x8",
        "record.figures=false",
        "record.report=false",
        "hydra.run.dir=here",
    )
    assert (code, err) == (0, ""), out
    assert json.loads((run.folder / "here" / "results.json").read_text())["metrics"]["n_models"] == 8


@pytest.mark.parametrize(("changes", "m", "n"), [({}, 5, 90), ({"n_models": 7}, 7, 90), ({"n_queries": 40}, 5, 40)])
def test_a_matrix_says_how_many_models_and_queries_there_are(
    monkeypatch: pytest.MonkeyPatch, changes: dict, m: int, n: int
) -> None:
    """Unless the plan says so itself; nothing is simulated where no number of queries is enough."""
    seen: list[int] = []
    monkeypatch.setattr(tail_plan, "_known_null", lambda counts, *_: seen.append(len(counts) - 1))
    monkeypatch.setattr(tail_plan, "_limits", lambda counts, atom: (len(counts) - 1, atom))
    made: list[tuple] = []
    monkeypatch.setattr(
        tail_plan.words, "TailPlan", lambda *given: (made.append(given), SimpleNamespace(result=lambda: "said"))[1]
    )
    wrong = np.random.default_rng(3).random((90, 5)) < np.repeat([0.9, 0.2], [30, 60])[:, None]
    assert tail_plan.plan_tail(PLAN | changes, inputs_from(wrong), silent) == "said"
    ((atom, level, power, _, sizes, needed, simulated, n_queries, limit, with_atom),) = made
    assert (atom, level, power, n_queries, limit, with_atom) == (0.05, 0.05, 0.8, n, m, 0.05)
    assert (sizes[0], sizes[-1], seen) == (3, m, sizes.tolist())
    assert simulated is None and needed == (None,) * len(sizes)


def test_samples_are_simulated_at_the_seed_of_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """From as many queries as a known null needs; the null has the rate and the pairs of the alternative."""
    seen: list[tuple] = []

    def search(null: np.ndarray, alternative: np.ndarray, *given: object) -> tail_planner.Tested:
        seen.append((len(null), len(alternative), *given[:-1]))
        return tail_planner.Tested(41, 0.81, 0.047, 0.004)

    monkeypatch.setattr(tail_plan, "_known_null", lambda counts, *_: 70 + len(counts))
    monkeypatch.setattr(tail_plan.tail_planner, "search", search)
    law = models.OneFactorGaussian.equicorrelated([0.3] * 6, 0.17)
    result = Plan(plan=PLAN).run(Inputs(RunOptions(seed=23), law_factory=lambda: law))
    assert seen == [(7, 7, 77, 0.05, 0.8, 23)] and result.metrics["n_queries_needed"] == 41


@pytest.mark.parametrize("atom", [0.02, 0.08])
def test_a_base_and_its_atom_have_the_rate_and_the_pairs_of_the_matrix(atom: float) -> None:
    wrong = np.random.default_rng(7).random((200, 6)) < np.repeat([0.95, 0.2], [40, 160])[:, None]
    base = tail_plan._of_matrix(wrong, atom)
    observed = tail_plan.rate_and_pair(np.bincount(wrong.sum(axis=1), minlength=7) / 200)
    assert tail_plan.rate_and_pair(tail_plan.with_atom(base.counts(6), atom)) == pytest.approx(observed, rel=1e-6)


def test_an_atom_is_at_most_what_the_pairs_leave_room_for() -> None:
    """With rate a and pair p an atom of (p - a²)/(1 - 2a + p) is the whole of their dependence."""
    wrong = np.random.default_rng(7).random((200, 6)) < np.repeat([0.95, 0.2], [40, 160])[:, None]
    rate, pair = tail_plan.rate_and_pair(np.bincount(wrong.sum(axis=1), minlength=7) / 200)
    most = (pair - rate**2) / (1 - 2 * rate + pair)
    assert tail_plan._of_matrix(wrong, 0.999 * most).correlation == pytest.approx(0, abs=0.01)
    with pytest.raises(InputError, match=f"below {most:.3g} is accepted"):
        tail_plan._of_matrix(wrong, 1.001 * most)

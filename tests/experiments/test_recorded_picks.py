"""`experiment=policies` with picks that were recorded elsewhere, and the ceilings they are held against."""

from pathlib import Path

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments.base import silent
from cofail_lab.experiments.decide import Decide
from cofail_lab.experiments.policies import Policies
from cofail_lab.policies.domain_table import DomainTable
from cofail_lab.policies.recorded import Recorded
from tests.experiments.sources import inputs_from, topic_inputs
from tests.policies.pool import topics


def _picks(folder: Path, chosen: np.ndarray, lacking: int = 0) -> Recorded:
    queries = topics(240, 0).features.queries
    rows = [f"{q},m{j}" for q, j in zip(queries, chosen, strict=True)][lacking:]
    (folder / "picks.csv").write_text("\n".join(["query,model", *rows]))
    return Recorded(path=str(folder / "picks.csv"))


def test_recorded_picks_made_after_grading_are_flagged_and_no_headline_words_their_gain(tmp_path: Path) -> None:
    data = topics(240, 0)
    late = {"recorded": _picks(tmp_path, data.right.argmax(axis=1))}
    cheating = Policies(bootstrap=500).run(topic_inputs(late))
    assert cheating.labels["suspicion_recorded"] == "nearly_oracle"
    assert cheating.metrics["lost_recorded"] == 0
    best = cheating.labels["best_model"]
    why = "recorded is not counted, its picks seem to be made after grading"
    assert cheating.headline == f"No policy gains over {best} alone (of 0 tried; {why})."
    alone = Decide(bootstrap=500).run(topic_inputs(late))
    assert (alone.labels["action"], alone.labels["policy"]) == ("stay", "single_best")
    assert alone.headline.startswith(
        f"Use {best} alone: of 0 policies tried none surely gains or saves, though an oracle"
    )
    assert alone.headline.endswith(f"; {why}.")
    for result in (cheating, alone):
        for shown in (result.brief, result.sections):
            said = " ".join(sentence for section in shown for sentence in section.sentences)
            assert "recorded gains nearly all that hindsight can" in said
            assert "no pick" not in said
    # Another policy that gains is advised, not the larger gain of the picks.
    beside = Decide(bootstrap=500).run(topic_inputs(late | {"domain_table": DomainTable(guard=False)}))
    assert (beside.labels["action"], beside.labels["policy"]) == ("gain", "domain_table")
    assert beside.metrics["gain_recorded"] > beside.metrics["gain_domain_table"]
    both = Policies(bootstrap=500).run(topic_inputs(late | {"domain_table": DomainTable(guard=False)}))
    assert both.headline.startswith(f"domain_table gains most over {best} alone")


def test_honest_picks_gain_and_those_that_are_lacking_are_counted(tmp_path: Path) -> None:
    by_topic = np.unique(topics(240, 0).features.dataset.astype(str), return_inverse=True)[1]
    honest = Decide(bootstrap=500).run(topic_inputs({"recorded": _picks(tmp_path, by_topic)}))
    assert "suspicion_recorded" not in honest.labels
    assert honest.metrics["gain_recorded"] > 0.1
    assert honest.labels["policy"] == "recorded"
    for lacking, said in (
        (1, "recorded: 1 of 240 queries has no pick and goes to the train-best model."),
        (200, "recorded: 200 of 240 queries have no pick and go to the train-best model."),
    ):
        some = {"recorded": _picks(tmp_path, by_topic, lacking)}
        for experiment in (Policies(bootstrap=0), Decide(bootstrap=0)):
            result = experiment.run(topic_inputs(some))
            for shown in (result.brief, result.sections):
                assert said in [sentence for section in shown for sentence in section.sentences]


def test_ceilings_are_those_of_the_grades_and_of_repeated_runs() -> None:
    """Four runs of three models on 40 queries; what is routable is limited from above, by P10.i."""
    share = np.random.default_rng(0).integers(5, size=(40, 3)) / 4
    share[:4] = [[0.25, 0, 0], [0.5, 0.25, 0.25], [1, 0.75, 0.75], [0, 0, 0.25]]
    wrong = share < 0.5
    inputs = inputs_from(wrong, per_cell={"frac": share})
    _, found = Policies(bootstrap=0).contest(inputs, inputs.outcomes(), silent)
    assert found.oracle == pytest.approx(1 - wrong.all(axis=1).mean())
    assert found.single_best == pytest.approx((~wrong).mean(axis=0).max())
    assert found.repeated is not None
    value, upper, gain = found.repeated.routable
    assert value == pytest.approx(share.max(axis=1).mean())
    assert upper > value
    assert gain == pytest.approx(upper - share.mean(axis=0).max())


def test_recorded_picks_of_other_queries_are_named(tmp_path: Path) -> None:
    (tmp_path / "picks.csv").write_text("query,model\nx1,m1\nx2,m0\n")
    with pytest.raises(InputError, match=r"picks.csv: none of its 2 queries is one of the matrix, such as 'q\d+'"):
        Policies(bootstrap=0).run(topic_inputs({"recorded": Recorded(path=str(tmp_path / "picks.csv"))}))

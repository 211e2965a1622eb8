"""The null calibration of a fit: when a tail is judged, and why it is not."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import cofail_lab as cl
from cofail_lab.fitting import calibration as calibration_module
from cofail_lab.fitting.calibration import Calibration
from cofail_lab.fitting.conclusion import conclude
from cofail_lab.fitting.estimators.point import PointFit
from cofail_lab.fitting.matrix import fit_matrix
from cofail_lab.fitting.replicates import null
from cofail_lab.fitting.replicates.stages import Replicates
from cofail_lab.outcomes import Outcomes
from cofail_lab.report.fit.in_short import chance_sentence
from tests.conftest import outcomes_from


@pytest.mark.usefixtures("few_histograms")
def test_a_fit_places_its_ratio(real: Callable[[str], Outcomes]) -> None:
    """swebench_pro_public: p is a rank among the simulated ratios in the table, and the table has them."""
    outcomes = real("swebench_pro_public")
    result = cl.fit(outcomes, bootstrap=0, null=39, folds=0)
    table = result.tables["null"]
    rows = table.filter([name == "one_factor" for name in table["null_law"].to_pylist()])
    assert rows.num_rows == 39
    ratios = rows["all_wrong"].to_numpy() / np.exp(rows["log_one_factor"].to_numpy())
    observed = result.metrics["ratio_one_factor"]
    assert observed is not None
    assert result.metrics["null_p_value"] == pytest.approx((1 + (ratios >= observed).sum()) / 40)
    assert result.metrics["null_ratio_one_factor"] == pytest.approx(np.median(ratios))
    assert result.metrics["n_null"] == 39


def test_without_a_null_no_tail_is_judged(real: Callable[[str], Outcomes]) -> None:
    result = cl.fit(real("swebench_pro_public"), bootstrap=0, null=0, folds=0)
    text = " ".join(sentence for section in result.sections for sentence in section.sentences)
    assert "not tested" in text
    assert "underpric" not in text
    assert "unlikely" not in text
    assert result.metrics["null_p_value"] is None
    assert "not calibrated" in result.labels["null"]


def test_a_thin_tail_is_told() -> None:
    """Difficulty that ends (one minus an exponential): the hardest queries are not hard enough to defeat everyone as
    often as any Gaussian law with these pairs says. All 19 matrices of every null have a larger ratio.
    """
    rng = np.random.default_rng(1)
    hard, noise = 1 - rng.exponential(size=(600, 1)), rng.standard_normal((600, 6))
    result = cl.fit(outcomes_from(np.sqrt(0.7) * hard + np.sqrt(0.3) * noise > 0.2), bootstrap=0, null=19, folds=0)
    assert result.labels["tail"] == "thinner"
    assert result.metrics["tail_p_thinner"] == pytest.approx(0.05)
    assert result.metrics["ratio_one_factor"] < 0.8  # type: ignore[operator]
    said = result.sections[0].sentences[0]
    assert "thinner than every law fitted to pairs expects (p = 0.050 at most)" in said
    assert "unlikely to be chance" not in said


@pytest.mark.slow
def test_a_common_mode_is_told_and_its_absence_is_not() -> None:
    """An atom of 20% in one-factor data is called unlikely to be chance; the same data without it are not."""
    rng = np.random.default_rng(5)
    base = (np.sqrt(0.3) * rng.normal(size=(600, 1)) + np.sqrt(0.7) * rng.normal(size=(600, 20))) < -0.3
    plain = cl.fit(outcomes_from(base), bootstrap=0, null=99, folds=0)
    struck = base.copy()
    struck[rng.random(600) < 0.2] = True
    told = cl.fit(outcomes_from(struck), bootstrap=0, null=99, folds=0)
    assert told.labels["tail"] == "beyond"
    assert plain.labels["tail"] == "chance"
    assert "unlikely to be chance" in told.sections[0].sentences[0]
    assert "unlikely to be chance" not in plain.sections[0].sentences[0]
    assert told.metrics["null_p_value"] == pytest.approx(0.01)
    assert plain.metrics["null_p_value"] > 0.05  # type: ignore[operator]
    # Every law must be excluded, so a common mode is told no more often than by one test alone.
    assert 0 < told.metrics["null_power_all"] <= told.metrics["null_power"]  # type: ignore[operator]


def test_no_conclusion_without_every_null() -> None:
    """A ratio that is rare under the laws tested says nothing where one is missing or the test was cut short."""
    rng = np.random.default_rng(5)
    wrong = (np.sqrt(0.3) * rng.normal(size=(400, 1)) + np.sqrt(0.7) * rng.normal(size=(400, 20))) < -0.3
    wrong[rng.random(400) < 0.2] = True
    fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
    calibration = Calibration(fit, 39, 0.02, 0)
    simulated = {name: stage.replicates() for name, stage in calibration.stages().items()}
    tail = calibration.tail_test()
    whole = calibration.attach(simulated, tail, finished=True)
    assert (conclude(whole).tail, conclude(whole).reason) == ("beyond", "all_rejected")
    assert "unlikely to be chance" in chance_sentence(whole, conclude(whole))
    cut = calibration.attach(simulated, tail, finished=False)
    assert (conclude(cut).tail, conclude(cut).reason) == ("cannot_tell", "interrupted")
    assert "no conclusion" in chance_sentence(cut, conclude(cut))
    some = {name: replicates for name, replicates in simulated.items() if name in ("null_one_factor", "power")}
    partly = calibration.attach(some, tail, finished=True)
    assert (conclude(partly).tail, conclude(partly).reason) == ("cannot_tell", "nulls_missing")
    assert conclude(partly).missing == ("one_factor_loadings", "full_sigma")
    assert cut.tail is None
    said = chance_sentence(partly, conclude(partly))
    assert "no conclusion" in said
    assert "full correlation matrix could not be tested" in said
    assert partly.null is not None
    assert partly.null.joint_power is None


def test_simulation_ends_when_every_p_value_is_decided() -> None:
    rng = np.random.default_rng(5)
    wrong = (np.sqrt(0.3) * rng.normal(size=(600, 1)) + np.sqrt(0.7) * rng.normal(size=(600, 8))) < -0.3
    fit = fit_matrix(outcomes_from(wrong), level=0.9, seed=0)
    calibration = Calibration(fit, 500, 0.02, 0)

    def refitted(**factors: float) -> Replicates:
        """64 matrices in which every ratio is half of the observed one, then twice; or times a factor of its law."""
        logs = {}
        for law in fit.laws:
            ratio = fit.ratio(law)
            assert ratio is not None
            logs[f"log_{law}"] = -np.log(ratio * factors.get(law, np.repeat([0.5, 2.0], 32)) * np.ones(64))
        point = PointFit(*(logs.pop(name, np.zeros(64)) for name in PointFit._fields))
        return Replicates(np.ones(64), np.ones(64), point, logs)

    # 25 hits of 500 matrices are needed, in both directions for the own ratio of a law.
    laws = ("one_factor", "full_sigma")
    both = {f"null_{law}": refitted() for law in laws}
    assert [calibration.enough(name, both) for name in (*both, "power")] == [True, True, True]
    for factor in (0.5, 2.0):
        apart = both | {"null_full_sigma": refitted(full_sigma=factor)}
        assert [calibration.enough(name, apart) for name in (*apart, "power")] == [True, False, False]
    # Of the ratio of another law only large ones are tested.
    assert calibration.enough("null_one_factor", {"null_one_factor": refitted(clayton=2.0)})
    assert not calibration.enough("null_one_factor", {"null_one_factor": refitted(clayton=0.5)})
    # Under its own law only the own ratio is.
    assert calibration.enough("null_full_sigma", both | {"null_full_sigma": refitted(clayton=0.5)})


def test_why_there_is_no_null() -> None:
    """Each reason is its own, and none of them is that it was not asked for."""
    rng = np.random.default_rng(5)
    one = rng.random((60, 1)) < 0.4
    pair = np.hstack([one, rng.random((60, 1)) < 0.4])
    pair[0] = True
    for wrong, reason in ((pair, "fewer than three"), (np.repeat(one, 4, axis=1), "no one-factor law")):
        said = cl.fit(outcomes_from(wrong), bootstrap=0, null=19, folds=0).sections[0].sentences[0]
        assert reason in said
        assert "experiment.null" not in said
    right = np.hstack([pair, np.zeros((60, 1), dtype=bool), rng.random((60, 2)) < 0.4])
    said = cl.fit(outcomes_from(right), bootstrap=0, null=0, folds=0).sections[0].sentences[0]
    assert "which is always right" in said
    assert "of the 4 models that vary" in said


@pytest.mark.usefixtures("few_histograms")
def test_an_interrupted_calibration_keeps_what_is_done(
    real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch
) -> None:
    from cofail_lab.fitting.replicates import stages as replicates

    original = replicates.in_batches

    def cut(*arguments: object) -> object:
        batches = original(*arguments)  # type: ignore[arg-type]
        yield next(batches)
        raise KeyboardInterrupt

    monkeypatch.setattr(replicates, "in_batches", cut)
    result = cl.fit(real("swebench_pro_public"), bootstrap=0, null=100)
    assert result.interrupted is not None
    assert result.interrupted.startswith(f"{null._MATRICES_PER_BATCH} of ")
    assert result.metrics["n_null"] == null._MATRICES_PER_BATCH
    assert result.metrics["null_p_value"] is not None


@pytest.mark.usefixtures("few_histograms")
def test_very_large_pools_use_the_same_pairs_on_both_sides(
    real: Callable[[str], Outcomes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """With all pairs drawn the subset changes nothing; with some, observed and simulated means are over these."""
    from cofail_lab.fitting import calibration, refit

    outcomes = real("swebench_pro_public")
    monkeypatch.setattr(refit, "MAX_REPLICATED_MODELS", 2)
    whole = cl.fit(outcomes, bootstrap=0, null=20, folds=0)
    monkeypatch.setattr(calibration, "_MAX_PAIRS", 10)
    monkeypatch.setattr(calibration, "_SOME_PAIRS", 36)
    same = cl.fit(outcomes, bootstrap=0, null=20, folds=0)
    assert same.metrics["null_p_value"] == whole.metrics["null_p_value"]
    assert same.metrics["null_ratio_one_factor"] == pytest.approx(whole.metrics["null_ratio_one_factor"])
    monkeypatch.setattr(calibration, "_SOME_PAIRS", 20)
    some = cl.fit(outcomes, bootstrap=0, null=20, folds=0)
    assert "means over 20 pairs" in some.labels["null"]
    assert some.metrics["null_ratio_one_factor"] == pytest.approx(1, abs=0.1)


def test_fewer_matrices_for_thousands_of_models() -> None:
    from cofail_lab.fitting.calibration import affordable

    assert affordable(outcomes_from(np.zeros((800, 35), dtype=bool)), 200) == 200
    assert affordable(outcomes_from(np.zeros((1300, 2000), dtype=bool)), 200) == 39
    assert affordable(outcomes_from(np.zeros((1300, 2000), dtype=bool)), 20) == 20


def test_joint_power_is_that_of_every_laws_own_test(rng: np.random.Generator) -> None:
    """Under each law the ratios are 1 to 39: above 38 is rare. One factor is above in 3 of 4 matrices, the net in 2."""

    def ratios(**by_law: list[float]) -> Any:
        return SimpleNamespace(
            ratios=lambda law: np.array(by_law[law]),
            has=by_law.__contains__,
            all_wrong=np.zeros(len(by_law["one_factor"])),
        )

    under = list(range(1, 40))
    laws = {
        "one_factor": ratios(one_factor=under, clayton=under),
        "one_factor_loadings": ratios(one_factor=under, one_factor_loadings=under),
        "full_sigma": ratios(one_factor=under, full_sigma=under),
    }
    mode = ratios(
        one_factor=[10, 39, 39, 39], clayton=[1, 2, 3, 39], one_factor_loadings=[39] * 4, full_sigma=[39, 39, 38, 2]
    )
    observed = dict.fromkeys(("one_factor", "clayton", "one_factor_loadings", "full_sigma"), 38.5)
    fit: Any = SimpleNamespace(outcomes=outcomes_from(rng.random((40, 3)) < 0.5))
    made: Any = SimpleNamespace(
        fit=fit, n_replicates=39, atom=0.03, _observed_ratios=observed, _pairs=SimpleNamespace(left=np.zeros(3))
    )
    made._tested = lambda *asked: Calibration._tested(made, *asked)
    found = Calibration._calibrated(made, laws, mode, finished=True)
    assert set(found.tests) == {("one_factor", "one_factor"), ("one_factor", "clayton")} | {
        (law, law) for law in ("one_factor_loadings", "full_sigma")
    }
    assert found.tests["one_factor", "clayton"].p_value == 2 / 40
    assert found.power == {"one_factor": 0.75, "clayton": 0.25}
    assert (found.joint_power, found.n_power, found.n_pairs, found.interrupted) == (0.25, 4, 3, False)
    assert Calibration._calibrated(made, laws, ratios(one_factor=[39]), finished=False).joint_power is None


def test_every_stage_of_matrices_has_a_stream_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """A law and the law with a common mode that begin with the same words would share their luck."""
    streams: list[tuple[int, int]] = []
    simulate = calibration_module.simulate

    def watched(law: Any, n: int, pairs: Any, n_replicates: int, stream: tuple[int, int], more: Any) -> Any:
        streams.append(stream)
        return simulate(law, n, pairs, n_replicates, stream, more)

    monkeypatch.setattr(calibration_module, "simulate", watched)
    rng = np.random.default_rng(5)
    wrong = (np.sqrt(0.3) * rng.normal(size=(400, 1)) + np.sqrt(0.7) * rng.normal(size=(400, 6))) < -0.3
    stages = Calibration(fit_matrix(outcomes_from(wrong), level=0.9, seed=0), 39, 0.02, 7).stages()
    assert "power" in stages and len(stages) == len(streams) == len(set(streams))
    assert {seed for seed, _ in streams} == {7}

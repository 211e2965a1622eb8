"""`experiment=compare`: real pairs by name and by a table, planted ones whose truth is known."""

import csv
import gzip
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.bounds.certificate import certify_outcomes
from cofail_lab.data import auto
from cofail_lab.data.readers.wide import WideSource
from cofail_lab.errors import InputError
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.compare import Compare
from cofail_lab.fitting.estimators import one_factor
from cofail_lab.fitting.estimators.tetrachoric import tetrachoric
from cofail_lab.fitting.readings.matched import matched
from tests.conftest import Run, outcomes_from, real_path
from tests.experiments.parts import Shown


def compared(first: Path | str, other: Path | str, **keys):
    inputs = Inputs(RunOptions(), source=lambda: WideSource(str(first)))
    return Compare(str(other), **{"bootstrap": 100, **keys}).run(inputs)


def drawn(seed: int, n: int, loading: float, shock: float = 0.0, m: int = 8) -> np.ndarray:
    """Errors of m models of rate about .3 under one factor, and a shock that all of them fail."""
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, 1))
    wrong = loading * factor + np.sqrt(1 - loading**2) * rng.normal(size=(n, m)) > 0.5
    return wrong | (rng.random((n, 1)) < shock)


def saved(folder: Path, name: str, wrong: np.ndarray, models: str = "m") -> Path:
    header = ",".join(["query", *(f"{models}{j}" for j in range(wrong.shape[1]))])
    lines = [f"q{i},{','.join(str(int(not x)) for x in row)}" for i, row in enumerate(wrong)]
    path = folder / f"{name}.csv"
    path.write_text("\n".join([header, *lines]))
    return path


def test_a_lower_correlation_is_no_fatter_tail(tmp_path):
    """A shock makes the tail fatter at a matched ρ too; the same law drawn again changes nothing."""
    one, two = saved(tmp_path, "one", drawn(1, 2000, 0.8)), saved(tmp_path, "two", drawn(2, 2000, 0.8, shock=0.15))
    fatter = compared(one, two, bootstrap=100)
    assert fatter.labels["tail"] == "fatter"
    assert fatter.metrics["ratio_matched_change_lower"] > 1
    assert fatter.metrics["n_newly_all_wrong"] > fatter.metrics["n_no_longer_all_wrong"]
    assert fatter.metrics["all_wrong_change"] == pytest.approx(
        fatter.metrics["all_wrong_second"] - fatter.metrics["all_wrong_first"]
    )
    same = compared(one, saved(tmp_path, "three", drawn(3, 2000, 0.8)), bootstrap=100)
    assert same.labels["tail"] == "same"


def test_a_lower_correlation_is_not_read_as_a_fatter_tail(tmp_path):
    """Half of the models err alone in the second: ρ and the price fall, and the ratio rises by that alone.

    Both have the same shock. At the ρ of the first the second is no fatter.
    """
    first, second = drawn(12, 2000, 0.8, shock=0.1), drawn(13, 2000, 0.5, shock=0.1)
    result = compared(saved(tmp_path, "one", first), saved(tmp_path, "two", second), bootstrap=100)
    m = result.metrics
    assert m["tetrachoric_change_upper"] < 0
    assert m["ratio_change_lower"] > 1
    assert m["ratio_matched_change"] < m["ratio_change"]
    assert result.labels["tail"] != "fatter"


@pytest.mark.parametrize(("before", "after"), [(0.6, 0.85), (0.85, 0.6)])
def test_another_correlation_of_one_law_is_no_other_tail(tmp_path, before, after):
    """Both are one factor, and priced right at their own ρ; at the other's they are not, by 2.6 times and more."""
    first, second = saved(tmp_path, "one", drawn(20, 2000, before)), saved(tmp_path, "two", drawn(21, 2000, after))
    result = compared(first, second)
    m = result.metrics
    assert m["ratio_matched_change_upper"] < 1 or m["ratio_matched_change_lower"] > 1
    assert m["ratio_change_lower"] < 1 < m["ratio_change_upper"]
    assert result.labels["tail"] == "same"


def test_numbers_are_those_of_each_matrix(tmp_path):
    first, second = drawn(4, 400, 0.7), drawn(5, 400, 0.6)
    result = compared(saved(tmp_path, "one", first), saved(tmp_path, "two", second))
    m = result.metrics
    rho = [tetrachoric(w).correlation[np.triu_indices(8, 1)].mean() for w in (first, second)]
    assert (m["tetrachoric_first"], m["tetrachoric_second"]) == (pytest.approx(rho[0]), pytest.approx(rho[1]))
    rates, beta = [w.mean(axis=0) for w in (first, second)], [w.all(axis=1).mean() for w in (first, second)]

    def price(c: int, r: float) -> float:
        return float(np.exp(one_factor.log_all_wrong(rates[c][None], np.array([r]))[0][0]))

    assert m["ratio_first"] == pytest.approx(beta[0] / price(0, rho[0]))
    assert m["ratio_second"] == pytest.approx(beta[1] / price(1, rho[1]))
    assert m["ratio_matched_second"] == pytest.approx(beta[1] / price(1, rho[0]))
    assert m["ratio_matched_first"] == pytest.approx(beta[0] / price(0, rho[1]))
    assert m["ratio_matched_change"] == pytest.approx(m["ratio_matched_second"] / m["ratio_first"])
    assert m["oracle_gain_change_lower"] < m["oracle_gain_change"] < m["oracle_gain_change_upper"]
    one, two = (certify_outcomes(outcomes_from(w), delta=0.025).gain_range for w in (first, second))
    assert m["oracle_gain_change_lower"] == pytest.approx(two[0] - one[1])
    assert m["oracle_gain_change_upper"] == pytest.approx(two[1] - one[0])
    row = next(row for row in result.tables["models"].to_pylist() if row["model"] == "m3")
    gained = int((first[:, 3] & ~second[:, 3]).sum())
    assert (row["n_gained"], row["n_lost"]) == (gained, int((~first[:, 3] & second[:, 3]).sum()))
    assert row["p_holm"] >= row["p_value"]
    queries = {row["query"]: row for row in result.tables["queries"].to_pylist()}
    assert queries["q7"]["n_right_second"] == int((~second[7]).sum())
    counts = [row["all_wrong"] for row in queries.values()]
    assert counts.count("second") == m["n_newly_all_wrong"]


def test_weights_are_repetitions(rng):
    first, second = drawn(6, 120, 0.7), drawn(7, 120, 0.5)
    weights = np.bincount(rng.integers(0, 120, 120), minlength=120)
    again = [np.repeat(w, weights, axis=0) for w in (first, second)]
    one, two = matched(first, second, weights[None]), matched(*again)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


def test_other_pools_are_compared_whole_and_models_may_have_two_names(tmp_path):
    one = saved(tmp_path, "one", drawn(8, 300, 0.7), "a")
    two = saved(tmp_path, "two", drawn(9, 300, 0.7, m=5), "b")
    whole = compared(one, two, same={"a0": "b0"})
    assert whole.labels["pool"] == "all"
    assert (whole.metrics["n_models_first"], whole.metrics["n_models_second"]) == (8, 5)
    assert [row["model"] for row in whole.tables["models"].to_pylist()] == ["a0"]
    shared = compared(one, two, same={"a0": "b0", "a1": "b1"}, pool="shared")
    assert (shared.metrics["n_models_first"], shared.metrics["n_models_second"]) == (2, 2)
    with pytest.raises(InputError, match=r"experiment\.pool: 0 models are in both matrices"):
        compared(one, two, pool="shared")


@pytest.mark.parametrize(("n_shared", "pool"), [(2, "all"), (3, "shared")])
def test_the_models_of_both_are_compared_where_they_are_most_of_the_smaller_pool(tmp_path, n_shared, pool):
    """Of four models in the first, and of twelve in the second."""
    one, two = saved(tmp_path, "one", drawn(1, 60, 0.5, m=4), "a"), saved(tmp_path, "two", drawn(2, 60, 0.5, m=12), "b")
    found = compared(one, two, same={f"a{j}": f"b{j}" for j in range(n_shared)})
    assert (found.labels["pool"], found.metrics["n_shared_models"]) == (pool, n_shared)


def test_a_pool_of_one_model_is_refused(tmp_path):
    one, two = saved(tmp_path, "one", drawn(10, 50, 0.5)[:, :1]), saved(tmp_path, "two", drawn(11, 50, 0.5))
    with pytest.raises(InputError, match=r"one\.csv: 1 model; a pool to compare needs 2"):
        compared(one, two, pool="all")


def test_nothing_all_wrong_has_no_ratio(tmp_path):
    wrong = drawn(10, 200, 0.5)
    wrong[:, 0] &= ~wrong.all(axis=1)
    result = compared(saved(tmp_path, "one", wrong), saved(tmp_path, "two", drawn(11, 200, 0.5)))
    assert result.labels["tail"] == "no_ratio"
    assert result.metrics["ratio_change_lower"] is None


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"by": "name"}, "experiment.by: 'name' is not one of id, content, file"),
        ({"pool": "both"}, "experiment.pool: 'both' is not one of shared, all"),
        ({"pattern": "f"}, "experiment.pattern: it is looked for in prompts"),
        ({"keys": "k.csv", "by": "id"}, "experiment.keys: a table of names, but experiment.by=id"),
        ({"same": "a"}, "experiment.same: 'a'"),
        # Two of a hundred are outside on either side of 95% limits; of fewer there is nothing to count.
        ({"bootstrap": 99}, "experiment.bootstrap: 99 is not a whole number >= 100"),
    ],
)
def test_bad_parameters_are_named(keys, message):
    with pytest.raises(InputError) as raised:
        Compare("other.csv", **keys)
    assert str(raised.value).startswith(message)


def test_input_against_output_by_name(run: Run):
    first, second = real_path("cruxeval_input"), real_path("cruxeval_output")
    arguments = (str(first), f"experiment.other={second}", "experiment.bootstrap=100", "record.figures=false")
    code, out, err = run("experiment=compare", *arguments, "hydra.run.dir=here")
    assert (code, err) == (0, "")
    assert "On 800 queries β goes from 4.9% to 5.4%" in " ".join(out.split())


def test_output_against_reasoning_by_a_table_and_by_a_part_of_the_prompt(tmp_path):
    first, second = real_path("cruxeval_output"), real_path("zeroeval_crux")
    assertion: dict[str, list[str]] = {}
    for query, prompt in _prompts(first):
        assertion.setdefault(" ".join(prompt.split()), []).append(query)
    rows = []
    for query, prompt in _prompts(second):
        program = re.search(r"\[PYTHON\]\n(.*?)\n\[/PYTHON\]", prompt, re.DOTALL)
        assert program
        rows.append((assertion[" ".join(program[1].split())].pop(0), query))
    keys = tmp_path / "keys.csv"
    keys.write_text("\n".join(["first,second", *(f"{a},{b}" for a, b in rows)]))
    by_file = compared(first, second, keys=str(keys))
    m = by_file.metrics
    assert (m["n_queries"], m["n_all_wrong_first"], m["n_all_wrong_second"]) == (800, 43, 4)
    assert (m["n_no_longer_all_wrong"], m["n_newly_all_wrong"]) == (40, 1)
    assert m["n_shared_models"] == 2
    by_content = compared(first, second, by="content", pattern=r"(?s)((?:import|from|def)\b.*assert f\(.*?\?\?)")
    assert by_content.metrics["n_queries"] == 800
    assert by_content.metrics["n_no_longer_all_wrong"] == 40


def _prompts(matrix: Path) -> list[tuple[str, str]]:
    path = matrix.with_name(matrix.name.replace(".csv.gz", ".prompts.csv.gz"))
    with gzip.open(path, "rt", newline="") as file:
        return [(row["query"], row["prompt"]) for row in csv.DictReader(file)]


def test_the_second_matrix_is_read_with_its_own_scorer_and_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []

    def source(*given: Any, **named: Any) -> Any:
        seen.append((given, named))
        raise InputError("stop")

    monkeypatch.setattr(auto, "AutoSource", source)
    monkeypatch.setattr(Inputs, "grades", lambda self: None)
    with pytest.raises(InputError, match="stop"):
        Compare("b.csv", scorer="match", threshold=0.7).run(Inputs(RunOptions()))
    assert seen == [(("b.csv",), {"scorer": "match", "threshold": 0.7})]


def test_the_progress_ends_at_the_resamples_that_were_asked_for(tmp_path):
    """107 in parts of 20: the last part has seven."""
    shown = Shown()
    first, other = saved(tmp_path, "one", drawn(1, 40, 0.5, m=3)), saved(tmp_path, "two", drawn(2, 40, 0.5, m=3))
    inputs = Inputs(RunOptions(), source=lambda: WideSource(str(first)))
    Compare(str(other), bootstrap=107).run(inputs, shown)
    assert shown.steps == {"Resamples": (107, 107)}


def test_pools_without_a_model_in_common_have_no_table_of_models(tmp_path):
    first, other = saved(tmp_path, "one", drawn(1, 40, 0.5, m=3)), saved(tmp_path, "two", drawn(2, 40, 0.5, m=3), "x")
    result = compared(first, other, bootstrap=100)
    assert result.labels["pool"] == "all"
    assert result.tables["models"].num_rows == 0

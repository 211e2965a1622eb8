"""The test of the tail on laws of three counts that are written down: what is drawn from which law and compared."""

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtr

from cofail_lab.fitting.readings import tail_test
from cofail_lab.fitting.readings.difficulty import Laws
from cofail_lab.fitting.readings.tail_test import (
    ONE_SHAPE,
    alternatives_near,
    power,
    power_ceiling,
    smooth_p_values,
    two_shape_p_value,
    with_atom,
)

Key = tuple[int, str]


def laws(*probs: tuple[float, float, float]) -> Laws:
    table = np.array(probs)
    return Laws(table, np.log(table), np.column_stack([np.arange(len(table)) / 10, table[:, 0], table[:, 2]]))


def gain(counts: np.ndarray, last: float) -> float:
    """What the best atom adds to the log-likelihood of a law with P(C = 2) = ``last``."""
    n, k = counts.sum(), counts[-1]
    share = k / n
    if share <= last:
        return 0.0
    return k * np.log(share / last) + (n - k) * np.log((1 - share) / (1 - last))


def ratio(kept: Laws, counts: np.ndarray) -> float:
    smooth = kept.logs @ counts
    return max(smooth[i] + gain(counts, kept.probs[i, -1]) for i in range(len(smooth))) - smooth.max()


class Drawn:
    """Histograms that are written down, from whichever law; notes what was asked for."""

    def __init__(self, *histograms: tuple[int, int, int]) -> None:
        self.rows = np.array(histograms, dtype=float)
        self.asked: list[tuple[list[float], int, int, Key]] = []

    def __call__(self, probs: np.ndarray, number: int, purpose: int, key: Key = (0, "gaussian")) -> np.ndarray:
        self.asked.append((probs.tolist(), number, purpose, key))
        return self.rows


COUNTS = np.array([50.0, 30.0, 20.0])
FAMILIES: dict[Key, Laws] = {
    (0, "gaussian"): laws((0.55, 0.35, 0.1), (0.7, 0.25, 0.05)),
    (0, "student"): laws((0.55, 0.3, 0.15), (0.5, 0.4, 0.1)),
    (0, "skew"): laws((0.54, 0.33, 0.13)),
    (0, "lognormal"): laws((0.56, 0.3, 0.14)),
    (1, "gaussian"): laws((0.53, 0.35, 0.12)),
}


def test_p_values_are_of_the_ratio_under_gaussian_laws_and_else_of_the_least_ratio() -> None:
    """Of equal and own loadings the larger one; some histograms have a large ratio by one of the measures only."""
    plain = [(50, 30, 20), (52, 30, 18), (60, 30, 10), (40, 35, 25), (56, 30, 14)]
    drawn = {
        (0, "gaussian"): [*plain, (77, 10, 13), (77, 5, 18), (45, 25, 30)],
        (1, "gaussian"): [*plain, (60, 30, 10), (77, 10, 13), (60, 30, 10)],
    }
    others = [*plain, (77, 10, 13), (5, 76, 19), (11, 70, 19)]
    asked: list[Any] = []

    def draw(probs: np.ndarray, number: int, purpose: int, key: Key) -> np.ndarray:
        asked.append((probs.tolist(), number, purpose, key))
        return np.array(drawn.get(key, others), dtype=float)

    p_values, evidence = smooth_p_values(FAMILIES, COUNTS, draw, 8)  # type: ignore[arg-type]
    ratios = {key: ratio(kept, COUNTS) for key, kept in FAMILIES.items()}
    assert evidence == pytest.approx(min(ratios.values())) and evidence > 0.5
    expected: dict[str, list[float]] = {}
    for key, kept in FAMILIES.items():
        rows = np.array(drawn.get(key, others), dtype=float)
        least = [min(ratio(other, row) for other in FAMILIES.values()) for row in rows]
        own = [ratio(kept, row) for row in rows]
        found, against = (own, ratios[key]) if key[1] == "gaussian" else (least, evidence)
        expected.setdefault(key[1], []).append((1 + (np.array(found) >= against - 1e-9).sum()) / 9)
    assert expected["gaussian"][0] > expected["gaussian"][1] and expected["student"] == [5 / 9]
    assert p_values == pytest.approx({name: max(values) for name, values in expected.items()})
    assert list(p_values) == list(ONE_SHAPE)
    best = {key: kept.probs[(kept.logs @ COUNTS).argmax()].tolist() for key, kept in FAMILIES.items()}
    assert asked == [(best[key], 8, 0, key) for key in FAMILIES]


def test_evidence_below_the_floor_is_not_followed_to_its_end() -> None:
    """Rows whose first ratio is below the floor keep it: only whether they reach the floor matters."""
    first: Key = (0, "gaussian")
    rows = np.array([[50.0, 30.0, 20.0], [56.0, 34.0, 10.0], [53.0, 33.0, 14.0]])
    own = np.array([ratio(FAMILIES[first], row) for row in rows])
    least = np.array([min(ratio(kept, row) for kept in FAMILIES.values()) for row in rows])
    np.testing.assert_allclose(tail_test._evidence(FAMILIES, first, rows, 0.0), least, atol=1e-9)
    floor = float(own[2]) + 0.01
    assert own[0] > floor > own[1] and least[2] < own[2] - 1e-3
    np.testing.assert_allclose(tail_test._evidence(FAMILIES, first, rows, floor), [least[0], own[1], own[2]], atol=1e-9)


@pytest.mark.parametrize(("better", "asked"), [(0.25, True), (0.15, False)])
def test_two_shapes_are_asked_where_they_describe_the_rest_better(better: float, asked: bool) -> None:
    """Beside an atom, by a log-likelihood of .2 more than every law of one shape."""
    others = max(
        kept.logs[i] @ COUNTS + gain(COUNTS, kept.probs[i, -1])
        for kept in FAMILIES.values()
        for i in range(len(kept.logs))
    )
    two = laws((0.6, 0.3, 0.1))
    shift = others + better - (two.logs[0] @ COUNTS + gain(COUNTS, 0.1))
    shifted = two._replace(logs=two.logs + shift / COUNTS.sum())
    draw: Any = Drawn((50, 30, 20), (60, 30, 10), (10, 10, 80))
    found = two_shape_p_value(shifted, FAMILIES, COUNTS, draw, 3)
    assert found == ({"johnson": 3 / 4} if asked else {})
    assert draw.asked == ([([0.6, 0.3, 0.1], 3, 0, (0, "johnson"))] if asked else [])


def test_alternatives_are_over_a_gaussian_law_and_over_the_likeliest_beside_an_atom(monkeypatch: Any) -> None:
    seen: list[Any] = []
    families = {"gaussian": laws((0.7, 0.25, 0.05)), "student": laws((0.6, 0.3, 0.1)), "skew": laws((0.5, 0.3, 0.2))}

    def near(pool: Any, names: Any, references: np.ndarray, n: int) -> Any:
        seen.append((pool, names, references.tolist(), n))
        return families

    monkeypatch.setattr(tail_test, "near", near)
    monkeypatch.setattr(
        tail_test, "with_atom", lambda pool, name, base, counts, atom: (name, base is families[name], atom)
    )
    found: Any = alternatives_near("pool", COUNTS, 0.03)  # type: ignore[arg-type]
    assert seen == [("pool", ONE_SHAPE, [[0.5, 0.3, 0.2]], 100)]
    # Beside an atom only the ratio of the other counts matters: 50 to 30 is that of the last law.
    assert found == {"gaussian": ("gaussian", True, 0.03), "skew": ("skew", True, 0.03)}
    families["gaussian"] = laws((0.5, 0.3, 0.2))
    families["skew"] = laws((0.7, 0.25, 0.05))
    assert set(alternatives_near("pool", COUNTS, 0.03)) == {"gaussian"}  # type: ignore[arg-type]


class Moved:
    """A pool whose law at a place is the binomial of two trials with rate Φ(-place), whatever the family."""

    def __init__(self, low: float = 0.0) -> None:
        self.asked: list[tuple] = []
        self.low = low

    def laws(self, family: Any, loadings: list[float], shapes: np.ndarray, places: np.ndarray) -> np.ndarray:
        self.asked.append((family.label, float(loadings[0]), shapes.tolist()))
        p = max(float(ndtr(-places[0])), self.low)
        return np.array([(1 - p) ** 2, 2 * p * (1 - p), p * p])[None, None, None]


def test_an_atom_is_added_to_a_law_moved_so_that_the_mean_stays() -> None:
    """Mean .35 of both models, .325/.95 = .3158 of it beside an atom of .05."""
    pool: Any = Moved()
    base = laws((0.6, 0.3, 0.1), (0.5, 0.3, 0.2))
    found = with_atom(pool, "skew", base, COUNTS, 0.05)
    p = (0.35 - 0.05) / 0.95
    assert found == pytest.approx(0.95 * np.array([(1 - p) ** 2, 2 * p * (1 - p), p * p]) + [0, 0, 0.05])
    assert found @ [0, 0.5, 1] == pytest.approx(0.35)
    # Beside an atom the second of the two laws is likelier: its loading and shape are those of the base.
    assert all(asked == ("skewed (gamma)", 0.1, [0.5]) for asked in pool.asked)
    few = with_atom(pool, "skew", base, np.array([99.0, 0.0, 1.0]), 0.05)
    rate = 0.5 / 200  # an atom larger than the mean leaves half an error of one model
    assert few[0] == pytest.approx(0.95 * (1 - rate) ** 2)
    heavy: Any = Moved(low=0.4)
    assert with_atom(heavy, "skew", base, COUNTS, 0.05)[0] == pytest.approx(0.95 * 0.36)


def test_no_test_has_more_power_than_that_of_the_nearest_law_against_the_alternative(monkeypatch: Any) -> None:
    """Nearest by Kullback-Leibler; the log ratio of both laws exceeds its 95% under the smooth one in three of four."""
    alternative = np.array([0.5, 0.3, 0.2])
    # Under the smooth law 0 to 40: 38 is their 95%, 36 their 90%.
    beyond = [(60, 30, k) for k in (37, 39, 45, 50)]
    draws = iter([Drawn(*[(60, 30, k) for k in range(41)]), Drawn(*beyond)])
    asked: list[Any] = []

    def draw(*given: Any) -> np.ndarray:
        made = next(draws)
        asked.append((given[0].tolist(), *given[1:]))
        return made(*given)

    name, found = power_ceiling(alternative, FAMILIES, draw)  # type: ignore[arg-type]
    distances = {key: -(kept.logs @ alternative).max() for key, kept in FAMILIES.items()}
    key = min(distances, key=lambda key: distances[key])
    smooth = FAMILIES[key].probs[(FAMILIES[key].logs @ alternative).argmax()]
    assert (name, found) == (key[1], 0.75)
    assert asked == [(smooth.tolist(), 4000, 1), (alternative.tolist(), 4000, 2)]


@pytest.mark.parametrize("likely", [range(21), range(13)])
def test_power_is_the_share_whose_evidence_is_rare_under_every_law(likely: range) -> None:
    """The critical evidence is the largest of their 95%, and at least .5."""
    asked: list[Any] = []

    def rows(numbers: Any) -> np.ndarray:
        return np.array([(70 - k, 30, k) for k in numbers], float)

    def draw(probs: np.ndarray, number: int, purpose: int, key: Key = (0, "gaussian")) -> np.ndarray:
        asked.append((probs.tolist(), number, purpose, key))
        return rows(likely if purpose == 3 else (5, 16, 17, 18, 20, 24, 25, 30, 36))

    alternative = np.array([0.5, 0.3, 0.2])
    found = power(FAMILIES, alternative, draw)  # type: ignore[arg-type]
    critical = 0.5
    for key, kept in FAMILIES.items():
        others = [kept] if key[1] == "gaussian" else FAMILIES.values()
        values = [min(ratio(other, row) for other in others) for row in rows(likely)]
        critical = max(critical, float(np.quantile(values, 0.95)))
    least = [min(ratio(kept, row) for kept in FAMILIES.values()) for row in rows((5, 16, 17, 18, 20, 24, 25, 30, 36))]
    assert found == pytest.approx(np.mean(np.array(least) > critical)) and 0 < found < 1
    nearest = {key: kept.probs[(kept.logs @ alternative).argmax()].tolist() for key, kept in FAMILIES.items()}
    assert asked == [
        *((nearest[key], 499, 3, key) for key in FAMILIES),
        (alternative.tolist(), 500, 4, (0, "gaussian")),
    ]


@pytest.mark.parametrize(("largest", "asked"), [(0.05, True), (0.0501, False)])
def test_parts_of_the_test(monkeypatch: pytest.MonkeyPatch, largest: float, asked: bool) -> None:
    """Equal loadings and own ones of mean size 1; two shapes are asked where all of one shape are rejected.

    The likeliest law is the one without an atom; the other is likelier beside one.
    """
    seen: dict[str, Any] = {"near": []}
    kept = {"gaussian": laws((0.5625, 0.3375, 0.1)), "skew": laws((0.49, 0.31, 0.2))}

    def near(pool: Any, names: Any, references: np.ndarray, n: int) -> Any:
        seen["near"].append((pool.pattern.tolist(), names, references.tolist(), n))
        return {"johnson": "two"} if names == ("johnson",) else kept

    two, powers = {"johnson": 0.3}, {"gaussian": 0.7, "skew": 0.4}
    p_values = {"gaussian": 0.01, "skew": largest}
    monkeypatch.setattr(tail_test, "near", near)
    monkeypatch.setattr(tail_test, "Draws", lambda n, seed: ("draws", n, seed))
    alternatives = {"gaussian": np.array([0.6, 0.3, 0.1]), "skew": np.array([0.5, 0.3, 0.2])}
    monkeypatch.setattr(
        tail_test, "alternatives_near", lambda pool, counts, atom: seen.update(atom=atom) or alternatives
    )
    monkeypatch.setattr(tail_test, "smooth_p_values", lambda *given: seen.update(smooth=given) or (p_values, 1.7))
    monkeypatch.setattr(tail_test, "two_shape_p_value", lambda *given: seen.update(two=given) or two)
    monkeypatch.setattr(tail_test, "power_ceiling", lambda *given: seen.update(ceiling=given) or ("student", 0.9))
    monkeypatch.setattr(
        tail_test, "power", lambda laws, of, draw: powers["gaussian" if of is alternatives["gaussian"] else "skew"]
    )
    rates, loadings = np.array([0.2, 0.3]), np.array([0.9, -0.3])
    found = tail_test.test_tail(rates, loadings, COUNTS.astype(int), atom=0.5, seed=7, n_simulated=11)
    assert (found.atom, seen["atom"]) == (0.1, 0.1)  # half of the best model's rate
    references = [[0.5, 0.3, 0.2], [0.6, 0.3, 0.1], [0.5, 0.3, 0.2]]
    assert seen["near"][0] == ([1.0, 1.0], ONE_SHAPE, references, 100)
    assert seen["near"][1] == (pytest.approx([1.5, -0.5]), ONE_SHAPE, references, 100)
    assert len(seen["near"]) == (3 if asked else 2) and ("two" in seen) == asked
    keys = [(0, "gaussian"), (0, "skew"), (1, "gaussian"), (1, "skew")]
    given, counts, draw, number = seen["smooth"]
    assert list(given) == keys and counts.tolist() == COUNTS.tolist() and (draw, number) == (("draws", 100, 7), 11)
    if asked:
        assert seen["near"][2] == ([1.0, 1.0], ("johnson",), [[0.5, 0.3, 0.2]], 100)
        assert seen["two"][0] == "two" and list(seen["two"][1]) == keys and seen["two"][4] == 11
    assert found.p_values == p_values | (two if asked else {})
    assert list(seen["ceiling"][1]) == keys[:2] and seen["ceiling"][0] is alternatives["gaussian"]
    assert (found.evidence, found.power, found.power_base, found.ceiling) == (1.7, 0.4, "skew", 0.9)
    assert (found.nearest, found.best, found.n_simulated) == ("student", "skew", 11)
    tail_test.test_tail(rates, np.zeros(2), COUNTS.astype(int), atom=0.01, seed=7)
    assert seen["near"][-1 if not asked else -2][0] == [1.0, 1.0] and seen["atom"] == 0.01

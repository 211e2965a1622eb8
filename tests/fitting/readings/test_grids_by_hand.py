"""How the grids of smooth laws are narrowed: which values come next, and when it ends; no law is computed."""

from typing import Any

import numpy as np
import pytest

from cofail_lab.fitting.readings import difficulty
from cofail_lab.fitting.readings.difficulty import FAMILIES, Pool, near


def narrowed(monkeypatch: pytest.MonkeyPatch, shares: list[float], references: np.ndarray) -> tuple[list, dict]:
    """What each round asks for where the lowest such share of the loadings has a plausible law."""
    rounds: list[tuple[np.ndarray, dict, np.ndarray]] = []

    def grids(_: Any, loadings: np.ndarray, shapes: dict, places: np.ndarray, *__: Any) -> Any:
        share = shares[len(rounds)]
        rounds.append((loadings, dict(shapes), places))
        kept = {name: np.zeros((len(loadings), len(values), len(places)), bool) for name, values in shapes.items()}
        for name, keep in kept.items():
            # Shapes and places are kept in the middle, and the last family has half of the loadings of the first.
            keep[: round(share * len(loadings) / (1 + (name != "student"))), 3, 4] = True
        return {name: np.full((*keep.shape, 2), 0.5) for name, keep in kept.items()}, kept

    monkeypatch.setattr(difficulty, "_grids", grids)
    pool: Any = Pool(np.array([0.2, 0.3]), np.ones(2))
    return rounds, near(pool, ("student", "johnson"), references, 100)


def test_a_grid_is_refined_until_enough_loadings_have_a_law(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first grid is always refined; then it ends above a share of .4 in any family, or after four rounds."""
    one = np.array([[0.5, 0.5, 0.0]])
    for shares, asked in (([1.0, 0.6], 2), ([0.2, 0.3, 0.45], 3), ([0.2] * 5, 5)):
        rounds, laws = narrowed(monkeypatch, shares, one)
        assert len(rounds) == asked
        assert {name: len(law.probs) for name, law in laws.items()} == {
            "student": round(shares[-1] * 31),
            "johnson": round(shares[-1] * 31 / 2),
        }


def test_the_next_grid_is_over_what_is_kept_and_its_neighbours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Loadings that any family keeps; the pairs of Johnson's shapes are numbers of a list, and stay."""
    (first, second), laws = narrowed(monkeypatch, [0.2, 1.0], np.array([[0.5, 0.5, 0.0]]))
    assert (first[0][3], first[0][4]) == pytest.approx((0.2, 0.25))  # 4 of 21 are kept
    np.testing.assert_allclose(second[0], np.linspace(0.05, 0.25, 31))
    np.testing.assert_allclose(second[1]["student"], np.linspace(0.125, 0.25, 25))
    np.testing.assert_array_equal(second[1]["johnson"], FAMILIES["johnson"].shapes)
    np.testing.assert_allclose(second[2], np.linspace(first[2][3], first[2][5], 21))
    assert laws["student"].parameters[0].tolist() == pytest.approx([0.05, second[1]["student"][3], second[2][4]])


@pytest.mark.parametrize(("all_wrong", "room"), [(0.0, 0.03), (0.02, 0.03), (0.2, 0.2)])
def test_places_leave_room_for_the_largest_atom(monkeypatch: pytest.MonkeyPatch, all_wrong: float, room: float) -> None:
    references = np.array([[0.6, 0.4 - all_wrong, all_wrong], [0.6, 0.4, 0.0]])
    rounds, _ = narrowed(monkeypatch, [0.2, 1.0], references)
    np.testing.assert_allclose(rounds[0][2], np.linspace(-0.5, 0.5 + 2 * room, 13))

"""Boxes: what ranges mean, where the points are, and what is refused."""

import numpy as np
import pytest

from cofail_lab.claims.checking.box import Axis, Box, read_box
from cofail_lab.errors import InputError

BOX = {"theta": [0.1, 10], "error_rate": [0.2, 0.9], "m": [3, 200], "shock": 0.05, "cost": [1, 3, 2]}


def test_corners_ends_and_spacing() -> None:
    box = read_box(BOX, 4)
    assert box.varying == ("theta", "error_rate", "m", "cost")
    points = box.points(box.design(256, 0))
    corners = {(t, a, m) for t in (0.1, 10) for a in (0.2, 0.9) for m in (3, 200)}
    assert corners <= set(zip(points["theta"], points["error_rate"], points["m"], strict=True))
    assert (points["m"] == np.rint(points["m"])).all()
    assert set(points["cost"]) == {1, 2, 3}
    assert (points["shock"] == 0.05).all()
    # Log-spaced where a range spans decades: half of the points are below the geometric mean.
    assert 0.4 < (points["theta"] < 1).mean() < 0.6
    assert 0.4 < (points["error_rate"] < 0.55).mean() < 0.6
    assert len(points["m"]) >= 256


def test_the_same_seed_gives_the_same_points() -> None:
    box = read_box(BOX, 4)
    assert (box.design(64, 1) == box.design(64, 1)).all()
    assert box.design(64, 1).shape != box.design(64, 2).shape or (box.design(64, 1) != box.design(64, 2)).any()


def test_a_plural_is_a_value_for_each_model() -> None:
    box = read_box({"error_rates": [0.1, 0.6], "m": [3, 5]}, 5)
    points = box.points(box.design(32, 0))
    assert points["error_rates"].shape[1] == 5
    assert (points["error_rates"] >= 0.1).all() and (points["error_rates"] <= 0.6).all()


@pytest.mark.parametrize(
    ("over", "said"),
    [
        ({"m": [3, 200, "x"]}, "claim.over.m: 'x' is not a number"),
        ({"m": [200, 3]}, "the lower end comes first"),
        ({"m": [2.5, 7]}, r"claim\.over\.m: 2\.5 to 7; whole numbers are accepted"),
        ({"m": [3, 4.5, 7]}, r"claim\.over\.m: 4\.5; whole numbers are accepted"),
        ({"theta": {"low": 0, "high": 1, "log": True}}, "has no logs"),
        ({"theta": {"from": 0}}, "is not {low, high}"),
        ({"theta": []}, "is not a number"),
        ({"theta": True}, "is not a number"),
        ({"theta": float("nan")}, "is not a number"),
        ({"a b": 1}, "is not the name of a parameter"),
    ],
)
def test_what_is_no_box_is_refused(over: dict, said: str) -> None:
    with pytest.raises(InputError, match=said):
        read_box(over, 4)


def test_where_values_are_hit() -> None:
    """The middle of a range, evenly or in its logarithm; ends to the last bit; whole numbers and listed ones."""
    shares = np.array([[0.0], [0.25], [0.5], [1.0]])
    assert Axis(1, 9).at(shares).tolist() == [1, 3, 5, 9]
    assert Axis(1, 81, log=True).at(shares) == pytest.approx([1, 3, 9, 81])
    assert Axis(3, 6, whole=True).at(shares).tolist() == [3, 4, 4, 6]
    assert Axis(1, 7, values=(1, 2, 7)).at(shares).tolist() == [1, 1, 2, 7]
    for low, high in ((0.1, 0.7), (1e-7, 0.3)):
        found = Axis(low, high, log=True).at(np.array([[0.0], [1.0]]))
        assert found.tolist() == [low, high]
    assert Axis(0.3, 0.3).at(np.zeros((2, 0))).tolist() == [0.3, 0.3]
    assert Axis(0.3, 0.3, size=2).at(np.zeros((1, 0))).tolist() == [[0.3, 0.3]]
    assert [Axis(0.3, 0.3).width, Axis(0, 1).width, Axis(0, 1, size=4).width] == [0, 1, 4]
    steps = [
        Axis(0, 1).step(),
        Axis(3, 5, whole=True).step(),
        Axis(3, 203, whole=True).step(),
        Axis(3, 3, whole=True).step(),
    ]
    assert steps == [0.02, 0.5, 0.02, 1.0]


def test_what_a_range_is_read_as() -> None:
    axes = read_box(
        {
            "x": [1, 29.9],
            "y": [1, 30],
            "z": {"low": 1, "high": 2, "log": True},
            "m": [3, 200],
            "i": 4,
            "k": {"low": 1, "high": 3, "whole": False},
            "v": [3, 1, 3, 2],
            "same": [2, 2],
            "loss": 0.5,
            "rates": [0.1, 0.2],
        },
        7,
    ).axes
    assert [axes[name].log for name in ("x", "y", "z", "m", "same")] == [False, True, True, True, False]
    assert [axes[name].whole for name in ("x", "m", "i", "k")] == [False, True, True, False]
    assert (axes["v"].values, axes["v"].low, axes["v"].high) == ((1, 2, 3), 1, 3)
    assert [axes[name].size for name in ("x", "loss", "rates")] == [None, None, 7]
    with pytest.raises(InputError, match=r"claim\.over\.theta: from 0 to 1 has no logs"):
        read_box({"theta": {"low": 0, "high": 1, "log": True}}, 4)
    for name in ("m", "k", "j", "i", "n"):
        with pytest.raises(InputError, match="whole numbers are accepted"):
            read_box({name: [1, 2.5]}, 4)


def test_a_design_has_the_middle_and_faces() -> None:
    """Every eighth point of the net has a coordinate at an end; with ten parameters there are no corners."""
    design = Box({f"x{i}": Axis(0, 1) for i in range(3)}).design(64, 0)
    assert {(0.5, 0.5, 0.5), (0, 0, 0), (1, 1, 1), (0, 1, 0)} <= set(map(tuple, design.tolist()))
    inside = ((design > 0) & (design < 1)).all(axis=1)
    on_faces = (~inside).sum() - 8
    assert (inside.sum(), on_faces) == (64 - 8 + 1, 8)
    wide = Box({f"x{i}": Axis(0, 1) for i in range(10)}).design(16, 0)
    assert len(wide) == 16 + 3
    assert Box({"x": Axis(1, 1)}).design(16, 0).shape == (1, 0)


def test_lists_of_several_parameters_have_their_own_coordinates() -> None:
    box = Box({"a": Axis(0, 1, size=2), "b": Axis(0, 10), "c": Axis(5, 5)})
    assert box.n_coordinates == 3
    points = box.points(np.array([[0.1, 0.2, 0.3]]))
    assert (points["a"].tolist(), points["b"].tolist(), points["c"].tolist()) == ([[0.1, 0.2]], [3.0], [5.0])

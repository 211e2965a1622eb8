"""The table of fitted laws: what a row must have, and what the views of the table hold."""

import pytest

from cofail_lab.errors import InputError
from cofail_lab.fitting.comparison.fitted_law import FittedLaw, NullLaw
from cofail_lab.fitting.comparison.laws import FITTED_LAWS, MATRIX_LAWS, NULL_LAWS, POINT_LAWS, named_laws
from cofail_lab.fitting.estimators import independent, one_factor
from cofail_lab.fitting.estimators.point import PointFit


def test_a_null_law_needs_its_own_prediction() -> None:
    """Without one its ratio could not be tested, and no tail would ever be beyond chance."""
    with pytest.raises(ValueError, match="a null law needs its own prediction"):
        FittedLaw(label="x", how="y", fit=independent.fit_pool, null=NullLaw(99, one_factor.null_law))


def test_views_of_the_table() -> None:
    assert all(f"log_{name}" in PointFit._fields for name in POINT_LAWS)
    assert set(MATRIX_LAWS) == {"one_factor_loadings", "block", "full_sigma", "full_sigma_clip"}
    assert list(NULL_LAWS) == ["one_factor", "one_factor_loadings", "full_sigma"]
    assert len({null.stream for null in NULL_LAWS.values()}) == len(NULL_LAWS)
    assert {name for name, row in FITTED_LAWS.items() if row.atom} == {n for n in FITTED_LAWS if n.startswith("atom_")}


def test_names_of_laws_that_are_compared() -> None:
    """Quick are those of seconds: all but the ten that take longest."""
    quick = named_laws("quick")
    assert {"independent", "one_factor", "student_factor", "full_sigma", "block", "atom_one_factor"} <= set(quick)
    left_out = {"atom_clayton", "atom_block", "atom_full_sigma", "one_factor_loadings_ml", "atom_skew_factor"}
    assert left_out < set(FITTED_LAWS) - set(quick)
    assert len(FITTED_LAWS) - len(quick) == 10
    assert named_laws("all") == list(FITTED_LAWS)
    assert named_laws("clayton") == named_laws(["clayton"]) == ["clayton"]
    with pytest.raises(InputError, match=r"experiment.laws: 'clatyon' is not quick, all or one of"):
        named_laws(["clayton", "clatyon"])


def test_labels_are_unique() -> None:
    assert len({row.label for row in FITTED_LAWS.values()}) == len(FITTED_LAWS)

"""The figures of the evidence, the atlas and a comparison of laws: kept whole, as results of experiments are."""

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest

from cofail_lab.estimate import Estimate
from cofail_lab.report import atlas, next_steps
from cofail_lab.report.atlas_matrix import matrices_of
from cofail_lab.report.evidence import CAPTIONS
from cofail_lab.report.fit import law_comparison
from cofail_lab.result import Result, Section
from tests.experiments.whole import check
from tests.report.fit.test_law_comparison import CLAYTON, FACTOR, compared, law
from tests.report.test_atlas import runs


@pytest.mark.parametrize("name", CAPTIONS)
def test_the_figure_of_a_proposition(name: str) -> None:
    draw = import_module(f"cofail_lab.report.evidence.{name}").draw
    check(f"evidence_{name}", Result(CAPTIONS[name], {}, figures={name: draw}))


def test_the_atlas() -> None:
    matrices = matrices_of(runs())
    result = Result(atlas.headline(matrices), {}, sections=(Section("Runs"), Section("Side by side")))
    check("atlas", atlas.before(result, matrices, ["late.csv"]))


@pytest.mark.parametrize("name", ["one", "close", "none"])
def test_a_comparison_of_laws(name: str) -> None:
    atom = law("atom_one_factor", -1.29, 0.0, 0.0, law=True, parameters={"shock": 0.025})
    near = replace(CLAYTON, predicted=Estimate(0.08, 0.0, "exact"))
    far = law("independent", -1.6, -0.3, 0.02)
    fits = {"one": (FACTOR, far), "close": (FACTOR, near, far, atom), "none": ()}[name]
    made = compared(*fits)
    check(
        f"laws_{name}",
        Result(
            "laws",
            law_comparison.metrics(made),
            law_comparison.labels(made),
            law_comparison.estimates(made),
            tables={"laws": law_comparison.table(made)} if fits else {},
            sections=(law_comparison.section(made),),
        ),
    )


def test_what_to_do_after_a_sweep() -> None:
    assert next_steps.after_sweep(True, Path("s")).endswith("sweep.retry_failed=true runs the failed jobs again")
    assert next_steps.after_sweep(False, Path("s")) == (
        "experiment=gather gather.path=s gather.metrics=NAMES shows other numbers of these runs"
    )

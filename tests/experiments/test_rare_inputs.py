"""What experiments do with inputs of which few are: runs of their own, two models, a stop on the way."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.experiments import base, fit_stages, tail_plan
from cofail_lab.experiments.fit_stages import FitStages
from cofail_lab.experiments.self_moa import _samples
from tests.data.cells import ERROR, MISSING, RIGHT, WRONG, grades_of


def test_runs_are_counted_where_a_matrix_has_them() -> None:
    """Of three runs the first query has two right ones and one wrong, the second one right of one that was graded."""
    other = [WRONG, WRONG, WRONG], [RIGHT, WRONG, MISSING]
    runs = np.array([[[RIGHT, WRONG, RIGHT], other[0]], [[RIGHT, ERROR, MISSING], other[1]]], dtype=np.int8)
    fractions = np.array([[2 / 3, 0], [1.0, 0.5]])
    grades = grades_of([[RIGHT, WRONG], [RIGHT, RIGHT]], "pq", "ab", per_cell={"samples": runs, "frac": fractions})
    found = _samples(grades.outcomes())
    assert (found.right.tolist(), found.drawn.tolist()) == ([[2, 0], [1, 1]], [[3, 3], [1, 2]])


def test_two_models_have_no_tail_beside_their_pair() -> None:
    with pytest.raises(InputError, match=r"^data: 2 models; 3 or more are needed: two have nothing but their pair$"):
        tail_plan._of_matrix(np.eye(4, 2, dtype=bool), 0.01)
    difficulty = np.random.default_rng(0).random((400, 1))
    assert tail_plan._of_matrix(np.random.default_rng(1).random((400, 3)) < difficulty, 1e-4) is not None


def test_figures_are_drawn_later() -> None:
    def drawn() -> None:
        raise AssertionError

    base.drawn_later({"a": drawn})


def stages_of(n: int) -> Any:
    return SimpleNamespace(settings=SimpleNamespace(bootstrap=n))


@pytest.mark.parametrize("stopped", ["send", "laws", "replicates"])
def test_a_stop_among_bootstrap_replicates_is_told(stopped: str) -> None:
    """Wherever it comes, nothing was drawn, and that is attached as unfinished."""

    def stop(*_: Any) -> Any:
        raise KeyboardInterrupt

    attached = []

    def attach(drawn: dict, *, finished: bool) -> Any:
        attached.append((drawn, finished))
        return SimpleNamespace(replicates=None)

    own = stages_of(1200)
    own._send = stop if stopped == "send" else lambda *_: None
    own._send_laws = stop if stopped == "laws" else lambda *_: None
    own._replicates = stop
    tasks: Any = SimpleNamespace(resampled={}, resampling=SimpleNamespace(attach=attach))
    none: Any = None
    said = FitStages._bootstrapped(own, tasks, none, none, none)[1]
    assert said == "0 of 1,200 bootstrap replicates done"
    assert attached == [({}, False)]


@pytest.mark.parametrize("simulated", [{}, {"null": SimpleNamespace(size=100, starts=list(range(0, 2000, 100)))}])
def test_workers_get_a_tail_only_where_matrices_are_simulated(simulated: dict) -> None:
    sent = []
    own: Any = SimpleNamespace(_send_batches=lambda name, stage, starts, workers: sent.append((name, list(starts))))
    workers: Any = SimpleNamespace(at_work=True, send=lambda name, arguments: sent.append((name, arguments)))
    resampled = {"bootstrap": SimpleNamespace(starts=[0, 100])}
    FitStages._send(own, SimpleNamespace(resampled=resampled, simulated=simulated), workers)  # type: ignore[arg-type]
    first = -(-fit_stages.FIRST_WAVE // 100)
    wave = [("tail", [()]), ("null", [100 * k for k in range(min(first, 20))])] if simulated else []
    assert sent == [("bootstrap", [0, 100]), *wave]

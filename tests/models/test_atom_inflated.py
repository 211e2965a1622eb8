"""The atom keeps its error's numbers."""

import numpy as np
import pytest

from cofail_lab.errors import InputError
from cofail_lab.estimate import Estimate
from cofail_lab.models import AtomInflated, GaussianCopula, Independent


def test_the_atom_keeps_its_errors_numbers() -> None:
    """Parameters of laws are arrays of JAX, which no table can hold."""
    for column in AtomInflated(0.05, Independent([0.2, 0.3])).log_all_wrong_by_size(np.array([1, 2])):
        assert type(column) is np.ndarray


def test_the_atom_over_two_models_by_hand() -> None:
    law = AtomInflated(0.1, Independent([0.2, 0.5]))
    np.testing.assert_allclose(law.error_rates, [0.28, 0.55], rtol=1e-14)
    np.testing.assert_allclose(law.count_probs(), [0.9 * 0.4, 0.9 * 0.5, 0.1 + 0.9 * 0.1], rtol=1e-14)
    np.testing.assert_allclose(law.pairwise_wrong(), [[0.28, 0.19], [0.19, 0.55]], rtol=1e-14)
    assert float(law.all_wrong()) == pytest.approx(0.19, rel=1e-14)
    assert float(law.log_all_wrong()) == pytest.approx(np.log(0.19), rel=1e-14)


def test_the_error_of_beta_is_that_outside_the_atom() -> None:
    base = GaussianCopula([0.2, 0.3, 0.4], 0.5 * np.eye(3) + 0.5)
    inside, outside = AtomInflated(0.25, base).all_wrong_estimate(), base.all_wrong_estimate()
    assert outside.value is not None and outside.error is not None and outside.error > 0
    assert inside.value == pytest.approx(0.25 + 0.75 * outside.value, rel=1e-14)
    assert inside.error == pytest.approx(0.75 * outside.error, rel=1e-14)


def test_errors_of_the_base_shrink_by_what_the_atom_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of log(ω + (1-ω) b) the derivative in log b is (1-ω) b over the sum; of the rate itself it is 1 - ω."""
    base = Independent([0.2, 0.3])
    law = AtomInflated(0.05, base)
    logs, errors = np.log([0.2, 0.06]), np.array([1e-3, 2e-3])
    monkeypatch.setattr(Independent, "log_all_wrong_by_size", lambda *_: (logs, errors))
    values, found = law.log_all_wrong_by_size(np.array([1, 2]))
    rates = 0.05 + 0.95 * np.exp(logs)
    np.testing.assert_allclose(values, np.log(rates), rtol=1e-12)
    np.testing.assert_allclose(found, errors * 0.95 * np.exp(logs) / rates, rtol=1e-6)
    monkeypatch.setattr(Independent, "all_wrong_estimate", lambda _: Estimate(0.06, 0.004, "monte_carlo"))
    found = law.all_wrong_estimate()
    assert (found.value, found.error) == pytest.approx((0.05 + 0.95 * 0.06, 0.95 * 0.004))
    assert found.kind == "monte_carlo"


def test_what_an_atom_accepts() -> None:
    law = AtomInflated(0.1, Independent([0.2, 0.5]))
    assert float(law.subpool([1]).all_wrong()) == pytest.approx(0.55)
    for shock in (1.0, -0.1):
        with pytest.raises(InputError, match=r"law\.shock: "):
            AtomInflated(shock, law)
    assert float(AtomInflated(0.0, law).all_wrong()) == pytest.approx(0.19)
    with pytest.raises(InputError, match=r"law\.base: 3 is not an error law"):
        AtomInflated(0.1, 3)  # pyright: ignore[reportArgumentType]

"""The closed forms against many digits, over their whole boxes and beyond."""

import mpmath
import numpy as np

from cofail_lab.language.closed_forms import CLOSED_FORMS


def test_the_error_of_the_beta_law_holds_the_truth() -> None:
    """At sizes on either side of its series, and where logs of beta functions cancel."""
    rng = np.random.default_rng(0)
    a, b = 10 ** rng.uniform(-2, 2, (2, 200))
    m = np.concatenate([np.arange(1, 101), (10 ** rng.uniform(2, 6, 100)).astype(int)]).astype(float)
    value, error = CLOSED_FORMS["beta_mixing"].log_all_wrong({"a": a[:, None], "b": b[:, None]}, m[:, None])
    with mpmath.workdps(50):
        for i in range(len(m)):
            x, y = mpmath.mpf(a[i]), mpmath.mpf(b[i])
            true = mpmath.log(mpmath.beta(x + int(m[i]), y)) - mpmath.log(mpmath.beta(x, y))
            assert abs(value[i] - true) <= error[i], (a[i], b[i], m[i])
    assert (error < 1e-13 * (1 + np.abs(value) + b * np.log(m + b + 1))).all()

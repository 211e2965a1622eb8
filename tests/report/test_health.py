"""The rows of health checks."""

import numpy as np

from cofail_lab.data.health.chance import FALSE_ALARM, Finding
from cofail_lab.grades import Grades
from cofail_lab.report.health import health_rows
from tests.report.by_hand import rows_of


def test_checks_that_were_not_made_are_not_said_to_have_found_nothing() -> None:
    grades = Grades(np.zeros((4, 2), np.int8), tuple("wxyz"), ("a", "b"), "made")
    found = rows_of(health_rows(grades, [Finding("duplicates", "Two are one.", ("a",), 3)], with_published=False))
    assert found["duplicate models"] == ("3", f"a test, false-alarm rate {100 * FALSE_ALARM:.1f}%")
    assert found["constant models"] == ("none", "")
    assert found["datasets that one model fails whole"] == ("not checked", "no datasets")

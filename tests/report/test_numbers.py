"""Numbers and names look as people write them."""

import math

import pytest

from cofail_lab.estimate import Estimate
from cofail_lab.report import numbers
from cofail_lab.report.names import printable, shorten


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (numbers.percent(0.0451), "4.5%"),
        (numbers.percent(0), "0.0%"),
        (numbers.percent_of_log(math.log(0.0451)), "4.5%"),
        (numbers.percent_of_log(-1000.0), "10^-434"),
        (numbers.percent_of_log(-1e11), "below 10^-9999"),
        (numbers.percent_of_log(None), numbers.ABSENT),
        (numbers.percent(-0.0), "0.0%"),
        (numbers.percent(1), "100.0%"),
        (numbers.percent(1 - 1e-13), "100.0%"),
        (numbers.percent(1 / 12032), "0.008%"),
        (numbers.percent(1 - 1 / 12032), "99.992%"),
        (numbers.percent(1e-30), "1.0e-28%"),
        (numbers.percent(None), "—"),
        (numbers.percent(float("nan")), "—"),
        (numbers.points(0.0451), "4.5 points"),
        (numbers.points(98 / 800), numbers.points((1 - 43 / 800) - 659 / 800)),
        (numbers.points(-0.003), "-0.3 points"),
        (numbers.points(-1e-17), "0.0 points"),
        (numbers.points(0.2, digits=0), "20 points"),
        (numbers.count(12032), "12,032"),
        (numbers.count(None), "—"),
        (numbers.ratio(3.14159), "3.14×"),
        (numbers.ratio(0), "0.00×"),
        (numbers.ratio(8.57e6), "8.57e+06×"),
        (numbers.ratio(float("inf")), "∞×"),
        (numbers.number(12032), "12,032"),
        (numbers.number(0.0487812), "0.04878"),
        (numbers.number(1e-30), "1e-30"),
        (numbers.number(True), "yes"),
        (numbers.fixed(0.5), "0.500"),
        (numbers.fixed(None), "—"),
        (numbers.interval(0.039, 0.072), "3.9% to 7.2%"),
        (numbers.interval(0.039, 0.072, numbers.points), "3.9 to 7.2 points"),
        (numbers.interval(None, None), "—"),
        (numbers.plus_minus(Estimate(0.04878, 3e-13, "quadrature")), "0.04878 ± 3e-13"),
        (numbers.plus_minus(Estimate(0.05, 0, "exact")), "0.05"),
        (numbers.plus_minus(Estimate(None, None, "lp")), "—"),
        (shorten("x" * 20 + "y" * 30, 11), "xxxxx…yyyyy"),
        (shorten(" as  it\nis "), "as it is"),
        (printable("  two \n in "), "  two in"),
        (printable("a\u202eb\x1b[0m"), "a\\u202eb\\x1b[0m"),
    ],
)
def test_numbers_and_names_read_as_people_write_them(shown: str, expected: str) -> None:
    assert shown == expected

"""Numbers and names look as people write them."""

import math

import numpy as np
import pytest

from cofail_lab.estimate import Estimate
from cofail_lab.report import numbers
from cofail_lab.report.names import listed, printable, shorten, texts


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (numbers.percent(0.0451), "4.5%"),
        (numbers.percent(0), "0.0%"),
        (numbers.percent_of_log(math.log(0.0451)), "4.5%"),
        (numbers.percent_of_log(-1000.0), "10^-434"),
        (numbers.percent_of_log(-1e11), "below 10^-9999"),
        (numbers.percent_of_log(None), numbers.ABSENT),
        (numbers.percent_of_log(math.log(3e-12)), "10^-12"),
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
        (numbers.ratio(12.345), "12.3×"),
        (numbers.ratio(123.45), "123×"),
        (numbers.ratio(100), "100×"),
        (numbers.ratio(99.96), "100.0×"),
        (numbers.ratio(10), "10.0×"),
        (numbers.ratio(0.01), "0.01×"),
        (numbers.ratio(0.0099), "9.90e-03×"),
        (numbers.ratio(999999), "999,999×"),
        (numbers.ratio(1e6), "1.00e+06×"),
        (numbers.ratio(None), "—"),
        (numbers.percent_of_log(math.log(2e-9)), "2.0e-07%"),
        (numbers.percent_of_log(math.log(1.1e-9)), "1.1e-07%"),
        (numbers.percent_of_log(math.log(0.9e-9)), "10^-9"),
        (numbers.percent_of_log(math.log(0.12345), 3), "12.345%"),
        (numbers.percent(0.123456, 4), "12.3456%"),
        (numbers.percent(2e-7), "0.00002%"),
        (numbers.percent(1e-9), "1.0e-07%"),
        (numbers.percent(0.99999), "99.999%"),
        (numbers.points(3e-5), "0.003 points"),
        (numbers.points(None), "—"),
        (numbers.points(-1.0), "-100.0 points"),
        (numbers.number(0.5, 1), "0.5"),
        (numbers.number(9999.4), "9999"),
        (numbers.number(1234.5), "1234"),
        (numbers.number(1e15), "1e+15"),
        (numbers.number(False), "no"),
        (numbers.number(None), "—"),
        (numbers.p_value(0.1), "0.10"),
        (numbers.interval(0.1, None), "10.0% to —"),
        (numbers.interval(None, 0.1, numbers.points), "— to 10.0 points"),
        (numbers.span(None, 2.0), "at most 2"),
        (numbers.span(3.0, math.inf), "at least 3"),
        (numbers.span(1.0, 2.5), "1 to 2.5"),
        (numbers.span(2.00000001, 2.0), "2"),
        (numbers.parameter("x" * 60), "x" * 60),
        (numbers.parameter(0.123456789), "0.123457"),
        (numbers.ratio(0.0045), "4.50e-03×"),
        (numbers.ratio(0), "0.00×"),
        (numbers.ratio(8.57e6), "8.57e+06×"),
        (numbers.ratio(float("inf")), "∞×"),
        (numbers.number(12032), "12,032"),
        (numbers.number(0.0487812), "0.04878"),
        (numbers.number(1e-30), "1e-30"),
        (numbers.parameter([0.5, "1/6", [3]]), "[0.5, 1/6, [3]]"),
        (numbers.parameter("x" * 61), "x" * 57 + "..."),
        (numbers.number(8568056.2, 6), "8,568,056"),
        (numbers.number(-12345.6), "-12,346"),
        (numbers.number(9999.6), "10,000"),
        (numbers.number(True), "yes"),
        (numbers.fixed(0.5), "0.500"),
        (numbers.fixed(None), "—"),
        (numbers.fixed(-0.0004), "0.000"),
        (numbers.points(-0.0004), "-0.04 points"),
        (numbers.signed(0.05, 2), "+0.05"),
        (numbers.signed(-1.26), "-1.3"),
        (numbers.signed(-0.04), "+0.0"),
        (numbers.signed(None), "—"),
        (numbers.interval(0.039, 0.072), "3.9% to 7.2%"),
        (numbers.interval(0.039, 0.072, numbers.points), "3.9 to 7.2 points"),
        (numbers.interval(None, None), "—"),
        (numbers.p_value(0.0042), "0.004"),
        (numbers.p_value(0.0996), "0.100"),
        (numbers.p_value(0.1234), "0.12"),
        (numbers.plus_minus(Estimate(0.04878, 3e-13, "quadrature")), "0.04878 ± 3e-13"),
        (numbers.plus_minus(Estimate(0.05, 0, "exact")), "0.05"),
        (numbers.plus_minus(Estimate(None, None, "lp")), "—"),
        (shorten("x" * 20 + "y" * 30, 11), "xxxxx…yyyyy"),
        (shorten("x" * 20 + "y" * 30, 10), "xxxxx…yyyy"),
        (shorten(" as  it\nis "), "as it is"),
        (listed(["a", "b c"]), "a, b c"),
        (listed(["a", "b, c"]), "a; b, c"),
        (shorten("x" * 11, 11), "x" * 11),
        (shorten("x" * 6 + "y" * 6, 11), "xxxxx…yyyyy"),
        (printable("a\ud800b\x00"), "a\\ud800b\\x00"),
        (str(texts(["a", "", " b ", 3])), "['a', 'unknown', 'b', '3']"),
        (printable("  two \n in "), "  two in"),
        (printable("a\u202eb\x1b[0m"), "a\\u202eb\\x1b[0m"),
        *(
            (printable(f"a{chr(code)}b"), f"a\\u{code:x}b")
            for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))  # all that Unicode has of these controls
        ),
    ],
)
def test_numbers_and_names_read_as_people_write_them(shown: str, expected: str) -> None:
    assert shown == expected


def test_percentages_have_the_digits_from_which_a_reader_gets_what_stands_beside_them() -> None:
    """Of 2,000 pairs of shares of 300 to 2,000 queries; one decimal alone fails for about a quarter of differences."""
    rng = np.random.default_rng(9)
    short = 0
    for _ in range(1000):
        n = int(rng.integers(300, 2000))
        low, high = np.sort(rng.integers(1, n, 2)) / n
        digits = numbers.agreeing_digits(lambda a, c: c - a, numbers.points, low, high)
        seen = [float(numbers.percent(share, digits).rstrip("%")) / 100 for share in (low, high)]
        assert numbers.points(seen[1] - seen[0]) == numbers.points(high - low)
        short += digits == 1
        if low / high < 0.01:
            continue
        digits = numbers.agreeing_digits(lambda p, o: o / p, numbers.ratio, high, low)
        seen = [float(numbers.percent(share, digits).rstrip("%")) for share in (low, high)]
        assert numbers.ratio(seen[0] / seen[1]) == numbers.ratio(low / high)
    assert 600 < short < 900
    # 762 and 635 of 800: 95.2% and 79.4% would give 15.8.
    assert numbers.agreeing_digits(lambda a, c: c - a, numbers.points, 635 / 800, 762 / 800) == 2

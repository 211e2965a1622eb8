"""Answers that are the same but for how they are written."""

import pytest

from cofail_lab.data.alike import alike, plain

SAME = [
    ("B", "b"),
    ("(B)", "B."),
    ("B)", "b"),
    ("  New   York ", "new york"),
    ("95,200", "95200"),
    ("$95{,}200$", "95200.0"),
    (r"\boxed{\frac{1}{2}}", "0.5"),
    (r"$\dfrac{3}{4}$", "3/4"),
    ("−3", "-3"),
    ("50%", "1/2"),
    ("1e3", "1000"),
    ("**12**", "12."),
    ("x^2 + 1", "x^2+1"),
    ("9" * 38 + ".0", "9" * 38),  # 40 characters are read as a number, more are not
]
OTHER = [
    ("A", "B"),
    ("3", "-3"),
    ("1,2", "12"),
    ("1.5", "15"),
    ("", ""),
    ("", "0"),
    ("1/0", "1/1"),
    ("yes", "no"),
    ("9" * 39 + ".0", "9" * 39),
    ("1,2345", "12345"),
    ("5!", "5"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_the_same(one: str, other: str) -> None:
    assert alike(one, other) and alike(other, one)


@pytest.mark.parametrize(("one", "other"), OTHER)
def test_not_the_same(one: str, other: str) -> None:
    assert not alike(one, other)


def test_long_texts_are_compared_as_they_are() -> None:
    assert plain("a b " * 10_000) == "ab" * 10_000

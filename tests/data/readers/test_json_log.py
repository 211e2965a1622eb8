"""What the readers of JSON logs share: names, texts and numbers, and what is none."""

import math
from typing import Any

import pytest

from cofail_lab.data.readers.json_log import listing, mapping, name, score_of, text_or_none
from cofail_lab.errors import InputError


@pytest.mark.parametrize(("value", "text"), [("x", "x"), (" x ", " x "), (7, "7"), (-7, "-7"), (10**18 - 1, "9" * 18)])
def test_a_name_is_text_or_a_whole_number(value: Any, text: str) -> None:
    assert name({"id": value}, "id", "here") == text


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (" ", "blank text"),
        (10**18, "a number"),
        (-(10**18), "a number"),
        (1.0, "a number"),
        (True, "true"),
        (False, "false"),
        (None, "null"),
        ({}, "an object"),
        ([], "a list"),
    ],
)
def test_what_is_no_name(value: Any, kind: str) -> None:
    with pytest.raises(InputError, match=f"^here: id is {kind}; a name was expected$"):
        name({"id": value}, "id", "here")
    with pytest.raises(InputError, match=r"^here: no 'id' among model, score$"):
        name({"model": value, "score": 1}, "id", "here")


def test_objects_and_lists_are_told_apart() -> None:
    assert (mapping({"a": 1}, "here"), listing([1], "here")) == ({"a": 1}, [1])
    with pytest.raises(InputError, match=r"^here: a list where an object was expected$"):
        mapping([1], "here")
    with pytest.raises(InputError, match=r"^here: 'x' where a list was expected$"):
        listing("x", "here")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("x", "x"),
        ("", None),
        ([{"role": "user", "content": "a"}, "b", {"content": None}, 3], "a\nb"),
        ([], None),
        (3, None),
        (None, None),
    ],
)
def test_the_text_of_a_prompt(value: Any, text: str | None) -> None:
    assert text_or_none(value) == text


def test_a_score_is_a_number_or_none() -> None:
    assert (score_of(0.25), score_of("C"), score_of(True)) == (0.25, 1.0, 1.0)
    assert math.isnan(score_of([])) and math.isnan(score_of(None))

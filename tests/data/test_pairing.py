"""Which query of one matrix is which of another."""

import numpy as np
import pytest

from cofail_lab.data.layout import NUMBERED
from cofail_lab.data.pairing import complete_in_both, pair_queries, renamed
from cofail_lab.errors import InputError
from tests.data.cells import grades_of, write

PROMPTS = {"per_query": {"prompt": np.array(["say: f(1)", "say: f(2)", "say: f(3)"], dtype=object)}}
OTHERS = {"per_query": {"prompt": np.array(["now  f(3)", "now f(9)", "now f(1)"], dtype=object)}}
FIRST = grades_of([[0, 1], [1, 1], [0, 0]], "abc", "mn", "first", **PROMPTS)
SECOND = grades_of([[1, 0], [0, 0], [1, 1]], "cxa", "mn", "second", **OTHERS)


def names(paired):
    return list(zip(paired.first.queries, paired.second.queries, strict=True))


def test_by_name_content_and_file(tmp_path):
    paired = pair_queries(FIRST, SECOND, "id")
    assert names(paired) == [("a", "a"), ("c", "c")]
    np.testing.assert_array_equal(paired.second.cells, [[1, 1], [1, 0]])
    assert any("first: 1 query matched nothing and were left out (b)" in note for note in paired.notes)
    assert names(pair_queries(FIRST, SECOND, "content", r"f\(\d\)")) == [("a", "a"), ("c", "c")]
    assert names(pair_queries(FIRST, SECOND, "content", r"f\((\d)\)")) == [("a", "a"), ("c", "c")]
    keys = write(tmp_path, "mine,yours,why\nb,c,x\na,x,y\nz,a,\n", "keys.csv")
    assert names(pair_queries(FIRST, SECOND, "file", keys=keys)) == [("a", "x"), ("b", "c")]


def test_names_of_the_table_that_no_matrix_has_are_counted(tmp_path):
    keys = write(tmp_path, "mine,yours\nb,c\nz,a\ny,k\na,\n,\n", "keys.csv")
    paired = pair_queries(FIRST, SECOND, "file", keys=keys)
    assert names(paired) == [("b", "c")]
    assert "keys.csv: 2 names of column 'mine' are no queries of first (z, y)." in paired.notes
    assert "keys.csv: 1 name of column 'yours' is no query of second (k)." in paired.notes


def test_prompts_that_differ_under_one_name_are_counted():
    said = [note for note in pair_queries(FIRST, SECOND, "id").notes if "another prompt" in note]
    assert said == [
        "2 of 2 queries have another prompt in the second matrix, such as a: 'say: f(1)', 'now f(1)'. That they ask "
        "the same is for you to know."
    ]
    for notes in (pair_queries(FIRST, FIRST, "id").notes, pair_queries(FIRST, SECOND, "content", r"f\(\d\)").notes):
        assert not any("another prompt" in note for note in notes)


def test_equal_prompts_match_in_their_order():
    twice = {"per_query": {"prompt": np.array(["same", "same"], dtype=object)}}
    one, two = (grades_of([[0, 1], [1, 1]], names, "mn", **twice) for names in ("ab", "xy"))
    paired = pair_queries(one, two, "content")
    assert names(paired) == [("a", "x"), ("b", "y")]
    assert "1 query of these asked what another one asks; such matched in their order." in paired.notes


@pytest.mark.parametrize(
    ("by", "keys", "pattern", "message"),
    [
        ("content", None, None, "experiment.by=content: no query of first, such as 'a', matches one of second"),
        ("content", None, "f(", "experiment.pattern: 'f(' is not a regular expression"),
        ("content", None, "g", "first: nothing in the prompt of 'a' matches the pattern"),
        ("file", None, None, "experiment.keys: null; experiment.by=file needs a table"),
        ("file", "one\na\n", None, "keys.csv: 1 column; two are needed"),
        ("file", "one,two\na,c\na,x\n", None, "keys.csv: 'a' is there twice in column 'one'"),
        ("file", "one,two\na,c\nb,c\n", None, "keys.csv: 'c' is there twice in column 'two'"),
        ("file", "b,c\na,x\n", None, "keys.csv: the first row, 'b' and 'c', are queries; a row that names"),
        ("file", "one,two\nk,c\n", None, "keys.csv: column 'one' has no query of first, such as 'a'; it has 'k'"),
    ],
)
def test_what_cannot_be_matched_is_one_line(tmp_path, by, keys, pattern, message):
    path = None if keys is None else write(tmp_path, keys, "keys.csv")
    with pytest.raises(InputError) as raised:
        pair_queries(FIRST, SECOND, by, pattern, path)
    assert str(raised.value).startswith(message), raised.value


def test_numbered_queries_are_not_matched_by_name():
    numbered = grades_of([[0, 1], [1, 1]], "ab", "mn", "n", notes=(NUMBERED,))
    with pytest.raises(InputError, match="n: nothing names its queries"):
        pair_queries(FIRST, numbered, "id")


def test_models_of_other_names_and_complete_queries():
    assert renamed(SECOND, {"gpt": "m"}).models == ("gpt", "n")
    for names_, message in (
        ({"gpt": "k"}, "'k' is no model of second"),
        ({"n": "m"}, "second has a model 'n' already"),
        ({"x": "m", "y": "m"}, "two models are to be one"),
    ):
        with pytest.raises(InputError, match=message):
            renamed(SECOND, names_)
    holes = grades_of([[0, 4], [1, 1], [2, 0]], "abc", "mn")
    np.testing.assert_array_equal(complete_in_both(FIRST, holes), [1])

"""Text becomes a tree by a white list; everything else is refused in one line and at once."""

import ast
import time

import pytest

from cofail_lab.errors import InputError
from cofail_lab.language import parse
from cofail_lab.language.parse import _Reader
from cofail_lab.language.tree import (
    Name,
    Number,
    Operation,
    children,
    is_statement,
    negation,
    walk,
)

HOSTILE = {
    "__import__('os').system('true')": "not in the language",
    "__import__(os) > 1": "not in the language",
    "m.__class__ > 1": "not in the language",
    "(lambda: 1)() > 0": "no name here",
    "[m for m in m] > 1": "not in the language",
    "open(m) if m else m > 1": "no name here",
    "f'{m}' > 1": "not in the language",
    "m := 1 > 0": "not in the language",
    "m > 1; m": "not in the language",
    "m > \x00 1": "not in the language",
    "m > 1_000": "not in the language",
    "π > 1": "not in the language",
    "m != 1": "not in the language",
    "f(m=1) > 1": "not in the language",
    "f(*m) > 1": "not",
    "9**9**9 > 1": "a power in an exponent",
    "m**exp(m) > 1": "a power in an exponent",
    "m**500 > 1": "the exponent 500",
    "m**-500 > 1": "the exponent 500",
    "(" * 400 + "m" + ")" * 400 + " > 1": "nested deeper",
    "-" * 1500 + "m > 1": "more than 200",
    "not " * 450 + "m > 1": "more than 200",
    "+".join("m" * 900) + " > 1": "more than 200",
    "m > 1" * 200_000: "1,000,000 characters",
    "1" * 40 + " > m": "at most 15 digits",
    "1e999 > m": "beyond 1e308",
}
LONGEST = ("123456789012345e-10 > m", "0.12345678901234E-300 < m", "1.23456789012345e+299 > m")
WRONG = {
    "m": "is a number",
    "m + (m > 1) > 2": "a number is needed",
    "m and m > 1": "a comparison is needed",
    "m > 1 implies": "between two statements",
    "implies m > 1": "brackets and operators",
    "(m > 1, m > 2)": "not in the language",
    "m > ": "brackets and operators",
    "(m > 1": "brackets and operators",
    "m > 1)": "brackets and operators",
    "log(m, m) > 1": "log of 2 numbers; one number is accepted",
    "implies_(m > 1, m > 2)": "'implies_' at character 1 is no name here",
    "1e-400 > 0": "1e-400 is too close to 0",
    "max(m) > 1": "max of 1 numbers",
    "max(m > 1 implies m > 2, m) > 1": r"'implies_\(m > 1, m > 2\)' is true or false; a number is needed there",
    "max(m, m > 1 implies m > 2, m) > 1": r"'implies_\(m > 1, m > 2\)' is true or false; a number is needed there",
    "pair(2)(3) > 1": r"'pair\(2\)' is not in the language",
    "": "'' is not a statement such as",
    "  ": "'  ' is not a statement such as",
}


@pytest.mark.parametrize("text", LONGEST)
def test_digits_of_an_exponent_are_none_of_a_number(text: str) -> None:
    """Fifteen digits are accepted, and a sixteenth is not."""
    parse(text, "claim.says")
    with pytest.raises(InputError, match="at most 15 digits"):
        parse(f"9{text}", "claim.says")


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_are_refused_in_one_short_line_and_at_once(text: str) -> None:
    begun = time.process_time()
    with pytest.raises(InputError, match=HOSTILE[text]) as refusal:
        parse(text, "claim.says")
    assert time.process_time() - begun < 1
    assert str(refusal.value).startswith("claim.says: ")
    assert len(str(refusal.value)) < 200 and "\n" not in str(refusal.value)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_statement_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=WRONG[text]):
        parse(text, "claim.when")


@pytest.mark.parametrize("value", [None, 5, 2.0, True, ["m > 1"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    with pytest.raises(InputError, match="is not a statement such as"):
        parse(value, "claim.says")


def symbols(text: str) -> str:
    """The tree in prefix form."""

    def said(node) -> str:
        match node:
            case Number(value):
                return str(value)
            case Name(law, name, arguments):
                inner = f"({' '.join(map(said, arguments))})" if arguments else ""
                return (f"{law}." if law else "") + name + inner
            case Operation(symbol, parts):
                return f"[{symbol} {' '.join(map(said, parts))}]"

    return said(parse(text, "claim.says"))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("a < b <= 0.1", "[and [< a b] [<= b 1/10]]"),
        ("a > 1 or b > 1 and c > 1", "[or [> a 1] [and [> b 1] [> c 1]]]"),
        ("a > 1 or b > 1 implies c > 1", "[implies [or [> a 1] [> b 1]] [> c 1]]"),
        ("a > 1 implies b > 1 implies c > 1", "[implies [> a 1] [implies [> b 1] [> c 1]]]"),
        ("(a > 1 implies b > 1) implies c > 1", "[implies [implies [> a 1] [> b 1]] [> c 1]]"),
        ("f(a, (b + 1) * 2) > -c**2", "[> f(a [* [+ b 1] 2]) [neg [** c 2]]]"),
        ("shock.all_wrong(m) > clayton.all_wrong(m - 1)", "[> shock.all_wrong(m) clayton.all_wrong([- m 1])]"),
        ("not a > 1", "[not [> a 1]]"),
        ("a >\n 1e-3", "[> a 1/1000]"),
        ("max(a, b, c) == 2", "[== [max a b c] 2]"),
    ],
)
def test_precedence_and_numbers(text: str, tree: str) -> None:
    assert symbols(text) == tree


def test_a_number_is_what_is_written() -> None:
    tree = parse("0.1 < 1e-300", "claim.says")
    numbers = [node.value for node in walk(tree) if isinstance(node, Number)]
    assert [(n.numerator, n.denominator) for n in numbers] == [(1, 10), (1, 10**300)]


def accepted(text: str) -> bool:
    try:
        parse(text, "claim.says")
    except InputError:
        return False
    return True


def test_the_last_that_is_accepted_and_the_first_that_is_not() -> None:
    """2,000 characters, 25 brackets, 200 nodes, 15 digits, exponents of 400 in either direction."""
    assert accepted("m > 1".ljust(2_000)) and not accepted("m > 1".ljust(2_001))
    for depth, fits in ((25, True), (26, False)):
        assert accepted("(" * depth + "m" + ")" * depth + " > 1") is fits
    # Comparison, number, 99 names and 98 sums; with a sign one more.
    sums = "+".join("m" * 99)
    assert accepted(f"{sums} > 1") and accepted(f"-{sums} > 1") and not accepted(f"--{sums} > 1")
    for digits, fits in ((15, True), (16, False)):
        assert accepted("1" * digits + " > m") is fits
        assert accepted("0." + "1" * (digits - 1) + " > m") is fits
    for exponent, fits in (("400", True), ("-400", True), ("401", False), ("-401", False), ("400.5", False)):
        assert accepted(f"m**{exponent} > 1") is fits
    assert accepted("m**n > 1") and not accepted("m**(2**n) > 1") and not accepted("m**(n*500) > 1")
    assert accepted("1e-300 < m") and accepted("0.0 < m") and accepted("1e308 > m") and not accepted("1e309 > m")


def test_places_in_a_text_are_counted_from_one() -> None:
    for text, message in (
        ("$ > 1", r"^x: '\$ > 1' at character 1 is not in the language"),
        ("m > 1  & n > 2", r"^x: '& n > 2' at character 8 is not in the language"),
        ("m > 1 and if > 2", r"^x: 'if' at character 11 is no name here"),
        ("m != 1 and a_long_name > 2", r"^x: '!= 1 and a_l' at character 3 is"),
    ):
        with pytest.raises(InputError, match=message):
            parse(text, "x")


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("+a > 1", "[> a 1]"),
        ("a - b / c >= 2", "[>= [- a [/ b c]] 2]"),
        ("a >= b > c == d < e", "[and [>= a b] [> b c] [== c d] [< d e]]"),
        ("a > 1 and b > 1 and c > 1", "[and [> a 1] [> b 1] [> c 1]]"),
        ("min(a, b) < f(a, b)", "[< [min a b] f(a b)]"),
        ("not (a > 1 implies b > 1)", "[not [implies [> a 1] [> b 1]]]"),
        (
            "(a > 1 implies (b > 1 implies c > 1)) and d > 1",
            "[and [implies [> a 1] [implies [> b 1] [> c 1]]] [> d 1]]",
        ),
        ("f(a, g(b, c), d) > 1 implies h(a, b) > 2", "[implies [> f(a g(b c) d) 1] [> h(a b) 2]]"),
        ("abs(a) + sqrt(b) > log(c) * exp(d) - floor(e)", "[> [+ [abs a] [sqrt b]] [- [* [log c] [exp d]] [floor e]]]"),
        ("a**2 > .5e1", "[> [** a 2] 5]"),
        ("0.1 > 0.30000000000000", "[> 1/10 3/10]"),
    ],
)
def test_more_trees(text: str, tree: str) -> None:
    assert symbols(text) == tree


def test_names_that_begin_with_an_underscore_are_nobodys() -> None:
    for text in ("_m > 1", "shock._m(m) > 1", "_shock.m(m) > 1", "a.b.c > 1"):
        assert not accepted(text)
    assert accepted("m_ > 1") and accepted("shock.all_wrong > 1")


def test_what_a_tree_is_made_of() -> None:
    tree = parse("not a > 1 or b < f(c, 2)", "x")
    assert is_statement(tree) and all(is_statement(part) for part in children(tree))
    assert not is_statement(parse("a > 1", "x").parts[0])
    assert [type(node).__name__ for node in walk(tree)] == [
        *("Operation", "Operation", "Operation", "Name", "Number"),
        *("Operation", "Name", "Name", "Name", "Number"),
    ]
    assert negation(tree) == Operation("not", (tree,))


@pytest.mark.parametrize("text", ["a != b", "a is b", "a in b", "a < b != c"])
def test_a_comparison_that_is_none_is_refused_by_the_reader_too(text: str) -> None:
    """Its words are no tokens, so that no text comes so far."""
    with pytest.raises(InputError, match=r"^s: a comparison is one of < <= > >= ==$"):
        _Reader("s").node(ast.parse(text, mode="eval").body)

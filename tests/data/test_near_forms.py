"""Parameters that have a form: what is a little longer, shorter or other than the form is refused, by name."""

from pathlib import Path

import pytest

from cofail_lab.data.hf import HubSource
from cofail_lab.data.paths import FieldPath
from cofail_lab.data.readers.mapped import MappedSource
from cofail_lab.errors import InputError

COMMIT, SHA256 = "0123456789abcdef" * 2 + "01234567", "0123456789abcdef" * 4


def near(form: str) -> list[str]:
    """Longer by one at either end, with a blank or a new line, shorter by one, in capitals, twice and empty."""
    return [form + "0", "0" + form, form + "\n", " " + form, form[:-1], form.upper(), form + form, form[:-1] + "g", ""]


@pytest.mark.parametrize("value", near(COMMIT))
def test_a_revision_is_forty_hex_digits(value: str) -> None:
    HubSource(repo="o/n", revision=COMMIT, file="a.csv", format="long")
    with pytest.raises(InputError) as refused:
        HubSource(repo="o/n", revision=value, file="a.csv", format="long")
    assert str(refused.value) == (
        f"data.revision: {value!r} is not a full commit hash (40 hex digits); branches and tags move"
    )


@pytest.mark.parametrize("value", near(SHA256))
def test_a_digest_is_sixty_four_hex_digits(value: str) -> None:
    HubSource(repo="o/n", revision=COMMIT, file="a.csv", format="long", sha256=SHA256)
    with pytest.raises(InputError) as refused:
        HubSource(repo="o/n", revision=COMMIT, file="a.csv", format="long", sha256=value)
    assert str(refused.value) == f"data.sha256: {value!r} is not a SHA-256 of 64 hex digits"


@pytest.mark.parametrize("value", ["o", "o/", "/n", "o/n/", "o/n/m", "o /n", "o/n ", "o/n\n", "o//n"])
def test_a_repository_is_an_owner_and_a_name(value: str) -> None:
    with pytest.raises(InputError) as refused:
        HubSource(repo=value, revision=COMMIT, file="a.csv", format="long").load()
    assert str(refused.value) == f"data.repo: {value!r} is not owner/name"


@pytest.mark.parametrize("value", ["", ".", ".a", "a.", "a..b", "a[", "a]", "a[]", "a[1]b", "a[[1]]", "[1", "a.[1]"])
def test_a_field_is_a_path(value: str) -> None:
    for good in ("a", "a.b", "[1]", "a[1].b", "a[*].b[x=y]"):
        assert FieldPath(good, "data.grade").text == good
    with pytest.raises(InputError) as refused:
        FieldPath(value, "data.grade")
    assert str(refused.value) == (
        f"data.grade: {value!r} is not a field, or a path such as results.score or runs[0].passed"
    )


@pytest.mark.parametrize("value", ["@files", "@ file", "@file ", "@stems", "@key0", "@folder[0]", "@folder[10]"])
def test_what_is_no_place_is_a_field(value: str, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text('{"q": "x", "g": 1}\n{"q": "y", "g": 0}\n')
    with pytest.raises(InputError) as refused:
        MappedSource(path=str(tmp_path / "a.jsonl"), query="q", model=value, right="g").load()
    said = f"data.model={value} is not there"
    assert str(refused.value) == f"a.jsonl: line 1: {said}"

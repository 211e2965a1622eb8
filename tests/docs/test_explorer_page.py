"""The committed explorer is the one that this code makes."""

from docs import explorer_page


def test_the_committed_explorer_is_up_to_date() -> None:
    assert explorer_page.PAGE.read_text(encoding="utf-8") == explorer_page.page(), "run python docs/explorer_page.py"

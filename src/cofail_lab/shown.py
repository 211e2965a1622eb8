"""What a console and a notebook show of the objects that a user holds."""

from importlib import import_module
from typing import Any


def above(name: str) -> Any:
    """A module that shows or saves objects, imported when a user asks for it.

    Only methods that end in a text or a file may call this: what is computed never depends on how it is shown, and
    `lint-imports` does not see these imports.
    """
    return import_module(f"cofail_lab.{name}")


class Shown:
    """At most ten lines of text, and the same as an HTML table; each subclass has an entry in `report.cards.CARDS`."""

    def __repr__(self) -> str:
        return above("report.cards").as_text(self)

    def _repr_html_(self) -> str:
        return above("report.cards").as_html(self)

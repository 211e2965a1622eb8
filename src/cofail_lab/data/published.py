"""The figures that the reference work has published, with the digits they were published with (``september/``)."""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple


class Published(NamedTuple):
    """A figure of the text.

    Attributes:
        pillar: part of the work it belongs to.
        name: of the figure.
        value, lower, upper: as written; empty where there is none.
    """

    pillar: str
    name: str
    value: str
    lower: str
    upper: str


@cache
def published_pools() -> tuple[Mapping[str, str], ...]:
    """One row per pool: column -> as written, empty where nothing is published."""
    return tuple(_rows("pools.csv"))


@cache
def published_figures() -> tuple[Published, ...]:
    """The figures beside those of the pools."""
    return tuple(Published(**row) for row in _rows("pillars.csv"))


def _rows(name: str) -> list[dict[str, str]]:
    text = files("cofail_lab.data").joinpath("september", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))

"""The language in which a proposition about laws is written: parsed, never run as code, and computed with errors."""

from cofail_lab.language.parse import parse
from cofail_lab.language.tree import Node

__all__ = ["Node", "parse"]

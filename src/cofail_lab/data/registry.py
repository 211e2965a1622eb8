"""What is known of models by name: family, provider, tier, prices, release date; from a file, or the shipped roster."""

from cofail_lab.errors import InputError
from cofail_lab.grades import Grades


def attach(grades: Grades, registry: str) -> Grades:
    """Per-model columns from a registry (being built)."""
    raise InputError(f"data.registry: {registry!r} cannot be read yet ({grades.source})")

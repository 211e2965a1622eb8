"""A fitted policy that gives every query to the same model."""

from dataclasses import dataclass

from cofail_lab.policies.base import AbstractFitted, Choices, View


@dataclass(frozen=True)
class Constant(AbstractFitted):
    """Always the same model."""

    model: int

    def decide(self, view: View) -> Choices:
        """This model for every query."""
        return Choices.constant(self.model, view)

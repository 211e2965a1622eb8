"""The models and cells that facts speak of: a reference is a number or a name."""

from collections.abc import Sequence
from dataclasses import dataclass

from cofail_lab.errors import InputError

Reference = int | str


@dataclass(frozen=True)
class Pool:
    """Models by number, with their names where they have some.

    Attributes:
        n_models: m >= 1.
        names: one for each model; None for a pool that has only numbers.
        n_cells: cells of a partition of the queries, >= 1; 1 where nothing is said about kinds of queries.
    """

    n_models: int
    names: tuple[str, ...] | None = None
    n_cells: int = 1

    def index(self, reference: Reference, field: str) -> int:
        """The number of a model. Raises InputError naming ``field``."""
        if isinstance(reference, str) and self.names is not None and reference in self.names:
            return self.names.index(reference)
        number = int(reference) if isinstance(reference, str) and reference.isdigit() else reference
        if isinstance(number, int) and not isinstance(number, bool) and 0 <= number < self.n_models:
            return number
        known = f"a name or a number in 0..{self.n_models - 1}"
        raise InputError(f"{field}: {reference!r} is no model of this pool; {known} is accepted")

    def members(self, references: Sequence[Reference] | Reference, field: str) -> tuple[int, ...]:
        """Different models, in the order given; ``all`` stands for all of them. Raises InputError naming ``field``."""
        if isinstance(references, str | int):
            references = [references]
        if not isinstance(references, Sequence):
            raise InputError(f"{field}: {references!r}; a list of models is accepted")
        if list(references) == ["all"]:
            return tuple(range(self.n_models))
        found = tuple(self.index(reference, field) for reference in references)
        if not found or len(set(found)) < len(found):
            raise InputError(f"{field}: {list(references)}; at least one model, each only once, is accepted")
        return found

    def name(self, model: int) -> str:
        """A model's name, else its number."""
        return str(model) if self.names is None else self.names[model]

    def listed(self, models: Sequence[int]) -> str:
        """Several models, for a sentence."""
        names = [self.name(model) for model in models]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

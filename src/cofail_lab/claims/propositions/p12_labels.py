"""P12.iii: what a classifier of the best model learns from its labels where the features say nothing."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction

import numpy as np

from cofail_lab.claims.adversary import Range
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals
from cofail_lab.claims.reference.exact import pattern_law, patterns
from cofail_lab.claims.reference.exact_routing import searched

Label = Callable[[Sequence[bool], Sequence[Fraction]], int]
"""From who is right on a query, and all accuracies, to the model that is its label."""
# The published share is quoted to two digits.
_QUOTED = 0.005


def first_column(right: Sequence[bool], _accuracies: Sequence[Fraction]) -> int:
    """The first right model in the order of the columns, the first of all where none is."""
    return max(range(len(right)), key=lambda i: right[i])


def best_right(right: Sequence[bool], accuracies: Sequence[Fraction]) -> int:
    """The right model that is best on all queries, the best of all where none is."""
    return max(range(len(right)), key=lambda i: (right[i], accuracies[i]))


def best_right_else_first(right: Sequence[bool], accuracies: Sequence[Fraction]) -> int:
    """The same where some model is right; the first column where none is."""
    return best_right(right, accuracies) if any(right) else 0


def worst_right(right: Sequence[bool], accuracies: Sequence[Fraction]) -> int:
    """The right model that is worst on all queries, the best of all where none is."""
    return best_right(right, [-a for a in accuracies] if any(right) else accuracies)


class Population:
    """A joint law of who is right, in rationals.

    Attributes:
        law: (probability, who is right) of each pattern.
        accuracies: of the models.
    """

    def __init__(self, case: Case) -> None:
        probabilities = pattern_law(case)
        wrong = patterns((len(probabilities) - 1).bit_length())
        self.law = [(p, [not e for e in row]) for p, row in zip(probabilities, wrong.tolist(), strict=True)]
        self.accuracies = [sum((p for p, right in self.law if right[i]), Fraction(0)) for i in range(wrong.shape[1])]

    def commonest(self, label: Label) -> int:
        """The commonest label: all that a classifier can learn from features that say nothing."""
        mass = [Fraction(0)] * len(self.accuracies)
        for p, right in self.law:
            mass[label(right, self.accuracies)] += p
        return max(range(len(mass)), key=lambda i: mass[i])

    def gain(self, label: Label) -> Fraction:
        """Accuracy of the router less that of the single best."""
        return self.accuracies[self.commonest(label)] - max(self.accuracies)


def captured_is(formula: Callable, case: Case) -> Measured:
    """The share of the oracle's gain that labels of the first right column leave to the router."""
    who = Population(case)
    possible = sum((p for p, right in who.law if any(right)), Fraction(0)) - max(who.accuracies)
    return equals(who.gain(first_column) / possible, Fraction(formula()), Fraction(_QUOTED))


def is_the_best(formula: Label, case: Case) -> Measured:
    """The gain of the router over the single best, in rationals: 0 is claimed."""
    return equals(Population(case).gain(formula), 0, 0)


def library_agrees(formula: Label, case: Case) -> Measured:
    """`policies.multiclass` on a hundred queries without anything to read: whom it picks, against the labels' mode."""
    from cofail_lab.policies import Features, Graded
    from cofail_lab.policies.multiclass import Multiclass

    who = Population(case)
    rows = [right for p, right in who.law for _ in range(int(100 * p))]
    features = Features(np.arange(len(rows)).astype(object), {"features": np.zeros((len(rows), 1))})
    train = Graded(features, tuple("ABCDEFGH"[: len(who.accuracies)]), np.array(rows))
    picks = Multiclass(guard=False, C=0.1).learn(train, 0)(features).argmax(axis=1)
    return equals(float((picks == who.commonest(formula)).mean()), 1, 0)


# Hundredths of queries by who is wrong, none of the two first. The weaker model is in the first column.
TWICE = {"weights": [50, 10, 30, 10]}
EXCHANGED = {"weights": [50, 30, 10, 10]}
THREE = {"weights": [30, 5, 5, 5, 20, 5, 10, 20]}


def joint_laws(trial: Trial) -> Iterable[Case]:
    """The two populations, and laws of three models with zeros."""
    yield from (TWICE, EXCHANGED, THREE)
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 123]))
    for weights in draw.integers(-3, 8, size=(12, 8)).clip(min=0).tolist():
        if any(weights):
            yield {"weights": weights}


CLAIMS = (
    Claim(
        id="P12.iii",
        releases=("june", "sept"),
        statement="A router taught which model is right captures -2.00 of the oracle's gain.",
        symbols="captured = -2.00 with the first right column as label",
        hypothesis="The label is the first right model, the first column where all are wrong; features say nothing.",
        expected="reported",
        formula=lambda: Fraction(-2),
        checks=(Check("labels counted in rationals", "exact", captured_is, (TWICE,)),),
        control=Control(
            "the same models with their columns exchanged",
            "refuted",
            lambda: Fraction(-2),
            (Check("labels counted in rationals", "exact", captured_is, (EXCHANGED,)),),
        ),
        mutants={"no loss": lambda: Fraction(0)},
        note=(
            "A population in which that label gives the published number; it gives 0 when the columns are exchanged. "
            "On mmlu_pro it gives -.44 in alphabetical order, and ties to the best model give 0."
        ),
    ),
    Claim(
        id="P12.iii.b",
        releases=("lab",),
        statement=(
            "Where the features say nothing, a classifier whose label is the best of the right models, and the best "
            "of all where none is right, always picks the single best: it captures 0, whatever the order of columns."
        ),
        symbols="X ⊥ E ⇒ argmax_i P(label = i) = argmax_i a_i",
        hypothesis="Any joint law of who is right.",
        expected="confirmed",
        formula=best_right,
        checks=(
            Check(
                "labels counted in rationals",
                "exact",
                is_the_best,
                joint_laws,
                searched({"weights": Range(0, 9, integer=True, size=8)}),
            ),
            Check("the router of the library", "exact", library_agrees, (TWICE, EXCHANGED, THREE)),
        ),
        control=Control("the first right column as label", "refuted", first_column),
        mutants={
            "the first column where all are wrong": best_right_else_first,
            "the worst of the right models": worst_right,
        },
        universal=True,
    ),
)

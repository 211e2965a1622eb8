"""P16.i: raters: their κ, what rules mark right, what a vote left out costs, and how many votes they are worth."""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from itertools import product
from math import prod

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, at_most, equals
from cofail_lab.decisions.dawid_skene import dawid_skene
from cofail_lab.decisions.rater_agreement import panel_kappa
from cofail_lab.decisions.rater_votes import effective_votes, marked_probability

# Rounding of sums of some dozen products in float64, over differences of a hundredth.
ROUNDING = 1e-11
# Where EM stops short of the maximum.
STOPPED = 1e-6

Votes = tuple[int, ...]


def of_votes(shares: Sequence[Fraction]) -> dict[Votes, Fraction]:
    """Every pattern of votes (1 for right) of raters who say right with these probabilities, independently."""
    return {
        votes: prod((p if vote else 1 - p for p, vote in zip(shares, votes, strict=True)), start=Fraction(1))
        for votes in product((0, 1), repeat=len(shares))
    }


def panel(case: Case, k: int) -> dict[Votes, Fraction]:
    """Every pattern of k alike raters, whatever the truth."""
    prevalence = Fraction(case["prevalence"], 100)
    sides = ((prevalence, Fraction(case["sensitivity"], 100)), (1 - prevalence, 1 - Fraction(case["specificity"], 100)))
    mass: dict[Votes, Fraction] = {votes: Fraction(0) for votes in product((0, 1), repeat=k)}
    for share, says_right in sides:
        for votes, p in of_votes([says_right] * k).items():
            mass[votes] += share * p
    return mass


# --- P16.i: formula(sensitivity, specificity, prevalence)


def counted_kappa(formula: Callable, case: Case) -> Measured:
    """Fleiss' κ of a panel from all patterns of its votes, in rationals; of two raters it is Cohen's."""
    k = case["k"]
    mass = panel(case, k)
    alike = sum(
        p * Fraction(sum(v) * (sum(v) - 1) + (k - sum(v)) * (k - sum(v) - 1), k * (k - 1)) for v, p in mass.items()
    )
    marked = sum(p * Fraction(sum(v), k) for v, p in mass.items())
    chance = marked**2 + (1 - marked) ** 2
    given = (case[name] / 100 for name in ("sensitivity", "specificity", "prevalence"))
    return equals((alike - chance) / (1 - chance), formula(*given), ROUNDING)


def panels(_trial: Trial) -> Iterable[Case]:
    """The quoted panel of five, and others of two to four."""
    yield {"sensitivity": 90, "specificity": 95, "prevalence": 60, "k": 5}
    for k, (s, t, share) in zip((2, 3, 4, 2), ((70, 80, 30), (95, 55, 90), (50, 50, 50), (99, 98, 3)), strict=True):
        yield {"sensitivity": s, "specificity": t, "prevalence": share, "k": k}


ANY_PANEL = Search(
    {name: Range(2, 98, integer=True) for name in ("sensitivity", "specificity", "prevalence")},
    fixed={"k": 3},
    n_starts=32,
    n_polished=2,
    n_steps=15,
)

# --- P16.i.b: formula(shares, rule, ties)


def by_majority(shares: Sequence[float], rule: str, ties: str) -> float:
    """The library's."""
    return float(marked_probability(np.array(shares), rule, ties))  # type: ignore[arg-type]


def counted_votes(formula: Callable, case: Case) -> Measured:
    """Every pattern of votes, in rationals."""
    shares = [Fraction(share, 100) for share in case["shares"]]
    total = Fraction(0)
    for votes, p in of_votes(shares).items():
        right, k = sum(votes), len(votes)
        if case["rule"] == "majority":
            is_right = 2 * right > k or (2 * right == k and case["ties"] == "right")
        else:
            is_right = right == k if case["rule"] == "unanimous" else right > 0
        total += p * is_right
    return equals(total, formula([share / 100 for share in case["shares"]], case["rule"], case["ties"]), ROUNDING)


RULED = (
    *({"shares": [90] * k, "rule": "majority", "ties": "wrong"} for k in (5, 4)),
    *(
        {"shares": [60, 80, 30, 95][:k], "rule": "majority", "ties": ties}
        for k in (2, 4)
        for ties in ("wrong", "right")
    ),
    *({"shares": [60, 80, 30], "rule": rule, "ties": "wrong"} for rule in ("majority", "unanimous", "lenient")),
)

# --- P16.i.c: formula(shares, left out)


def decided_by(shares: Sequence[float], left_out: int) -> float:
    """P(the others are tied)·P(the one left out says right)."""
    others = np.delete(np.array(shares, dtype=float), left_out)
    tied = marked_probability(others, "majority", "right") - marked_probability(others, "majority", "wrong")
    return float(tied) * shares[left_out]


def counted_loss(formula: Callable, case: Case) -> Measured:
    """What the majority of all marks right less what that of the others does, ties wrong, pattern by pattern."""
    i, lost = case["left_out"], Fraction(0)
    for votes, p in of_votes([Fraction(share, 100) for share in case["shares"]]).items():
        rest = sum(votes) - votes[i]
        lost += p * (int(2 * sum(votes) > len(votes)) - int(2 * rest > len(votes) - 1))
    return equals(lost, formula([share / 100 for share in case["shares"]], i), ROUNDING)


LEFT_OUT = tuple({"shares": shares, "left_out": i} for shares in ([90] * 5, [60, 80, 30]) for i in (0, 2))

# --- P16.i.d: formula(k, ρ)


def kish(k: int, rho: float) -> float:
    """The library's."""
    return float(effective_votes(k, rho))


def counted_variance(formula: Callable, case: Case) -> Measured:
    """Variance of one vote over that of the mean of k, which share one draw with probability ρ, in rationals."""
    k, rho, p = case["k"], Fraction(case["rho"], 100), Fraction(case["success"], 100)
    mass = {votes: (1 - rho) * q for votes, q in of_votes([p] * k).items()}
    mass[(1,) * k] += rho * p
    mass[(0,) * k] += rho * (1 - p)
    mean = sum(q * Fraction(sum(votes), k) for votes, q in mass.items())
    spread = sum(q * Fraction(sum(votes), k) ** 2 for votes, q in mass.items()) - mean**2
    return equals(p * (1 - p) / spread, formula(k, case["rho"] / 100), ROUNDING)


PANELS_OF_VOTES = tuple({"k": k, "rho": rho, "success": 70} for k in (2, 3, 6) for rho in (0, 30, 100))

# --- P16.i.e: formula(patterns, mass) -> (sensitivity, specificity, prevalence)

Found = tuple[float, float, float]


def latent(patterns: np.ndarray, mass: np.ndarray) -> Found:
    """Means over raters, from latent classes."""
    fitted = dawid_skene(patterns, 2, mass, tolerance=1e-11)
    return float(fitted.own[:, 1].mean()), float(fitted.own[:, 0].mean()), float(fitted.prevalence[1])


def by_votes(patterns: np.ndarray, mass: np.ndarray) -> Found:
    """As if the majority were the truth."""
    truth = 2 * patterns.sum(axis=1) > patterns.shape[1]
    right, wrong = (float((mass * side) @ (patterns == side[:, None]).mean(axis=1)) for side in (truth, ~truth))
    return right / float(mass[truth].sum()), wrong / float(mass[~truth].sum()), float(mass[truth].sum())


def recovered(formula: Callable, case: Case) -> Measured:
    """The largest error against the panel whose patterns, in their exact shares, are given."""
    mass = panel(case, case["k"])
    found = formula(np.array(list(mass)), np.array([float(p) for p in mass.values()]))
    true = (case["sensitivity"] / 100, case["specificity"] / 100, case["prevalence"] / 100)
    return at_most(max(abs(a - b) for a, b in zip(found, true, strict=True)), STOPPED)


RECOVERED = (
    {"sensitivity": 90, "specificity": 95, "prevalence": 60, "k": 5},
    {"sensitivity": 75, "specificity": 85, "prevalence": 30, "k": 3},
    {"sensitivity": 60, "specificity": 95, "prevalence": 50, "k": 4},
)

CLAIMS = (
    Claim(
        id="P16.i",
        releases=("lab",),
        statement=(
            "Raters of one sensitivity s and specificity t, independent given the truth, have a κ that the prevalence "
            "decides too: .7037 for s = .9, t = .95 and 60% right."
        ),
        symbols="κ = π(1 - π)(s + t - 1)²/(p(1 - p)), p = πs + (1 - π)(1 - t)",
        hypothesis="Votes are independent given the truth; 0 < p < 1.",
        expected="confirmed",
        formula=panel_kappa,
        checks=(Check("patterns of votes counted in rationals", "exact", counted_kappa, panels, ANY_PANEL),),
        control=Control(
            "sensitivity and specificity exchanged", "refuted", lambda s, t, share: panel_kappa(t, s, share)
        ),
        mutants={
            "Youden's index": lambda s, t, _share: s + t - 1,
            "its square": lambda s, t, _share: (s + t - 1) ** 2,
            "as many right as wrong": lambda s, t, _share: panel_kappa(s, t, 0.5),
            "sensitivity alone": lambda s, _t, share: panel_kappa(s, s, share),
        },
        universal=True,
    ),
    Claim(
        id="P16.i.b",
        releases=("lab",),
        statement=(
            "A right answer is marked right with probability .99144 by the majority of five independent votes of "
            "sensitivity .9, and with .9477 by four with ties wrong."
        ),
        symbols="P(marked | right) = Σ_{j > k/2} P(j of k say right), and P(j = k/2) where ties are right",
        hypothesis="Votes are independent given the truth; sensitivities may differ.",
        expected="confirmed",
        formula=by_majority,
        checks=(
            Check(
                "every pattern of votes, in rationals",
                "exact",
                counted_votes,
                RULED,
                Search(
                    {"shares": Range(0, 100, size=4, integer=True)},
                    fixed={"rule": "majority", "ties": "wrong"},
                    n_starts=32,
                    n_polished=2,
                    n_steps=15,
                ),
            ),
        ),
        control=Control("ties right", "refuted", lambda shares, rule, _ties: by_majority(shares, rule, "right")),
        mutants={
            "a coin for ties": lambda shares, rule, ties: (
                (by_majority(shares, rule, ties) + by_majority(shares, rule, "right")) / 2
            ),
            "the mean vote": lambda shares, _rule, _ties: float(np.mean(shares)),
            "the first vote left out": lambda shares, rule, ties: by_majority(shares[1:], rule, ties),
            "unanimity": lambda shares, _rule, ties: by_majority(shares, "unanimous", ties),
        },
        universal=True,
    ),
    Claim(
        id="P16.i.c",
        releases=("lab",),
        statement=(
            "Leaving one of an odd number of votes out, ties wrong, is a stricter rule: it only takes marks away, on "
            "the items that the others leave tied and the one left out marks right."
        ),
        symbols="P(majority of k) - P(majority of k - 1) = P(the others tie)·P(left out says right) >= 0",
        hypothesis="Independent votes, k odd.",
        expected="confirmed",
        formula=decided_by,
        checks=(
            Check(
                "every pattern of votes, in rationals",
                "exact",
                counted_loss,
                LEFT_OUT,
                Search(
                    {"shares": Range(0, 100, size=5, integer=True)},
                    fixed={"left_out": 1},
                    n_starts=32,
                    n_polished=2,
                    n_steps=15,
                ),
            ),
        ),
        control=Control("nothing is lost", "refuted", lambda _shares, _i: 0.0),
        mutants={
            "whatever the vote left out says": lambda shares, i: decided_by([*shares[:i], 1.0, *shares[i + 1 :]], i),
            "another one left out": lambda shares, i: decided_by(shares, (i + 1) % len(shares)),
            "gained, not lost": lambda shares, i: -decided_by(shares, i),
        },
        universal=True,
    ),
    Claim(
        id="P16.i.d",
        releases=("lab",),
        statement="k alike votes whose errors correlate by ρ average like k/(1 + (k - 1)ρ) independent ones (Kish).",
        symbols="Var(vote)/Var(mean of k) = k/(1 + (k - 1)ρ)",
        hypothesis="Votes of one variance and one correlation of every pair.",
        expected="confirmed",
        formula=kish,
        checks=(
            Check(
                "variance of a shared draw, in rationals",
                "exact",
                counted_variance,
                PANELS_OF_VOTES,
                Search(
                    {"rho": Range(0, 100, integer=True), "success": Range(2, 98, integer=True)},
                    fixed={"k": 4},
                    n_starts=32,
                    n_polished=2,
                    n_steps=15,
                ),
            ),
        ),
        control=Control("as if independent", "refuted", lambda k, _rho: float(k)),
        mutants={
            "k/(1 + kρ)": lambda k, rho: k / (1 + k * rho),
            "k(1 - ρ) + ρ": lambda k, rho: k * (1 - rho) + rho,
            "half of the correlation": lambda k, rho: kish(k, rho / 2),
        },
        universal=True,
    ),
    Claim(
        id="P16.i.e",
        releases=("lab",),
        statement=(
            "Latent classes recover sensitivity, specificity and prevalence of independent raters without a truth; "
            "taking the majority for the truth flatters them."
        ),
        symbols="Dawid and Skene's maximum at the exact shares of all patterns = (s, t, π)",
        hypothesis="Three raters or more, independent given the truth and better than chance.",
        expected="confirmed",
        formula=latent,
        checks=(Check("exact shares of all patterns", "quadrature", recovered, RECOVERED),),
        control=Control("the majority as the truth", "refuted", by_votes),
        mutants={
            "classes exchanged": lambda patterns, mass: latent(1 - patterns, mass),
            "patterns alike": lambda patterns, mass: latent(patterns, np.ones(len(mass))),
        },
    ),
)

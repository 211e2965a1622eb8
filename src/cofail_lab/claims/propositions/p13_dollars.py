"""P13.i and P13.ii: a cascade against mixing its two models at the same dollars, not against random escalation."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals, holds
from cofail_lab.claims.reference.cascade_populations import HALF, Population, population, rational
from cofail_lab.decisions import cascade_dollars

# Rounding of gaps below 1 that float64 sums over some hundred queries.
ROUNDING = 1e-12


class Dollars(NamedTuple):
    """A population at one γ, as the formulas of P13 see it; prices are per query.

    Attributes:
        fraction: γ.
        gap: Q - Q_mix, against random escalation.
        cheap, strong: a_L, a_H.
        cheap_price, strong_price: c_L, c_H.
        tail_price: c_H(γ).
    """

    fraction: Fraction
    gap: Fraction
    cheap: Fraction
    strong: Fraction
    cheap_price: Fraction
    strong_price: Fraction
    tail_price: Fraction


def priced(case: Case) -> tuple[Population, list[Fraction], Dollars]:
    """A population, H's price in each of its blocks, and what the formulas need; L costs the same everywhere.

    ArithmeticError unless c_H > c_L, a_H > a_L and γ > 0.
    """
    who, gamma = population(case), rational(case["fraction"])
    prices = case["prices"] if isinstance(case["prices"], list) else [case["prices"]] * len(case["mass"])
    strong_prices = [rational(price) for price, mass in zip(prices, case["mass"], strict=True) if rational(mass)]
    cheap_price, strong_price = rational(case["cheap_price"]), who.mean(strong_prices)
    cheap, strong = who.mean(who.cheap), who.mean(who.strong)
    if not (strong > cheap and strong_price > cheap_price and gamma > 0):
        raise ArithmeticError("c_H > c_L, a_H > a_L and γ > 0 are needed")
    tail = who.tail(strong_prices, gamma)
    return who, strong_prices, Dollars(gamma, who.gap(gamma), cheap, strong, cheap_price, strong_price, tail)


def best_mix(who: Population, of: Dollars, dollars: Fraction) -> Fraction:
    """The most that a mix of the constants L and H is right for these dollars: the ends of the feasible shares of H.

    Answers are bought block by block, whichever model gives them; no formula of P13 is used.
    """
    shares = [Fraction(0), Fraction(1)]
    # Where a mix spends all.
    shares.append((dollars - of.cheap_price) / (of.strong_price - of.cheap_price))
    feasible = [x for x in shares if 0 <= x <= 1 and x * of.strong_price + (1 - x) * of.cheap_price <= dollars]
    return max(
        sum(
            (m * (x * high + (1 - x) * low) for m, low, high in zip(who.mass, who.cheap, who.strong, strict=True)),
            Fraction(0),
        )
        for x in feasible
    )


def exact_gap(who: Population, prices: list[Fraction], of: Dollars) -> Fraction:
    """Q less the best mix for what the cascade spends, query by query."""
    escalated = who.mass_among(of.fraction)
    spent = of.cheap_price + sum((t * price for t, price in zip(escalated, prices, strict=True)), Fraction(0))
    return who.quality(of.fraction) - best_mix(who, of, spent)


# --- P13.i


def mixed_fraction(of: Dollars) -> Fraction:
    """γ' = min(1, γc_H(γ)/(c_H - c_L))."""
    return min(Fraction(1), of.fraction * of.tail_price / (of.strong_price - of.cheap_price))


def dollar_gap(of: Dollars) -> Fraction:
    """Q - Q_mix - (γ' - γ)(a_H - a_L)."""
    return of.gap - (mixed_fraction(of) - of.fraction) * (of.strong - of.cheap)


def with_mix(mixed: Callable[[Dollars], Fraction]) -> Callable[[Dollars], Fraction]:
    """The same with another γ'."""
    return lambda of: of.gap - (mixed(of) - of.fraction) * (of.strong - of.cheap)


def published(of: Dollars) -> Fraction:
    """Q - Q_mix, which pays L on every query."""
    return of.gap


def gap_is(formula: Callable, case: Case) -> Measured:
    """The gap to the best mix for the same dollars, in rationals."""
    who, prices, of = priced(case)
    return equals(exact_gap(who, prices, of), formula(of), 0)


def library_agrees(formula: Callable, case: Case) -> Measured:
    """`decisions.cascade_dollars` on the same population, a query for every thousandth of it."""
    who, prices, of = priced(case)
    counts = [int(m * 1000) for m in who.mass]
    if sum(counts) != 1000:
        raise ArithmeticError("blocks of whole thousandths are needed")
    columns = [np.repeat([float(x) for x in values], counts) for values in (who.cheap, who.strong, prices)]
    score = np.repeat(np.arange(len(counts)), counts)
    dollars = cascade_dollars(score, columns[0], columns[1], np.full(1000, float(of.cheap_price)), columns[2])
    return equals(dollars.dollar_gap(float(of.fraction)), float(formula(of)), ROUNDING)  # type: ignore[arg-type]


def collapses(formula: Callable, case: Case) -> Measured:
    """At AUC ½ (a confidence that says nothing) the gap is claimed to be 0."""
    who, prices, of = priced(case)
    if who.separation(who.cheap).auc != HALF or who.separation(who.strong).auc != HALF:
        raise ArithmeticError("a confidence that says nothing is needed")
    return equals(formula(who, prices, of), 0, 0)


def blocks(trial: Trial) -> Iterable[Case]:
    """Five blocks of whole thousandths, four fractions, prices of H that differ by block; γ' is reached and passed."""
    draw = np.random.Generator(np.random.Philox(key=[trial.seed, 131]))
    for fraction in (0.1, 0.4, 0.75, 1):
        cuts = np.sort(draw.choice(np.arange(1, 20), size=4, replace=False)) * 50
        mass = np.diff([0, *cuts, 1000]).tolist()
        cheap, better = draw.integers(0, 8, size=5).tolist(), draw.integers(0, 6, size=5).tolist()
        case = {
            "mass": mass,
            "cheap": [c / 10 for c in cheap],
            "strong": [min(c + d, 10) / 10 for c, d in zip(cheap, better, strict=True)],
            "prices": draw.integers(4, 12, size=5).tolist(),
            "cheap_price": int(draw.integers(1, 4)),
            "fraction": fraction,
        }
        # Once in 2,000 seeds H is nowhere better, and the claims are not about it.
        if any(better):
            yield case


NO_INFORMATION = {"mass": [1], "cheap": [0.7], "strong": [0.9], "prices": 5, "cheap_price": 1, "fraction": 0.4}
BOX = {
    "mass": Range(0.05, 1, size=3),
    "cheap": Range(0, 0.8, size=3),
    "strong": Range(0.3, 1, size=3),
    "prices": Range(2, 20, size=3),
    "cheap_price": Range(0.1, 3),
    "fraction": Range(0.01, 1),
}
ANY = Search(BOX, n_starts=128, n_polished=2, n_steps=50)
ANY_CONSTANT = Search(
    {
        "cheap": Range(0.05, 0.9, size=1),
        "strong": Range(0.1, 1, size=1),
        "prices": Range(1, 20),
        "cheap_price": Range(0.1, 3),
        "fraction": Range(0.01, 1),
    },
    fixed={"mass": [1]},
    n_starts=64,
    n_polished=2,
    n_steps=40,
)


# --- P13.ii


def beats(of: Dollars) -> bool:
    """γ[w - (1 - a_L)] + γ[a_H(γ) - a_H] > γ(a_H - a_L)c_L/(c_H - c_L) up to γ = 1 - c_L/c_H; beyond it Q > a_H."""
    return lead(of) > 0


def lead(of: Dollars) -> Fraction:
    """By how much the two sides of the rule differ."""
    if of.fraction <= 1 - of.cheap_price / of.strong_price:
        return of.gap - of.fraction * (of.strong - of.cheap) * of.cheap_price / (of.strong_price - of.cheap_price)
    return quality_of(of) - of.strong


def quality_of(of: Dollars) -> Fraction:
    """Q, from its gap to random escalation."""
    return of.gap + of.cheap + of.fraction * (of.strong - of.cheap)


def beats_exactly(formula: Callable, case: Case) -> Measured:
    """Whether the cascade beats the best mix for its dollars at constant prices, in rationals."""
    who, prices, of = priced(case)
    return holds(formula(of) == (exact_gap(who, prices, of) > 0))


def constant_prices(trial: Trial) -> Iterable[Case]:
    """The same populations with one price of H, on both sides of γ = 1 - c_L/c_H, at it and at 1; and exact ties."""
    for case in blocks(trial):
        for fraction in ("1/10", "1/2", "7/10", "3/4", "4/5", "1"):
            yield {**case, "prices": 8, "cheap_price": 2, "fraction": fraction}
    # L's errors first: gap γ·w = γ·.3 against .2·γ/3, ends exactly with the best mix at γ = 1.
    for fraction in ("1/10", "3/10", "4/5", "1"):
        yield {
            "mass": [3, 7],
            "cheap": [0, 1],
            "strong": [0.9, 0.9],
            "prices": 4,
            "cheap_price": 1,
            "fraction": fraction,
        }


ANY_PRICE = Search({**BOX, "prices": Range(1, 20)}, n_starts=256, n_polished=2, n_steps=40)


CLAIMS = (
    Claim(
        id="P13.i",
        releases=("june", "sept"),
        statement="As its AUC tends to ½ a cascade collapses to random mixing of its models.",
        symbols="AUC = ½ ⇒ Q(γ) is what mixing the constants L and H buys for c_L + γc_H",
        hypothesis="c_H > c_L, a_H > a_L; the confidence says nothing of either model.",
        expected="refuted",
        formula=exact_gap,
        checks=(Check("gap to the best mix in rationals", "exact", collapses, (NO_INFORMATION,), ANY_CONSTANT),),
        control=Control("random escalation in the mix's place", "confirmed", lambda _who, _prices, of: of.gap),
        universal=True,
        note=(
            "It collapses to random escalation, which pays the cheap model on every query. Mixing the constants pays "
            "one model per query and is strictly better for γ > 0, c_L > 0, a_H > a_L."
        ),
    ),
    Claim(
        id="P13.i",
        releases=("lab",),
        statement=(
            "At the same dollars mixing the two models sends more queries to the strong one than the cascade does, "
            "and the gap is less by what the strong model gains on those."
        ),
        symbols="Q - Q_dollars = Q - Q_mix - (γ' - γ)(a_H - a_L), γ' = min(1, γc_H(γ)/(c_H - c_L))",
        hypothesis="c_H > c_L, a_H > a_L; c_H(γ) is H's mean price among the escalated queries.",
        expected="confirmed",
        formula=dollar_gap,
        checks=(
            Check("best mix for the dollars spent, in rationals", "exact", gap_is, blocks, ANY),
            Check("the library's cascade", "exact", library_agrees, blocks),
        ),
        control=Control("the published gap, at equal escalation", "refuted", published),
        mutants={
            "γ' not capped at 1": with_mix(lambda of: of.fraction * of.tail_price / (of.strong_price - of.cheap_price)),
            "c_H for c_H(γ)": with_mix(
                lambda of: min(Fraction(1), of.fraction * of.strong_price / (of.strong_price - of.cheap_price))
            ),
            "c_H for c_H - c_L": with_mix(lambda of: min(Fraction(1), of.fraction * of.tail_price / of.strong_price)),
            "γ' + γ for γ' - γ": lambda of: of.gap - (mixed_fraction(of) + of.fraction) * (of.strong - of.cheap),
            "a_H for a_H - a_L": lambda of: of.gap - (mixed_fraction(of) - of.fraction) * of.strong,
        },
        universal=True,
    ),
    Claim(
        id="P13.ii",
        releases=("lab",),
        statement=(
            "A cascade beats mixing just when its gap to random escalation exceeds what L costs on the escalated "
            "queries; beyond γ = 1 - c_L/c_H just when it beats H alone, which it never does at γ = 1."
        ),
        symbols="γ[w - (1 - a_L)] + γ[a_H(γ) - a_H] > γ(a_H - a_L)c_L/(c_H - c_L) for γ <= 1 - c_L/c_H, else Q > a_H",
        hypothesis="Constant prices c_H > c_L, a_H > a_L.",
        expected="confirmed",
        formula=beats,
        checks=(
            Check("best mix for the dollars spent, in rationals", "exact", beats_exactly, constant_prices, ANY_PRICE),
        ),
        control=Control("the gap to random escalation is positive", "refuted", lambda of: of.gap > 0),
        mutants={
            "the first rule at every γ": lambda of: (
                of.gap > of.fraction * (of.strong - of.cheap) * of.cheap_price / (of.strong_price - of.cheap_price)
            ),
            "Q > a_H at every γ": lambda of: quality_of(of) > of.strong,
            "c_L/c_H for c_L/(c_H - c_L)": lambda of: (
                of.gap > of.fraction * (of.strong - of.cheap) * of.cheap_price / of.strong_price
                if of.fraction <= 1 - of.cheap_price / of.strong_price
                else quality_of(of) > of.strong
            ),
            ">= for >": lambda of: lead(of) >= 0,
        },
        universal=True,
    ),
)

"""P15: votes at matched quality: what repeated draws of one model are worth, and what ranking on the votes adds."""

from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import combinations
from math import comb

import numpy as np
from scipy.stats import binom

from cofail_lab.claims.adversary import Range, Search
from cofail_lab.claims.claim import Case, Check, Claim, Control, Measured, Trial, equals
from cofail_lab.claims.reference.simulated import mean_is
from cofail_lab.decisions.samples import self_vote

ROUNDING = 1e-12

# --- P15.i: formula(c, S, k)


def distinct(right: int, drawn: int, k: int) -> float:
    """P(majority of k distinct ones of S samples), c of them right."""
    return float(self_vote(np.array([right]), np.array([drawn]), k)[0])


def replaced(right: int, drawn: int, k: int) -> float:
    """The same with every sample put back before the next draw."""
    return float(binom.sf(k // 2, k, right / drawn))


def every_draw(formula: Callable, case: Case) -> Measured:
    """Every choice of k of the samples, one by one."""
    right, drawn, k = case["right"], case["drawn"], case["k"]
    sample = [1] * right + [0] * (drawn - right)
    wins = [2 * sum(some) > k for some in combinations(sample, k)]
    return equals(Fraction(sum(wins), len(wins)), formula(right, drawn, k), ROUNDING)


def fresh_draws(formula: Callable, case: Case) -> Measured:
    """The mean over all samples of S against the majority of k fresh draws, in rationals."""
    drawn, k = case["drawn"], case["k"]
    success = Fraction(case["success"], 60)
    fresh = sum(comb(k, j) * success**j * (1 - success) ** (k - j) for j in range(k // 2 + 1, k + 1))
    mean = sum(
        float(comb(drawn, c) * success**c * (1 - success) ** (drawn - c)) * formula(c, drawn, k)
        for c in range(drawn + 1)
    )
    return equals(fresh, mean, ROUNDING)


def samples(_trial: Trial) -> Iterable[Case]:
    """Every sample of five, and of nine with votes of three and seven."""
    for drawn, k in ((5, 3), (9, 3), (9, 7), (3, 3)):
        yield from ({"right": right, "drawn": drawn, "k": k} for right in range(drawn + 1))


MODELS = tuple({"success": success, "drawn": drawn, "k": 3} for success in (3, 30, 52) for drawn in (3, 5, 10))
ANY_MODEL = Search(
    {"success": Range(0, 60, integer=True)}, fixed={"drawn": 7, "k": 5}, n_starts=64, n_polished=2, n_steps=20
)

# --- P15.ii: formula(ranked on)

N_TRIALS, N_QUERIES, N_CLONES, N_SAMPLES = 2000, 200, 6, 9


def quoted(ranked_on: str) -> float:
    """+.0052 ranked on the sample that votes, 0 on another one."""
    return 0.0052 if ranked_on == "same" else 0.0


def clones(formula: Callable, case: Case) -> Measured:
    """Three of six clones less draws of the first: in truth 0."""
    return mean_is(clone_differences(case["ranked_on"], case["seed"]), case["level"], formula(case["ranked_on"]))


def clone_differences(ranked_on: str, seed: int) -> np.ndarray:
    """One difference a trial, (trials,): clones of success Beta(2.2, .4), drawn anew for every trial and query."""
    rng = np.random.Generator(np.random.Philox(key=[seed, 152]))
    found = np.empty(N_TRIALS)
    for trial in range(N_TRIALS):
        success = rng.beta(2.2, 0.4, size=(N_QUERIES, 1))
        votes, other = rng.binomial(N_SAMPLES, success, size=(2, N_QUERIES, N_CLONES))
        order = np.argsort(-(votes if ranked_on == "same" else other).sum(axis=0), kind="stable")
        x, y, z = votes[:, order[:3]].T / N_SAMPLES
        c, s = votes[:, 0].astype(float), float(N_SAMPLES)
        # Two of three draws without replacement, and all three, in falling factorials.
        own = (3 * c * (c - 1) * (s - c) + c * (c - 1) * (c - 2)) / (s * (s - 1) * (s - 2))
        found[trial] = (x * y + x * z + y * z - 2 * x * y * z - own).mean()
    return found


CLAIMS = (
    Claim(
        id="P15.i",
        releases=("lab",),
        statement=(
            "The majority of k distinct draws from S samples of a model is hypergeometric, and its mean over queries "
            "is unbiased for k fresh draws."
        ),
        symbols="P(maj | c, S, k) = Σ_{j > k/2} C(c, j)C(S - c, k - j)/C(S, k)",
        hypothesis="Draws are independent given the query; k odd, at most S.",
        expected="confirmed",
        formula=distinct,
        checks=(
            Check("every choice of k samples", "exact", every_draw, samples),
            Check("fresh draws, in rationals", "exact", fresh_draws, MODELS, ANY_MODEL),
        ),
        control=Control("samples put back", "refuted", replaced),
        mutants={
            "one sample fewer": lambda c, s, k: distinct(min(c, s - 1), s - 1, k) if s > k else distinct(c, s, k),
            "the share of right samples": lambda c, s, _k: c / s,
            "whether most samples are right": lambda c, s, _k: float(2 * c > s),
        },
        universal=True,
    ),
    Claim(
        id="P15.ii",
        releases=("lab",),
        statement=(
            "Members ranked on the sample they vote with look better than draws of one model: three of six clones by "
            ".0052, where the truth is 0; ranked on another sample they do not."
        ),
        symbols="E[mixed - self]: +.0052 ranked on the same sample, 0 on a disjoint one",
        hypothesis="Six models of one success Beta(2.2, .4) a query, 200 queries, 9 samples, votes of three.",
        expected="reported",
        formula=quoted,
        checks=(Check("clones drawn", "monte_carlo", clones, ({"ranked_on": "same"}, {"ranked_on": "another"})),),
        control=Control("the two exchanged", "refuted", lambda ranked_on: 0.0052 - quoted(ranked_on)),
        mutants={"no bias": lambda _ranked_on: 0.0},
        note="The repeated model is named beforehand; chosen on the same sample it is flattered more than its rivals.",
    ),
)

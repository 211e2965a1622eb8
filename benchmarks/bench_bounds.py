"""Bounds and budgets: whole frontiers against one program per budget, large exact programs, closed forms."""

import numpy as np

from benchmarks.row import Row, timed


def frontier() -> list[Row]:
    """67 models x 100,000 query types in one sort; 50 budgets against 50 programs at 1,000 types."""
    from cofail_lab.decisions import budget_frontier, solve_budget

    rng = np.random.default_rng(0)

    def program(types: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return rng.random((types, 67)), rng.random(67) + 0.01, rng.dirichlet(np.ones(types))

    large = program(100_000)
    seconds, curve = timed(lambda: budget_frontier(*large), repeats=3)
    own_prices = rng.random((100_000, 67))
    seconds_own, _ = timed(lambda: budget_frontier(large[0], own_prices, large[2]), repeats=3)
    small = program(1000)
    budgets = np.linspace(small[1].min() + 0.01, small[1].min() + 0.5, 50)
    ours, values = timed(lambda: budget_frontier(*small).value(budgets), repeats=5)
    # Programs take the same time at every budget; 5 of the 50 stand for all.
    sampled = budgets[::10]
    theirs, programs = timed(lambda: [solve_budget(*small, float(b)).value for b in sampled])
    gap = float(np.abs(np.array(programs) - values[::10]).max())
    assert gap < 1e-9, gap
    return [
        Row("whole frontier, 67 models x 100,000 types", seconds, limit="1 s", note=f"{len(curve.costs):,} corners"),
        Row("the same, prices of their own for every type", seconds_own, limit="1 s"),
        Row(
            "50 budgets, 67 models x 1,000 types",
            ours,
            "one CVXPY program with HiGHS per budget (5 timed, x 10)",
            10 * theirs / ours,
            "1,000 times",
            f"values within {gap:.0e}",
        ),
    ]


def counts() -> list[Row]:
    """The exchangeable program at 2,000 models, in exact arithmetic, against one float program on raw moments."""
    from scipy.optimize import linprog

    from cofail_lab.bounds import wrong_count_range

    m, rows = 2000, []
    for n_moments in (2, 3, 4, 6):
        moments = [0.05 + 0.95 * 0.3**k for k in range(1, n_moments + 1)]
        seconds, limits = timed(lambda p=moments: wrong_count_range(p, m), repeats=3)
        share = np.cumprod([(np.arange(m + 1) - k) / (m - k) for k in range(n_moments)], axis=0)
        right = [1.0, *moments]
        event = np.append(np.zeros(m), 1.0)
        table = np.vstack([np.ones(m + 1), share])
        slow, plain = timed(lambda a=table, b=right, e=event: linprog(-e, A_eq=a, b_eq=b), repeats=3)
        value = "no solution" if plain.x is None else f"{-plain.fun:.12f}"
        note = f"upper {limits.upper:.12f}, float program {value}"
        rows.append(
            Row(f"m = 2,000, {n_moments} moments", seconds, "float program (HiGHS)", slow / seconds, "1 s", note)
        )
    return rows


def patterns() -> list[Row]:
    """The exact heterogeneous program at 16 models against all 65,536 columns at once."""
    from scipy.optimize import linprog
    from scipy.sparse import csr_matrix

    from cofail_lab.bounds import joint_range

    rng = np.random.default_rng(0)
    rows = []
    for m, compare in ((12, True), (16, False)):
        difficulty = rng.random((500, 1))
        wrong = (rng.random((500, m)) < np.clip(0.8 * difficulty + 0.2 * rng.random(m), 0, 1)).astype(float)
        pairs = wrong.T @ wrong / 500
        seconds, limits = timed(lambda p=pairs: joint_range(np.diag(p).copy(), p))
        ratio, note = None, f"[{limits.lower:.9f}, {limits.upper:.9f}]"
        if compare:
            everything = (np.arange(2**m)[:, None] >> np.arange(m)) & 1
            i, j = np.triu_indices(m)
            table = csr_matrix(np.vstack([np.ones(2**m), (everything[:, i] & everything[:, j]).T]))
            event = (everything.sum(axis=1) == m).astype(float)
            right = np.append(1.0, pairs[i, j])
            slow, values = timed(
                lambda a=table, b=right, e=event: [s * linprog(s * e, A_eq=a, b_eq=b).fun for s in (1, -1)]
            )
            ratio, note = slow / seconds, f"{note}, all at once [{values[0]:.9f}, {values[1]:.9f}]"
        name = "all columns at once (HiGHS)" if compare else ""
        rows.append(Row(f"both limits, m = {m}", seconds, name, ratio, "30 s" if m == 16 else "", note))
    return rows


def closed() -> list[Row]:
    """Every closed form, and the public function with its checks, on 2,000 models."""
    from cofail_lab.bounds import all_wrong_range, closed_forms

    rng = np.random.default_rng(0)
    difficulty = rng.random((3000, 1))
    wrong = (rng.random((3000, 2000)) < 0.9 * difficulty**2 + 0.05).astype(float)
    pairs = wrong.T @ wrong / 3000
    alpha = np.diag(pairs).copy()
    seconds, limits = timed(lambda: closed_forms(alpha, pairs))
    slow, pseudo = timed(lambda: 1 - (1 - alpha) @ np.linalg.pinv(1 - alpha[:, None] - alpha + pairs) @ (1 - alpha))
    note = f"Gallot-Kounias {limits.upper['Gallot-Kounias']:.12f}, by pseudo-inverse {pseudo:.12f}"
    whole, _ = timed(lambda: all_wrong_range(alpha, pairs))
    return [
        Row("all closed forms, m = 2,000", seconds, "the pseudo-inverse alone", slow / seconds, "10 s", note),
        Row("all_wrong_range, m = 2,000", whole, limit="10 s"),
    ]


def declared() -> list[Row]:
    """Declared classes: patterns with events, counts of 2,000 models, a swept fact, and what building costs."""
    import cvxpy  # noqa: F401 - its import (seconds, JAX among it) is no part of any row

    from cofail_lab.bounds.declared.facts import SetRates
    from cofail_lab.bounds.declared.known import Known
    from cofail_lab.bounds.declared.limits import Limits
    from cofail_lab.bounds.declared.measured import Matrix
    from cofail_lab.bounds.declared.program import Program
    from cofail_lab.bounds.declared.sweep import sweep
    from cofail_lab.bounds.declared.targets import target

    rng = np.random.default_rng(0)

    def matrix(m: int) -> Matrix:
        difficulty = rng.random((500, 1))
        return Matrix(rng.random((500, m)) < np.clip(0.8 * difficulty + 0.2 * rng.random(m), 0, 1))

    twelve = matrix(12)
    events = ["P(right(0,1,2) >= 1)", "P(right(all) > wrong(all))"]
    known = Known(measured=["rates", "pairs"], events=events).on(twelve)
    seconds, found = timed(lambda: known.__class__(known.pool, known.facts).range(target("all_wrong", known.pool)))
    rows = [
        Row(
            "declared: m = 12, all pairs and two events",
            seconds,
            limit="3 s",
            note=f"[{found.lower:.9f}, {found.upper:.9f}], {'sharp' if found.sharp else 'outer'}",
        )
    ]
    shock = [0.05 + 0.95 * 0.3**k for k in (1, 2, 3)]
    said = ["P(wrong(all) >= 1200) in [.05, .06]", "P(wrong(all) >= 300) >= .9", "P(right(all)) <= .01"]
    many = Known(n_models=2000, moments=shock, events=said).on()
    seconds, found = timed(lambda: many.__class__(many.pool, many.facts).range(target("all_wrong", many.pool)))
    rows.append(Row("declared: counts at m = 2,000, six facts", seconds, limit="2 s", note=f"upper {found.upper:.12f}"))

    # One triple at 200 values, against a class built anew for some of them.
    known = Known(measured=["rates", "pairs"]).on(twelve)
    question = target("all_wrong(0,1,2,3)", known.pool)
    truth = twelve.all_wrong((0, 1, 2)).low
    values = np.linspace(truth - 0.01, truth + 0.01, 200)
    quick, swept = timed(lambda: sweep(known, SetRates("triples", {(0, 1, 2): Limits(truth, truth)}), question, values))
    some = range(0, 200, 40)

    def cold() -> list[tuple[float, float]]:
        facts = [SetRates("triples", {(0, 1, 2): Limits(values[i], values[i])}) for i in some]
        ranges = [known.given(fact).range(question) for fact in facts]
        return [(one.lower, one.upper) for one in ranges]

    slow, ends = timed(cold)
    gap = float(np.abs(np.array(ends) - np.column_stack([swept.lower, swept.upper])[list(some)]).max())
    assert gap < 1e-9, gap
    note = f"limits within {gap:.0e}"
    ratio = 200 / len(some) * slow / quick
    rows.append(
        Row("declared: 200 values of one fact", quick, "200 cold solves (5 timed, x 40)", ratio, "20 times", note)
    )

    fourteen = Known(measured=["rates", "pairs"]).on(matrix(14))
    question = target("all_wrong", fourteen.pool)
    states = fourteen.states(question)
    building, solving = np.inf, np.inf
    for _ in range(3):
        program = Program(states, fourteen.rows(states))
        whole, _ = timed(lambda one=program: one.maximize(question.pieces(states)))
        building, solving = min(building, whole - program.solver_seconds), min(solving, program.solver_seconds)
    note = f"HiGHS {solving:.2f} s, least of three each"
    rows.append(Row("declared: building at m = 14", building, "HiGHS on it", solving / building, "once", note))
    return rows


BENCHMARKS = [frontier, counts, patterns, closed, declared]

"""Small pools whose pairwise rates are known, and brute force over their patterns."""

import csv
import gzip
from fractions import Fraction

import numpy as np
from scipy.optimize import linprog

from tests.conftest import real_path


def patterns(m):
    return ((np.arange(2**m)[:, None] >> np.arange(m)) & 1).astype(bool)


def random_law(rng, m):
    """A law of the wrong pattern, sparse or spread out, and its rates."""
    probs = rng.dirichlet(np.full(2**m, rng.choice([0.05, 0.3, 1.0])))
    wrong = patterns(m)
    pairs = (wrong * probs[:, None]).T @ wrong
    return probs, np.diag(pairs).copy(), pairs


def brute_force(alpha, pairs, at_least):
    """The program over all patterns as one dense program, by SciPy: nothing shared with the code under test."""
    m = len(alpha)
    wrong = patterns(m)
    i, j = np.triu_indices(m)
    equations = np.vstack([np.ones(2**m), (wrong[:, i] & wrong[:, j]).T])
    event = (wrong.sum(axis=1) >= at_least).astype(float)
    tight = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
    right = np.concatenate([[1.0], pairs[i, j]])
    return [s * linprog(s * event, A_eq=equations, b_eq=right, options=tight).fun for s in (1, -1)]


def common_shock(shock, base):
    alpha = shock + (1 - shock) * base
    pairs = shock + (1 - shock) * np.outer(base, base)
    np.fill_diagonal(pairs, alpha)
    return alpha, pairs


def read_matrix(name):
    with gzip.open(real_path(name), "rt") as lines:
        header, *rows = csv.reader(lines)
    first = 2 if header[1] == "dataset" else 1
    cells = np.array([row[first:] for row in rows])
    return cells[(cells != "").all(axis=1)] == "0"


def rates(*alpha, **off):
    pairs = np.diag(np.array(alpha))
    for name, value in off.items():
        i, j = int(name[1]), int(name[2])
        pairs[i, j] = pairs[j, i] = value
    return np.array(alpha), pairs


def shock_moments(shock, base, n_moments):
    return [shock + (1 - shock) * base**k for k in range(1, n_moments + 1)]


SHOCK = (Fraction(5, 100), Fraction(3, 10))

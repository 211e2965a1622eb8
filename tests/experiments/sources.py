"""Sources of matrices at hand, for experiments."""

import numpy as np

from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.grades import Grades


class Fixed:
    def __init__(self, grades):
        self.grades = grades

    def load(self):
        return self.grades


def inputs_from(wrong, **columns):
    n, m = wrong.shape
    grades = Grades(
        wrong.astype(np.int8), tuple(f"q{i}" for i in range(n)), tuple(f"m{j}" for j in range(m)), "made up", **columns
    )
    return Inputs(RunOptions(), source=lambda: Fixed(grades))

"""Which law describes how the models of a pool fail together?

    python examples/compare_laws.py

The matrix is drawn from a law that we know: with probability 5% every model is wrong, otherwise they err independently.
Every compared law is fitted to four fifths of the queries and judged on the rest, five times.
"""

import jax
import numpy as np

import cofail_lab as cl

LAWS = ["independent", "one_factor", "clayton", "atom_independent", "atom_one_factor"]


def main() -> None:
    """Draw a matrix, compare the laws, and print which of them to plan with."""
    truth = cl.models.CommonShock(shock=0.05, base_error_rates=np.linspace(0.2, 0.5, 12))
    wrong = np.asarray(truth.sample(jax.random.key(0), 2000))
    queries, models = (tuple(f"{kind}-{i}" for i in range(k)) for kind, k in zip(("q", "m"), wrong.shape, strict=True))
    outcomes = cl.Outcomes(wrong=wrong, queries=queries, models=models, source="drawn from a common shock")
    comparison = cl.compare_laws(outcomes, laws=LAWS, intervals=False)
    print(f"{'law':42} {'predicted':>9} {'log P(C)':>9}   (observed {comparison.observed:.2%})")
    for fit in comparison.fits:
        print(f"{fit.label:42} {fit.predicted.value:9.2%} {fit.heldout:9.4f}")
    # Laws within two standard errors of the best one cannot be distinguished by these queries.
    close = [fit.label for fit in comparison.fits if fit.close]
    print(f"Decision: plan with the joint failure that these laws predict: {', '.join(close)}; the others fit worse.")


if __name__ == "__main__":
    main()

"""Figures of the reference work's text, as far as its matrices say: gains, votes, cascades, the tail of June."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Bool

from cofail_lab.data.published import Published
from cofail_lab.data.released import ARTEFACT, TODAY, Key, Released
from cofail_lab.decisions.cascade import auc
from cofail_lab.decisions.replay import Replayed, totals_with
from cofail_lab.decisions.vote_slopes import HEADROOM, vote_sets, vote_slope
from cofail_lab.numerics.streams import BOOTSTRAP, SETS, generator
from cofail_lab.outcomes import Outcomes

Value = tuple[float | None, str, str]
"""(number, source, note)."""

MIX, MMLU_PRO, TAIL = "mix of 15", "MMLU-Pro of 15", "MATH-500"
_VOTES = {"saturated": MIX, "hard": MMLU_PRO}
_RESAMPLES = 10_000
_LEAST = 1e-12

_REASONS = (
    ("router_", "a router decides by features of the queries and was tested on a part of them; files have neither"),
    ("sub_band_", "which models the bands hold is not in the files"),
    ("self_moa_", "which models and samples stood on either side is not in the files"),
    ("cascade_", "no file of a cascade was given, or the split or curve it was read from is not in the files"),
    ("cost_per_correct_", "needs prices and release dates of the models, which the files do not have"),
    ("option_value_", "needs prices and release dates of the models, which the files do not have"),
    ("kappa_", "needs the labels of the five judges: experiment=raters reads them where a file has votes"),
    ("vote_", "the matrix of the 15 models was not found, or the figure has limits of an unstated kind"),
    ("pearson_", "the matrix was not found, or its models have no families"),
    ("oracle_gain_", "the matrix was not found"),
)


def reason(figure: Published) -> str:
    """Why a figure cannot be computed where it was not."""
    if figure.pillar == ARTEFACT:
        return "the matrix behind it, with 16 of 330 queries failed by all of 67 models, was not found"
    return next((said for start, said in _REASONS if figure.name.startswith(start)), "not in the files")


def text_figures(
    published: Sequence[Published],
    gains: Sequence[Replayed],
    released: Released,
    metrics: Mapping[Key, Mapping[str, float | None]],
    seed: int,
) -> dict[str, Value]:
    """All that can be computed, by the name of the figure.

    Args:
        published: figures of the text.
        gains: what the totals of the pools give, for figures of the text that follow from them.
        released: the matrices.
        metrics: of the fit of each.
        seed: of the resampled gains.
    """
    found: dict[str, Value] = {}
    for name, pool in (("mix", MIX), ("mmlu_pro", MMLU_PRO)):
        key = (pool, TODAY)
        value = next(row.ours for row in gains if (row.pool, row.figure) == (pool, "oracle_gain"))
        found[f"oracle_gain_{name}"] = (value, "totals", "queries as graded, before the audit")
        if key in released.pools:
            low, high = resampled_gain(released.pools[key].wrong, seed)
            note = f"95% percentiles over {_RESAMPLES:,} resamples of the queries"
            found[f"oracle_gain_{name}_lower"] = (low, released.where[key], note)
            found[f"oracle_gain_{name}_upper"] = (high, released.where[key], note)
            for part in ("", "_within", "_across"):
                if (value := metrics[key].get(f"pearson{part}")) is not None:
                    found[f"pearson_{name}{part}"] = (value, released.where[key], "")
    for name, pool in _VOTES.items():
        if (key := (pool, TODAY)) in released.pools:
            note = f"majorities of all threes of the {pool}, taken for the {name} pool"
            found |= {k: (v, released.where[key], note) for k, v in vote_figures(released.pools[key], name).items()}
    if len(released.cascades) == 1:
        found |= {name: (value, "the cascade", "") for name, value in cascade_figures(released.cascades[0]).items()}
    if (key := (TAIL, ARTEFACT)) in released.pools:
        for figure in published:
            for suffix in ("", "_lower", "_upper") if figure.pillar == ARTEFACT else ():
                if (value := metrics[key].get(f"{figure.name}{suffix}")) is not None:
                    found[f"{figure.name}{suffix}"] = (value, released.where[key], "")
    return found | _open_totals(published)


def resampled_gain(wrong: Bool[np.ndarray, "n m"], seed: int) -> tuple[float, float]:
    """95% percentiles of G when the queries are resampled, the best model chosen anew each time (as published)."""
    resolvable = (wrong & ~np.all(wrong, axis=1, keepdims=True)).astype(float)
    n = len(wrong)
    drawn = generator(seed, BOOTSTRAP).multinomial(n, np.full(n, 1 / n), size=_RESAMPLES)
    low, high = np.quantile((drawn @ resolvable).min(axis=1) / n, (0.025, 0.975))
    return float(low), float(high)


def vote_figures(outcomes: Outcomes, name: str) -> dict[str, float | None]:
    """Mean gain of the majorities of three, the share below their best member, and the published slope."""
    sets = vote_sets(outcomes.wrong, 3, generator(0, SETS))
    slope = vote_slope(sets, HEADROOM, outcomes.n_models)
    return {
        f"vote_gain_{name}": float(sets.gain.mean()),
        f"vote_negative_share_{name}": float((sets.gain < -_LEAST).mean()),
        f"vote_slope_{name}": None if slope is None else slope.value,
    }


def cascade_figures(outcomes: Outcomes) -> dict[str, float | None]:
    """Accuracies of both models, and how well the confidence of the first orders its own answers."""
    right = ~outcomes.wrong
    confidence = np.asarray(outcomes.per_cell["confidence"], float)[:, 0]
    known = np.isfinite(confidence)
    return {
        "cascade_cheap_accuracy": float(right[:, 0].mean()),
        "cascade_strong_accuracy": float(right[:, 1].mean()),
        "cascade_auc": auc(confidence[known], right[known, 0].astype(float)) if known.any() else None,
    }


def _open_totals(published: Sequence[Published]) -> dict[str, Value]:
    """Shares whose three published numbers only one pair of totals has."""
    found: dict[str, Value] = {}
    for figure in published:
        if figure.name.endswith("_all_wrong") and figure.lower and figure.upper:
            totals = totals_with(figure.value, figure.lower, figure.upper)
            if len(totals) == 1:
                from cofail_lab.bounds.binomial import clopper_pearson

                (k, n), note = totals[0], "the only totals that round to all three: {} of {}"
                low, high = clopper_pearson(k, n, 0.05)
                for suffix, value in (("", k / n), ("_lower", float(low)), ("_upper", float(high))):
                    found[f"{figure.name}{suffix}"] = (value, "totals", note.format(k, n))
    return found

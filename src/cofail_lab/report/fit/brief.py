"""The second part of the answer on one screen: luck, whether pairs explain the tail, and what to do next."""

from __future__ import annotations

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.fitting.comparison.laws import FIRST_NULL
from cofail_lab.fitting.conclusion import Conclusion
from cofail_lab.fitting.matrix_fit import MatrixFit
from cofail_lab.report.answer import next_section
from cofail_lab.report.numbers import interval, percent, ratio
from cofail_lab.result import Row, Section

MORE_THAN_PAIRS = {
    "beyond": ("yes", "more queries fail everyone than any law without a common mode explains: read them"),
    "heavy_tail": ("no", "a heavier tail than the normal one is enough; a common mode is neither needed nor excluded"),
    "chance": ("no", "a law without a common mode gives as many"),
    "thinner": ("no", "fewer queries fail everyone than pairs suggest"),
    "cannot_tell": ("cannot tell", "this matrix does not decide it"),
}
"""`fitting.conclusion.Tail` -> the answer in a word, and why."""
_CANNOT_TELL = {
    "not_tested": "not tested here, experiment.null=200 does",
    "few_models": "fewer than three models vary",
    "interrupted": "interrupted before it was tested; the same command goes on",
    "always_right": "one model is always right",
    "none_says_nothing": "no query fails everyone, and none was to be expected",
}
"""`fitting.conclusion.Reason` -> why there is no answer."""


def last_sections(fit: MatrixFit, certificate: Certificate, conclusion: Conclusion) -> tuple[Section, Section]:
    """What only the fit can say; and what to do next."""
    rows = [Row("best, held out", percent(fit.single_best_heldout), "chosen on one half, scored on the other")]
    if (luck := _luck(fit)) is not None:
        rows.append(luck)
    word, why = more_than_pairs(fit, conclusion)
    rows.append(Row("more than pairs?", word, why))
    return Section("More", (), tuple(rows)), next_section(certificate, beyond=conclusion.tail == "beyond")


def more_than_pairs(fit: MatrixFit, conclusion: Conclusion) -> tuple[str, str]:
    """Whether more queries defeat everyone than pairs explain, in a word; and why, with the power of the test."""
    word, why = MORE_THAN_PAIRS[conclusion.tail]
    why = _CANNOT_TELL.get(conclusion.reason, why) if conclusion.tail == "cannot_tell" else why
    if fit.tail is not None:
        mode = f"a common mode of {percent(fit.tail.atom)}"
        if conclusion.reason == "low_power":
            why = f"even the best test would find {mode} in only {percent(fit.tail.ceiling, 0)} of such matrices"
        elif conclusion.tail in ("chance", "cannot_tell"):
            why += f" ({mode} would be found in {percent(fit.tail.power, 0)} of such matrices)"
    observed = fit.ratio(FIRST_NULL)
    seen = f"{ratio(observed)} what one factor predicts: " if observed is not None else ""
    return word, f"{seen}{why}"


def _luck(fit: MatrixFit) -> Row | None:
    luck = fit.luck
    if luck is None or isinstance(luck, str):
        return None
    low, high = luck.luck_lower, luck.luck_upper
    if low is None or high is None:
        return None
    note = "of the one-run gain, from repeated runs"
    return Row("luck", interval(low.value, high.value, lambda share: percent(share, 0)), note)

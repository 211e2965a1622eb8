"""Policies in words: who gains, who only repeats a constant, what reading adds, and what nobody can pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from cofail_lab.data.names import counted
from cofail_lab.estimate import confidence
from cofail_lab.grades import Cell, Grades
from cofail_lab.policies.advice import Advice
from cofail_lab.policies.baselines import with_baselines
from cofail_lab.policies.ceilings import Ceilings
from cofail_lab.policies.contest import TABLE, Contest
from cofail_lab.policies.score import Score
from cofail_lab.policies.suspicion import Suspicion, flagged
from cofail_lab.report.names import shorten
from cofail_lab.report.numbers import count, interval, number, p_value, percent, points
from cofail_lab.result import Row, Section

_PLAIN = {
    "domain_table": "a table by dataset",
    "majority_vote": "a majority vote",
    "plurality": "a plurality vote",
    "weighted_vote": "a weighted vote",
    "threshold_cascade": "a cascade by confidence",
    "deferral_cascade": "a cascade by learned deferral",
    "cascade_routing": "routing after each answer",
}
FIGURES = {
    "gains": "Gain over the single best model (zero) with its interval; grey: constants; hollow: a table in hindsight.",
    "dollars": "Accuracy against cost: models, the hull of mixed constants, policies, and what no policy can pass.",
}
_WORTH_NAMING = 0.5
"""A model that lacks more than this share of the incomplete queries is named."""


def headline(contest: Contest, ceilings: Ceilings) -> str:
    """The best policy that gains, or that none does; picks that seem to be made after grading are not counted."""
    known = flagged(contest, ceilings.repeated)
    best, won = _best_model(contest), [s for s in contest.winners if s.name not in known]
    if not contest.contestants:
        lacking = {name: why for name, why in contest.trials.absent.items() if name not in with_baselines({})}
        return f"No policy could be tried. {_absent_sentence(lacking)}" if lacking else f"{best} is the best constant."
    if not won:
        tried = len(contest.contestants) - len(known)
        return f"No policy gains over {best} alone (of {tried} tried{_not_counted(known)})."
    top = won[0]
    return f"{top.name} gains most over {best} alone: {gain_text(top)}{_captured(top)}."


def _not_counted(known: Collection[str]) -> str:
    return "".join(f"; {name} is not counted, its picks seem to be made after grading" for name in known)


def advice_sentence(advice: Advice, contest: Contest, ceilings: Ceilings) -> str:
    """One sentence of advice."""
    best, policy = _best_model(contest), advice.policy
    name = _PLAIN.get(policy.name, f"the {policy.name} policy")
    name = name[0].upper() + name[1:]
    relative = policy.cost / contest.reference.cost if policy.cost and contest.reference.cost else None
    cost = "" if relative is None else f" at {percent(relative, 0)} of its cost"
    reading = "; reading the query adds nothing" if advice.reading is False and policy.name == TABLE else ""
    if advice.action == "gain":
        return f"{name} gains {gain_text(policy)} over {best}{cost}{_captured(policy)}{reading}."
    if advice.action == "save":
        return f"{name} gets about what {best} gets, {gain_text(policy)}{cost}."
    known = flagged(contest, ceilings.repeated)
    most, tried = contest.by_name["oracle"].gain, len(contest.contestants) - len(known)
    oracle = f"though an oracle would gain {points(most)}" if most > 0 else "and not even an oracle would gain"
    alone = f"Use {best} alone: of {counted(tried, 'policy')} tried none surely gains or saves"
    return f"{alone}, {oracle}{_not_counted(known)}."


def decide_sections(contest: Contest, ceilings: Ceilings, figures: tuple[str, ...]) -> tuple[Section, ...]:
    """The one page of `experiment=decide`: what was tried, the largest gain first, then the ceilings."""
    tried = sorted(contest.contestants, key=lambda s: -s.gain)
    return (
        Section(
            "What was tried",
            tuple(_findings(contest, ceilings)),
            (_row(contest.reference), *(_row(s) for s in tried)),
            _captions(contest, figures),
        ),
        Section("What nobody can pass", (), tuple(_ceiling_rows(contest, ceilings))),
    )


def brief_section(contest: Contest, ceilings: Ceilings, sentences: Sequence[str]) -> Section:
    """One screen: a line for each policy, the largest gain first, under the sentences that matter most."""
    sentences = (*_suspicions(contest, ceilings), *sentences, *_costs_sentence(contest))
    tried = sorted(contest.contestants, key=lambda s: -s.gain)
    rows = [_brief_row(s, contest.reference) for s in (contest.reference, *tried, contest.by_name["oracle"])]
    return Section("Policies", sentences, tuple(rows))


def _brief_row(score: Score, best: Score) -> Row:
    parts = [] if score is best else [gain_text(score)]
    if score.captured is not None and (score.won or score.lost) and not score.ceiling:
        parts.append(f"{percent(score.captured, 0)} of G")
    if score is not best and score.cost is not None and best.cost:
        parts.append(f"{percent(score.cost / best.cost, 0)} of the cost")
    if score.constant and score is not best and not score.ceiling:
        parts.append("a constant")
    return Row(score.name, percent(score.accuracy), ", ".join(parts))


def sections(contest: Contest, ceilings: Ceilings, figures: tuple[str, ...]) -> tuple[Section, ...]:
    """Policies, baselines, and ceilings; figures by name."""
    entered = {s.name for s in contest.contestants}
    baselines = [s for s in contest.scores if s.name not in entered and not s.ceiling]
    shown = _captions(contest, figures)
    return (
        Section(
            "What policies get",
            tuple(_findings(contest, ceilings)),
            tuple(_row(s) for s in contest.contestants),
            shown,
        ),
        Section("Without reading anything", (best_sentence(contest),), tuple(_row(s) for s in baselines)),
        Section("What nobody can pass", (), tuple(_ceiling_rows(contest, ceilings))),
    )


def _captions(contest: Contest, figures: tuple[str, ...]) -> dict[str, str]:
    """What the figures show, with what is found in them."""
    if not contest.contestants:
        return {name: FIGURES[name] for name in figures}
    most = max(contest.contestants, key=lambda s: s.gain)
    found = {
        "gains": f"{most.name} gains most: {gain_text(most)}.",
        "dollars": f"{most.name}, which gains most, is right on {percent(most.accuracy)}"
        f"{'' if most.cost is None else f' for {number(most.cost)} a query'}.",
    }
    return {name: f"{found[name]} {FIGURES[name]}" for name in figures}


def gain_text(score: Score) -> str:
    """``2.2 points (1.5 to 2.9)``."""
    limits = "" if score.gain_lower is None else f" ({_limits(score.gain_lower, score.gain_upper)})"
    return f"{points(score.gain)}{limits}"


def best_sentence(contest: Contest) -> str:
    """Which model is the best constant, split by split."""
    names = Counter(contest.trials.best_models).most_common()
    if len(names) == 1:
        return f"{shorten(names[0][0])} is the best constant on the training queries of every split."
    each = ", ".join(f"{shorten(name)} on {times}" for name, times in names)
    return f"The best constant on the training queries differs: {each} of {len(contest.trials.trials)} splits."


def reading_sentences(contest: Contest) -> list[str]:
    """What reading prompts or features adds to a table by dataset."""
    sentences: list[str] = []
    verdicts = {"adds": "adds to", "nothing": "adds nothing to", "loses": "is worse than"}
    for verdict, words in verdicts.items():
        differences = [
            f"{over.name} − domain_table is {points(over.gain)} ({_limits(over.lower, over.upper)})"
            for over in contest.over_table
            if over.verdict == verdict and not contest.by_name[over.name].constant
        ]
        if differences:
            sentences.append(f"Reading the query {words} the table by dataset: {'; '.join(differences)}.")
    return sentences


def coverage_sentence(grades: Grades) -> str | None:
    """The model that costs most of the incomplete queries, if one does."""
    answered = grades.cells <= Cell.WRONG
    complete = answered.all(axis=1)
    lacking = (~answered[~complete]).sum(axis=0)
    if complete.all() or answered.shape[1] < 3 or lacking.max() <= _WORTH_NAMING * len(grades.cells[~complete]):
        return None
    worst = int(lacking.argmax())
    without = int(np.delete(answered, worst, axis=1).all(axis=1).sum())
    return (
        f"{shorten(grades.models[worst])} alone costs {count(lacking[worst])} of the {count((~complete).sum())} "
        f"incomplete queries ({count(without)} are complete without it)."
    )


def _findings(contest: Contest, ceilings: Ceilings) -> list[str]:
    """Everything that a number alone does not say."""
    models, said = contest.trials.graded.models, _suspicions(contest, ceilings)
    for s in contest.contestants:
        if s.constant:
            to_one = s.shares.max() >= s.best_share
            model = shorten(models[int(s.shares.argmax())]) if to_one else "the best model of their training queries"
            share = percent(max(float(s.shares.max()), s.best_share))
            said.append(f"{s.name} is a constant: {share} of its queries go to {model}.")
    for s in contest.contestants:
        # A vote whose answers are unknown loses only if it does so at best.
        if s.gain_upper is not None and s.gain_upper + s.accuracy_high - s.accuracy < 0:
            said.append(_loss_sentence(s, contest.reference.cost))
        if s.accuracy_high > s.accuracy:
            said.append(
                f"{s.name}: where votes tie or answers are unknown it is open what wins, so that between "
                f"{interval(s.accuracy, s.accuracy_high).replace(' to ', ' and ')} are right; its other numbers are "
                "those of the lower end."
            )
        dearer = (
            s.pair_hull_gap is None and s.cost is not None and any(s.name in t.pairs for t in contest.trials.trials)
        )
        if dearer:
            said.append(
                f"{s.name}: the model that is called first is not the cheaper one in some split, so that no mixture of "
                "its two models can be compared at the same dollars."
            )
    said += reading_sentences(contest)
    said += _costs_sentence(contest)
    for name in contest.trials.graded.hidden:
        said.append(f"Column {shorten(name)} names the right answer, and no policy sees it.")
    if contest.trials.absent:
        said.append(_absent_sentence(contest.trials.absent))
    return said


def _absent_sentence(absent: Mapping[str, str]) -> str:
    return f"Not there: {'; '.join(f'{name}: {reason}' for name, reason in absent.items())}."


def _costs_sentence(contest: Contest) -> list[str]:
    unpriced = contest.trials.graded.unpriced
    return [] if unpriced is None else [f"Costs are left out: {unpriced}."]


def _loss_sentence(score: Score, best_cost: float | None) -> str:
    lost = f"{score.name} loses {points(-score.gain)}"
    if score.cost is not None and best_cost and score.cost < best_cost:
        lost += f", at {percent(score.cost / best_cost, 0)} of the cost"
    asked = score.shares.sum()
    if asked > 1 + 1e-9:
        return f"{lost}, with {asked:.1f} models asked per query."
    return (
        f"{lost}: it leaves the best model on {percent(1 - score.best_share)} of the queries, and the greatest of many "
        "noisy scores is too high (winner's curse)."
    )


def _suspicions(contest: Contest, ceilings: Ceilings) -> list[str]:
    """What must be known of recorded picks: whether they seem to be made after grading, and how many are lacking."""
    known = flagged(contest, ceilings.repeated)
    return [
        *(
            _suspicion_sentence(contest.by_name[name], why, ceilings.repeated is not None)
            for name, why in known.items()
        ),
        *(f"{name}: {remark}." for name, remark in contest.remarks.items()),
    ]


def _suspicion_sentence(score: Score, why: Suspicion, repeated: bool) -> str:
    won = f"won {count(score.won)}, lost {count(score.lost)}"
    if why == "above_routable":
        return (
            f"{score.name} gains more ({won}) than any choice made before the answers can: its picks are right more "
            "often in the graded runs than in the same models' other runs. Were they made after grading?"
        )
    more = "" if repeated else " Repeated runs would show how much of that is luck."
    return f"{score.name} gains nearly all that hindsight can ({won}): were its picks made after grading?{more}"


def _row(score: Score) -> Row:
    parts = []
    if score.name != "single_best":
        parts.append(gain_text(score))
    if score.won:
        parts.append(f"won {count(score.won)}, lost {count(score.lost)}{_tested(score.p_value)}")
    if score.captured is not None and (score.won or score.lost):
        parts.append(f"{percent(score.captured)} of G")
    if score.cost is not None:
        parts.append(f"costs {_cost(score.cost)} a query, {_cost(score.cost_per_correct)} a right answer")
    if score.hull_gap is not None:
        parts.append(f"{points(score.hull_gap)} against constants of the same cost")
    if score.pair_hull_gap is not None:
        parts.append(f"{points(score.pair_hull_gap)} against its own two models")
    return Row(score.name, percent(score.accuracy), "; ".join(parts))


def _ceiling_rows(contest: Contest, ceilings: Ceilings) -> list[Row]:
    rows = [_row(s) for s in contest.scores if s.ceiling]
    certificate = ceilings.certificate
    rows.append(Row("1 − β", percent(ceilings.oracle), f"{counted(certificate.n_all_wrong, 'query')} failed by all"))
    level = f"at {confidence(certificate.delta)} confidence"
    rows.append(Row("certified gain at most", points(certificate.paired_max_gain), f"P1.v, {level}"))
    if ceilings.repeated is not None:
        routable = ceilings.repeated.routable
        cells = "" if ceilings.repeated.one_graded else "; a grade here is not that of one run"
        note = f"in one run; upper limit {percent(routable.upper)}{cells}"
        rows.append(Row("routable ceiling", percent(routable.value), note))
    return rows


def _best_model(contest: Contest) -> str:
    return shorten(Counter(contest.trials.best_models).most_common(1)[0][0])


def _cost(value: float | None) -> str:
    return count(value) if value is not None and value >= 1000 else number(value)


def _tested(p: float | None) -> str:
    if p is None:
        return ""
    return ", p < 0.001" if p < 0.001 else f", p = {p_value(p)}"


def _limits(lower: float | None, upper: float | None) -> str:
    """Two limits in points, without the unit."""
    return interval(lower, upper, points).removesuffix(" points")


def _captured(score: Score) -> str:
    return "" if score.captured is None else f", {percent(score.captured, 0)} of what an oracle could"

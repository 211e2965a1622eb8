"""Writes docs/claims.md: every claim, its verdict, what refuted it, and how the verifier itself did.

    python -m benchmarks.claims_page          # about five minutes on two cores

Only the part above the verdicts is prose; the rest is what a run of ``experiment=verify`` returned.
"""

from collections.abc import Iterable
from pathlib import Path

from cofail_lab.claims.claim import Claim
from cofail_lab.claims.registry import all_claims
from cofail_lab.claims.self_test import FalseAlarms, PlantedMutant, false_alarms, plant_mutants
from cofail_lab.claims.verifier import Trial, split_level, verify_claim
from cofail_lab.report.numbers import percent
from cofail_lab.report.verify import refutation
from cofail_lab.verdict import Verdict

PAGE = Path(__file__).parents[1] / "docs" / "claims.md"
SEED, STATED, TRIALS = 0, 0.01, 200

PROSE = """\
# Claims and their verdicts

```
cofail-lab experiment=verify                                    every claim
cofail-lab experiment=verify experiment.claims=P1.iv,P8.ii      some of them; P2 takes all of P2
cofail-lab -m experiment=verify experiment.claims=P2.ii law.shock=.01,.05,.2
cofail-lab experiment=verify experiment.mutants=true experiment.trials=200     the verifier itself
cofail-lab experiment=verify experiment.replay=outputs/verify/.../results.json    stored counterexamples, measured again
```

The exit code is 0 only if every verdict is the expected one. In Python: `cl.verify(claims="P2")`.

## How a verdict is reached

A claim has a *formula* (a closed form, a bound, a rule) and *checks*. A check measures the same quantity on another
path: exact enumeration in rationals, quadrature, a linear program, simulation. On every case the measured interval is
compared with what the formula allows: wholly inside, the case is confirmed; wholly outside, the claim is **refuted**
and the case is stored; across the edge, **undecided**. A claim is **confirmed** if all cases of all its checks are. A
heuristic is **reported** with its measured error, never confirmed.

- **Adversary.** A claim about all values of its parameters is also tried where a search does worst: a low-discrepancy
  net over the parameter box, then a descent, along the gradient where the law is differentiable. What it finds is
  rounded to the fewest digits that still violate, and measured again exactly or in high precision.
- **Control.** Every claim has a run of its own checks that must come out otherwise: June's formula beside
  September's, or a case outside the hypothesis. If the control does not, the claim is undecided, whatever its checks
  said.
- **Mutants.** Planted false variants must come out refuted (table below).
- **One false-alarm rate** is stated for the run (`experiment.false_alarm`, .01) and split over all simulated cases by a
  union bound. A simulated interval of that level may stretch 2.5 half widths from the claimed value: for a true claim
  that takes an error of 1.5 half widths to break, so that the measured rate stays below the stated one.

## Adding a claim

One entry in the `CLAIMS` of one file of `src/cofail_lab/claims/` (a new file is named in `registry.py`):

```python
Claim(
    id="P2.vi",
    releases=("lab",),
    statement="What it says, in a sentence.",
    symbols="the same in symbols",
    hypothesis="what is assumed",
    expected="confirmed",
    formula=two_ends,  # the claimed side
    checks=(Check("how it is measured", "exact", inside, cases, search),),  # measure(formula, case) -> Measured
    control=Control("what must fail", "refuted", wrong_formula),
    mutants={"the ends exchanged": lambda a, p, m: two_ends(a, p, m)[::-1]},
    universal=True,
)
```

Cases are plain data, so that a stored counterexample replays. `pytest tests/claims` asks of every row that
its verdict is the expected one, that its mutants are refuted, and that its counterexample replays from JSON.
"""


def main() -> None:
    """Run everything and write the page."""
    claims = all_claims()
    trial = Trial(SEED, split_level(claims, STATED))
    verdicts = [verdict for claim in claims for verdict in verify_claim(claim, trial)]
    mutants = plant_mutants(claims, trial, lambda _: None)
    alarms = false_alarms(claims, TRIALS, SEED, STATED)
    PAGE.write_text(
        "\n".join([PROSE, *_verdicts(claims, verdicts), *_refuted(verdicts), *_mutants(mutants), *_alarms(alarms)])
    )


def rows(claims: Iterable[Claim]) -> list[str]:
    """What the table of verdicts says of the registry alone: a test holds the page to it."""
    return [
        f"| {claim.id} | {release} | {_text(claim.statement)} `{_text(claim.symbols)}` | {claim.expected} |"
        for claim in claims
        for release in claim.releases
    ]


def _verdicts(claims: Iterable[Claim], verdicts: list[Verdict]) -> list[str]:
    lines = ["## Verdicts", ""]
    agree = sum(verdict.status == verdict.expected for verdict in verdicts)
    lines += [
        f"{agree} of {len(verdicts)} are the expected ones. The margin is how far inside what is claimed the measured",
        "interval lies (negative: outside), in the units of the check that left least room.",
        "",
    ]
    lines += ["| claim | release | statement | expected | verdict | margin |", "|---|---|---|---|---|---|"]
    for row, verdict in zip(rows(claims), verdicts, strict=True):
        lines.append(f"{row} {verdict.status} | {verdict.evidence['margin']:.1e} |")
    notes = dict.fromkeys((v.id, v.evidence["note"]) for v in verdicts if "note" in v.evidence)
    return [*lines, "", "Notes:", "", *(f"- {claim}: {_text(note)}" for claim, note in notes), ""]


def _refuted(verdicts: list[Verdict]) -> list[str]:
    lines = [
        "## Refuted, and by what",
        "",
        "| claim | release | measured against claimed | case |",
        "|---|---|---|---|",
    ]
    for verdict in verdicts:
        if verdict.status == "refuted":
            row = refutation(verdict)
            lines.append(f"| {verdict.id} | {verdict.release} | {_text(row.value)} | {_text(row.note)} |")
    return [*lines, ""]


def _mutants(mutants: list[PlantedMutant]) -> list[str]:
    caught = sum(mutant.status == "refuted" for mutant in mutants)
    confirmed = sum(mutant.status == "confirmed" for mutant in mutants)
    lines = ["## Planted false variants", "",
             f"{caught} of {len(mutants)} came out refuted, {confirmed} confirmed.", "",
             "| claim | what is wrong | verdict | refuted by | off by |", "|---|---|---|---|---|"]  # fmt: skip
    lines += [f"| {m.claim} | {_text(m.name)} | {m.status} | {_text(m.check)} | {-m.margin:.1e} |" for m in mutants]
    return [*lines, ""]


def _alarms(alarms: FalseAlarms) -> list[str]:
    low, high = alarms.limits
    return [
        "## False alarms", "",
        f"The {alarms.n_checks} simulated checks of claims that hold were repeated over {alarms.n_trials} seeds.", "",
        "| seeds | runs with a wrong verdict | measured rate | 95% limits | stated rate |", "|---|---|---|---|---|",
        f"| {alarms.n_trials} | {alarms.n_wrong} | {percent(alarms.n_wrong / alarms.n_trials)} "
        f"| {percent(low)} to {percent(high)} | {percent(alarms.stated)} |", "",
    ]  # fmt: skip


def _text(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()

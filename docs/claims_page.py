"""Writes claims.md beside this file: every claim, its verdict, what refuted it, and the tests of the verifier itself.

    python docs/claims_page.py          # about twenty minutes of one core

The part above the verdicts is prose. The rest is the result of a run of ``experiment=verify``.
"""

from collections.abc import Iterable
from pathlib import Path

from cofail_lab.claims.claim import Claim
from cofail_lab.claims.registry import all_claims
from cofail_lab.claims.self_test import FalseAlarms, PlantedMutant, false_alarms, plant_mutants
from cofail_lab.claims.verifier import Trial, split_level, verify_claim
from cofail_lab.report.numbers import percent
from cofail_lab.report.verify import false_alarm_sentence, refutation
from cofail_lab.verdict import Verdict

PAGE = Path(__file__).with_name("claims.md")
SEED, STATED, TRIALS = 0, 0.01, 60

PROSE = """\
# Claims and their verdicts

```
cofail-lab experiment=verify                                    every claim
cofail-lab experiment=verify experiment.claims=P1.iv,P8.ii      some of them; P2 means all of P2
cofail-lab -m experiment=verify experiment.claims=P2.ii law.shock=.01,.05,.2
cofail-lab experiment=verify experiment.mutants=true experiment.trials=60     the verifier itself
cofail-lab experiment=verify experiment.replay=outputs/verify/.../results.json    stored counterexamples, measured again
```

The exit code is 0 only if every verdict is the expected one. In Python: `cl.verify(claims="P2")`.

A swept law is one more case of P2.ii (September) and P2.vii, measured in as many digits as it needs (mpmath, with its
error). It must be a common shock of one base error rate, which is what they are about: another law, ω = 0, or a rate
below 1e-20 is refused by name.

## How a verdict is reached

A claim has a *formula* (a closed form, a bound, a rule) and *checks*. A check measures the same quantity on another
path: exact enumeration in rationals, quadrature, a linear program, simulation. On every case the measured interval is
compared with the interval that the formula allows. If it is wholly inside, the case is confirmed. If it is wholly
outside, the claim is **refuted** and the case is stored. If it crosses the edge, the case is **undecided**. A claim is
**confirmed** if all cases of all its checks are confirmed. A heuristic is **reported** with its measured error, never
confirmed.

- **Adversary.** For a claim about all values of its parameters, a search looks for the worst case: a low-discrepancy
  net over the parameter box, then a descent, along the gradient where the law is differentiable. A violation is
  rounded to the fewest digits that still violate the claim, and measured again exactly or in high precision.
- **Control.** Every claim has a case on which its own checks must give another verdict: June's formula beside
  September's, or a case outside the hypothesis. If the control gives the same verdict, the claim is undecided,
  whatever its checks show.
- **Mutants.** Planted false variants must come out refuted (table below).
- **One false-alarm rate** is stated for the run (`experiment.false_alarm`, .01) and split over all simulated cases by a
  union bound. A simulated interval of that level may reach 2.5 half widths from the claimed value. For a true claim an
  error of 1.5 half widths is then needed for a wrong verdict, and the measured rate stays below the stated one. A
  check that is not simulated must come out the same at every seed: its tolerance is the rounding, quadrature or solver
  error of what is compared, carried to the comparison. Both are measured (last table).

## Adding a claim

One entry in the `CLAIMS` of one file of `src/cofail_lab/claims/propositions/` (a new file is listed in
`claims/registry.py`):

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

Cases are plain data, so that a stored counterexample replays. `pytest tests/claims` checks for every
claim that its verdict is the expected one, that its mutants are refuted, and that its counterexample replays from JSON.
"""


def main() -> None:
    """Run everything and write the page."""
    claims = all_claims()
    trial = Trial(SEED, split_level(claims, STATED))
    verdicts = [verdict for claim in claims for verdict in verify_claim(claim, trial)]
    mutants = [mutant for claim in claims for mutant in plant_mutants(claim, trial)]
    alarms = false_alarms(claims, TRIALS, SEED, STATED)
    PAGE.write_text(
        "\n".join([PROSE, *_verdicts(claims, verdicts), *_refuted(verdicts), *_mutants(mutants), *_alarms(alarms)])
    )


def rows(claims: Iterable[Claim]) -> list[str]:
    """The part of the table of verdicts that follows from the registry alone; a test compares the page with it."""
    return [
        f"| {claim.id} | {release} | {_text(claim.statement)} `{_text(claim.symbols)}` | {claim.expected} |"
        for claim in claims
        for release in claim.releases
    ]


def _verdicts(claims: Iterable[Claim], verdicts: list[Verdict]) -> list[str]:
    lines = ["## Verdicts", ""]
    agree = sum(verdict.status == verdict.expected for verdict in verdicts)
    lines += [
        f"{agree} of {len(verdicts)} are the expected ones. The margin is how far the measured interval lies inside"
    ]
    lines += ["the claimed one (negative: outside), in the units of the check with the smallest margin.", ""]
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
    lines = ["## Planted false variants", ""]
    lines += [f"{caught} of {len(mutants)} came out refuted, {confirmed} confirmed.", ""]
    lines += ["| claim | what is wrong | verdict | refuted by | off by |", "|---|---|---|---|---|"]
    lines += [f"| {m.claim} | {_text(m.name)} | {m.status} | {_text(m.check)} | {-m.margin:.1e} |" for m in mutants]
    return [*lines, ""]


def _alarms(alarms: FalseAlarms) -> list[str]:
    command = f"cofail-lab experiment=verify run.seed={SEED} experiment.trials={alarms.n_trials}"
    lines = ["## False alarms", "", false_alarm_sentence(alarms), "", "```", command, "```", ""]
    lines += [
        "| unexpected verdicts | runs | of | measured rate | 95% limits | stated rate |",
        "|---|---|---|---|---|---|",
    ]
    for name, simulated, stated in (("not simulated", False, "0"), ("simulated", True, percent(alarms.stated))):
        n, (low, high) = alarms.n_runs(simulated), alarms.limits(simulated)
        rate, limits = percent(n / alarms.n_trials), f"{percent(low)} to {percent(high)}"
        lines.append(f"| {name} | {n} | {alarms.n_trials} | {rate} | {limits} | {stated} |")
    return [*lines, *(f"- seed {a.seed}: {a.claim} ({a.release}) {a.status}" for a in alarms.alarms), ""]


def _text(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    main()

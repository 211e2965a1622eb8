"""The findings of the health checks as a section and a table, for every fit and for `experiment=health`."""

from collections.abc import Sequence
from dataclasses import replace

import pyarrow as pa

from cofail_lab.data.health.chance import FALSE_ALARM, Finding
from cofail_lab.data.health.checks import CHECKS, examine
from cofail_lab.grades import Grades
from cofail_lab.report.numbers import count
from cofail_lab.result import Result, Row, Section

LABELS = {
    "swapped": "right and wrong swapped",
    "coverage": "coverage of models and queries",
    "ungraded": "unparsed answers and errors",
    "duplicates": "duplicate models",
    "constant": "constant models",
    "blocks": "datasets that one model fails whole",
    "inverted": "queries only the worse models solve",
    "repeated_prompts": "repeated prompts",
    "zero_costs": "costs of zero",
    "at_limit": "answers at the token limit",
    "published": "published scores",
}


def health_section(grades: Grades, findings: Sequence[Finding] | None = None) -> Section:
    """What could produce a common mode in this matrix, one sentence for each finding or one for none.

    Args:
        grades: the matrix, selected, before it is reduced to complete queries.
        findings: of `data.health.checks.examine`; None computes them.
    """
    findings = examine(grades) if findings is None else findings
    if not findings:
        checked = ", ".join(LABELS[name] for name in applicable(grades))
        return Section("Health of the matrix", (f"Nothing found ({checked}).",))
    return Section("Health of the matrix", tuple(finding.sentence for finding in findings))


def with_health(result: Result, grades: Grades) -> Result:
    """A result with one section more, on the health of its matrix."""
    return replace(result, sections=(*result.sections, health_section(grades)))


def applicable(grades: Grades) -> list[str]:
    """Names of the checks whose columns this matrix has."""
    needs = {
        "blocks": "dataset" in grades.per_query,
        "repeated_prompts": "prompt" in grades.per_query,
        "zero_costs": "cost" in grades.per_cell,
        "at_limit": not {"at_limit", "tokens", "tokens_out"}.isdisjoint(grades.per_cell),
    }
    return [name for name in CHECKS if needs.get(name, True)]


def health_rows(grades: Grades, findings: Sequence[Finding], with_published: bool) -> tuple[Row, ...]:
    """One row per check: what it counted, or why it could not be made; ``with_published`` adds published scores."""
    possible = [*applicable(grades), *(["published"] if with_published else [])]
    counts = {name: sum(finding.count for finding in findings if finding.check == name) for name in LABELS}
    missing = {
        "blocks": "no datasets",
        "repeated_prompts": "no prompts",
        "zero_costs": "no costs",
        "at_limit": "no tokens",
    }
    rows = []
    for name, label in LABELS.items():
        if name in possible:
            rows.append(Row(label, count(counts[name]) if counts[name] else "none", _test_note(name)))
        else:
            rows.append(Row(label, "not checked", missing.get(name, "none given (experiment.published)")))
    return tuple(rows)


def health_table(findings: Sequence[Finding]) -> pa.Table:
    """One row per finding and subject."""
    rows = [(f.check, subject, f.count, f.sentence) for f in findings for subject in f.subjects]
    names = ("check", "subject", "count", "sentence")
    types = (pa.string(), pa.string(), pa.int64(), pa.string())
    columns = zip(*rows, strict=True) if rows else ((), (), (), ())
    return pa.table({n: pa.array(list(c), t) for n, c, t in zip(names, columns, types, strict=True)})


def _test_note(name: str) -> str:
    """The false-alarm rate of a check that is a statistical test."""
    tested = name in ("duplicates", "blocks", "inverted", "published")
    return f"a test, false-alarm rate {FALSE_ALARM:.1%}" if tested else ""

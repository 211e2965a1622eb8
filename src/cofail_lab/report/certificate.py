"""The section on what is certified, shared by `experiment=fit` and `experiment=certify`."""

from collections.abc import Sequence

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.data.health.chance import Finding
from cofail_lab.estimate import confidence
from cofail_lab.outcomes import Outcomes
from cofail_lab.report import answer
from cofail_lab.report.numbers import points
from cofail_lab.result import Row, Section


def certificate_section(certificate: Certificate, notes: tuple[str, ...] = ()) -> Section:
    """The certified limits on the oracle gain."""
    sentences = (
        certificate.decision,
        "The limits hold for every policy that returns one member's answer, on the population these queries are drawn "
        "from; each is valid on its own, so quote one, not the smaller of the two.",
        *notes,
    )
    return Section("What is certified", sentences, _rows(certificate))


def on_one_screen(
    certificate: Certificate, outcomes: Outcomes | None, findings: Sequence[Finding], notes: tuple[str, ...] = ()
) -> tuple[str, tuple[Section, ...]]:
    """The headline, and the sections of one screen: limits, what defeats everyone, what could void it, what next.

    Args:
        certificate: what is certified.
        outcomes, findings: the matrix, and what its health checks found; None where only totals are known.
        notes: on how totals were read.
    """
    following = answer.next_section(certificate)
    if outcomes is None:
        facts = Section("The limits", notes, _rows(certificate))
        return f"{answer.verdict(certificate)}. {certificate.decision}", (facts, following)
    said = Section("What is certified", (certificate.decision,))
    first = answer.first_sections(outcomes, certificate, findings)
    return answer.headline(outcomes, certificate), (said, *first, following)


def _rows(certificate: Certificate) -> tuple[Row, ...]:
    at = f"at {confidence(certificate.delta)}"
    rows = [
        Row("gain at most (paired)", points(certificate.paired_max_gain), f"P1.v, {at}; decides"),
        Row("gain at most (ceiling)", points(certificate.max_gain), f"P1.iv, {at}: ceiling minus accuracy"),
    ]
    if certificate.paired_min_gain is not None:
        rows.append(Row("gain at least", points(certificate.paired_min_gain), f"P1.vii, {at}, for a perfect selector"))
    if certificate.overhead is not None:
        rows.append(Row("your overhead", points(certificate.overhead), "experiment.overhead: what combining costs you"))
    return tuple(rows)

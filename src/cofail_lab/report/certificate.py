"""The section on what is certified, shared by `experiment=fit` and `experiment=certify`."""

from cofail_lab.bounds.certificate import Certificate
from cofail_lab.report.numbers import points
from cofail_lab.result import Row, Section


def certificate_section(certificate: Certificate, notes: tuple[str, ...] = ()) -> Section:
    """The certified limits on the oracle gain."""
    at = f"at {100 * (1 - certificate.delta):g}%"
    rows = [
        Row("gain at most (paired)", points(certificate.paired_max_gain), f"P1.v, {at}; decides"),
        Row("gain at most (ceiling)", points(certificate.max_gain), f"P1.iv, {at}: ceiling minus accuracy"),
    ]
    if certificate.paired_min_gain is not None:
        rows.append(Row("gain at least", points(certificate.paired_min_gain), f"P1.vii, {at}, for a perfect selector"))
    if certificate.overhead is not None:
        rows.append(Row("your overhead", points(certificate.overhead), "experiment.overhead: what combining costs you"))
    sentences = (
        certificate.decision,
        "The limits hold for every policy that returns one member's answer, on the population these queries are drawn "
        "from; each is valid on its own, so quote one, not the smaller of the two.",
        *notes,
    )
    return Section("What is certified", sentences, tuple(rows))

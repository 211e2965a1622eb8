"""The figure of `experiment=cascade`: accuracy gained against the fraction escalated."""

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from cofail_lab.policies.cascade_reading import CascadeReading
from cofail_lab.report.figures.style import OTHER, PALETTE, STRONG, canvas, drawing, fitted


@drawing()
def cascade(read: CascadeReading) -> Figure:
    """Gaps of the threshold over both rivals, with bars where intervals are known, and deferral's gap held out.

    The band is what pure noise reaches at its largest on average.
    """
    figure, axes = canvas(5.0, 2.6)
    fraction = read.curve.fraction
    noise = read.degraded[-1].largest_gap
    axes.axhspan(0, noise, color=OTHER, alpha=0.4, lw=0, label="largest gap of pure noise")
    axes.axhline(0, color="#999999", lw=0.7)
    axes.plot(fraction, read.curve.gaps, color=PALETTE[0], label="over random escalation")
    gaps = None if read.dollars is None else read.dollars.dollar_gaps
    if gaps is not None:
        axes.plot(fraction, gaps, color=STRONG, label="over mixing at the same dollars")
    entries = [entry for entry in read.fractions if entry.deferral_gain.value is not None]
    deferred = [(entry.escalation_gap.value or 0) + (entry.deferral_gain.value or 0) for entry in entries]
    axes.plot(
        [entry.fraction for entry in entries],
        deferred,
        "D",
        ms=3,
        color=PALETTE[2],
        label="deferral, held out, over random escalation",
    )
    for entry in read.fractions:
        for ranged, color in ((entry.escalation_gap, PALETTE[0]), (entry.dollar_gap, STRONG)):
            if ranged.lower is not None and ranged.upper is not None:
                axes.plot([entry.fraction] * 2, [ranged.lower, ranged.upper], color=color, lw=0.8, alpha=0.6)
    axes.set_xlim(0, 1)
    axes.xaxis.set_major_formatter(PercentFormatter(1.0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=1))
    axes.set_xlabel(f"share of {read.n_queries:,} queries escalated")
    axes.set_ylabel("accuracy gained")
    axes.legend(loc="lower left", bbox_to_anchor=(0, 1), borderaxespad=0.2, ncols=2)
    return fitted(figure)

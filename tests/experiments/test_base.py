"""Which experiments split into shards."""

from cofail_lab.experiments.base import Splittable
from cofail_lab.experiments.fit import Fit
from cofail_lab.experiments.tail_curve import TailCurve


def test_which_experiments_split() -> None:
    assert isinstance(Fit(), Splittable)
    assert isinstance(TailCurve(None, simulate=True), Splittable)
    assert not Fit(bootstrap=0, null=0).splits
    assert Fit(bootstrap=0, null=1).splits

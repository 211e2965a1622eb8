"""`experiment=sample`: a matrix that can be read back."""

from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from cofail_lab.data import load_outcomes
from cofail_lab.data.law import LawSource
from cofail_lab.experiments.base import Inputs, RunOptions
from cofail_lab.experiments.sample import Sample
from cofail_lab.models import BlockFactor


def test_sample_reads_back(tmp_path: Path) -> None:
    law = BlockFactor("0.3x4", ["a", "a", "b", "b"], 0.3, 0.6)
    result = Sample(n_queries=500).run(Inputs(RunOptions(seed=3), law_factory=lambda: law))
    path = tmp_path / "sample.parquet"
    pq.write_table(result.tables["sample"], path)
    read, drawn = load_outcomes(path), LawSource(law, 500, 3).load().outcomes()
    np.testing.assert_array_equal(read.wrong, drawn.wrong)
    assert list(drawn.family) == ["a", "a", "b", "b"]
    assert result.metrics["n_all_wrong"] == drawn.n_all_wrong
    assert (LawSource(law, 500, 4).load().cells != LawSource(law, 500, 3).load().cells).any()
    assert result.metrics["error_rate"] == pytest.approx(drawn.error_rates.mean())
    assert result.metrics["error_rate_of_law"] == pytest.approx(0.3)

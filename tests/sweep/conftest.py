"""What all tests of sweeps share."""

import pytest


@pytest.fixture(autouse=True)
def _quick(few_histograms: None) -> None:
    """Fits are compared with fits: what is found must be found again, wherever it is computed."""

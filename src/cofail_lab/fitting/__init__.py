"""Everything that is estimated from a 0/1 matrix: the fit of the matrix, its bootstrap and its null calibration."""

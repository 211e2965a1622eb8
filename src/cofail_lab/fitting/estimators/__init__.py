"""What is estimated from a matrix or its counts, one file per estimator: pair correlations and the parameters of each law."""

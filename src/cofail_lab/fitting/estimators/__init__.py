"""Estimators, one file each: pair correlations, and the parameters of every law, from a matrix or its counts."""

"""Estimators: what is read off a 0/1 matrix, one file each."""

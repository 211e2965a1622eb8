"""Checks of a matrix for faults that could produce a common mode."""

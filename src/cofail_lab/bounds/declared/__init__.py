"""Fréchet classes, declared: limits of any event of a pool from whatever is known of it, stated in CVXPY."""

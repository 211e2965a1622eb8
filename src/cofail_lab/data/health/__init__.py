"""What in a matrix could manufacture a common mode."""

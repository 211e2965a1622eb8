"""A fit in words and rows."""

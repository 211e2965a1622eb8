"""Refits of resampled and simulated matrices, in stages of batches that any process may compute."""

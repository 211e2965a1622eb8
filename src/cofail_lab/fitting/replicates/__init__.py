"""Refits of resampled and simulated matrices, in stages of batches; any process can compute any batch."""

"""What one matrix says beside the laws: regimes, held-out accuracy, luck, guessing, parts of the pool, sub-pools."""

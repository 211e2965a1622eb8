"""What else one matrix says: regimes, held-out accuracy, luck, guessing, parts of the pool, random sub-pools."""

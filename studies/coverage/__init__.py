"""How often the intervals that a fit prints contain the truth, on awkward truths."""

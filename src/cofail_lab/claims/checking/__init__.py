"""A proposition of the user's own: a designed grid, an adversary, controls, and a counterexample that replays."""

"""The registered claims, one file per proposition or part: formula, checks, adversary's box, mutants and a control."""

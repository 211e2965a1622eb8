"""One figure per proposition, showing its evidence: a file each, with ``draw() -> Figure``."""

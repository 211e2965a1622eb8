"""One figure per proposition, showing its evidence: a file each, with ``draw() -> Figure``."""

FIGURES = {
    "P1": "p1",
    "P2": "p2",
}
"""The file that draws for a proposition; L1 stands beside P4, C1 beside P8, C2 beside P9."""

CAPTIONS = {
    "p1": "Exact coverage of the certificates by sample size: September's and the paired one hold, June's does not.",
    "p2": "Underpricing of a common shock and of Clayton's law by pool size, and the smile of the implied correlation.",
}

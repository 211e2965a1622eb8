"""One figure per proposition, showing its evidence: a file each, with ``draw() -> Figure``."""

FIGURES = {
    "P1": "p1",
    "P2": "p2",
    "P3": "p3",
    "L1": "p4",
    "P4": "p4",
    "P5": "p5",
    "P6": "p5",
    "P7": "p7",
    "P8": "p8",
    "C1": "c1",
    "P9": "p9",
    "C2": "p9",
    "P10": "p10",
    "P11": "p11",
    "P12": "p12",
    "P13": "p13",
    "P14": "p14",
    "P15": "p15",
    "P16": "p16",
}
"""The file that draws for a proposition; L1 stands beside P4, C2 beside P9."""

CAPTIONS = {
    "p1": "Exact coverage of the certificates by sample size: September's and the paired one hold, June's does not.",
    "p2": "Underpricing of a common shock and of Clayton's law by pool size, and the smile of the implied correlation.",
    "p3": "What the first K moments leave open of the all-wrong rate, and how near the shock and the matched Gaussian "
    "are to its ends as the pool grows.",
    "p4": "What a budget buys: merged hulls, dual lines and solved programs; and the price of the budget, its slope.",
    "p5": "The best number of members by correlation: at a fixed price June's nearest integer is off; at the model's "
    "own price the optimum rises before it falls.",
    "p7": "A majority vote falls short of the mean score; with π/2 times the spread the formula holds up to o(1/k).",
    "p8": "A cascade's gain over random escalation, averaged over budgets, is a_L(1-a_L)(AUC - ½); June's integral has "
    "another sign where the errors come first and last.",
    "c1": "Inside the binormal family a cascade pays from AUC* on; with its errors first and last a score of AUC .556, "
    "far below, needs few enough strong calls as well.",
    "p9": "The value of waiting against simulated arrivals, and what is left of it as errors become correlated, under "
    "the stated link.",
    "p10": "One run's oracle, what a router that decides before answering can reach, and the two-run sandwich.",
    "p11": "A limit that forgets the search fails the more sets were searched; greedy choice leaves a little more than "
    "the best set.",
    "p12": "A table by type captures the share of the gain with which the type is known; a router that knows nothing "
    "loses whenever it leaves the best model.",
    "p13": "Mixing the two models at the same dollars is a harder rival than random escalation: a cascade that gains "
    "at every fraction can lose to it, and it asks for a better confidence.",
    "p14": "Triplets of one population: the slope of the gain on correlation changes its sign once the quality gap is "
    "controlled; and two votes as three members come to share their errors.",
    "p15": "Distinct draws are unbiased and samples put back are not; clones ranked on the sample that votes look "
    "better.",
    "p16": "κ of the same raters by prevalence; and the share of right answers that a majority marks right, which "
    "falls with every even number of votes where ties are wrong.",
}

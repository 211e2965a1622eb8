"""Tables of labels of raters, whole: labels, values, what is right, truth and notes, or the words that refuse them."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cofail_lab.data.ratings import MISSING, Ratings
from cofail_lab.data.readers.raters import RatersSource
from cofail_lab.errors import InputError
from tests.data.odd.outcomes import put
from tests.experiments.whole import keep, shown

WIDE = "query,model,dataset,ann,bob,cy,note\nq2,a,x,1,0,,good\nq1,a,x,1,1,0,\nq1,b,x,,1,error,\n"
LONG = (
    "item,model,rater,label,gold\nq2,a,ann,yes,no\nq2,a,bob,no,no\nq1,b,ann,,yes\nq1,b,bob,YES,yes\nq1,b,bob,YES,yes\n"
)
WORDS = "query,ann,bob,key\nq1,good,fair,good\nq2,bad,Good,bad\nq3,,fair,fair\n"
NUMBERS = "query,ann,bob\nq1,3,5\nq2,4,\nq3,error,0\n"
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "wide": (WIDE, {}),
    "some raters": (WIDE, {"raters": ["c*", "ann"]}),
    "raters that are none": (WIDE, {"raters": ["ann", "dan*"]}),
    "one rater": (WIDE, {"raters": "ann"}),
    "another query": (WIDE, {"query": "note"}),
    "no such query": (WIDE, {"query": "item"}),
    "another model": (WIDE, {"model": "cy"}),
    "with a truth": (WIDE, {"truth": "cy"}),
    "no such truth": (WIDE, {"truth": "gold"}),
    "an item twice": (WIDE + "q1,b,x,1,1,1,\nq1,b,x,1,1,1,\n", {}),
    "an item in two data sets": (WIDE + "q1,c,y,1,1,1,\n", {}),
    "long": (LONG, {}),
    "long with a truth": (LONG, {"truth": "gold", "right": "yes"}),
    "long with other columns": (LONG, {"rater": "model", "label": "gold"}),
    "long with some raters": (LONG + "q1,b,cy,no,yes\n", {"raters": ["b*", "cy"]}),
    "long with two labels": (LONG + "q2,a,ann,no,no\n", {}),
    "long with a label for none": (LONG + "q1,b,ann,no,yes\n", {}),
    "long with two truths": (LONG + "q2,a,cy,no,yes\n", {"truth": "gold"}),
    "long without a label": (LONG.replace("label", "said"), {}),
    "long without an item": (LONG.replace("item", "thing"), {}),
    "words": (WORDS, {}),
    "words of which one is right": (WORDS, {"right": "GOOD"}),
    "words of which two are right": (WORDS, {"right": ["good", "fair"], "truth": "key"}),
    "words of which all are right": (WORDS, {"right": ["good", "fair", "bad"]}),
    "a word that nobody says": (WORDS, {"right": ["good", "great"]}),
    "numbers": (NUMBERS, {}),
    "numbers from a threshold on": (NUMBERS, {"threshold": 4}),
    "words and a threshold": (WORDS, {"threshold": 4}),
    "nothing names the items": ("a,b,c\n1,0,1\n0,1,1\n", {}),
    "the first column names the items": ("thing,b,c\nx,0,1\ny,1,1\n", {}),
    "no label": ("query,a,b\nx,,\n", {}),
    "no item": ("query,a,b\n", {}),
    "a column twice": ("query,a,a\nx,1,0\n", {}),
    "many words": ("query,a,b\nx,p,q\ny,r,s\nz,t,u\n", {}),
}


def lines(ratings: Ratings) -> list[str]:
    kept = [f"queries {ratings.queries}, models {ratings.models}, raters {ratings.raters}, groups {ratings.groups}"]
    kept.append(f"labels {ratings.labels.tolist()} of {ratings.values}, right {ratings.right}, truth {ratings.truth}")
    if ratings.right is not None:
        kept.append(f"votes {shown(ratings.votes.tolist())}, true {ratings.true_votes}")
    return [*kept, *ratings.notes]


def test_what_becomes_of_a_table_of_labels(tmp_path: Path) -> None:
    kept = []
    for title, (table, keys) in CASES.items():
        try:
            found = lines(RatersSource(str(put(tmp_path, {"votes.csv": table})), **keys).load())
        except InputError as error:
            found = [f"refused: {error}"]
        kept += [f"{title}:", *(f"  {line}" for line in found)]
    keep("ratings", kept, tmp_path, exact=True)


def test_a_truth_without_a_meaning_and_labels_without_a_model() -> None:
    labels = np.array([[0, 1], [MISSING, 1]])
    known = Ratings(("q", "r"), None, ("a", "b"), labels, ("no", "yes"), None, np.array([1, MISSING]), "v.csv")
    assert known.true_votes is None
    with pytest.raises(InputError, match=r"^v\.csv: labels such as 'no' do not say what is right; data\.right=$"):
        _ = known.votes
    with pytest.raises(InputError, match=r"^v\.csv: no column of models; items x raters alone make no outcome matrix$"):
        known.grades(np.array([1, 0]), "majority")

"""Odd records that a mapping reads: places of files, conditions, tables, and what a mapping lacks."""

import json
from typing import Any

from tests.data.fuzzing import parquet
from tests.data.odd.changes import rich
from tests.data.odd.model_logs import Case
from tests.data.odd.rich_logs import RICH

_KEYS = RICH["records"][2]
_LINES = [
    {"q": "x", "m": "a", "r": 1, "turn": 1, "judge": "J"},
    {"q": "x", "m": "b", "r": "false", "turn": 1.0, "judge": "j"},
    {"q": "y", "m": "a", "r": 0, "turn": 2, "judge": "k"},
    {"q": "y", "m": "b", "turn": "1", "judge": None},
]
_PLAIN = {"query": "q", "model": "m", "right": "r"}
_TABLE = "q,m,r,usd,why\nx,a,1,0.5,\ny,a,,,\nz,a,0,,slow\n"
_COLUMNS = {
    "q": ["x", "y"],
    "m": ["a", "a"],
    "r": [1.0, None],
    "deep": [{"usd": 0.25}, {"usd": 0.5}],
    "no.dots": [3, 4],
}
_GROUPS = {"gpt": {"x": {"t": {"ok": 1}, "u": {"ok": 0}}, "y": {"t": {"ok": True}}}}


def _but(*names: str, **more: Any) -> dict[str, Any]:
    return {name: field for name, field in _KEYS.items() if name not in names} | more


RECORDS: dict[str, Case] = {
    "no mapping": ({"r.jsonl": _LINES}, {}),
    "half a mapping": ({"r.jsonl": _LINES}, {"model": "m"}),
    "lines": ({"r.jsonl": _LINES}, _PLAIN),
    "one condition": ({"r.jsonl": _LINES}, {**_PLAIN, "where": {"turn": 1}}),
    "a condition of several values": ({"r.jsonl": _LINES}, {**_PLAIN, "where": {"judge": ["J", "K"]}}),
    "two conditions": ({"r.jsonl": _LINES}, {**_PLAIN, "where": {"turn": "1", "judge": "j"}}),
    "a condition that nobody meets": ({"r.jsonl": _LINES}, {**_PLAIN, "where": {"turn": 3}}),
    "a condition on a field that is empty": ({"r.jsonl": _LINES}, {**_PLAIN, "where": {"judge": None}}),
    "no record": ({"r.jsonl": ""}, _PLAIN),
    "no grade in any": ({"r.jsonl": _LINES}, {**_PLAIN, "right": "grade"}),
    "no cost in any": ({"r.jsonl": _LINES}, {**_PLAIN, "cost": "usd", "prompt": "ask"}),
    "no failure in any": ({"r.jsonl": _LINES}, {**_PLAIN, "error": "broken"}),
    "a model that is no name": ({"r.jsonl": [{"q": "x", "m": [1], "r": 1}]}, _PLAIN),
    "a model that is true": ({"r.jsonl": [{"q": "x", "m": True, "r": 1}]}, _PLAIN),
    "a query that is not there": ({"r.jsonl": [{"m": "a", "r": 1}]}, _PLAIN),
    "records of other kinds": ({"r.jsonl": [{"q": "x", "m": "a", "r": 1}, 7]}, _PLAIN),
    "no failures": (rich("records"), _but("error")),
    "nothing unscored": (rich("records"), _but("unscored")),
    "several unscored": (rich("records"), _but(unscored=[-1, "PASS"])),
    "a threshold": (rich("records"), _but("unscored", threshold=0.5)),
    "the only list": ({"a.json": {"about": [1], "rows": _LINES, "n": 3}}, _PLAIN),
    "two lists": ({"a.json": {"rows": _LINES, "more": _LINES}}, _PLAIN),
    "one of two lists": ({"a.json": {"rows": _LINES, "more": _LINES[:1]}}, {**_PLAIN, "records": "more"}),
    "lists in lines": ({"a.jsonl": [{"rows": _LINES[:1]}, {"rows": _LINES[1:]}]}, {**_PLAIN, "records": "rows"}),
    "the document is the record": ({"a.json": _LINES[0]}, _PLAIN),
    "keys of mappings": ({"a.json": _GROUPS}, {"records": "*.*.*", "query": "@key", "model": "@stem", "right": "ok"}),
    "keys where there are none": ({"r.jsonl": _LINES}, {**_PLAIN, "query": "@key"}),
    "the file": ({"x/r.jsonl": _LINES[:1]}, {**_PLAIN, "model": "@file"}),
    "the stem": ({"x/gpt-4.1.jsonl": _LINES[:1]}, {**_PLAIN, "model": "@stem"}),
    "the folder": ({"x/y/r.jsonl": _LINES[:1]}, {**_PLAIN, "model": "@folder", "subset": "@folder[2]"}),
    "a folder that is not there": ({"r.jsonl": _LINES[:1]}, {**_PLAIN, "model": "@folder[9]"}),
    "a table": ({"t.csv": _TABLE}, {**_PLAIN, "cost": "usd", "error": "why"}),
    "a table with a grade of another kind": ({"t.csv": _TABLE.replace("a,0", "a,no way")}, _PLAIN),
    "a table with one name twice": ({"t.csv": "q,m,r,r\nx,a,1,1\n"}, _PLAIN),
    "columns": ({"t.parquet": parquet(_COLUMNS)}, {**_PLAIN, "cost": "deep.usd", "tokens_in": "no.dots"}),
    "a column of numbers with nan": (
        {
            "t.parquet": parquet(
                {"q": ["x", "y"], "m": ["a", "a"], "r": [1.0, float("nan")], "usd": [float("nan"), 2.0]}
            )
        },
        {**_PLAIN, "cost": "usd"},
    ),
    "a column that is not there": ({"t.parquet": parquet(_COLUMNS)}, {**_PLAIN, "cost": "deep.eur"}),
    "a file of another kind": ({"t.txt": "x"}, _PLAIN),
    "numbers that are none": ({"r.jsonl": [{**_LINES[0], "usd": -1}]}, {**_PLAIN, "cost": "usd"}),
    "numbers that are texts": (
        {"r.jsonl": [{**_LINES[0], "usd": "0.5", "sure": "-3", "n": 10**400}]},
        {**_PLAIN, "cost": "usd", "confidence": "sure"},
    ),
    "a number that is too large": ({"r.jsonl": [{**_LINES[0], "n": 10**400}]}, {**_PLAIN, "tokens_in": "n"}),
    "a scorer": ({"r.jsonl": _LINES}, {**_PLAIN, "scorer": "r"}),
    "a condition that is no mapping": ({"r.jsonl": _LINES}, {**_PLAIN, "where": ["turn"]}),
    "a place that is none": ({"r.jsonl": _LINES}, {**_PLAIN, "model": "@folder[0]"}),
    "json that is none": ({"r.json": json.dumps("x")}, _PLAIN),
}

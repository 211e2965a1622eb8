"""Odd tables: wide ones with their companions, long ones, arrays, and those of RouterBench and of raters."""

import io
from typing import Any

import numpy as np

from tests.data.fuzzing import npz, parquet
from tests.data.odd.model_logs import Case

_WIDE = "query,dataset,prompt,a,b,hard\nq1,x,one?,1,0,0.5\nq2,x,two?,0,,0.25\nq3,y,three?,error,unscored,1.5\n"


def _beside(kind: str, text: str, main: str = _WIDE) -> dict[str, str]:
    return {"g.csv": main, f"g.{kind}.csv": text}


WIDE: dict[str, Case] = {
    "plain": ({"g.csv": _WIDE}, {}),
    "another column of queries": ({"g.csv": _WIDE}, {"query_column": "prompt"}),
    "no such column of queries": ({"g.csv": _WIDE}, {"query_column": "id"}),
    "a threshold": ({"g.csv": _WIDE}, {"threshold": 0.5}),
    "a threshold of shares": ({"g.csv": "query,a,b\nq1,0.5,1\nq2,0.25,\n"}, {"threshold": 0.3}),
    "spellings": ({"g.csv": "query,a,b\nq1,True,no\nq2,PASS,fail\nq3,N/A,timeout\nq4,correct,wrong\nq5,yes,-\n"}, {}),
    "semicolons and decimal commas": ({"g.csv": "query;a;b\nq1;0,5;1\nq2;0,25;0\n"}, {"threshold": 0.3}),
    "tabs": ({"g.tsv": "query\ta\tb\nq1\t1\t0\n"}, {}),
    "bars": ({"g.csv": "query|a|b\nq1|1|0\n"}, {}),
    "models in rows": ({"g.csv": "model,q1,q2\na,1,0\nb,,1\nc,0,0\n"}, {}),
    "nothing names the queries": ({"g.csv": "a,b\n1,0\n0,1\n"}, {}),
    "names of two data sets": ({"g.csv": "query,dataset,a,b\nq,x,1,0\nq,y,0,1\n"}, {}),
    "a name twice": ({"g.csv": "query,a,b\nq,1,0\nq,0,1\n"}, {}),
    "a blank name": ({"g.csv": "query,a,b\n,1,0\nq,0,1\n"}, {}),
    "names that differ in blanks": ({"g.csv": "query,a,b\nq 1,1,0\nq  1,0,1\n"}, {}),
    "a model twice": ({"g.csv": "query,a,a\nq,1,0\n"}, {}),
    "no model": ({"g.csv": "query,prompt\nq,one?\n"}, {}),
    "no row": ({"g.csv": "query,a,b\n"}, {}),
    "nothing": ({"g.csv": ""}, {}),
    "a short row": ({"g.csv": "query,a,b\nq,1\n"}, {}),
    "a long row": ({"g.csv": "query,a,b\nq,1,0\nr,1,0,1\n"}, {}),
    "no grade": ({"g.csv": "query,a,b\nq1,1,0\nq2,0,maybe\n"}, {}),
    "a number that is no grade": ({"g.csv": "query,a,b\nq1,1,0\nq2,0,0.5\nq3,1,2\n"}, {}),
    "a column without grades": ({"g.csv": "query,a,b,c\nq1,1,0,\nq2,0,1,error\n"}, {}),
    "no such ending": ({"g.txt": _WIDE}, {}),
    "another format": ({"g.csv": _WIDE}, {"format": "parquet"}),
    "columns": (
        {"g.parquet": parquet({"query": ["q1", "q2"], "a": [1, None], "b": [True, False], "c": ["x", "1"]})},
        {},
    ),
    "costs": (_beside("costs", "query,b,a\nq2,1,2\nq1,0.5,\nq3,0,4\n"), {}),
    "costs below 0": (_beside("costs", "query,b,a\nq2,1,2\nq1,-0.5,\nq3,0,4\n"), {}),
    "costs that are text": (_beside("costs", "query,b,a\nq2,1,2\nq1,free,\nq3,0,4\n"), {}),
    "shares above 1": (_beside("frac", "query,b,a\nq2,1,0\nq1,0,1.5\nq3,0,1\n"), {}),
    "scores of any size": (_beside("scores", "query,b,a\nq2,-1,2\nq1,8,\nq3,0,4\n"), {}),
    "scores that are text": (_beside("scores", "query,b,a\nq2,-1,2\nq1,8,x\nq3,0,4\n"), {}),
    "agreement, limits and confidence": (
        {
            **_beside("agreement", "query,a,b\nq1,0.25,1\nq2,,1\nq3,0.5,0\n"),
            "g.at_limit.csv": "query,a,b\nq1,1,0\nq2,,1\nq3,0,0\n",
            "g.confidence.csv": "query,a,b\nq1,-3,7\nq2,,1\nq3,0,0\n",
            "g.tokens_in.csv": "query,a,b\nq1,3,7\nq2,,1\nq3,0,0\n",
        },
        {},
    ),
    "samples": (_beside("samples", "query,a,b\nq1,1 0 error,0\nq2,0 1,\nq3,error 1 1,unscored\n"), {}),
    "samples that begin otherwise": (
        _beside("samples", "query,a,b\nq1,0 0 error,1\nq2,0 1,\nq3,error 1,unscored\n"),
        {},
    ),
    "samples that are none": (_beside("samples", "query,a,b\nq1,1 good,0\nq2,0 1,\nq3,error 1,unscored\n"), {}),
    "answers, prompts and a key": (
        {
            **_beside("answers", "query,a,b\nq1,A,B\nq2,,C\nq3,D,E\n"),
            "g.prompts.csv": "query,prompt\nq1,ein?\nq3,drei?\nq2,zwei?\n",
            "g.key.csv": "query,key\nq1,A\nq3,C\nq2,B\n",
        },
        {},
    ),
    "logs": (_beside("logs", "query,n_logs\nq1,1\nq2,2\nq3,3\n"), {}),
    "models": (_beside("models", "model,family,price,place\nb,G,0.5,x\na,F,,y\n"), {}),
    "a model too many": (_beside("models", "model,family\nb,G\na,F\nc,H\n"), {}),
    "a model too few": (_beside("models", "model,family\nb,G\n"), {}),
    "a query too few": (_beside("costs", "query,b,a\nq2,1,2\nq1,0.5,\n"), {}),
    "a column too many": (_beside("costs", "query,b,a,c\nq2,1,2,3\nq1,0.5,,\nq3,1,1,1\n"), {}),
    "a first column of another name": (_beside("costs", "item,b,a\nq2,1,2\nq1,0.5,\nq3,1,1\n"), {}),
    "a first column of queries": (_beside("models", "query,family\nb,G\na,F\n"), {}),
    "one column": (_beside("costs", "query\nq2\nq1\nq3\n"), {}),
    "no key": (_beside("key", "query,answer\nq2,x\nq1,y\nq3,z\n"), {}),
    "two of one kind": ({**_beside("key", "query,key\nq1,A\nq3,C\nq2,B\n"), "g.key.tsv": "query\tkey\nq1\tA\n"}, {}),
}

_LONG = "query,model,correct,dataset,cost,tokens_in,at_limit,prompt,score\n"
_ANSWERS = "q1,a,1,x,0.5,3,true,one?,7\nq1,b,0,x,,4,,one?,8\nq2,a,,x,1,5,0,two?,9\nq1,a,error,x,2,6,1,uno?,1\n"

LONG: dict[str, Case] = {
    "plain": ({"l.csv": _LONG + _ANSWERS}, {}),
    "two wordings": ({"l.csv": _LONG + _ANSWERS}, {"join": "id"}),
    "another grade": ({"l.csv": _LONG + _ANSWERS}, {"scorer": "score", "threshold": 8, "join": "id"}),
    "no such grade": ({"l.csv": _LONG + _ANSWERS}, {"scorer": "grade"}),
    "the second grade": ({"l.csv": "query,model,score\nq,a,1\n"}, {}),
    "a threshold": ({"l.csv": "query,model,correct\nq,a,0.5\nr,a,0.25\n"}, {"threshold": 0}),
    "no query": ({"l.csv": "item,model,correct\nq,a,1\n"}, {}),
    "no model": ({"l.csv": "query,system,correct\nq,a,1\n"}, {}),
    "no grade": ({"l.csv": "query,model,grade\nq,a,1\n"}, {}),
    "a blank query": ({"l.csv": "query,model,correct\nq,a,1\n ,a,1\n"}, {}),
    "a blank model": ({"l.csv": "query,model,correct\nq,a,1\nq,,1\n"}, {}),
    "no score": ({"l.csv": "query,model,correct\nq,a,1\nr,a,maybe\n"}, {}),
    "a rate": ({"l.csv": "query,model,correct\nq,a,1\nr,b,0.5\n"}, {}),
    "a limit that is none": ({"l.csv": "query,model,correct,at_limit\nq,a,1,\nr,a,1,often\n"}, {}),
    "a cost below 0": ({"l.csv": "query,model,correct,cost\nq,a,1,1\nr,b,1,-0.5\n"}, {}),
    "tokens below 0": ({"l.csv": "query,model,correct,tokens_out\nq,a,1,1\nr,b,1,-5\n"}, {}),
    "a score below 0": ({"l.csv": "query,model,correct,score\nq,a,1,1\nr,b,1,-5\n"}, {}),
    "a cost that is text": ({"l.csv": "query,model,correct,cost\nq,a,1,1\nr,b,1,free\n"}, {}),
    "no such ending": ({"l.txt": _LONG}, {}),
    "columns": (
        {"l.parquet": parquet({"query": [1, 2], "model": ["a", "a"], "correct": [True, None], "cost": [None, 0.5]})},
        {},
    ),
    "data sets and none": ({"l.csv": "query,model,correct,dataset\nq,a,1,x\nq,a,0,y\nq,a,1,\n"}, {}),
    "data sets of one name": ({"l.csv": "query,model,correct,dataset\nq,a,1,x\nq,a,0,y\nr,a,1,\n"}, {}),
    "one data set and none": ({"l.csv": "query,model,correct,dataset\nq,a,1,x\nq,b,0,\nr,a,1,\n"}, {}),
}

_CELLS = np.array([[0, 1], [2, 3], [4, 0]])
_NAMED = {"queries": np.array(["q1", "q2", "q3"]), "models": np.array(["a", "b"])}


def _npy(array: Any) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def _with(**arrays: Any) -> dict[str, bytes]:
    return {"m.npz": npz({"cells": _CELLS, **_NAMED, **arrays})}


_WRONG = np.array([[1.0, 0.0], [np.nan, 1.0]])
NPZ: dict[str, Case] = {
    "cells": (_with(), {}),
    "right": ({"m.npz": npz({"correct": _WRONG})}, {}),
    "wrong": ({"m.npz": npz({"wrong": _WRONG})}, {}),
    "samples": ({"m.npz": npz({"wrong": np.array([[[np.nan, 1, 0], [0, 0, 1]]])})}, {}),
    "an array": ({"all_wrong.npy": _npy(_WRONG)}, {}),
    "an array of right ones": ({"wrongly.npy": _npy(_WRONG)}, {}),
    "an array in Fortran's order": ({"m.npy": _npy(np.asfortranarray(np.array([[1, 0, 0], [0, 1, 1]])))}, {}),
    "two matrices": ({"m.npz": npz({"wrong": _WRONG, "correct": _WRONG})}, {}),
    "no matrix": ({"m.npz": npz({"queries": np.array(["q"])})}, {}),
    "a fifth state": (_with(cells=_CELLS + 1), {}),
    "a half": ({"m.npz": npz({"correct": _WRONG / 2})}, {}),
    "text": ({"m.npz": npz({"correct": np.array([["1"]])})}, {}),
    "one dimension": ({"m.npz": npz({"correct": np.array([1, 0])})}, {}),
    "no query": ({"m.npz": npz({"correct": np.zeros((0, 2))})}, {}),
    "objects": ({"m.npy": _npy(np.array([["1", None]], object))}, {}),
    "fewer bytes": ({"m.npy": _npy(_WRONG)[:-8]}, {}),
    "columns": (
        _with(
            dataset=np.array(["x", "x", "y"]),
            prompt=np.array(["1?", "2?", "3?"]),
            family=np.array(["F", "G"]),
            usd_per_mtok_in=np.array([1, 2]),
            release_date=np.array([2024, 2025]),
            cost=np.array([[0.5, np.nan], [1, 2], [3, 4]]),
            at_limit=np.array([[1, 0], [0, 0], [0, 1]]),
            score=-_CELLS,
            other=np.zeros(2),
            more=np.zeros(1),
        ),
        {},
    ),
    "a column of another length": (_with(dataset=np.array(["x", "y"])), {}),
    "a column of another kind": (_with(family=np.array([1j, 2])), {}),
    "a number for each of other cells": (_with(cost=np.zeros((2, 3))), {}),
    "a cost below 0": (_with(cost=-_CELLS), {}),
    "a share above 1": (_with(frac=_CELLS), {}),
    "an infinite score": (_with(score=np.full((3, 2), np.inf)), {}),
    "names twice": (_with(models=np.array(["a", "a"])), {}),
    "names beside": ({"m.npy": _npy(_WRONG), "m.names.json": {"queries": ["x", 2], "models": ["a", "b"]}}, {}),
    "names of models alone": ({"m.npy": _npy(_WRONG), "m.models.txt": "a\n\n b\n"}, {}),
    "names of queries alone": ({"m.npy": _npy(_WRONG), "m.queries.txt": "x\ny\n"}, {}),
    "too few names": ({"m.npy": _npy(_WRONG), "m.models.txt": "a\n"}, {}),
    "names of the other side": (
        {"m.npy": _npy(np.eye(2, 3)), "m.names.json": {"queries": ["x", "y", "z"], "models": ["a", "b"]}},
        {},
    ),
    "names that are no lists": ({"m.npy": _npy(_WRONG), "m.names.json": {"queries": "xy"}}, {}),
    "no names": ({"m.npy": _npy(_WRONG), "m.names.json": {"rows": []}}, {}),
    "names that are no text": ({"m.npy": _npy(_WRONG), "m.models.txt": b"\xff\xfe\x00"}, {}),
}

_ROUTER = "sample_id,prompt,eval_name,a,a|total_cost,b,b|total_cost,oracle_model_to_route_to\n"
ROUTERBENCH: dict[str, Case] = {
    "plain": ({"r.csv": _ROUTER + "t.1,one?,t,1.0,0.5,0.0,,a\nt.2,two?,t,,0.25,1.0,2,b\n"}, {}),
    "the only scorer": ({"r.csv": _ROUTER + "t.1,one?,t,1.0,0.5,0.0,,a\n"}, {"scorer": "performance"}),
    "rates": ({"r.csv": _ROUTER + "t.1,one?,t,0.5,0.5,0.25,,a\n"}, {"threshold": 0.5}),
    "rates without a threshold": ({"r.csv": _ROUTER + "t.1,one?,t,1,0.5,0.25,,a\n"}, {}),
    "a cost below 0": ({"r.csv": _ROUTER + "t.1,one?,t,1,0.5,0,-1,a\nt.2,two?,t,1,1,0,-3,a\n"}, {}),
    "no score": ({"r.csv": _ROUTER + "t.1,one?,t,good,0.5,0,1,a\n"}, {}),
    "no cost": ({"r.csv": "sample_id,a\nx,1\n"}, {}),
    "no id": ({"r.csv": "id,a,a|total_cost\nx,1,1\n"}, {}),
    "no such ending": ({"r.txt": _ROUTER}, {}),
    "a pickle": ({"r.pkl": b"x"}, {}),
    "the least": ({"r.csv": "sample_id,a,a|total_cost\nx,1,1\n"}, {}),
}

"""Folders of odd logs: what replaces what, which files are none, and how systems are named and joined."""

from typing import Any

from tests.data.odd.changes import rich
from tests.data.odd.model_logs import Case
from tests.data.odd.platform_logs import INSTANCES, REPORT
from tests.data.odd.rich_logs import Log

_HALF = {"threshold": 0.5}


def _inspect(name: str, changes: dict[str, Any] | None = None) -> Log:
    log = rich("inspect", changes)
    return {name: {**log["log.json"], "samples": log["log.json"]["samples"][:2]}}


_LATER = {"eval.created": "2026-02-01T00:00:00+00:00"}
_OTHER = {"eval.task_id": "j"}
_ARGUMENTS = {**_OTHER, "eval.task_args.shots": 9}
_NEXT_TASK = {"eval.task_id": "k", "eval.task": "u", "eval.task_args.shots": 0}

_COUNTS = {"schema_version": 2, "completed_instances": 1, "resolved_instances": 1}
_RUN = {"gpt.4.v2.json": {**_COUNTS, "resolved_ids": ["org__repo-1"], "unresolved_ids": ["org__repo-2"]}}

_EVENTS = rich("openai_evals")["run.jsonl"]


def _run(name: str, model: str, events: list[Any], **spec: Any) -> Log:
    return {name: [{"spec": {**_EVENTS[0]["spec"], "completion_fns": [model], **spec}}, *events]}


FOLDERS: dict[str, dict[str, Case]] = {
    "inspect": {
        "a run and its retry": ({**_inspect("a.json", _LATER), **_inspect("b.json")}, _HALF),
        "a run and the same again": ({**_inspect("a.json"), **_inspect("b.json", _OTHER)}, _HALF),
        "a run with other arguments": ({**_inspect("a.json"), **_inspect("b.json", _ARGUMENTS)}, _HALF),
        "the same, taken for one": (
            {**_inspect("a.json"), **_inspect("b.json", _ARGUMENTS)},
            {**_HALF, "name": "model"},
        ),
        "the same, named by file": (
            {**_inspect("x/a.json"), **_inspect("y/b.json", _ARGUMENTS)},
            {**_HALF, "name": "{folder}-{file}: {model}"},
        ),
        "a run of another task": ({**_inspect("a.json"), **_inspect("b.json", _NEXT_TASK)}, _HALF),
        "a run without an id": (
            {**_inspect("a.json", {"eval.task_id": ""}), **_inspect("b.json", {"eval.task_id": ""})},
            _HALF,
        ),
    },
    "swebench": {
        "instances": (INSTANCES, {}),
        "instances and their report": ({**INSTANCES, **_RUN}, {}),
        "instances and another report": ({**INSTANCES, "gpt.5.v2.json": _RUN["gpt.4.v2.json"]}, {}),
        "two runs of one model": (
            {"m.a.json": _RUN["gpt.4.v2.json"], "m.b.json": {**_RUN["gpt.4.v2.json"], "unresolved_ids": ["x"]}},
            {},
        ),
        "an instance in two runs": (
            {"r1/m/org__repo-1/report.json": REPORT, "r2/m/org__repo-1/report.json": REPORT},
            {},
        ),
    },
    "opencompass": {
        "results and predictions": (rich("opencompass"), {}),
        "predictions alone": (rich("opencompass", without=0), {}),
        "two models": (
            {**rich("opencompass"), "out/results/b/d.json": rich("opencompass")["out/results/gpt/d.json"]},
            {},
        ),
    },
    "openai_evals": {
        "two graders": (
            {
                **_run("a.jsonl", "gpt", _EVENTS[2:3]),
                **_run("b.jsonl", "gpt", _EVENTS[2:3], completion_fns=["gpt", "judge"], run_config=None),
                "c.jsonl": [{"x": 1}],
                "d.jsonl": [{"y": 1}],
            },
            {},
        ),
        "one run three times": (
            {
                **_run("x/a.jsonl", "gpt", _EVENTS[9:10]),
                **_run("y/a.jsonl", "gpt", _EVENTS[5:7]),
                **_run("z/a.jsonl", "gpt", _EVENTS[5:7]),
            },
            {},
        ),
        "nothing of this kind": ({"c.jsonl": [{"x": 1}], "d.jsonl": [{"y": 1}]}, {}),
        "two names that become one": (
            {**_run("a.jsonl", "gpt", _EVENTS[2:3]), **_run("b.jsonl", "gpt 5", _EVENTS[2:3])},
            {"name": "{model}.{file}"},
        ),
    },
    "csv": {
        "two tables": (
            {"a.csv": "query,a,b\nq1,1,0\nq2,0,1\n", "b.csv": "query,b,c\nq2,1,0\nq3,,1\n"},
            {},
        ),
        "three tables of one model": (
            {
                "x.csv": "query,a,b\nq1,1,0\nq2,,1\n",
                "y.csv": "query,a\nq1,0\nq2,error\n",
                "z.csv": "query,a\nq1,unscored\nq2,1\n",
            },
            {},
        ),
        "data sets in one": (
            {"a.csv": "query,dataset,a,b\nq1,x,1,0\nq2,y,0,1\n", "b.csv": "query,b,c\nq1,1,0\nq2,0,1\n"},
            {},
        ),
        "one name in two data sets": (
            {"a.csv": "query,dataset,a,b\nq1,x,1,0\nx/q2,y,0,1\n", "b.csv": "query,dataset,b,c\nq1,z,1,0\nq3,,0,1\n"},
            {},
        ),
        "a name of two data sets and none": (
            {"a.csv": "query,dataset,a,b\nq1,x,1,0\nq1,y,0,1\n", "b.csv": "query,b,c\nq1,1,0\n"},
            {},
        ),
        "other questions": (
            {
                "a.csv": "query,prompt,a,b\nq1,eins,1,0\nq2,zwei,0,1\n",
                "b.csv": "query,prompt,b,c\nq1,uno,1,0\nq2,zwei,0,1\n",
            },
            {},
        ),
        "other questions, by name": (
            {
                "a.csv": "query,prompt,a,b\nq1,eins,1,0\nq2,zwei,0,1\n",
                "b.csv": "query,prompt,b,c\nq1,uno,1,0\nq2,zwei,0,1\n",
            },
            {"join": "id"},
        ),
        "questions by content": (
            {
                "a.csv": "query,prompt,a,b\nq1,eins,1,0\nq2,zwei ,0,1\nq3,eins,0,1\n",
                "b.csv": "query,prompt,b,c\nq1,zwei,1,0\nq2,eins,0,1\nq9,eins,1,1\nq1 b,neu,1,1\n",
            },
            {"join": "content"},
        ),
        "no content": ({"a.csv": "query,a,b\nq1,1,0\n", "b.csv": "query,b,c\nq1,1,0\n"}, {"join": "content"}),
        "some without content": (
            {"a.csv": "query,prompt,a\nq1,eins,1\nq2,,0\n", "b.csv": "query,prompt,b\nq1,eins,1\n"},
            {"join": "content"},
        ),
        "nothing in common": ({"a.csv": "query,a\nq1,1\n", "b.csv": "query,b\nq2,1\n"}, {}),
        "nothing in common, by content": (
            {"a.csv": "query,prompt,a\nq1,eins,1\n", "b.csv": "query,prompt,b\nq2,zwei,1\n"},
            {"join": "content"},
        ),
        "the same content under other names": (
            {
                "a.csv": "query,prompt,a,b\nq1,eins,1,0\nq2,zwei,0,1\nq3,drei,0,1\n",
                "b.csv": "query,prompt,b,c\np1,eins,1,0\np2,zwei,0,1\nq3,drei,1,1\n",
            },
            {},
        ),
        "rows without names": ({"a.csv": "a,b\n1,0\n", "b.csv": "query,b,c\nq1,1,0\n"}, {}),
        "files of one name": (
            {"x/a.csv": "query,a\nq1,1\n", "y/a.csv": "query,b\nq1,1\n"},
            {"name": "{model} {folder}"},
        ),
        "files of one name that share a query": (
            {
                "x/a.csv": "query,a\nq1,1\nq2,0\n",
                "y/a.csv": "query,b\nq1,1\nq3,1\n",
                "y/b.csv": "query,b\nq1,0\nq4,1\n",
            },
            {"join": "id"},
        ),
        "a name for all": ({"x.csv": "query,a,b\nq1,1,0\n"}, {"name": "file"}),
        "a name of nothing": ({"x.csv": "query,a,b\nq1,1,0\n"}, {"name": "{modell}"}),
        "columns of both": (
            {
                "a.csv": "query,key,a,b\nq1,,1,0\nq2,K,0,1\n",
                "a.costs.csv": "query,a,b\nq1,0.5,\nq2,1,2\n",
                "a.models.csv": "model,family,price\na,F,\nb,,2\n",
                "b.csv": "query,key,b,c\nq1,L,1,0\nq2,M,0,1\n",
                "b.costs.csv": "query,b,c\nq1,7,\nq2,8,9\n",
                "b.models.csv": "model,family,price\nc,H,3\nb,G,4\n",
            },
            {},
        ),
        "nine tables": (
            {f"t{k}.csv": f"query,m{k},n\nq1,1,0\nr{k},0,1\ns{k},1,{k % 2}\n" for k in range(9)},
            {},
        ),
        "tables of one query": ({f"t{k}.csv": f"query,m,n{k}\nq{k},1,0\n" for k in range(3)}, {}),
    },
    "auto": {
        "formats beside each other": (
            {
                "a.csv": "query,a,b\ne.dev/s1,1,0\n",
                "notes.txt": "x",
                "more.txt": "y",
                **_run("run.jsonl", "gpt", _EVENTS[2:3]),
            },
            {},
        ),
        "nothing known": ({"notes.txt": "x"}, {}),
        "a key that nobody takes": ({"a.csv": "query,a,b\nq,1,0\n"}, {"filter": "x"}),
    },
}

"""Which readers recognise a file, by content and name: logs of every format, also indented, packed and renamed."""

import gzip
import json
from pathlib import Path
from typing import Any

from cofail_lab.data.formats import FORMATS, source_class
from tests.data.fuzzing import npz, parquet
from tests.data.odd.outcomes import put
from tests.data.odd.rich_logs import RICH
from tests.data.odd.tables import NPZ, WIDE
from tests.data.test_states_table import MADE
from tests.experiments.whole import keep

TABLES: dict[str, tuple[str, Any]] = {
    "a wide table": ("t.csv", WIDE["plain"][0]["g.csv"]),
    "a wide table in capitals": ("T.CSV", WIDE["plain"][0]["g.csv"]),
    "a table of columns": ("t.parquet", parquet({"query": ["p", "q"], "a": [1, 0]})),
    "columns with lists": ("t.parquet", parquet({"id": ["p", "q"], "a": [[1], [0]], "b": [1, 0]})),
    "columns of a long table": ("t.parquet", parquet({"query": ["p"], "model": ["a"], "score": [1]})),
    "a long table without a grade": ("t.csv", "query,model,note\np,a,x\n"),
    "a table of another kind": ("t.csv", "name,age\nx,7\n"),
    "a table of RouterBench": ("t.csv", "sample_id,a,a|total_cost\nx,1,1\n"),
    "a pickle": ("t.pkl", b"x"),
    "an array": ("m.npy", NPZ["an array"][0]["all_wrong.npy"]),
    "an archive": ("m.npz", npz({"wrong": [[1, 0]]})),
    "an archive of another kind": ("m.npz", npz({"weights": [[1, 0]]})),
    "a zip archive called .eval": ("m.eval", b"PK\x03\x04xx"),
    "a text called .eval": ("m.eval", b"xx"),
    "columns of lighteval": (
        "details_t|5_2026-01-01T00-00-00.0.parquet",
        parquet({"doc": [{"query": "q", "choices": ["A"], "gold_index": 0}], "metric": [{"em": 1.0}]}),
    ),
    "columns like those of lighteval": ("x.parquet", parquet({"doc": ["{}"], "metric": ["{}"]})),
    "a list of JSON": ("x.json", "[1, 2]"),
    "an empty file": ("x.json", ""),
    "a damaged document": ("x.json", '{"eval": {"version": 2, "details": [{"correct": tr'),
}


def recognised(path: Path) -> str:
    """The formats whose readers recognise a file, and why."""
    known = {source_class(name): name for name in reversed(FORMATS)}
    answers = [(name, reader.sniff(path)) for reader, name in sorted(known.items(), key=lambda pair: pair[1])]
    return "; ".join(f"{name}: {reason}" for name, reason in answers if reason) or "nobody"


def variants(name: str, held: Any) -> dict[str, Any]:
    """The same document as it is, indented after blanks, compressed, and under other names."""
    text = "".join(json.dumps(line) + "\n" for line in held) if name.endswith(".jsonl") else json.dumps(held)
    indented = text if name.endswith(".jsonl") else json.dumps(held, indent=2)
    folder, _, file = name.rpartition("/")
    place = f"{folder}/" if folder else ""
    return {
        name: text,
        f"{place}indented/{file}": f" \n\t{indented}",
        f"{name}.gz": gzip.compress(text.encode()),
        f"{place}other.txt": text,
        f"{place}other.json": text,
        f"{place}other.jsonl": text,
    }


def test_who_recognises_a_log(tmp_path: Path) -> None:
    kept = []
    for title, (_, log, _) in RICH.items():
        folder = tmp_path / title
        put(folder, log)
        for number, (name, content) in enumerate(variants(*next(iter(log.items()))).items()):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            kept.append(f"{title} {number} {Path(name).name}: {recognised(path)}")
    keep("sniffs_logs", kept, tmp_path, exact=True)


def test_who_recognises_a_table_or_what_is_no_log(tmp_path: Path) -> None:
    kept = [f"{title}: {recognised(put(tmp_path, {name: held}))}" for title, (name, held) in TABLES.items()]
    for title, make in MADE.items():
        files, _ = make()
        folder = tmp_path / f"made_{title}"
        put(folder, files)
        kept += [f"{title} {Path(name).name}: {recognised(folder / name)}" for name in files]
    keep("sniffs_tables", kept, tmp_path, exact=True)

"""The states of a cell, and small files and matrices."""

from pathlib import Path

import numpy as np

from cofail_lab.grades import Cell, Grades

RIGHT, WRONG, UNSCORED, ERROR, MISSING = Cell


LONG = """query,model,correct,dataset,cost,tokens_out,prompt,note,at_limit
q1,a,1,x,.5,10,one,hello,false
q1,b,0,x,,20,one,,true
q2,a,error,x,0,,two,,
q2,b,unscored,y,,,two,,
q1,a,0,x,9,9,one,again,
q3,b,,x,,,,,
"""


def write(folder: Path, text: str | bytes, name: str = "grades.csv") -> str:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return str(path)


def grades_of(cells: list[list[int]], queries: str, models: str, source: str = "g", **columns: dict) -> Grades:
    return Grades(np.array(cells, np.int8), tuple(queries), tuple(models), source, **columns)


def assert_same(one: Grades, other: Grades) -> None:
    assert (one.queries, one.models) == (other.queries, other.models)
    np.testing.assert_array_equal(one.cells, other.cells)
    assert one.per_cell.keys() == other.per_cell.keys()
    for name, values in one.per_cell.items():
        np.testing.assert_array_equal(values, other.per_cell[name])
    for mine, theirs in ((one.per_query, other.per_query), (one.per_model, other.per_model)):
        assert mine.keys() == theirs.keys()
        for name, column in mine.items():
            if column.dtype == object:
                assert list(column) == list(theirs[name])
            else:
                np.testing.assert_array_equal(column, theirs[name])

"""RouterBench's published pickles are refused unopened."""

from pathlib import Path

import pytest

from cofail_lab.data.auto import AutoSource
from cofail_lab.data.formats import source_class
from cofail_lab.errors import InputError
from tests.data.reading import one_line


def test_published_pickles_are_refused_unopened(tmp_path: Path) -> None:
    path = tmp_path / "routerbench_0shot.pkl"
    path.write_bytes(b"cos\nsystem\n(S'echo harm'\ntR.")
    for source in (source_class("routerbench")(path=str(path)), AutoSource(path=str(path))):
        with pytest.raises(InputError) as error:
            source.load()
        message = one_line(error)
        assert "import pandas" in message
        assert "pandas.read_pickle('routerbench_0shot.pkl').to_parquet('routerbench.parquet')" in message

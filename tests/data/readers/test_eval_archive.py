"""Inspect's archives that are damaged or mean harm."""

import io
import resource
import struct
import zipfile
from pathlib import Path

import pytest
import zstandard

from cofail_lab.errors import InputError
from tests.data.reading import load, one_line


@pytest.fixture
def archive(inspect_logs: Path) -> Path:
    return next((inspect_logs / "part").glob("*.eval"))


def broken(path: Path, says: str) -> None:
    with pytest.raises(InputError) as error:
        load("inspect", path)
    assert says in one_line(error)


def test_damaged_archives(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    whole = archive.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    broken(path, "not a readable zip archive")
    path.write_bytes(b"")
    broken(path, "log.eval")
    path.write_bytes(b"PK\3\4 and nothing else")
    broken(path, "log.eval")
    # One byte inside a compressed member.
    for place in range(100, 400, 10):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :])
        broken(path, "log.eval: _journal/start.json: ")


@pytest.mark.parametrize("name", ["../../evil.json", "/etc/evil.json", "C:/evil.json", "..\\evil.json"])
def test_names_that_lead_out_of_the_archive(archive: Path, tmp_path: Path, name: str) -> None:
    path = tmp_path / "log.eval"
    path.write_bytes(archive.read_bytes())
    with zipfile.ZipFile(path, "a") as changed:
        changed.writestr(name, "{}")
    broken(path, "points outside the archive")
    assert not list(tmp_path.parent.rglob("evil.json"))


def bomb(path: Path, zeros: int, stated: int, frames: int = 1) -> None:
    """An archive with a zstandard member of so many zeros per frame, whatever it states about their number."""
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    packed = b"".join([*(packer.compress(bytes(2**20)) for _ in range(zeros >> 20)), packer.flush()]) * frames
    name = b"header.json"
    fields = (20, 0, 93, 0, 0, 0, len(packed), stated, len(name))
    local = struct.pack("<4s5H3I2H", b"PK\3\4", *fields, 0) + name
    central = struct.pack("<4s6H3I5H2I", b"PK\1\2", 20, *fields, 0, 0, 0, 0, 0, 0) + name
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, 1, 1, len(central), len(local) + len(packed), 0)
    path.write_bytes(local + packed + central + end)


def test_bombs(tmp_path: Path) -> None:
    """Stated honestly, hidden behind a small stated size, and hidden in a second frame: bounded memory each time."""
    path = tmp_path / "log.eval"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    bomb(path, 2**28, 2**28)
    broken(path, "at most 250 times is accepted")
    bomb(path, 2**28, 100)
    broken(path, "larger than the 100 bytes that the archive states")
    bomb(path, 2**20, 2**20, frames=300)
    broken(path, "larger than the 1,048,576 bytes that the archive states")
    # In KiB; each of them would have taken 256 MiB or more.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100 * 2**10


def test_methods_nobody_uses(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_LZMA) as odd:
        odd.writestr("header.json", "{}")
    path.write_bytes(content.getvalue())
    broken(path, "compressed by method 14")
    # Deflate and no compression are read, and then are no log.
    for method in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED):
        with zipfile.ZipFile(path, "w", method) as plain:
            plain.writestr("header.json", "{}")
        broken(path, "not a log that inspect_ai can read")

"""Bounded reading of files and archives that mean harm."""

import gzip
import hashlib
import io
import json
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from cofail_lab.data import files
from cofail_lab.errors import InputError


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"[" * 200_000 + b"]" * 200_000, "nested too deeply"),
        (b'{"a":' * 200_000 + b"1" + b"}" * 200_000, "nested too deeply"),
        (b"[" + b"9" * 10_000 + b"]", "a number too long"),
        (b'{"a": "\xff"}', "not UTF-8 text"),
        (b'{"a": 1', "not valid JSON"),
        (b"", "not valid JSON"),
        ("{}".encode("utf-16"), "not UTF-8 text"),
        (b'{"a": 1, "b": 2, "a": 3}', "key 'a' appears twice"),
    ],
)
def test_hostile_json(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(content)
    with pytest.raises(InputError, match=says) as error:
        files.read_json(path, unique_keys=True)
    assert len(str(error.value)) < 300


def test_json_lines_with_any_line_ends(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"a": 1}\r\n\r\n{"a": 2}\r{"a": "\xe2\x80\xa8"}\n{"a": NaN}')
    rows = list(files.read_jsonl(path))
    assert [number for number, _ in rows] == [1, 3, 4, 5]
    assert [row["a"] for _, row in rows][:3] == [1, 2, "\u2028"]
    path.write_bytes(b'{"a": 1}\n{"a": \xff}\n')
    with pytest.raises(InputError, match="byte 0xff after line"):
        list(files.read_jsonl(path))
    path.write_bytes(b'{"a": 1}\nnope\n')
    with pytest.raises(InputError, match=r"log.jsonl: line 2: not valid JSON"):
        list(files.read_jsonl(path))


def test_bombs_stop_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros that grow a thousandfold: neither gzip nor zip is unpacked far beyond the free amount."""
    size = 120 * 2**20
    packed = tmp_path / "log.json.gz"
    with gzip.open(packed, "wb", compresslevel=1) as out:
        for _ in range(size >> 20):
            out.write(b" " * 2**20)
    archive = tmp_path / "log.eval"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out, out.open("a.json", "w") as member:
        for _ in range(size >> 20):
            member.write(b" " * 2**20)
    # A compression level of 1 stays below the thousandfold: the limit is lowered to make the same point in less time.
    monkeypatch.setattr(files, "MAX_RATIO", 50)
    tracemalloc.start()
    for attempt in (lambda: files.read_json(packed), lambda: files.read_zip_member(archive, "a.json")):
        with pytest.raises(InputError, match="times its size"):
            attempt()
    assert tracemalloc.get_traced_memory()[1] < 300e6
    tracemalloc.stop()
    monkeypatch.setattr(files, "MAX_RATIO", 10_000)
    monkeypatch.setattr(files, "MAX_LINE", 1000)
    with pytest.raises(InputError, match="line 1 is longer than"):
        list(files.read_jsonl(packed))
    with pytest.raises(InputError, match="over 100 bytes after decompression"):
        files.read_zip_member(archive, "a.json", limit=100)


@pytest.mark.parametrize("member", ["../x", "/etc/passwd", "a/../../x", "..\\x", "C:\\x", "C:/x"])
def test_archives_that_point_outside_themselves(tmp_path: Path, member: str) -> None:
    path = tmp_path / "log.eval"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("fine.json", "{}")
        archive.writestr(member, "{}")
    with pytest.raises(InputError, match="points outside the archive"):
        files.read_zip_member(path, "fine.json")


def test_archives_that_lie_or_are_damaged(tmp_path: Path) -> None:
    path = tmp_path / "log.eval"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.json", json.dumps({"a": 1}) * 100)
    whole = buffer.getvalue()
    path.write_bytes(whole)
    assert files.read_zip_member(path, "a.json")
    with pytest.raises(InputError, match=r"no 'b.json' in the archive"):
        files.read_zip_member(path, "b.json")
    for damaged in (whole[:-30], whole[: len(whole) // 2], b"PK\x03\x04" + whole[50:], b"not a zip"):
        path.write_bytes(damaged)
        with pytest.raises(InputError):
            files.read_zip_member(path, "a.json")
    lying = bytearray(whole)
    where = whole.index(b"PK\x01\x02") + 24
    lying[where : where + 4] = (10).to_bytes(4, "little")  # the directory states ten bytes
    path.write_bytes(bytes(lying))
    with pytest.raises(InputError):
        files.read_zip_member(path, "a.json")


def test_the_hash_of_several_files_is_of_all_of_them(tmp_path: Path) -> None:
    one, two, same = (tmp_path / name for name in ("one", "two", "same"))
    for path, text in ((one, "1"), (two, "2"), (same, "2")):
        path.write_text(text)
    assert files.digest([one]) == hashlib.sha256(b"1").hexdigest()
    both = files.digest([one, two])
    assert both == files.digest([one, same])
    assert len({both, files.digest([one]), files.digest([two, one]), files.digest([one, one])}) == 4

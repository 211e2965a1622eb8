"""Checks Inspect's ``.eval`` archives, zip files with zstandard members, before inspect_ai opens them."""

import io
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from cofail_lab.data import files
from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError

_ZSTANDARD = 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")


def check_archive(path: Path) -> None:
    """Decompress every member once, in pieces, because inspect_ai trusts the sizes that an archive states.

    Raises:
        InputError: a name that leads outside, a member that is larger than stated or plausible, or a damaged one.
    """
    with files.opened_zip(path) as archive, path.open("rb") as raw:
        for info in archive.infolist():
            size, check, what = 0, 0, f"{path.name}: {shorten(info.filename)}"
            for piece in _pieces(raw, info, what):
                size, check = size + len(piece), zlib.crc32(piece, check)
                files.check_ratio(what, size, max(info.compress_size, 1))
                if size > info.file_size:
                    raise InputError(f"{what}: larger than the {info.file_size:,} bytes that the archive states")
            if (size, check) != (info.file_size, info.CRC):
                raise InputError(f"{what}: not as it was packed (size or checksum differ); copy the log again")


def _pieces(raw: IO[bytes], info: ZipInfo, what: str) -> Iterator[bytes]:
    """The decompressed bytes of a member, at most a mebibyte at a time; ``what`` names it in an InputError."""
    import zstandard

    raw.seek(info.header_offset)
    try:
        magic, name_length, extra_length = _LOCAL_HEADER.unpack(raw.read(_LOCAL_HEADER.size))
        if magic != b"PK\3\4":
            raise InputError(f"{what}: not where the archive says it is")
        raw.seek(name_length + extra_length, 1)
        stream: Any = _Part(raw, info.compress_size)
        if info.compress_type == _ZSTANDARD:
            reader = zstandard.ZstdDecompressor().stream_reader(stream, read_across_frames=True, closefd=False)
        elif info.compress_type == ZIP_DEFLATED:
            reader = _Inflated(stream)
        elif info.compress_type == ZIP_STORED:
            reader = stream
        else:
            raise InputError(f"{what}: compressed by method {info.compress_type}; zstandard or deflate was expected")
        while piece := reader.read(2**20):
            yield piece
    except (zstandard.ZstdError, zlib.error, struct.error) as error:
        raise InputError(f"{what}: the compressed stream is cut short or damaged ({error}); copy it again") from error


class _Part(io.RawIOBase):
    """A stream of the next ``size`` bytes of a file."""

    def __init__(self, raw: IO[bytes], size: int) -> None:
        self._raw, self._left = raw, size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._raw.read(min(len(buffer), self._left))
        self._left -= len(data)
        buffer[: len(data)] = data
        return len(data)


class _Inflated:
    """A deflated stream, decompressed no faster than it is read."""

    def __init__(self, stream: Any) -> None:
        self._stream, self._engine = stream, zlib.decompressobj(-zlib.MAX_WBITS)

    def read(self, size: int) -> bytes:
        while not self._engine.eof:
            data = self._engine.unconsumed_tail or self._stream.read(2**16)
            if piece := self._engine.decompress(data, size):
                return piece
            if not data:
                break
        return b""

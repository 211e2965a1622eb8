"""Reads files of unknown origin within limits of size, depth and time; what cannot be read is one line, an InputError.

Every reader of `cofail_lab.data` gets bytes, JSON and archives from here and has no other way to a file.
"""

import difflib
import gzip
import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path, PurePosixPath
from typing import IO, Any

from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError

MAX_BYTES = 2 * 2**30
"""Bytes of one file or archive member, after decompression."""
MAX_LINE = 64 * 2**20
"""Characters of one line of a JSON Lines file."""
MAX_RATIO = 250
"""Decompressed bytes per compressed byte, for files above `FREE_BYTES`; logs stay below 100, zeros reach 1,000."""
FREE_BYTES = 64 * 2**20
"""Decompressed bytes that are read whatever the ratio."""
MAX_MEMBERS = 100_000


def local_path(text: str) -> Path:
    """A path as it is written, if there is such a file; else with ``~`` as the home folder, where there is one."""
    path = Path(text)
    try:
        return path if path.exists() else path.expanduser()
    except (OSError, ValueError, RuntimeError):  # a NUL, a name too long, no such user
        return path


def ends_in(path: Path, suffixes: str | tuple[str, ...]) -> bool:
    """Whether the name of a file ends in one of these, in lower case or not: Windows writes GRADES.CSV."""
    return path.name.lower().endswith(suffixes)


def without_ending(path: Path) -> str:
    """The name of a file without its ending: ``gpt-4.1`` of ``gpt-4.1.csv.gz``."""
    name = path.name[:-3] if ends_in(path, ".gz") else path.name
    return name.rpartition(".")[0] or name


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """The whole file, decompressed if it ends in .gz."""
    with opened(path, limit) as file:
        return file.read()


def read_json(path: Path, *, unique_keys: bool = False) -> Any:
    """The document in a .json or .json.gz file.

    Args:
        path: of the file.
        unique_keys: raise for an object that holds one key twice (Python would keep the last value); for formats whose
            keys are queries or models.
    """
    return parse_json(read_bytes(path), path.name, unique_keys=unique_keys)


def read_jsonl(path: Path) -> Iterator[tuple[int, Any]]:
    """(line number, value) of every line of a .jsonl or .jsonl.gz file that is not blank; any line endings."""
    with opened(path) as file:
        # Universal line endings are safe: a JSON string holds no raw control character.
        text = io.TextIOWrapper(file, encoding="utf-8-sig", errors="strict", newline=None)
        number = 0
        while True:
            try:
                line = text.readline(MAX_LINE)
            except UnicodeDecodeError as error:
                raise _not_utf8(path.name, error, after=f"after line {number}") from error
            if not line:
                return
            number += 1
            if len(line) >= MAX_LINE:
                raise InputError(f"{path.name}: line {number} is longer than {MAX_LINE >> 20} MiB")
            if line.strip():
                yield number, parse_json(line, f"{path.name}: line {number}")


def parse_json(text: str | bytes, where: str, *, unique_keys: bool = False) -> Any:
    """A JSON value. NaN and Infinity are accepted, because Python writes them (`rule.Rule` decides what they mean).

    Args:
        text: UTF-8 if bytes.
        where: file and line, for the message.
        unique_keys: as in `read_json`.

    Raises:
        InputError: not UTF-8, not JSON, nested too deeply, or an integer of thousands of digits.
    """
    try:
        if isinstance(text, bytes):
            text = text.decode("utf-8-sig")
        return json.loads(text, object_pairs_hook=_unique(where) if unique_keys else None)
    except UnicodeDecodeError as error:
        raise _not_utf8(where, error) from error
    except json.JSONDecodeError as error:
        raise InputError(
            f"{where}: not valid JSON ({error.msg} at line {error.lineno}, column {error.colno})"
        ) from error
    except RecursionError:
        raise InputError(f"{where}: JSON nested too deeply to be a log") from None
    except InputError:
        raise
    except ValueError as error:
        # The only other reason: an integer of thousands of digits.
        raise InputError(f"{where}: a number too long to be read ({shorten(str(error))})") from error


def read_zip_member(path: Path, member: str, limit: int = MAX_BYTES) -> bytes:
    """One member of a zip archive, decompressed in memory only. InputError if there is no member of that name."""
    with opened_zip(path) as archive:
        if member not in archive.namelist():
            raise InputError(f"{path.name}: no {shorten(member)!r} in the archive")
        return member_bytes(archive, member, path.name, limit)


@contextmanager
def opened_zip(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive, open. InputError if a member's name leads outside or the stated sizes are implausible."""
    with _plain_errors(path), zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise InputError(f"{path.name}: {len(members):,} members; at most {MAX_MEMBERS:,} are read")
        for info in members:
            name = PurePosixPath(info.filename.replace("\\", "/"))
            if name.is_absolute() or ".." in name.parts or (name.parts and name.parts[0].endswith(":")):
                raise InputError(f"{path.name}: member {shorten(info.filename)!r} points outside the archive")
        check_ratio(path.name, sum(info.file_size for info in members), path.stat().st_size)
        yield archive


def member_bytes(archive: zipfile.ZipFile, member: str, file: str, limit: int = MAX_BYTES) -> bytes:
    """Bytes of a member of an open archive, counted while they are read: the stated size may be wrong."""
    info = archive.getinfo(member)
    with archive.open(info) as stream:
        bounded = _Bounded(stream, f"{file}: {shorten(member)}", limit, max(info.compress_size, 1))
        return bounded.readall()


@contextmanager
def opened(path: Path, limit: int = MAX_BYTES) -> Iterator[IO[bytes]]:
    """A file as a stream of bytes, decompressed if it ends in .gz; InputError as soon as a limit is passed."""
    with _plain_errors(path), path.open("rb") as raw:
        size = path.stat().st_size
        if not ends_in(path, ".gz"):
            if size > limit:
                raise InputError(f"{path.name}: {size:,} bytes; at most {limit:,} are read")
            yield raw
            return
        with gzip.GzipFile(fileobj=raw) as stream:
            yield io.BufferedReader(_Bounded(stream, path.name, limit, max(size, 1)), 2**16)


def head(path: Path, size: int = 2**16) -> bytes:
    """The first bytes of a file, decompressed if it ends in .gz; empty if it cannot be read. Used to guess a format."""
    try:
        with opened(path) as file:
            return file.read(size)
    except InputError:
        return b""


def digest(paths: Sequence[Path]) -> str:
    """SHA-256 (hex) of the bytes of one file, or of the digests of several in their order."""
    digests = []
    for path in paths:
        with _plain_errors(path), path.open("rb") as file:
            digests.append(hashlib.file_digest(file, "sha256").hexdigest())
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def check_ratio(what: str, size: int, compressed: int) -> None:
    """Raise InputError if a file or member is larger than `MAX_BYTES` or decompresses by more than `MAX_RATIO`."""
    if size > MAX_BYTES:
        raise InputError(f"{what}: {size:,} bytes after decompression; at most {MAX_BYTES:,} are read")
    if size > FREE_BYTES and size > MAX_RATIO * compressed:
        raise InputError(
            f"{what}: decompresses to over {size // compressed} times its size; at most {MAX_RATIO} times is accepted"
        )


class _Bounded(io.RawIOBase):
    """A decompressing stream whose bytes are counted while they are read."""

    def __init__(self, stream: Any, what: str, limit: int, compressed: int) -> None:
        self._stream, self._what, self._limit, self._compressed = stream, what, limit, compressed
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self._stream.read(len(buffer))
        self._read += len(data)
        if self._read > self._limit:
            raise InputError(f"{self._what}: over {self._limit:,} bytes after decompression; no more are read")
        check_ratio(self._what, self._read, self._compressed)
        buffer[: len(data)] = data
        return len(data)


@contextmanager
def _plain_errors(path: Path) -> Iterator[None]:
    """Turns what the operating system and the decompressors raise into an InputError of one line."""
    if "\0" in str(path):
        raise InputError(f"{str(path)!r}: no such file")
    try:
        yield
    except FileNotFoundError:
        raise absent(path) from None
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        # RuntimeError: encrypted. NotImplementedError: a compression method nobody uses.
        if isinstance(error, RecursionError):
            raise
        kind = "Excel workbook" if path.suffix == ".xlsx" else "zip archive"
        raise InputError(f"{path.name}: not a readable {kind} ({shorten(str(error))})") from error
    except (EOFError, zlib.error) as error:
        reason = shorten(str(error))
        raise InputError(
            f"{path.name}: the compressed stream is cut short or damaged ({reason}); copy it again"
        ) from error
    except gzip.BadGzipFile:
        raise InputError(
            f"{path.name}: not compressed with gzip, although its name ends in .gz; take .gz out of the name"
        ) from None
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror or error})") from error
    except MemoryError:
        raise InputError(f"{path.name}: does not fit in memory") from None


def absent(path: Path) -> InputError:
    """The error for a file that does not exist, with the name that is nearest among its neighbours."""
    near: list[str] = []
    with suppress(OSError):
        neighbours = [one.name for one in islice(path.parent.iterdir(), MAX_MEMBERS)]
        near = difflib.get_close_matches(path.name, neighbours, n=1, cutoff=0.8)
    return InputError(f"{path}: no such file{f', did you mean {path.parent / near[0]}?' if near else ''}")


def _not_utf8(where: str, error: UnicodeDecodeError, after: str = "") -> InputError:
    place = f" {after}" if after else f" at byte {error.start:,}"
    return InputError(f"{where}: not UTF-8 text (byte {error.object[error.start]:#04x}{place}); save it as UTF-8")


def _unique(where: str) -> Any:
    """An ``object_pairs_hook`` of `json.loads` that raises InputError for a repeated key."""

    def build(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        whole = dict(pairs)
        if len(whole) < len(pairs):
            seen: set[str] = set()
            repeated = next(key for key, _ in pairs if key in seen or seen.add(key))
            raise InputError(f"{where}: key {shorten(repeated)!r} appears twice in one object")
        return whole

    return build

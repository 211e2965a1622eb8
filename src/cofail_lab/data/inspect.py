"""Inspect logs, ``.eval`` or ``.json``, read by inspect_ai's own log API (``pip install 'cofail-lab[inspect]'``).

Schema: ``EvalLog``, ``EvalSample`` and ``ModelUsage`` of inspect_ai 0.3.285, https://inspect.aisi.org.uk/eval-logs.html.
The model is ``eval.model``, the dataset ``eval.task``, a query the sample's id; epochs are repeated samples. A sample
with an ``error`` or stopped by a ``limit`` is an error whatever its score. Values are C, I, P, N or numbers: N (no
answer) and nan are unscored, although Inspect's own accuracy counts N as wrong. A score with several named values has
the scorers ``SCORER.NAME``. Tokens and cost are those of ``eval.model``; other models grade, and what the same model
used in a role of its own, such as ``grader``, is subtracted.
"""

import io
import math
import struct
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, ClassVar
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipInfo

from cofail_lab.data import files
from cofail_lab.data.json_log import JsonLogSource, score_of
from cofail_lab.data.names import shorten
from cofail_lab.data.records import Records
from cofail_lab.errors import InputError
from cofail_lab.grades import Cell

if TYPE_CHECKING:
    from inspect_ai.log import EvalLog, EvalSample

INSTALL = "pip install 'cofail-lab[inspect]'"
_ZSTANDARD = 93
_LOCAL_HEADER = struct.Struct("<4s22xHH")
_STOPPED = ("max_tokens", "model_length")
# Large fields that say nothing about grades.
_NOT_READ = {"messages", "events", "store", "attachments", "metadata"}


@dataclass(frozen=True)
class InspectSource(JsonLogSource):
    """Inspect logs; `data.scorer` is the name of a scorer such as ``match``."""

    patterns: ClassVar[tuple[str, ...]] = ("*.eval", "*.json")

    @classmethod
    def sniff(cls, path: Path) -> str:
        """A zip archive called .eval, or JSON that begins as Inspect writes it."""
        begins = files.head(path, 512).lstrip()
        if path.suffix == ".eval" and begins.startswith(b"PK"):
            return "an Inspect log archive"
        squeezed = b"".join(begins.split())
        found = path.suffix == ".json" and squeezed.startswith(b'{"version":') and b',"eval":{' in squeezed
        return "an Inspect log" if found else ""

    def read(self, path: Path, records: Records) -> list[str]:
        """Add every sample of one log; samples of the dataset that are not in it are missing."""
        log = _read(path)
        samples = sorted(log.samples or [], key=lambda sample: sample.epoch)
        if not samples:
            raise InputError(f"{path.name}: no samples in it (status {log.status!r})")
        values = [_values(sample) for sample in samples]
        names = {scorer for scores in values for scorer in scores}
        if not names and not any(sample.error or sample.limit for sample in samples):
            raise InputError(f"{path.name}: no sample has a score; the log has to be scored first (inspect score)")
        scorer = self.rule.choose(names, path.name) if names else ""
        model, dataset = log.eval.model, log.eval.task
        own_roles = _roles_of(log, model)
        counted: dict[str, int] = Counter()
        for sample, scores in zip(samples, values, strict=True):
            value = scores.get(scorer)
            state = self._state(sample, value, f"{path.name}: sample {sample.id!r}, epoch {sample.epoch}", counted)
            stopped = any(choice.stop_reason in _STOPPED for choice in sample.output.choices)
            records.add(
                str(sample.id), model, state, dataset=dataset, score=score_of(value), prompt=_prompt(sample),
                at_limit=sample.limit is not None or stopped, **_usage(sample, model, own_roles),
            )  # fmt: skip
        there = {sample.id for sample in samples}
        absent = [query for query in log.eval.dataset.sample_ids or [] if query not in there]
        for query in absent:
            records.add(str(query), model, Cell.MISSING, dataset=dataset)
        return _notes(log, scorer, len(absent), counted)

    def _state(self, sample: "EvalSample", value: Any, where: str, counted: dict[str, int]) -> Cell:
        if sample.invalidation is not None:
            counted["invalid"] += 1
            return Cell.MISSING
        for what in ("error", "limit"):
            if getattr(sample, what) is not None:
                counted[what] += 1
                return Cell.ERROR
        counted["no_answer"] += value == "N"
        return self.rule.state(value, where)


def _read(path: Path) -> "EvalLog":
    """The log without what is not read; whatever the library makes of a damaged file becomes one line."""
    try:
        from inspect_ai.log import read_eval_log
    except ImportError as error:
        raise InputError(f"data=inspect: {error}; {INSTALL} reads Inspect logs") from error
    if path.suffix == ".eval":
        _check_archive(path)
    else:
        # Bounds, encoding and depth are checked here; the library reads the file again.
        files.parse_json(files.read_bytes(path), path.name)
    try:
        return read_eval_log(str(path.resolve()), exclude_fields=set(_NOT_READ))
    except (InputError, KeyboardInterrupt, MemoryError):
        raise
    except Exception as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"{path.name}: not a log that inspect_ai can read ({shorten(reason, 160)})") from error


def _check_archive(path: Path) -> None:
    """Decompress every member once, in pieces: the library believes what an archive states about sizes."""
    with files.opened_zip(path) as archive, path.open("rb") as raw:
        for info in archive.infolist():
            size, check, what = 0, 0, f"{path.name}: {shorten(info.filename)}"
            for piece in _pieces(raw, info, what):
                size, check = size + len(piece), zlib.crc32(piece, check)
                files.check_ratio(what, size, max(info.compress_size, 1))
                if size > info.file_size:
                    raise InputError(f"{what}: larger than the {info.file_size:,} bytes that the archive states")
            if (size, check) != (info.file_size, info.CRC):
                raise InputError(f"{what}: not what was packed (size or checksum differ); copy the log again")


def _pieces(raw: IO[bytes], info: ZipInfo, what: str) -> Iterator[bytes]:
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
    """The next bytes of a file, as many as a member has."""

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


def _values(sample: "EvalSample") -> dict[str, Any]:
    """Value of every scorer; those of a score with several named values by ``SCORER.NAME``."""
    values: dict[str, Any] = {}
    for scorer, score in (sample.scores or {}).items():
        if isinstance(score.value, dict):
            values |= {f"{scorer}.{name}": value for name, value in score.value.items()}
        else:
            values[scorer] = score.value
    return values


def _roles_of(log: "EvalLog", model: str) -> set[str]:
    """Roles, such as that of the grader, which the evaluated model itself plays."""
    bound = log.eval.model_roles or {}
    return {
        role
        for role, configs in bound.items()
        if any(config.model == model for config in (configs if isinstance(configs, list) else [configs]))
    }


def _usage(sample: "EvalSample", model: str, own_roles: set[str]) -> dict[str, float]:
    total = sample.model_usage.get(model)
    if total is None:
        return {}
    others = [usage for role, usage in sample.role_usage.items() if role in own_roles]

    def less(of: Any) -> float:
        return max(of(total) - sum(of(usage) for usage in others), 0.0)

    numbers = {
        "tokens_in": less(
            lambda u: u.input_tokens + (u.input_tokens_cache_read or 0) + (u.input_tokens_cache_write or 0)
        ),
        "tokens_out": less(lambda u: u.output_tokens),
    }
    if total.total_cost is not None:
        numbers["cost"] = less(lambda u: u.total_cost or 0.0)
    return {key: value for key, value in numbers.items() if math.isfinite(value)}


def _prompt(sample: "EvalSample") -> str | None:
    """The question as the dataset has it, with its choices."""
    asked = sample.input if isinstance(sample.input, str) else "\n".join(message.text for message in sample.input)
    return "\n".join([asked, *(sample.choices or [])]) or None


def _notes(log: "EvalLog", scorer: str, absent: int, counted: dict[str, int]) -> list[str]:
    notes = [f"Right is decided by scorer {scorer!r}."] if scorer else []
    if log.status != "success":
        notes.append(f"{log.eval.model}: the run's status is {log.status!r}.")
    for n, what in (
        (absent, "samples of the dataset are not in the log: missing"),
        (counted["invalid"], "samples were invalidated: missing"),
        (counted["error"], "samples ended in an error: errors"),
        (counted["limit"], "samples were stopped by a limit: errors"),
        (
            counted["no_answer"],
            "samples have the value N (no answer): unscored, where Inspect's accuracy has wrong",
        ),
    ):
        if n:
            notes.append(f"{log.eval.model}: {n:,} {what}.")
    graded_by_itself = any(entry.name.rpartition("/")[2].startswith("model_graded") for entry in log.eval.scorers or [])
    if graded_by_itself and not log.eval.model_roles and set(log.stats.model_usage) <= {log.eval.model}:
        notes.append(f"{log.eval.model} graded its own answers: its tokens include those of grading.")
    return notes

"""A data set on the Hugging Face hub, by name and pinned revision (``pip install 'cofail-lab[hf]'``).

``huggingface_hub.hf_hub_download`` (https://huggingface.co/docs/huggingface_hub/guides/download) fetches the named
files, and no others, into its own cache; the reader of their format reads them. A revision is a full commit hash,
because branches and tags move. `data.sha256` pins the bytes themselves; a note gives it where it is not set. A local
folder with the same layout can replace the hub.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path, PurePosixPath
from typing import Any, Literal

from cofail_lab.data import files
from cofail_lab.data.file_source import FileSource
from cofail_lab.data.formats import source_class
from cofail_lab.data.names import shorten
from cofail_lab.errors import InputError
from cofail_lab.grades import Grades

INSTALL = "pip install 'cofail-lab[hf]'"
_REPOSITORY = re.compile(r"[A-Za-z0-9][\w.-]{0,95}/[A-Za-z0-9][\w.-]{0,95}", re.ASCII)
_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class HubSource:
    """Files of one revision of a data set.

    Attributes:
        repo: ``owner/name`` of the data set, or a local folder.
        revision: full commit hash, 40 hex digits; None for a local folder, which has none.
        file: path inside the data set, or a list of them.
        format: of the files, one of `formats.FORMATS`.
        sha256: of the file, or of the digests of several files in their order; None accepts any bytes, and a note gives
            the digest.
        scorer, threshold, join, registry, name: of the reader, see `file_source`.
    """

    repo: str
    file: str | Sequence[str]
    format: str
    revision: str | None = None
    sha256: str | None = None
    scorer: str | Sequence[str] | Mapping[str, str] | None = None
    threshold: float | None = None
    join: Literal["id", "content"] | None = None
    registry: str | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.repo, str) or not self.repo:
            raise InputError(f"data.repo: {self.repo!r} is neither owner/name nor a folder")
        names = self.file if isinstance(self.file, list | tuple) else [self.file]
        if not names:
            raise InputError("data.file: an empty list; at least one path inside the data set is needed")
        for name in names:
            path = PurePosixPath(name) if isinstance(name, str) and name else None
            if path is None or path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name:
                raise InputError(f"data.file: {name!r} is not a path inside the data set")
        if self.sha256 is not None and not (isinstance(self.sha256, str) and _SHA256.fullmatch(self.sha256)):
            raise InputError(f"data.sha256: {self.sha256!r} is not a SHA-256 of 64 hex digits")
        if self.revision is not None and not (isinstance(self.revision, str) and _COMMIT.fullmatch(self.revision)):
            raise InputError(
                f"data.revision: {self.revision!r} is not a full commit hash (40 hex digits); branches and tags move"
            )
        source_class(self.format)

    def load(self) -> Grades:
        """Fetch the files, check their hash and read them."""
        folder = Path(self.repo).expanduser()
        names = [self.file] if isinstance(self.file, str) else list(self.file)
        if self.revision is None:
            if not folder.is_dir():
                raise InputError(
                    f"data.revision: a data set on the hub needs a full commit hash; {self.repo!r} is no local folder"
                )
            paths, notes = [_inside(folder, name) for name in names], []
        else:
            paths = [self._download(name) for name in names]
            notes = [f"{self.repo} at revision {self.revision}."]
        sha256 = files.digest(paths)
        if self.sha256 is None:
            notes.append(f"The SHA-256 of what was read is {sha256}; data.sha256= pins it.")
        elif sha256 != self.sha256:
            raise InputError(f"{self.repo}: SHA-256 {sha256}, not data.sha256={self.sha256}; these are other bytes")
        grades = self._reader([str(path) for path in paths]).load()
        return replace(grades, notes=(*notes, *grades.notes), source=self.repo if self.revision else grades.source)

    def _download(self, name: str) -> Path:
        if not _REPOSITORY.fullmatch(self.repo):
            raise InputError(f"data.repo: {self.repo!r} is not owner/name")
        try:
            from huggingface_hub import hf_hub_download
        except ImportError as error:
            raise InputError(f"data=hf: {error}; {INSTALL} reads data sets on the hub") from error
        try:
            return Path(hf_hub_download(self.repo, name, repo_type="dataset", revision=self.revision))
        except Exception as error:
            # The library has a class, and a long text, for each reason: no such file, private, offline, no space.
            reason = shorten(" ".join(str(error).split()) or type(error).__name__, 200)
            raise InputError(f"{self.repo}: {shorten(name)!r} could not be fetched ({reason})") from error

    def _reader(self, paths: list[str]) -> FileSource:
        reader = source_class(self.format)
        accepted = {field.name for field in fields(reader)}
        given: dict[str, Any] = {"scorer": self.scorer, "threshold": self.threshold}
        for key, value in given.items():
            if value is not None and key not in accepted:
                raise InputError(
                    f"data.{key}: {value!r} given, but format {self.format!r} has no scores to choose from"
                )
        options: dict[str, Any] = {
            **given,
            "join": self.join,
            "registry": self.registry,
            "name": self.name,
            "format": self.format,
        }
        return reader(path=paths, **{key: value for key, value in options.items() if key in accepted})


def _inside(folder: Path, name: str) -> Path:
    """The path of a file in a local folder. InputError if there is none, or if it is a link that leads out."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InputError(f"data.file: {name!r} leads out of {folder}")
    if not path.is_file():
        raise InputError(f"data.file: no {name!r} in {folder}")
    return path

"""Opens archives of strangers: plain files only, nowhere but below one folder, and never more than was expected.

A wheel is a zip; an sdist and an npm package are tars with one folder at their top; a .deb is an ``ar`` of two tars.
All of them are read here, member by member, and nothing in them is run.
"""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import lzma
import os
import shutil
import subprocess
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, Final

from onionskin.errors import OnionskinError

#: An archive of more members, or of more bytes than this when it is read to its end, is none of ours.
MOST_MEMBERS: Final = 100_000
MOST_BYTES: Final = 2**31

_BLOCK: Final = 1 << 20

#: What opens the tar in a .deb, by its name there.
_OPENERS: Final[dict[str, Callable[[Any], Any]]] = {
    "data.tar": nullcontext,
    "data.tar.xz": lzma.open,
    "data.tar.gz": gzip.open,
    "data.tar.bz2": bz2.open,
}


@dataclass(frozen=True)
class _Member:
    path: str
    is_file: bool
    is_folder: bool
    size: int
    open: Callable[[], IO[bytes]]


def unpack(
    archive: Path,
    folder: Path,
    parts: tuple[str, ...],
    *,
    most: int,
    told: Callable[[int], None] = lambda done: None,
) -> None:
    """Unpack the wanted files of an archive into a folder.

    Args:
        archive: A .whl or .zip, .tar.gz or .tgz, or .deb.
        folder: Made where it is missing. On an error it holds a part, so give one that is thrown away then.
        parts: Patterns of paths, as in :class:`onionskin.fetch.Package`.
        most: How many bytes may be written.
        told: Called with the number of bytes that were written so far.

    Raises:
        OnionskinError: It is no such archive, it is damaged, or a wanted member is a link or a device, lies outside, is
            there twice, or is larger than it should be.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written, seen = 0, set[str]()
    with _readable(archive):
        for count, member in enumerate(_members(archive), start=1):
            if count > MOST_MEMBERS:
                raise _refused(archive, f"it has more than {MOST_MEMBERS:,} members")
            if member.is_folder or not _wanted(member.path, parts):
                continue
            _check(archive, member, seen)
            target = folder.joinpath(*PurePosixPath(member.path).parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            with member.open() as source, target.open("xb") as file:
                while block := source.read(_BLOCK):
                    written += len(block)
                    if written > most:
                        raise _refused(archive, f"it unpacks to more than the {most:,} bytes that it should")
                    file.write(block)
                    told(written)


def digest(root: Path, parts: tuple[str, ...]) -> str:
    """Return one SHA-256 of the files below a folder that match: of their paths and of what is in each.

    Links are not followed, and count as not there. The digest is that of the lines ``path NUL sha256``, sorted by path.
    """
    whole = hashlib.sha256()
    for path in sorted(listed(root, parts)):
        with root.joinpath(path).open("rb") as file:
            whole.update(f"{path}\0{hashlib.file_digest(file, 'sha256').hexdigest()}\n".encode())
    return whole.hexdigest()


def listed(root: Path, parts: tuple[str, ...]) -> set[str]:
    """Return the paths, relative and with slashes, of the files below a folder that match."""
    found = set[str]()
    for pattern in parts:
        if "*" not in pattern:
            found |= {pattern} & {pattern for path in [root / pattern] if path.is_file() and not path.is_symlink()}
            continue
        start = root / pattern.partition("*")[0].rpartition("/")[0]
        for folder, _, names in os.walk(start):
            below = Path(folder).relative_to(root)
            paths = [(below / name).as_posix() for name in names if not (Path(folder) / name).is_symlink()]
            found |= {path for path in paths if fnmatchcase(path, pattern)}
    return found


def _wanted(path: str, parts: tuple[str, ...]) -> bool:
    return any(fnmatchcase(path, pattern) for pattern in parts)


def _check(archive: Path, member: _Member, seen: set[str]) -> None:
    """Let through a plain file whose path stays below the folder, on every system that there is."""
    path = PurePosixPath(member.path)
    if path.is_absolute() or ".." in path.parts or "\\" in member.path or ":" in member.path or "\0" in member.path:
        raise _refused(archive, f"its member {member.path!r} lies outside of it")
    if not member.is_file:
        raise _refused(archive, f"its member {member.path!r} is a link or a device, not a file")
    if member.path.casefold() in seen:
        raise _refused(archive, f"its member {member.path!r} is there twice")
    seen.add(member.path.casefold())


def _refused(archive: Path, why: str) -> OnionskinError:
    return OnionskinError(f"{archive.name} is not unpacked: {why}", fix="fetch it again, from a source that you trust")


@contextmanager
def _readable(archive: Path) -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, gzip.BadGzipFile, EOFError, ValueError,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        raise _refused(archive, f"it is damaged ({error})") from error


def _members(archive: Path) -> Iterator[_Member]:
    if archive.suffix in (".whl", ".zip"):
        yield from _of_zip(archive)
    elif archive.suffix == ".deb":
        with _data_of_deb(archive) as stream:
            yield from _of_tar(stream, skipped=0)
    elif archive.name.endswith((".tar.gz", ".tgz")):
        with gzip.open(archive) as stream:
            yield from _of_tar(stream, skipped=1)
    else:
        raise _refused(archive, "it is neither .whl, .zip, .tar.gz, .tgz nor .deb")


def _of_zip(archive: Path) -> Iterator[_Member]:
    with zipfile.ZipFile(archive) as packed:
        for info in packed.infolist():
            kind = info.external_attr >> 28  # the upper four bits of a Unix mode: 8 a file, 4 a folder, 0 not said
            is_folder = info.is_dir()
            yield _Member(
                info.filename,
                kind in (0, 8) and not is_folder,
                is_folder,
                info.file_size,
                partial(packed.open, info),
            )


def _of_tar(stream: Any, *, skipped: int) -> Iterator[_Member]:
    """Yield the members of a tar, in order, under their paths below the first ``skipped`` folders."""
    with tarfile.open(fileobj=_Bounded(stream), mode="r|") as tar:
        for info in tar:
            parts = PurePosixPath(info.name).parts
            # A leading slash is kept, so that it is refused rather than cut off.
            path = info.name if info.name.startswith("/") else "/".join(parts[skipped:])
            yield _Member(path, info.isreg(), info.isdir(), info.size, partial(_file_of, tar, info))


def _file_of(tar: tarfile.TarFile, info: tarfile.TarInfo) -> IO[bytes]:
    file = tar.extractfile(info)
    assert file is not None  # a regular file
    return file


class _Bounded(io.RawIOBase):
    """A stream that ends in an error where an archive goes on for too long."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self._left = MOST_BYTES

    def read(self, size: int = -1) -> bytes:
        block: bytes = self._stream.read(size if size >= 0 else self._left)
        self._left -= len(block)
        if self._left < 0:
            raise ValueError(f"it goes on for more than {MOST_BYTES:,} bytes")
        return block


@contextmanager
def _data_of_deb(archive: Path) -> Iterator[IO[bytes]]:
    """Yield the tar of a .deb that holds its files; the other one, with the scripts, is passed over."""
    with archive.open("rb") as file:
        if file.read(8) != b"!<arch>\n":
            raise _refused(archive, "it is no .deb")
        while len(header := file.read(60)) == 60:
            name, size = header[:16].decode("latin-1").strip().rstrip("/"), int(header[48:58])
            if name.startswith("data.tar"):
                with _inflated(archive, name, file) as stream:
                    yield stream
                return
            file.seek(size + size % 2, os.SEEK_CUR)
    raise _refused(archive, "there is no data in it")


@contextmanager
def _inflated(archive: Path, name: str, file: IO[bytes]) -> Iterator[IO[bytes]]:
    """Yield what a compressed tar holds. It is the last member of its .deb, so it is read to the end of the file."""
    if name in _OPENERS:
        with _OPENERS[name](file) as stream:
            yield stream
        return
    # Ubuntu packs with Zstandard, which Python reads from 3.14 on; this tool is at hand wherever such a .deb is.
    tool = shutil.which("dpkg-deb")
    if tool is None:
        raise _refused(archive, f"nothing here reads {name}")
    with subprocess.Popen([tool, "--fsys-tarfile", archive], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as ran:
        assert ran.stdout is not None
        try:
            yield ran.stdout
        finally:
            ran.kill()

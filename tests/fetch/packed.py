"""Tiny archives of each kind, and the package that each of them is."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import zipfile
from pathlib import Path

from onionskin.fetch import Package
from onionskin.fetch.pin import pinned

#: What the tiny package holds, and which part of it is wanted.
FILES = {"tiny/data/a.txt": b"first", "tiny/data/deep/b.txt": b"second", "tiny/code.py": b"raise SystemExit(1)"}
PARTS = ("tiny/data/*.txt",)
WANTED = {path: data for path, data in FILES.items() if path.endswith(".txt")}


def wheel(path: Path, files: dict[str, bytes] = FILES) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return path


def tar(files: dict[str, bytes], top: str = "") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as packed:
        for name, data in files.items():
            member = tarfile.TarInfo(top + name)
            member.size = len(data)
            packed.addfile(member, io.BytesIO(data))
    return out.getvalue()


def tgz(path: Path, files: dict[str, bytes] = FILES, top: str = "package/") -> Path:
    path.write_bytes(gzip.compress(tar(files, top)))
    return path


def deb(path: Path, files: dict[str, bytes] = FILES, *, compress: str = "xz") -> Path:
    pack = lzma.compress if compress == "xz" else gzip.compress
    members = {
        "debian-binary": b"2.0\n",
        f"control.tar.{compress}": pack(tar({"postinst": b"#!/bin/sh\ntouch /tmp/ran"})),
        f"data.tar.{compress}": pack(tar(files, "./")),
    }
    out = b"!<arch>\n"
    for name, data in members.items():
        out += f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{len(data):<10}`\n".encode() + data + b"\n" * (len(data) % 2)
    path.write_bytes(out)
    return path


def package(client: str, archive: Path, *, name: str = "tiny", version: str = "1.0") -> Package:
    return pinned(client, name, version, archive, PARTS, "MIT, by nobody")


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}

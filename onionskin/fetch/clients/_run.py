"""Runs a client, and sees from the size of what it writes how far it is."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError
from onionskin.fetch.package import SOURCES, Package, Progress

_POLL_SECONDS: Final = 0.05


def run(command: Sequence[str | Path], package: Package, folder: Path, progress: Progress) -> tuple[int, str, str]:
    """Run a client in a folder until it ends, and return its exit code, output and errors.

    It asks nobody: where it would want a password, it fails. Ctrl-C ends it as well.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        with subprocess.Popen(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=err) as client:
            try:
                while client.poll() is None:
                    progress("downloading", min(_bytes_in(folder), package.size), package.size)
                    time.sleep(_POLL_SECONDS)
            except BaseException:
                client.kill()
                raise
        said = []
        for stream in (out, err):
            stream.seek(0)
            said.append(_without_secrets(stream.read().decode(errors="replace")))
    return client.returncode, said[0], said[1]


def the_only_file(package: Package, folder: Path) -> Path:
    """Return what a client has put into a folder. Raises OnionskinError where that is not one file."""
    files = [path for path in folder.iterdir() if path.is_file()]
    if len(files) != 1:
        raise OnionskinError(
            f"{package.client} has fetched {len(files)} files for {package.name}, not 1",
            fix=f"try '{package.client}' by hand, and see what it says",
        )
    return files[0]


def not_had(package: Package, said: str, *, served: Sequence[str] = (), fix: str = "") -> OnionskinError:
    """Return the error for a client that did not get a package.

    Args:
        package: What it was asked for.
        said: What it printed; its last lines are told.
        served: The versions that its source has instead, if that is known.
        fix: What to do, if it is known.
    """
    if served:
        known = ", ".join(served[-5:])
        return OnionskinError(
            f"your source of {package.client} serves {package.name} {known}, and not the known {package.version}",
            fix=fix or f"point {package.client} at {SOURCES[package.client]} itself",
        )
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    why = "; ".join(lines[-3:])[:500] or "it said nothing"
    return OnionskinError(
        f"{package.client} could not fetch {package}: {why}",
        fix=fix or f"see that {package.client} reaches its registry from here",
    )


def _bytes_in(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        try:
            total += path.stat().st_size
        except OSError:  # a temporary file of the client's, gone again
            continue
    return total


def _without_secrets(text: str) -> str:
    """Leave out names and passwords that stand in the addresses of private registries."""
    return re.sub(r"//[^/@\s]+@", "//", text)

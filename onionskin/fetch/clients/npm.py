"""npm: the tarball of one release, from the registry that the user's npm is set to."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

from onionskin.errors import OnionskinError
from onionskin.fetch.clients._run import not_had, run, the_only_file
from onionskin.fetch.package import Package, Progress


def installed(package: Package) -> Path | None:
    """Return None: what npm installs belongs to a project, and there is no one place to look."""
    return None


def download(package: Package, folder: Path, progress: Progress) -> Path:
    """Have npm put the tarball of a release into a folder. Its scripts are not run."""
    npm = shutil.which("npm")
    if npm is None:
        raise OnionskinError(f"{package} is fetched by npm, which is not installed", fix="install Node.js, with npm")
    command = [npm, "pack", f"{package.name}@{package.version}", "--ignore-scripts", "--loglevel=error"]
    code, _, err = run(command, package, folder, progress)
    if code != 0:
        served = _served(npm, package, folder) if "ETARGET" in err else []
        raise not_had(
            package, "\n".join(line for line in err.splitlines() if "log of this run" not in line), served=served
        )
    return the_only_file(package, folder)


def _served(npm: str, package: Package, folder: Path) -> list[str]:
    said = subprocess.run(
        [npm, "view", package.name, "versions", "--json"], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True
    )
    try:
        versions = json.loads(said.stdout)
    except ValueError:
        return []
    return [str(version) for version in (versions if isinstance(versions, list) else [versions])]

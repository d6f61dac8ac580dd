"""A package is installed, cached or fetched, whole or not at all; and every way that it cannot be had says what to do.

pip is the real one, on an index in a folder. npm and apt are scripts that say what the real ones say, since neither is
on every machine.
"""

from __future__ import annotations

import hashlib
import os
import signal
import stat
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from onionskin.errors import OnionskinError
from onionskin.fetch import Package, Whereabouts, fetch, start, whereabouts
from onionskin.fetch.cache import archives_folder, is_offline, packages_folder, told_of_disk
from tests.fetch import packed


@pytest.fixture(autouse=True)
def _online(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty cache, no settings of the machine's pip, and clients that may be used."""
    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("ONIONSKIN_OFFLINE", "0")
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setattr(start, "_checked", {})


def _index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, archive: Path) -> None:
    """Make pip's index a folder with one archive, its sum beside it as on PyPI."""
    folder = tmp_path / "simple" / "tiny"
    folder.mkdir(parents=True, exist_ok=True)
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    link = f'<a href="{archive.as_uri()}#sha256={sha256}">{archive.name}</a>'
    (folder / "index.html").write_text(f"<!DOCTYPE html><html><body>{link}</body></html>")
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "simple").as_uri())


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    archive = packed.wheel(tmp_path / "tiny-1.0-py3-none-any.whl")
    _index(tmp_path, monkeypatch, archive)
    return packed.package("pip", archive)


def test_a_wheel_is_fetched_once_and_then_lies_in_the_cache(
    wheel: Package, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert whereabouts(wheel) is Whereabouts.AWAY
    told: list[tuple[str, int, int]] = []
    folder = fetch(wheel, progress=lambda *how: told.append(how))
    assert packed.contents(folder) == packed.WANTED
    assert told[-1] == ("unpacking", wheel.unpacked, wheel.unpacked)
    assert whereabouts(wheel) is Whereabouts.CACHED
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "tiny 1.0 (PyPI): MIT, by nobody\n")
    monkeypatch.setattr(start, "_checked", {})  # as in another process
    monkeypatch.setenv("PIP_INDEX_URL", "file:///nowhere")
    assert fetch(wheel, offline=True) == folder
    assert capfd.readouterr().err == ""  # the licence was shown before
    assert [path.name for path in packages_folder().iterdir()] == [wheel.key]  # and nothing else is left


def test_an_sdist_is_fetched_and_none_of_it_is_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``pip download`` would run the setup.py for its metadata."""
    ran = tmp_path / "ran"
    files = {**packed.FILES, "setup.py": f"open({str(ran)!r}, 'w')".encode(), "PKG-INFO": b"Name: tiny\nVersion: 1.0\n"}
    archive = packed.tgz(tmp_path / "tiny-1.0.tar.gz", files, top="tiny-1.0/")
    _index(tmp_path, monkeypatch, archive)
    assert packed.contents(fetch(packed.package("pip", archive))) == packed.WANTED
    assert not ran.exists()


def test_offline_says_what_would_be_fetched_and_writes_nothing(wheel: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    big = replace(wheel, size=160_880_444)
    monkeypatch.setenv("ONIONSKIN_OFFLINE", "1")
    with pytest.raises(OnionskinError, match=r"offline, and tiny 1.0 \(PyPI, 160.9 MB\) is not here") as error:
        fetch(big)
    assert f"put tiny-1.0-py3-none-any.whl (SHA-256 {wheel.sha256}) into {archives_folder()}" in error.value.fix
    assert not packages_folder().exists()
    monkeypatch.setenv("ONIONSKIN_OFFLINE", "perhaps")
    with pytest.raises(OnionskinError, match="ONIONSKIN_OFFLINE is 'perhaps'"):
        is_offline()


def test_an_archive_that_a_person_put_there_needs_no_network(wheel: Package, tmp_path: Path) -> None:
    archives_folder().mkdir(parents=True)
    (tmp_path / wheel.file).rename(archives_folder() / wheel.file)
    assert whereabouts(wheel) is Whereabouts.BY_HAND
    assert packed.contents(fetch(wheel, offline=True)) == packed.WANTED


def test_an_installed_copy_is_used_if_it_is_the_same(
    wheel: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "site"
    for path, data in {**packed.FILES, "tiny-0.9.dist-info/METADATA": b"Metadata-Version: 2.1\nName: tiny\n"}.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_bytes(data)
    monkeypatch.syspath_prepend(str(site))
    assert whereabouts(wheel) is Whereabouts.INSTALLED
    assert fetch(wheel, offline=True) == site
    assert not packages_folder().exists()
    (site / "tiny/data/a.txt").write_text("other")
    monkeypatch.setattr(start, "_checked", {})
    assert fetch(wheel) == packages_folder() / wheel.key


def test_another_version_is_named(wheel: Package) -> None:
    with pytest.raises(OnionskinError, match=r"serves tiny 1.0, and not the known 2.0"):
        fetch(replace(wheel, version="2.0", file="tiny-2.0-py3-none-any.whl"))


def test_a_package_that_is_nowhere_says_so(wheel: Package, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_INDEX_URL", (tmp_path / "empty").as_uri())
    with pytest.raises(OnionskinError, match=r"pip could not fetch tiny 1\.0") as error:
        fetch(wheel)
    assert "see that pip reaches its registry" in error.value.fix
    assert not list(packages_folder().iterdir())


def test_passwords_of_an_index_are_not_told(wheel: Package, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIP_INDEX_URL", "http://someone:secret@127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "0")
    with pytest.raises(OnionskinError, match="pip could not fetch") as error:
        fetch(wheel)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize("client", ["pip", "npm", "apt"])
def test_another_file_under_the_name_is_refused(client: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make = {"pip": packed.wheel, "npm": packed.tgz, "apt": packed.deb}[client]
    archive = make(
        tmp_path / {"pip": "tiny-1.0-py3-none-any.whl", "npm": "tiny-1.0.tgz", "apt": "tiny_1.0.deb"}[client]
    )
    package = packed.package(client, archive)
    make(archive, {**packed.FILES, "tiny/data/a.txt": b"FIRST"})
    archives_folder().mkdir(parents=True)
    archive.rename(archives_folder() / package.file)
    with pytest.raises(OnionskinError, match=f"{archive.name} is not the tiny 1.0 that is known here") as error:
        fetch(package)
    assert package.sha256 in error.value.fix
    assert not list(packages_folder().iterdir())


def test_the_same_files_packed_anew_by_another_distribution_are_let_through(tmp_path: Path) -> None:
    package = packed.package("apt", packed.deb(tmp_path / "tiny_1.0.deb"))
    archives_folder().mkdir(parents=True)
    packed.deb(archives_folder() / "tiny_1.0.deb", compress="gz")
    assert packed.contents(fetch(package)) == packed.WANTED


@pytest.mark.parametrize("damage", ["changed", "missing", "added"])
def test_a_damaged_cache_is_filled_again(
    damage: str, wheel: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archives_folder().mkdir(parents=True)
    (tmp_path / wheel.file).rename(archives_folder() / wheel.file)
    folder = fetch(wheel)
    if damage == "changed":
        (folder / "tiny/data/a.txt").write_bytes(b"fIrst")
    elif damage == "missing":
        (folder / "tiny/data/a.txt").unlink()
    else:
        (folder / "tiny/data/c.txt").write_bytes(b"third")
    monkeypatch.setattr(start, "_checked", {})
    assert packed.contents(fetch(wheel)) == packed.WANTED


_KILLED = """
import os, signal, sys
from onionskin.fetch import Package, fetch
def told(what, done, total):
    if what == sys.argv[1]:
        os.kill(os.getpid(), signal.SIGKILL)
fetch({package!r}, progress=told)
"""


@pytest.mark.parametrize("when", ["downloading", "unpacking"])
def test_killed_at_any_moment_the_cache_holds_all_or_nothing(when: str, wheel: Package) -> None:
    killed = subprocess.run([sys.executable, "-c", _KILLED.format(package=wheel), when], capture_output=True)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert whereabouts(wheel) is Whereabouts.AWAY
    assert packed.contents(fetch(wheel)) == packed.WANTED


def test_two_processes_may_fetch_at_once(wheel: Package) -> None:
    code = f"from onionskin.fetch import Package, fetch; print(fetch({wheel!r}))"
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    said = {process.communicate()[0].strip() for process in both}
    assert said == {str(packages_folder() / wheel.key)}
    assert packed.contents(packages_folder() / wheel.key) == packed.WANTED
    assert [path.name for path in packages_folder().iterdir()] == [wheel.key]


def test_a_cache_that_cannot_be_used_says_so(wheel: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(OnionskinError, match=r"tiny needs 1,000,000,000 MB in .*, where [\d,]+ MB are free"):
        fetch(replace(wheel, unpacked=10**15))
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("ONIONSKIN_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(OnionskinError, match="cannot be used: Not a directory") as error:
        fetch(wheel)
    assert "ONIONSKIN_CACHE" in error.value.fix
    with pytest.raises(OnionskinError, match="the disk of here is full"), told_of_disk(Path("here")):
        raise OSError(28, "No space left on device")


def _client(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    folder = tmp_path / "bin"
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!{sys.executable}\nimport shutil, sys\n{script}\n")
    (folder / name).chmod(stat.S_IRWXU)
    monkeypatch.setenv("PATH", str(folder))


def test_npm_is_asked_for_the_tarball_and_no_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed.tgz(tmp_path / "scope-tiny-1.0.tgz")
    _client(
        tmp_path,
        monkeypatch,
        "npm",
        f"""
assert sys.argv[1:3] == ["pack", "@scope/tiny@1.0"] and "--ignore-scripts" in sys.argv
shutil.copy({str(archive)!r}, ".")
print("scope-tiny-1.0.tgz")""",
    )
    folder = fetch(packed.package("npm", archive, name="@scope/tiny"))
    assert packed.contents(folder) == packed.WANTED
    assert folder.parent == packages_folder()  # the slash of its name makes no folder


def test_apt_is_asked_for_the_archive_of_one_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive = packed.deb(tmp_path / "tiny_1.0_all.deb")
    _client(
        tmp_path,
        monkeypatch,
        "apt-get",
        f"""
assert sys.argv[1:] == ["download", "--quiet", "tiny=1.0"]
shutil.copy({str(archive)!r}, ".")""",
    )
    assert packed.contents(fetch(packed.package("apt", archive))) == packed.WANTED


NPM_HAS_OTHERS = """
if sys.argv[1] == "view":
    print('["0.8", "0.9"]'); sys.exit(0)
print("npm error code ETARGET\\nnpm error notarget No matching version found", file=sys.stderr); sys.exit(1)"""
NPM_HAS_NO_NETWORK = """
print("npm error code ENOTFOUND\\nnpm error network request failed", file=sys.stderr); sys.exit(1)"""
APT_KNOWS_NONE = """print("E: Unable to locate package tiny", file=sys.stderr); sys.exit(100)"""
APT_HAS_OTHERS = """print("E: Version '1.0' for 'tiny' was not found", file=sys.stderr); sys.exit(100)"""


@pytest.mark.parametrize(
    ("client", "script", "said", "fix"),
    [
        ("npm", NPM_HAS_OTHERS, "serves tiny 0.8, 0.9, and not the known 1.0", "point npm at"),
        ("npm", NPM_HAS_NO_NETWORK, "npm could not fetch tiny 1.0 .*ENOTFOUND", "see that npm reaches its registry"),
        ("npm", "pass", "npm has fetched 0 files for tiny", "by hand"),
        ("apt", APT_KNOWS_NONE, "apt could not fetch tiny 1.0 .*Unable to locate", "apt-get update"),
        ("apt", APT_HAS_OTHERS, "serves tiny 2.0, and not the known 1.0", "point apt at"),
        ("npm", None, "npm, which is not installed", "install Node.js"),
        ("apt", None, "apt, which this machine does not have", "Debian"),
    ],
)
def test_what_a_client_says_is_told_with_a_remedy(
    client: str, script: str | None, said: str, fix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = packed.tgz(tmp_path / "a.tgz") if client == "npm" else packed.deb(tmp_path / "a.deb")
    monkeypatch.setenv("PATH", str(tmp_path))
    if script is not None:
        _client(tmp_path, monkeypatch, {"npm": "npm", "apt": "apt-get"}[client], script)
        known = 'print(" tiny | 2.0 | somewhere Packages")' if script == APT_HAS_OTHERS else ""
        _client(tmp_path, monkeypatch, "apt-cache", known)
    with pytest.raises(OnionskinError, match=said) as error:
        fetch(packed.package(client, archive))
    assert fix in error.value.fix
    assert "put a." in error.value.fix  # by hand, from elsewhere

"""An archive is unpacked to what was packed, and a hostile one to nothing outside and no more than was expected."""

from __future__ import annotations

import gzip
import io
import tarfile
import tempfile
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onionskin.errors import OnionskinError
from onionskin.fetch.unpack import digest, listed, unpack
from tests.fetch import packed

NAMES = st.from_regex(r"[a-z][a-z0-9_.-]{0,8}(/[a-z][a-z0-9_-]{0,8}){0,2}\.txt", fullmatch=True)


@settings(max_examples=12, deadline=None)
@given(
    st.dictionaries(NAMES, st.binary(max_size=300), max_size=4),
    st.sampled_from(["a.whl", "a.tgz", "a.tar.gz", "a.deb"]),
)
def test_unpacked_is_what_was_packed(files: dict[str, bytes], name: str) -> None:
    if any(f"{other}/" in path for other in files for path in files):
        return  # a file cannot be a folder as well
    with tempfile.TemporaryDirectory() as place:
        archive = Path(place, name)
        {"whl": packed.wheel, "tgz": packed.tgz, "gz": packed.tgz, "deb": packed.deb}[name.rpartition(".")[2]](
            archive, files
        )
        folder = Path(place, "out")
        unpack(archive, folder, ("*",), most=10_000)
        assert packed.contents(folder) == files
        assert listed(folder, ("*",)) == set(files)


@pytest.mark.parametrize("compress", ["xz", "gz"])
def test_only_what_is_wanted_is_unpacked(compress: str, tmp_path: Path) -> None:
    """Of a .deb neither the files beside, nor its maintainer's scripts."""
    unpack(packed.deb(tmp_path / "a.deb", compress=compress), tmp_path / "out", packed.PARTS, most=100)
    assert packed.contents(tmp_path / "out") == packed.WANTED


def test_a_digest_tells_names_and_bytes_apart_and_nothing_else(tmp_path: Path) -> None:
    unpack(packed.wheel(tmp_path / "a.whl"), tmp_path / "one", packed.PARTS, most=100)
    unpack(packed.deb(tmp_path / "a.deb"), tmp_path / "two", packed.PARTS, most=100)
    same = digest(tmp_path / "one", ("*",))
    assert digest(tmp_path / "two", packed.PARTS) == same
    (tmp_path / "two" / "code.py").write_text("beside")
    assert digest(tmp_path / "two", packed.PARTS) == same != digest(tmp_path / "two", ("*",))
    (tmp_path / "one/tiny/data/a.txt").write_text("First")
    assert digest(tmp_path / "one", ("*",)) != same
    (tmp_path / "two/tiny/data/a.txt").unlink()
    (tmp_path / "two/tiny/data/a.txt").symlink_to(tmp_path / "one/tiny/data/a.txt")
    assert listed(tmp_path / "two", packed.PARTS) == {"tiny/data/deep/b.txt"}


def _tar_of(member: tarfile.TarInfo, data: bytes = b"") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        member.size = len(data)
        tar.addfile(member, io.BytesIO(data))
    return out.getvalue()


def _of_kind(name: str, kind: bytes) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, "../../../etc/passwd"
    return member


@pytest.mark.parametrize(
    ("tar", "said"),
    [
        (_tar_of(tarfile.TarInfo("package/../../evil.txt"), b"x"), "lies outside"),
        (_tar_of(tarfile.TarInfo("/evil.txt"), b"x"), "lies outside"),
        (_tar_of(tarfile.TarInfo("package/c:evil.txt"), b"x"), "lies outside"),
        (_tar_of(tarfile.TarInfo("package/..\\evil.txt"), b"x"), "lies outside"),
        (_tar_of(_of_kind("package/evil.txt", tarfile.SYMTYPE)), "link or a device"),
        (_tar_of(_of_kind("package/evil.txt", tarfile.LNKTYPE)), "link or a device"),
        (_tar_of(_of_kind("package/evil.txt", tarfile.CHRTYPE)), "link or a device"),
        (_tar_of(_of_kind("package/evil.txt", tarfile.FIFOTYPE)), "link or a device"),
        (_tar_of(tarfile.TarInfo("package/a.txt"), b"x" * 2_000)[:1_000], "damaged"),
        (_tar_of(tarfile.TarInfo("package/a.txt"), b"x" * 2_000), "more than the 1,000 bytes"),
        (packed.tar({"A.txt": b"x", "a.txt": b"y"}, "package/"), "there twice"),
    ],
)
def test_a_hostile_tar_is_refused(tar: bytes, said: str, tmp_path: Path) -> None:
    archive = tmp_path / "in" / "evil.tgz"
    archive.parent.mkdir()
    archive.write_bytes(gzip.compress(tar))
    with pytest.raises(OnionskinError, match=said) as error:
        unpack(archive, tmp_path / "in" / "out", ("*",), most=1_000)
    assert "evil.tgz is not unpacked" in error.value.what
    assert {path.name for path in tmp_path.rglob("*")} <= {"in", "evil.tgz", "out", "a.txt", "A.txt"}
    assert sum(path.stat().st_size for path in (tmp_path / "in" / "out").rglob("*") if path.is_file()) <= 1_000


def test_a_zip_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The bomb of zips: the directory says four bytes, and a million come out."""
    archive = packed.wheel(tmp_path / "a.whl", {"a.txt": b"0" * 1_000_000})
    whole = archive.read_bytes()
    archive.write_bytes(whole.replace((1_000_000).to_bytes(4, "little"), (4).to_bytes(4, "little")))
    with pytest.raises(OnionskinError, match="not unpacked"):
        unpack(archive, tmp_path / "out", ("*",), most=1_000)
    with pytest.raises(OnionskinError, match="more than the 1,000 bytes"):
        unpack(packed.wheel(tmp_path / "b.whl", {"a.txt": b"0" * 1_000_000}), tmp_path / "b", ("*",), most=1_000)


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("evil.txt")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(tmp_path / "a.whl", "w") as zipped:
        zipped.writestr(link, "/etc/passwd")
    with pytest.raises(OnionskinError, match="link or a device"):
        unpack(tmp_path / "a.whl", tmp_path / "out", ("*",), most=1_000)


@pytest.mark.parametrize("name", ["a.whl", "a.tgz", "a.deb", "a.rar"])
@pytest.mark.parametrize("data", [b"", b"not an archive", b"!<arch>\n", b"\x1f\x8b\x08\x00", b"PK\x03\x04"])
def test_what_is_no_archive_is_refused(name: str, data: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(OnionskinError, match=f"{name} is not unpacked"):
        unpack(tmp_path / name, tmp_path / "out", ("*",), most=1_000)
    assert packed.contents(tmp_path / "out") == {}

"""Where a run can be read from: a folder, a ``.zip``, or an address.

``zarr`` takes a third of a second to import, so it is imported here only when a run is opened: a training that
records itself does not wait for it.
"""

from __future__ import annotations

import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.recording.fields import LARGEST_FILE, too_large

if TYPE_CHECKING:
    from zarr.abc.store import Store


def open_store(location: str | Path) -> tuple[Store, str]:
    """Open a run's store for reading, and say which group in it is the run.

    Args:
        location: A folder, a ``.zip`` file, or an ``http(s)://`` address of a folder.

    Returns:
        The store, and the path of the run's group in it: empty but for a zip with a folder around the run.

    Raises:
        OnionskinError: Nothing is there, or it is no run.
    """
    from zarr.storage import ZipStore

    from onionskin.recording.local import FolderStore

    text = str(location)
    if text.startswith(("http://", "https://")):
        from onionskin.recording.remote import RemoteStore

        return RemoteStore(text), ""
    path = Path(location)
    if not path.exists():
        raise OnionskinError(f"there is no run at {path}", fix=_neighbours(path))
    if path.is_dir():
        if not (path / "zarr.json").is_file():
            inside = sorted(p.parent.name for p in path.glob("*/zarr.json"))
            fix = f"did you mean {path / inside[0]}?" if inside else "give the folder that a recording made"
            raise OnionskinError(f"{path} is a folder, but no run: it has no zarr.json", fix=fix)
        return FolderStore(path, read_only=True), ""
    if not zipfile.is_zipfile(path):
        raise OnionskinError(f"{path} is neither a run folder nor a .zip", fix="give a run folder, a .zip or a URL")
    return ZipStore(path, mode="r"), root_in_zip(path)


def root_in_zip(path: Path) -> str:
    """Return the folder of a zip that holds the run: many zip tools put everything into one folder.

    Raises:
        OnionskinError: It holds no run, or a file larger than any of a run.
    """
    with zipfile.ZipFile(path) as archive:
        for member in archive.infolist():  # what a deflated one says here is also the most that is read of it
            if member.file_size > LARGEST_FILE:
                raise too_large(member.filename, member.file_size)
        documents = [PurePosixPath(n) for n in archive.namelist() if n.endswith("zarr.json")]
    roots = [str(d.parent) for d in documents if len(d.parts) <= 2]
    if "." in roots:
        return ""
    if len(roots) == 1:
        return roots[0]
    raise OnionskinError(f"{path} holds no run", fix="pack a run with 'onionskin pack RUN --zip'")


def _neighbours(path: Path) -> str:
    near = path.parent if path.parent.is_dir() else Path()
    runs = [p.parent.name for p in near.glob("*/zarr.json")] + [p.name for p in near.glob("*.zip")]
    listed = f"the runs in {near} are: {', '.join(sorted(runs)[:8])}" if runs else "record one: onionskin train mnist"
    return did_you_mean(path.name, runs, otherwise=listed)

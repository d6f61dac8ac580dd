"""Where a recording goes."""

from __future__ import annotations

import sys
from pathlib import Path


def default_path(script: str | Path | None = None) -> Path:
    """Return where a recording goes by default: ``runs/<script>-<n>`` in the current folder, the first free one."""
    if script is None:
        script = getattr(sys.modules.get("__main__"), "__file__", None) or "session"
    return free_path(Path("runs") / f"{Path(script).stem}-1")


def free_path(wanted: Path) -> Path:
    """Return ``wanted``, or where it exists the same name with the next free number."""
    if not wanted.exists():
        return wanted
    stem, _, number = wanted.name.rpartition("-")
    base, count = (stem, int(number)) if stem and number.isdigit() else (wanted.name, 1)
    while wanted.with_name(f"{base}-{count + 1}").exists():
        count += 1
    return wanted.with_name(f"{base}-{count + 1}")

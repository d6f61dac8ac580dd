"""Says under which licence a thing comes, before it is used for the first time on this machine."""

from __future__ import annotations

import sys
from contextlib import suppress

from onionskin.fetch.cache import cache_folder

#: Said in this process already: enough where the cache cannot be written.
_said: set[str] = set()


def show_once(key: str, text: str) -> None:
    """Print a licence notice on stderr, once for each key; that it was printed is remembered in the cache."""
    if key in _said:
        return
    _said.add(key)
    mark = cache_folder() / "licences" / key.replace("/", "-")
    if mark.is_file():
        return
    print(text, file=sys.stderr, flush=True)
    with suppress(OSError):
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.write_text(f"{text}\n", encoding="utf-8")

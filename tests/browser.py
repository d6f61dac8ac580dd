"""Opens a Chromium for the tests and the documentation's pictures, and installs one where there is none.

``python -m tests.browser --install`` is what ``make test`` runs. A Chromium or Chrome on the machine is used as it is;
else Playwright's own is fetched; else, on Debian as root, the distribution's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from onionskin.errors import OnionskinError
from onionskin.view.chromium import chromium as browser
from onionskin.view.chromium import found

__all__ = ["browser", "install"]


def _works() -> bool:
    try:
        with browser() as opened:
            return bool(opened.version)
    except OnionskinError:
        return False


def install() -> None:
    """Make sure that there is a Chromium. Raises SystemExit with what to do when none can be had."""
    if _works():
        return
    attempts = [[sys.executable, "-m", "playwright", "install", "chromium"]]
    if shutil.which("apt-get") and os.geteuid() == 0:
        attempts.append(["sh", "-c", "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium"])
    for attempt in attempts:
        done = subprocess.run(attempt, capture_output=True, text=True)
        if done.returncode == 0 and _works():
            return
    raise SystemExit("no Chromium could be installed\n  fix: install Chromium or Chrome, and run the tests again")


if __name__ == "__main__":
    if "--install" in sys.argv:
        install()
    print(found() or Path("Playwright's own Chromium"))

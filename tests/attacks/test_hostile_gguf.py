"""A GGUF file from a stranger costs no more than its size, and is loaded or refused with a remedy."""

from __future__ import annotations

import struct
import time
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from onionskin.errors import OnionskinError
from onionskin.learn.text import tokenizer
from onionskin.models import smollm2
from onionskin.models._gguf import read_gguf
from tests.models.small_gguf import small_model, write_gguf


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return write_gguf(tmp_path_factory.mktemp("gguf") / "small.gguf", small_model(), "Q8_0").read_bytes()


def opened(path: Path) -> None:
    """All that is done with such a file."""
    file = read_gguf(path)
    smollm2.pretrained(file)
    tokenizer.of_gguf(file, 100)


def test_cut_off_anywhere_it_is_refused(tmp_path: Path, content: bytes) -> None:
    opened_whole = tmp_path / "whole.gguf"
    opened_whole.write_bytes(content)
    opened(opened_whole)
    for size in np.linspace(1, len(content) - 64, 60).astype(int):
        (tmp_path / "cut.gguf").write_bytes(content[:size])
        with pytest.raises(OnionskinError):
            opened(tmp_path / "cut.gguf")


def test_with_any_byte_changed_it_is_loaded_or_refused(tmp_path: Path, content: bytes) -> None:
    stream = np.random.default_rng(0)
    header = content.index(b"token_embd.weight")
    for at in [*stream.integers(0, header + 2000, 120), *range(4, 24)]:
        changed = bytearray(content)
        changed[at] = int(stream.integers(256))
        (tmp_path / "odd.gguf").write_bytes(changed)
        began = time.perf_counter()
        with suppress(OnionskinError):  # every other error fails the test
            opened(tmp_path / "odd.gguf")
        assert time.perf_counter() - began < 10


@pytest.mark.parametrize(
    "rest",
    [
        struct.pack("<IQQ", 3, 2**63, 0),
        struct.pack("<IQQ", 3, 0, 2**63),
        struct.pack("<IQQQ", 3, 0, 1, 2**62) + b"x" * 40,
        struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q1sIIQ", 1, b"a", 9, 8, 2**61) + b"\0" * 64,
        struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q1sIIQ", 1, b"a", 9, 9, 1) + struct.pack("<IQ", 9, 1) * 20,
        struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sI4QIQ", 1, b"a", 4, *[2**62] * 4, 0, 0) + b"\0" * 64,
        struct.pack("<IQQ", 3, 1, 0) + struct.pack("<Q1sIQIQ", 1, b"a", 1, 32, 0, 2**63) + b"\0" * 64,
    ],
    ids=["tensors", "settings", "a name", "a list", "lists in lists", "a shape", "a place"],
)
def test_promises_of_more_than_the_file_has_cost_nothing(tmp_path: Path, rest: bytes) -> None:
    (tmp_path / "huge.gguf").write_bytes(b"GGUF" + rest)
    began = time.perf_counter()
    with pytest.raises(OnionskinError):
        read_gguf(tmp_path / "huge.gguf")
    assert time.perf_counter() - began < 2

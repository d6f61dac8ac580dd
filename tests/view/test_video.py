"""Videos and pictures of a real run, decoded again: every frame in its place, and no half of a file."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import av
import pytest
from PIL import Image

from onionskin.errors import OnionskinError
from onionskin.view.still import Shot, frames_of, kind_of, size_of, state_of
from onionskin.view.video import in_place, video
from tests.view.look import colours, difference


def _run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onionskin", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


def test_a_video_has_every_frame(digits: Path, tmp_path: Path) -> None:
    heard: list[tuple[int, int]] = []
    frames = range(0, 100, 10)
    video(digits, tmp_path / "d.mp4", frames, Shot(640, 360), progress=lambda *done: heard.append(done))
    with av.open(str(tmp_path / "d.mp4")) as film:
        images = [frame.to_image() for frame in film.decode(video=0)]  # type: ignore[no-untyped-call]  # PyAV's
    assert len(images) == 10
    assert images[0].size == (640, 360)
    assert all(difference(a, b) > 0.001 for a, b in pairwise(images))
    assert heard[-1] == (10, 10)
    assert list(tmp_path.iterdir()) == [tmp_path / "d.mp4"]


def test_an_animated_picture(digits: Path, tmp_path: Path) -> None:
    done = _run(
        "video", digits, tmp_path / "d.gif", "--frames", "0:9", "--size", "320x180", "--theme", "dark", "--json"
    )
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "d.gif") as film:
        assert film.size == (320, 180)
        assert 2 <= film.n_frames <= 10  # type: ignore[attr-defined]  # Pillow joins frames that are the same
        assert film.convert("L").resize((1, 1)).getpixel((0, 0)) < 80  # type: ignore[operator]  # a grey image's is a number


def test_a_picture(digits: Path, tmp_path: Path) -> None:
    done = _run("picture", digits, tmp_path / "d.png", "--frame", "40", "--at", "http://x/#run=z&view=probes&probe=3")
    assert done.returncode == 0, done.stderr
    with Image.open(tmp_path / "d.png") as image:
        assert image.size == (1280, 720)
        assert colours(image.convert("RGB")) > 100


def test_the_map_in_vectors(digits: Path, tmp_path: Path) -> None:
    done = _run("picture", digits, tmp_path / "d.svg", "--frame", "40", "--json")
    assert done.returncode == 0, done.stderr
    drawn = ElementTree.parse(tmp_path / "d.svg").getroot()  # a file of our own
    words = {text.text for text in drawn.iter("{http://www.w3.org/2000/svg}text")}
    assert {"fc1", "Linear 32 × 64", "output"} <= words
    images = [image.get("href") for image in drawn.iter("{http://www.w3.org/2000/svg}image")]
    assert len(images) >= 7
    assert all(image and image.startswith("data:image/png;base64,") for image in images)


def test_vectors_are_of_the_network_alone(digits: Path, tmp_path: Path) -> None:
    done = _run("picture", digits, tmp_path / "d.svg", "--view", "probes")
    assert done.returncode == 2
    assert "fix: make a .png instead" in done.stderr
    assert not list(tmp_path.iterdir())


def test_ctrl_c_leaves_nothing(digits: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "onionskin", "video", str(digits), str(tmp_path / "d.mp4")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until = time.monotonic() + 60
    while not list(tmp_path.iterdir()) and time.monotonic() < until:
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "nothing was written" in said
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("video", "RUN", "d.avi"), "d.avi is no mp4 or gif"),
        (("picture", "RUN", "d.jpg"), "d.jpg is no png or svg"),
        (("picture", "RUN", "nowhere/d.png"), "there is no folder"),
        (("picture", "RUN", "d.png", "--size", "99"), "'99' is no size"),
        (("picture", "RUN", "d.png", "--size", "641x360"), "odd side"),
        (("picture", "RUN", "d.png", "--frame", "9999"), "there is no frame 9999"),
        (("video", "RUN", "d.gif", "--frames", "5:2"), "holds no frame"),
        (("video", "RUN", "d.gif", "--frames", "a:b"), "are no frames"),
        (("video", "RUN", "d.gif", "--fps", "0"), "0 frames a second"),
    ],
)
def test_what_cannot_be_made_is_said_first(arguments: tuple[str, ...], said: str, digits: Path, tmp_path: Path) -> None:
    first, _, name, *options = arguments
    done = _run(first, digits, tmp_path / name, *options)
    assert done.returncode == 2
    assert said in done.stderr
    assert "fix:" in done.stderr
    assert not list(tmp_path.iterdir())


def test_words_of_the_command(digits: Path, tmp_path: Path) -> None:
    assert size_of("1280X720") == (1280, 720)
    assert kind_of(tmp_path / "a.MP4", ("mp4",)) == "mp4"
    assert state_of("#run=a&view=space&node=layer1.0/relu") == {"view": "space", "node": "layer1.0/relu"}
    assert Shot(state={"node": "a b"}).hash(3) == "#node=a%20b&still=1&frame=3"
    assert frames_of(digits, "3") == range(3, 4)
    assert frames_of(digits, "-2:")[-1] == frames_of(digits, ":")[-1]


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "taken.png").mkdir()
    with pytest.raises(OnionskinError, match="cannot be written"), in_place(tmp_path / "taken.png") as beside:
        beside.write_bytes(b"x")
    assert [path.name for path in tmp_path.iterdir()] == ["taken.png"]

"""What is handed over says what the model says: in onnxruntime, and in a real browser from a file, with no network."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pandas as pd
import pytest
import torch
from PIL import Image
from playwright.sync_api import Browser, Page
from sklearn.datasets import load_sample_image
from torch import Tensor, nn

import onionskin as osk
from onionskin.cli import main
from onionskin.learn.learner import Learner
from tests.browser import browser
from tests.learn.practice import make_texts_fixture
from tests.view.access import violations


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as opened:
        yield opened


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Parts of two real photos, a folder each."""
    root = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for name in ("china", "flower"):
        image = Image.fromarray(load_sample_image(f"{name}.jpg"))
        (root / name).mkdir()
        for i in range(6):
            (width, height) = (int(side) for side in rng.integers(120, 360, 2))
            x, y = int(rng.integers(0, image.width - width)), int(rng.integers(0, image.height - height))
            image.crop((x, y, x + width, y + height)).save(root / name / f"{i}.jpg", quality=90)
    return root


class Shown:
    """A page that is open from a file, with the network off."""

    def __init__(self, chromium: Browser, path: Path, **options: Any) -> None:
        context = chromium.new_context(**options)
        context.set_offline(True)
        self.page: Page = context.new_page()
        self.page.set_default_timeout(60_000)
        self.complaints: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(path.resolve().as_uri())
        self.page.wait_for_selector("[data-state=ready]")

    def values(self, before: str = "") -> list[float]:
        """Return the numbers of the answer, once they are other ones than before."""
        self.page.wait_for_function("b => (document.querySelector('.answer').dataset.values ?? '') !== b", arg=before)
        return list(json.loads(self.page.eval_on_selector(".answer", "e => e.dataset.values")))

    def close(self) -> None:
        assert not self.complaints
        assert all(url.startswith(("file:", "blob:")) for url in self.asked), self.asked
        self.page.context.close()


def _deployed(learner: Learner, folder: Path, *, page: bool = True) -> dict[str, Any]:
    report = learner.deploy(folder, page=page)
    assert report.facts["equal"], report.answer
    assert report.facts["examples"] == len(learner.domain.valid)
    told = json.loads((folder / "model.json").read_text())
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["model.onnx", "model.json", *(["predict.html"] if page else [])]
    )
    return dict(told)


def test_a_classifier_of_photos_in_the_browser(photos: Path, tmp_path: Path, chromium: Browser) -> None:
    """The lesson's end: the page answers as Python does on every real photo."""
    learner = osk.vision(photos)
    learner.fit(4, run=tmp_path / "run")
    told = _deployed(learner, tmp_path / "app")
    assert told["title"] == "china or flower?"
    shown = Shown(
        chromium, tmp_path / "app" / "predict.html", color_scheme="dark", viewport={"width": 390, "height": 800}
    )
    before, largest = "", 0.0
    turned, clear = tmp_path / "turned.jpg", tmp_path / "clear.png"
    with Image.open(photos / "china/3.jpg") as image:
        exif = image.getexif()
        exif[0x0112] = 6  # a phone held upright
        image.save(turned, exif=exif, quality=95)
        faded = image.convert("RGBA")
        faded.putalpha(Image.linear_gradient("L").resize(image.size))
        faded.save(clear)
    for path in [*sorted(photos.rglob("*.jpg"))[::4], turned, clear]:
        shown.page.set_input_files("#photo", path)
        values = shown.values(before)
        before = json.dumps(values, separators=(",", ":"))
        answer = learner.predict(path)
        apart = max(abs(a - b) for a, b in zip(values, answer.scores.values(), strict=True))
        assert apart < 0.01, path  # decoders of JPEG differ by a level here and there
        largest = max(largest, apart)
        assert shown.page.inner_text(".best") == answer.text
    print(f"largest difference of a probability: {largest:.1e}")
    assert shown.page.eval_on_selector("body", "e => e.scrollWidth <= e.clientWidth")
    assert not violations(shown)
    shown.page.set_input_files("#photo", {"name": "a.jpg", "mimeType": "image/jpeg", "buffer": b"no photo"})
    shown.page.wait_for_selector("text=a.jpg cannot be read here")
    shown.close()


def test_a_drawn_digit_in_the_browser(tmp_path: Path, chromium: Browser) -> None:
    learner = osk.vision("digits")
    learner.fit(8, run=tmp_path / "run")
    _deployed(learner, tmp_path / "app")
    shown = Shown(chromium, tmp_path / "app" / "predict.html")
    box = shown.page.locator("canvas.pad").bounding_box()
    assert box
    x, top, bottom = box["x"] + box["width"] / 2, box["y"] + 20, box["y"] + box["height"] - 20
    for pass_ in (-12, 0, 12):
        shown.page.mouse.move(x + pass_, top)
        shown.page.mouse.down()
        shown.page.mouse.move(x + pass_, bottom, steps=8)
        shown.page.mouse.up()
        drawn = shown.values()
    shown.page.wait_for_timeout(200)
    drawn = shown.values()
    assert shown.page.inner_text(".best") == "1"
    # What it was shown, as it stands on the page, is what Python makes the same of.
    pixels = shown.page.eval_on_selector(
        "canvas.seen",
        "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data].filter((_, i) => i % 4 === 0)",
    )
    x_ = torch.tensor(pixels, dtype=torch.float32).reshape(1, 1, 8, 8) / 255
    with torch.no_grad():
        mine = learner.model(learner.domain.standardised(x_)).softmax(1)[0]  # type: ignore[attr-defined]
    np.testing.assert_allclose(drawn, mine, atol=0.02)  # a canvas holds levels, the network was given more
    before = json.dumps(drawn, separators=(",", ":"))
    file = io.BytesIO()
    Image.fromarray(np.uint8(255 * np.eye(8))).save(file, "png")
    shown.page.set_input_files("#photo", {"name": "a.png", "mimeType": "image/png", "buffer": file.getvalue()})
    values = shown.values(before)
    np.testing.assert_allclose(values, list(learner.predict(file.getvalue()).scores.values()), atol=1e-5)
    shown.page.check("#invert")
    shown.values(json.dumps(values, separators=(",", ":")))
    shown.close()


def _frame() -> pd.DataFrame:
    """Rows of every kind of column, from which a price follows."""
    rng = np.random.default_rng(0)
    n = 300
    town = rng.choice(["Rome", "Oslo", "Ulm"], n)
    sold = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 700, n), "D")
    rooms = rng.integers(1, 8, n).astype(float)
    note = np.where(rng.random(n) < 0.4, "bright rooms and a garden", "on a quiet street")
    price = 1000 * rooms + 500 * (town == "Rome") + 300 * np.char.startswith(note, "bright") + rng.normal(0, 50, n)
    rooms[::9] = np.nan
    towns = [None if gone else str(name) for gone, name in zip(rng.random(n) < 0.1, town, strict=True)]
    notes = [f"{text}, number {i}" for i, text in enumerate(note)]
    lift = rng.random(n) < 0.5
    return pd.DataFrame({"rooms": rooms, "town": towns, "lift": lift, "sold": sold, "note": notes, "price": price})


def test_a_form_for_a_table_in_the_browser(tmp_path: Path, chromium: Browser) -> None:
    learner = osk.table(_frame(), target="price")
    learner.fit(6, run=tmp_path / "run")
    told = _deployed(learner, tmp_path / "app")
    assert told["title"] == "How much is price?"
    shown = Shown(chromium, tmp_path / "app" / "predict.html", timezone_id="Asia/Tokyo")
    assert shown.values()  # of what is usual
    rows: list[dict[str, Any]] = [
        {"rooms": 3.0, "town": "Rome", "lift": "True", "sold": "2023-05-02", "note": "Bright rooms!"},
        {"rooms": None, "town": None, "lift": "False", "sold": "2024-12-31", "note": "on a quiet street"},
        {"rooms": 7.5, "town": "Ulm", "lift": "True", "sold": None, "note": "nothing of the kind"},
    ]
    page = shown.page
    for row in rows:
        before = page.eval_on_selector(".answer", "e => e.dataset.values")
        for name, value in row.items():
            field = page.get_by_label(name, exact=True)
            if name in ("town", "lift"):
                field.select_option("" if value is None else value)
            else:
                field.fill("" if value is None else str(value))
        page.get_by_role("button", name="Predict").click()
        page.wait_for_timeout(300)
        (value,) = shown.values(before)
        given = {
            **row,
            "sold": None if row["sold"] is None else pd.Timestamp(row["sold"]),
            "lift": row["lift"] == "True",
        }
        assert value == pytest.approx(learner.predict(given).value, rel=1e-4)
    assert not violations(shown)
    shown.close()


def _texts() -> pd.DataFrame:
    good, bad = ("a lovely film", "warm and funny", "a joy"), ("dull and long", "wooden acting", "I fell asleep")
    texts = [f"{(good, bad)[i % 2][i % 3]} and {(good, bad)[i % 2][i // 7 % 3]}, number {i}" for i in range(120)]
    return pd.DataFrame({"text": texts, "said": [("good", "bad")[i % 2] for i in range(120)]})


@pytest.mark.parametrize("model", ["transformer", "bag"])
def test_a_text_in_the_browser(model: str, tmp_path: Path, chromium: Browser) -> None:
    learner = osk.text(_texts(), target="said", model=model)
    learner.fit(4, run=tmp_path / "run")
    _deployed(learner, tmp_path / "app")
    shown = Shown(chromium, tmp_path / "app" / "predict.html")
    before = ""
    for text in ("A lovely film, warm and FUNNY!", "wooden  acting: “I fell asleep”… größer 🙂 it's", "joy"):
        shown.page.get_by_label("A text").fill(text)
        values = shown.values(before)
        before = json.dumps(values, separators=(",", ":"))
        answer = learner.predict(text)
        np.testing.assert_allclose(values, list(answer.scores.values()), atol=1e-5)
        assert shown.page.inner_text(".best") == answer.text
    assert not violations(shown)
    shown.close()


def test_the_page_is_held_to_what_python_makes_of_texts() -> None:
    """The page's own tests read this file: where Python changes, it has to be written anew."""
    assert json.loads(make_texts_fixture.PLACE.read_text(encoding="utf-8")) == make_texts_fixture.content()


def test_without_a_page_the_report_says_why(tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {"user": np.arange(300) % 20, "item": np.arange(300) * 7 % 30, "rating": np.arange(300) % 5 + 1}
    )
    learner = osk.recommend(frame)
    report = learner.deploy(tmp_path / "app")
    assert report.facts["equal"], report.answer
    assert not report.facts["page"]
    assert "There is no page" in str(report)


def test_any_number_of_examples_go_in(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    _deployed(learner, tmp_path / "app", page=False)
    session = onnxruntime.InferenceSession(tmp_path / "app/model.onnx", providers=["CPUExecutionProvider"])
    for count in (1, 5):
        (said,) = session.run(None, {"pixels": np.zeros((count, 1, 8, 8), np.float32)})
        assert said.shape == (count, 10)
        np.testing.assert_allclose(said.sum(1), 1, atol=1e-5)


class Moody(nn.Module):
    """Looks at its input and takes one way or the other: a tracer keeps the one that it saw."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.model(x)
        return y if float(x.sum()) > self.limit(x) else -y

    def limit(self, x: Tensor) -> float:
        return float(x[0].mean() * x.numel())


def test_what_is_not_equal_is_not_called_so(tmp_path: Path) -> None:
    learner = osk.vision("digits")
    learner.domain.model = Moody(learner.model)
    report = learner.deploy(tmp_path / "app")
    assert not report.facts["equal"]
    assert not report.facts["page"]
    assert "is NOT equal to the model in PyTorch" in report.answer
    assert "Do not use the file" in str(report)
    assert not (tmp_path / "app/predict.html").exists()
    assert json.loads((tmp_path / "app/model.json").read_text())["equal_to_pytorch"] is False


def test_a_difference_is_seen() -> None:
    from onionskin.learn.exchange import Compared, _apart

    assert _apart(np.array([1.0, 1e6]), np.array([1.0, 1e6 + 10])) == pytest.approx(1e-5)
    assert _apart(np.array([np.nan, np.inf]), np.array([np.nan, np.inf])) == 0
    assert _apart(np.array([1.0]), np.array([np.nan])) == np.inf
    assert _apart(np.zeros(2), np.zeros(3)) == np.inf
    assert Compared(5, 1e-5, 0).is_equal
    assert not Compared(5, 1e-5, 1).is_equal
    assert not Compared(5, 1e-3, 0).is_equal


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/thesis.txt").write_text("years of work")
    learner = osk.vision("digits")
    with pytest.raises(osk.OnionskinError, match="holds no deployment"):
        learner.deploy(tmp_path / "mine")
    assert (tmp_path / "mine/thesis.txt").read_text() == "years of work"
    for _ in range(2):
        learner.deploy(tmp_path / "app", page=False)
    assert not [path for path in tmp_path.iterdir() if path.name.startswith(".")]


def test_from_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    osk.vision("digits").fit(1, run=tmp_path / "run")
    with pytest.raises(SystemExit) as ended:
        main(["deploy", str(tmp_path / "run"), "-o", str(tmp_path / "app"), "--no-page", "--json"])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["facts"]["equal"] is True
    assert (tmp_path / "app/model.onnx").exists()
    with pytest.raises(SystemExit) as ended:
        main(["deploy", str(tmp_path / "nowhere")])
    assert ended.value.code == 2
    assert "there is no" in capsys.readouterr().err

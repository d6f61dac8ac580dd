"""Photos and captions: two towers over frozen encoders beside ridge regression from features to features."""

from __future__ import annotations

import tempfile
from pathlib import Path

import onionskin as osk
from bench.learn_rows import Row


def measure(quick: bool) -> list[Row]:
    """Return recall among 50 unseen stamps, of captions and photos: the last epoch counts, which nobody chose."""
    names = {"caption_recall@1": "≥ .30", "caption_recall@10": "≥ .82", "photo_recall@1": "", "photo_recall@10": ""}
    baseline: dict[str, list[float]] = {name: [] for name in names}
    ours: dict[str, list[float]] = {name: [] for name in names}
    seconds = []
    for seed in range(1 if quick else 6):
        learner = osk.multimodal("stamps_captions", seed=seed)
        with tempfile.TemporaryDirectory() as folder:
            result = learner.fit(1 if quick else None, run=Path(folder) / "run")
            scalars = osk.open_run(Path(folder) / "run").scalars
            for name in names:
                ours[name].append(float(scalars[name][-1]))
                baseline[name].append(result.baselines[0].measured[name])
        seconds.append(result.seconds)
    told = {"caption": "stamps, the caption of a photo", "photo": "stamps, the photo of a caption"}
    return [
        Row(told[name.partition("_")[0]], name.partition("_")[2], "ridge, Lite0 → MiniLM", tuple(baseline[name]),
            tuple(ours[name]), bar, tuple(seconds), "50 unseen of 331; photos are cut out on white, some nearly alike")
        for name, bar in names.items()
    ]  # fmt: skip

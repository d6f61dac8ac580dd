"""The loss around the path of the weights, on the plane of its two main axes. Approximate, and it says in what.

Paper: Li, Xu, Taylor, Studer & Goldstein (2018), "Visualizing the Loss Landscape of Neural Nets", arXiv:1712.09913,
section 7.2: the axes are the main ones (PCA) of the matrix of all w_i - w_T, with w_T the last weights. The plane goes
through w_T. Buffers, such as the averages of batch normalization, stay those of the last frame.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.recording.landscape import (
    LEAST_RESOLUTION,
    MOST_RESOLUTION,
    Landscape,
    LandscapeEntry,
    save_landscape,
)
from onionskin.recording.reader import Run, open_run

Floats = npt.NDArray[np.float64]

#: The axes are those of at most so many frames, and so many have their own loss taken, evenly chosen of all.
MOST_FRAMES: Final = 400

#: What was computed is kept every so many seconds, in a file that no reader of runs looks at.
KEEP_SECONDS: Final = 2.0
PARTIAL: Final = ".landscape.partial.npz"


@dataclass(frozen=True)
class Problem:
    """What the loss is taken of.

    Attributes:
        model: Has the parameters of the run; its weights are overwritten.
        loss: The loss of a model in eval mode: the same for the same weights.
        source: Whose loss it is, for people.
        examples: How many examples it is the loss of; 0 where unknown.
    """

    model: nn.Module
    loss: Callable[[nn.Module], float | torch.Tensor]
    source: str
    examples: int = 0


class Survey:
    """A landscape that is about to be computed. ``for done in survey: …``, then ``survey.landscape``.

    What was computed before an interruption of the same survey is taken over.

    Args:
        location: The folder of a finished run that keeps exact weights.
        problem: The loss.
        resolution: Points of the grid along each axis.
        span: How far the grid goes beyond the path, as a share of the path's extent.

    Raises:
        OnionskinError: The run is no folder, still grows, has no exact weights or does not move; the model is another
            one; or the loss changes from call to call.
    """

    def __init__(self, location: str | Path, problem: Problem, *, resolution: int = 25, span: float = 0.3) -> None:
        if not LEAST_RESOLUTION <= resolution <= MOST_RESOLUTION:
            raise OnionskinError(f"a resolution of {resolution}", fix=f"give {LEAST_RESOLUTION} to {MOST_RESOLUTION}")
        if not 0 <= span <= 10:
            raise OnionskinError(f"a span of {span:g}", fix="give the share beyond the path, 0 to 10: --span 0.3")
        self._folder = Path(location)
        self._run = recorded(location)
        self._problem = problem
        self._names = _moving(problem.model, self._run, problem.source)
        self._last = self._vector(len(self._run.frames) - 1)
        problem.model.load_state_dict(self._run.weights(-1))
        problem.model.eval()
        self._axes, self._shares = self._main_axes()
        self._path = np.array([self._place(frame) for frame in range(len(self._run.frames))])
        box = _box(self._path, span)
        self._entry = LandscapeEntry(
            problem.source, problem.examples, resolution, *box, *self._shares, datetime.now(UTC).isoformat()
        )
        self._measured = _spread(len(self._path), MOST_FRAMES)
        self._points = self._all_points()
        self._losses = self._taken_over()
        self._check_loss()

    def __len__(self) -> int:
        return len(self._points)

    def __iter__(self) -> Iterator[int]:
        """Yield how many of the points are known, from those that were taken over on."""
        missing = np.flatnonzero(np.isnan(self._losses[:, 1]))
        done, kept = len(self) - len(missing), time.monotonic()
        yield done
        try:
            for i in missing:
                self._losses[i] = self._loss_at(self._points[i]), 1
                done += 1
                if time.monotonic() - kept > KEEP_SECONDS:
                    self._keep()
                    kept = time.monotonic()
                yield done
        except BaseException:
            self._keep()
            raise
        save_landscape(self._folder, self.landscape)
        (self._folder / PARTIAL).unlink(missing_ok=True)

    @property
    def landscape(self) -> Landscape:
        """The landscape as far as it is known: NaN elsewhere."""
        side = self._entry.resolution
        losses = np.full(len(self._path), np.nan)
        losses[self._measured] = self._losses[side**2 :, 0]
        steps = [frame.step for frame in self._run.frames]
        path = np.column_stack([steps, self._path, losses])
        return Landscape(self._entry, self._losses[: side**2, 0].reshape(side, side), path)

    def _vector(self, frame: int) -> Floats:
        """The moving parameters at a frame, end to end."""
        state = self._run.exact(frame)
        return np.concatenate([state[name].astype(np.float64).ravel() for name in self._names])

    def _main_axes(self) -> tuple[Floats, tuple[float, float]]:
        """Two orthonormal axes, (2, P), and the shares of the path's variance that they hold."""
        frames = _spread(len(self._run.frames), MOST_FRAMES)
        moves = np.stack([(self._vector(f) - self._last).astype(np.float32) for f in frames])  # (F, P)
        moves -= moves.mean(0)
        # F is far smaller than P: the axes come from the F × F products.
        sizes, mixes = np.linalg.eigh((moves @ moves.T).astype(np.float64))
        total = float(sizes.clip(0).sum())
        if not np.isfinite(total) or total <= 0:
            why = "do not move" if total == 0 else "are not finite at every frame"
            raise OnionskinError(
                f"the weights of {self._folder} {why}", fix="record a training that moves them: osk.watch"
            )
        axes, _ = np.linalg.qr((mixes[:, [-1, -2]].T @ moves).T.astype(np.float64))  # qr: orthonormal after rounding
        axes = axes.T
        start = axes @ (self._vector(0) - self._last)
        axes *= np.where(start > 0, -1, 1)[
            :, None
        ]  # the path comes from below on the left, and is not mirrored at random
        return axes, (float(sizes[-1] / total), float(max(sizes[-2], 0) / total))

    def _place(self, frame: int) -> Floats:
        """Where a frame lies on the plane, and its distance from it: x, y, off."""
        move = self._vector(frame) - self._last
        x, y = self._axes @ move
        off = np.linalg.norm(move - x * self._axes[0] - y * self._axes[1])
        return np.array([x, y, off])

    def _all_points(self) -> list[Floats | int]:
        """The grid row by row, then the frames whose own loss is taken."""
        e = self._entry
        grid = [
            np.array([x, y])
            for y in np.linspace(e.bottom, e.top, e.resolution)
            for x in np.linspace(e.left, e.right, e.resolution)
        ]
        return [*grid, *self._measured]

    def _loss_at(self, point: Floats | int) -> float:
        whole = self._last + point @ self._axes if isinstance(point, np.ndarray) else self._vector(point)
        parameters = dict(self._problem.model.named_parameters())
        offset = 0
        with torch.no_grad():
            for name in self._names:
                parameter = parameters[name]
                part = whole[offset : offset + parameter.numel()]
                parameter.copy_(torch.from_numpy(part).reshape(parameter.shape))
                offset += parameter.numel()
            return float(self._problem.loss(self._problem.model))

    def _check_loss(self) -> None:
        one, other = (self._loss_at(np.zeros(2)) for _ in range(2))
        if one != other and not np.isnan(one + other):
            raise OnionskinError(
                f"the loss of {self._problem.source} is {one:g} and then {other:g} for the same weights",
                fix="let it use the same examples every time, without dropout or augmentation",
            )

    def _key(self) -> str:
        """What tells this survey from another of the same run."""
        e = self._entry
        told = repr((e.source, e.examples, e.resolution, e.left, e.right, e.bottom, e.top, len(self._path)))
        return hashlib.sha256(told.encode()).hexdigest()

    def _taken_over(self) -> Floats:
        """(points, 2): losses, and 1 where they are known; those of an interrupted survey with the same key."""
        path = self._folder / PARTIAL
        try:
            with np.load(path, allow_pickle=False) as kept:
                losses: Floats = kept["losses"]
                if str(kept["key"]) == self._key() and losses.shape == (len(self), 2):
                    return losses
        except (OSError, ValueError, KeyError):
            pass  # there is none, or a kill has cut it off: then it is computed anew
        return np.full((len(self), 2), np.nan)

    def _keep(self) -> None:
        path = self._folder / PARTIAL
        beside = path.with_name(f"{path.name}.new")
        with beside.open("wb") as file:
            np.savez(file, key=np.array(self._key()), losses=self._losses)
        beside.replace(path)


def recorded(location: str | Path) -> Run:
    """Open a run that a landscape can be computed for. Raises OnionskinError for any other, with the remedy."""
    run = open_run(location)
    if not Path(location).is_dir():
        raise OnionskinError(
            f"{location} is no folder: a landscape is written into the run",
            fix="unpack or copy the run into a folder, compute it there, and pack it again: onionskin pack RUN --zip",
        )
    if run.is_growing:
        raise OnionskinError(f"{location} is still being recorded", fix="wait until the training has ended")
    if not run.manifest.exact:
        raise OnionskinError(
            f"{location} keeps no exact weights: its model has {run.manifest.model.parameters:,} parameters",
            fix="record a model of up to 100,000 parameters; its whole weights are then kept at every frame",
        )
    if len(run.frames) < 3:
        raise OnionskinError(f"{location} has {len(run.frames)} frames", fix="a path takes three: train longer")
    return run


def _moving(model: nn.Module, run: Run, source: str) -> list[str]:
    """The names of the floating-point parameters, if the model is that of the run. Raises OnionskinError."""
    recorded = {entry.name: entry.shape for entry in run.manifest.exact}
    state = {name: tuple(value.shape) for name, value in model.state_dict().items()}
    wrong = next((n for n in [*state, *recorded] if state.get(n) != recorded.get(n)), None)
    if wrong is not None:
        have, want = recorded.get(wrong, "none"), state.get(wrong, "none")
        raise OnionskinError(
            f"{source} does not build the model of this run: '{wrong}' has shape {want} there and {have} in the run",
            fix="name what the run was trained with: a training such as digits, or its script",
        )
    return [name for name, parameter in model.named_parameters() if parameter.is_floating_point()]


def _spread(count: int, most: int) -> list[int]:
    """Return up to ``most`` of ``count`` numbers, evenly chosen, the first and the last with them."""
    return sorted({round(i) for i in np.linspace(0, count - 1, min(count, most))})


def _box(path: Floats, span: float) -> tuple[float, float, float, float]:
    """Return left, right, bottom and top of a square around the path: a distance is as long across as up."""
    low, high = path[:, :2].min(0), path[:, :2].max(0)
    middle, half = (low + high) / 2, float((high - low).max()) * (0.5 + span)
    return (float(middle[0] - half), float(middle[0] + half), float(middle[1] - half), float(middle[1] + half))

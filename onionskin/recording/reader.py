"""Opens a run, growing or finished, and gives its arrays as NumPy, each read when it is asked for."""

from __future__ import annotations

import contextlib
import importlib
import time
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.recording.codes import decode
from onionskin.recording.fields import broken
from onionskin.recording.manifest import STATISTICS, Manifest, ProbeArray, TensorEntry, manifest_from_json
from onionskin.recording.space import Space, SpaceLayer
from onionskin.recording.statistics import COLUMN
from onionskin.recording.status import MODEL_FILE, Dropped, Note, Overhead, Status, Warned, status_from_json
from onionskin.recording.stores import open_store
from onionskin.recording.writer import FRAME_COLUMNS
from onionskin.shown import ShowsItself

if TYPE_CHECKING:
    import zarr

    from onionskin.recording.landscape import Landscape
    from onionskin.recording.manifest import Graph
    from onionskin.recording.peel import Peel

Array = npt.NDArray[Any]

#: A recorder spaces frames by its budget: nobody has recorded more. A run that claims so is not read.
MOST_FRAMES: Final = 1_000_000
MOST_STEPS: Final = 100_000_000


def open_run(location: str | Path) -> Run:
    """Open a run folder, a ``.zip`` of one, or the ``http(s)://`` address of one.

    It may still grow: what was read stays as it was until :meth:`Run.refresh`.

    Raises:
        OnionskinError: Nothing is there, it is no run, it has a newer format, or it is damaged.
    """
    return Run(location)


@dataclass(frozen=True)
class Frame:
    """One recorded moment: its place among the frames, its step, seconds since the start, and what it cost (s)."""

    index: int
    step: int
    time: float
    cost: float


class Run(ShowsItself):
    """One recorded training. Made by :func:`open_run`."""

    def __init__(self, location: str | Path) -> None:
        self.location = str(location)
        self._store, self._root = open_store(location)
        self._arrays: dict[str, zarr.Array[Any]] = {}
        self.manifest: Manifest
        self.status: Status
        self.refresh()

    def __repr__(self) -> str:
        state = "growing" if self.is_growing else "finished"
        return f"<Run {self.location}: {self.manifest.model.type}, {len(self.frames)} frames, {state}>"

    def _where(self) -> str:
        return self.location

    def refresh(self) -> None:
        """Read again what a growing run has added. Raises OnionskinError."""
        self._arrays.clear()
        for cached in ("frames", "scalars", "tensors", "probes", "space", "statistics"):
            self.__dict__.pop(cached, None)
        self.manifest = manifest_from_json(self.attributes("", "onionskin"))
        self.status = status_from_json(self.attributes("status", "status"))

    @property
    def is_growing(self) -> bool:
        """Whether somebody still records it, by a fresh look."""
        self.status = status_from_json(self.attributes("status", "status"))
        return self.status.is_growing(time.time())

    @property
    def steps(self) -> npt.NDArray[np.int64]:
        """The steps that scalars were recorded for: 0 (before the first) to the last; (steps,)."""
        return np.arange(self._rows("scalars"))

    @cached_property
    def scalars(self) -> Mapping[str, npt.NDArray[np.float64]]:
        """Every scalar by name, (steps,) each, NaN where it was not logged. ``time`` is seconds, ``lr`` the rate."""
        return _Scalars(self)

    @cached_property
    def frames(self) -> Sequence[Frame]:
        """The frames in order."""
        if not self.has_array("frames"):
            return ()
        rows = self._rows("frames")
        if rows > MOST_FRAMES:
            raise broken(f"it says that it has {rows:,} frames")
        table = self.read("frames", slice(None))
        if table.shape[1:] != (len(FRAME_COLUMNS),) or not _climbs(table[:, 0]):
            raise broken("its frames are not in the order of their steps")
        return tuple(Frame(i, int(row[0]), float(row[1]), float(row[2])) for i, row in enumerate(table))

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Every recorded tensor by its key: ``weight/conv1.weight``, ``gradient/…``, ``activation/…``."""
        return _Tensors({t.key: Tensor(self, i, t) for i, t in enumerate(self.manifest.tensors)})

    @cached_property
    def statistics(self) -> npt.NDArray[np.float32]:
        """(frames, tensors, statistics): the tensors as in :attr:`tensors`, the columns as in ``STATISTICS``."""
        if not self.manifest.tensors or not self.frames:
            return np.full((len(self.frames), len(self.manifest.tensors), len(STATISTICS)), np.nan, np.float32)
        return self.read("statistics", slice(0, len(self.frames)))

    @property
    def graph(self) -> Graph:
        """The network as data flows through it."""
        return self.manifest.graph

    @cached_property
    def probes(self) -> RunProbes:
        """The fixed inputs, and what the model made of them at every frame."""
        return RunProbes(self)

    @cached_property
    def space(self) -> RunSpace | None:
        """What a model with two inputs answers on an even grid of them, at every frame; None for other models."""
        return None if self.manifest.space is None else RunSpace(self, self.manifest.space)

    @property
    def warnings(self) -> tuple[Warned, ...]:
        """What went less well than asked while recording."""
        return self.status.warnings

    @property
    def health(self) -> tuple[Note, ...]:
        """What the health checks noticed while recording."""
        return self.status.health

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Frames that were due and not kept, and why."""
        return self.status.dropped

    @property
    def overhead(self) -> Overhead:
        """What recording cost; ``run.overhead.share`` is the share of wall time."""
        return self.status.overhead

    def exact(self, frame: int) -> dict[str, Array]:
        """Return the whole state dict at a frame, as NumPy arrays by name (bfloat16 as float32).

        Raises:
            OnionskinError: The model was too large for exact weights, or there is no such frame.
        """
        if not self.manifest.exact:
            raise OnionskinError(
                f"{self.location} keeps no exact weights: its model has {self.manifest.model.parameters:,} parameters",
                fix="they are kept for models of up to 100,000 parameters; look at the pictures instead",
            )
        index = self.frame_index(frame)
        rows = {a: self.read(f"exact/{a}", index) for a in {e.array for e in self.manifest.exact}}
        state = {}
        for entry in self.manifest.exact:
            part = rows[entry.array][entry.offset : entry.offset + entry.count]
            if len(part) != entry.count:
                raise broken(f"the exact values of '{entry.name}' are cut short")
            state[entry.name] = _restored(part, entry.dtype).reshape(entry.shape)
        return state

    def weights(self, frame: int) -> dict[str, Any]:
        """Return the state dict at a frame as PyTorch tensors: ``model.load_state_dict(run.weights(12))``.

        Raises:
            OnionskinError: As :meth:`exact`; or PyTorch is not installed.
        """
        arrays = self.exact(frame)
        try:
            torch = importlib.import_module("torch")  # only here, only when asked: a run opens without PyTorch
        except ImportError as error:
            raise OnionskinError(
                "PyTorch is not installed",
                fix="pip install 'onionskin[torch]', or use run.exact(frame) for NumPy",
            ) from error
        dtypes = {entry.name: getattr(torch, entry.dtype) for entry in self.manifest.exact}
        return {name: torch.from_numpy(array).to(dtypes[name]) for name, array in arrays.items()}

    def onnx(self) -> bytes:
        """Return the model as ONNX, with its weights as inputs: ``exact/<name>`` takes ``run.exact(frame)[name]``.

        Raises:
            OnionskinError: The run keeps none.
        """
        content = self.file(MODEL_FILE)
        if content is None:
            raise OnionskinError(
                f"{self.location} keeps no {MODEL_FILE}",
                fix="it is kept when a training of up to 100,000 parameters ends and onnx is there: "
                "pip install 'onionskin[try]', and record it again with probes",
            )
        return content

    def file(self, path: str) -> bytes | None:
        """Return a file of the run that is no array, or None where there is none. Raises OnionskinError."""
        from zarr.core.buffer import default_buffer_prototype
        from zarr.core.sync import sync

        with _reading(path, self.location):
            content = sync(self._store.get(f"{self._root}/{path}".strip("/"), default_buffer_prototype()))
        return None if content is None else bytes(content.to_bytes())

    def practice(self, name: str) -> bytes:
        """Return the JSON of a report of the practice; ``run.manifest.practice`` lists them. Raises OnionskinError."""
        from onionskin.recording.practice import read_practice

        return read_practice(self, name)

    @property
    def landscape(self) -> Landscape | None:
        """The loss around the path of the weights; None before ``onionskin landscape`` has computed it."""
        from onionskin.recording.landscape import read_landscape

        return read_landscape(self)

    @property
    def peel(self) -> Peel | None:
        """The model as programs of several levels, and their arrays; None where none was written."""
        from onionskin.recording.peel import read_peel

        return read_peel(self)

    def frame_index(self, frame: int) -> int:
        """Return a frame's index, counted from the end where negative. Raises OnionskinError outside the run."""
        count = len(self.frames)
        if not -count <= frame < count:
            raise OnionskinError(
                f"there is no frame {frame} in {self.location}",
                fix=f"it has {count} frames, from 0 to {count - 1}",
            )
        return frame % count

    def has_array(self, name: str) -> bool:
        """Return whether the run has an array of this name."""
        try:
            self.open(name)
        except FileNotFoundError:
            return False
        return True

    def read(self, name: str, *selection: int | slice) -> Array:
        """Return a part of an array as NumPy. Raises OnionskinError when it is not there or damaged."""
        try:
            array = self.open(name)
        except FileNotFoundError:
            raise broken(f"'{name}' is missing") from None
        with _reading(name, self.location):
            return np.asarray(array[selection])

    def _rows(self, name: str) -> int:
        return int(self.open(name).shape[0]) if self.has_array(name) else 0

    def open(self, name: str) -> zarr.Array[Any]:
        """Open an array once, and check what it declares before anything is allocated for it."""
        if name in self._arrays:
            return self._arrays[name]
        from onionskin.recording.guard import open_array

        with _reading(name, self.location):
            array = open_array(self._store, f"{self._root}/{name}".strip("/"))
        if name == "scalars" and array.shape[0] > MOST_STEPS:
            raise broken(f"it says that it has {array.shape[0]:,} steps")
        self._arrays[name] = array
        return array

    def attributes(self, group: str, key: str) -> object:
        """Return an attribute of a group, as it stands there. Raises OnionskinError when it is absent."""
        import zarr

        path = f"{self._root}/{group}".strip("/")
        try:
            with _reading(group or "zarr.json", self.location):
                attributes = zarr.open_group(self._store, path=path, mode="r").attrs.asdict()
        except FileNotFoundError:
            raise OnionskinError(
                f"there is no run at {self.location}", fix="give a run folder, a .zip of one, or its address"
            ) from None
        if key not in attributes:
            raise OnionskinError(
                f"{self.location} is a Zarr group, but no run: it has no '{key}'",
                fix="give a folder that Onionskin made",
            )
        return attributes[key]


class Tensor:
    """One recorded tensor in one role. ``run.tensors['weight/conv1.weight']``."""

    def __init__(self, run: Run, index: int, entry: TensorEntry) -> None:
        self._run = run
        self._index = index
        self.entry = entry

    def __repr__(self) -> str:
        return f"<Tensor {self.entry.key} {list(self.entry.shape)}, {self.entry.showing}>"

    def picture(self, frame: int) -> npt.NDArray[np.float32] | None:
        """Return the kept values at a frame, in the shape ``entry.kept``; None where the frame has none."""
        scale = float(self.statistic("scale")[self._run.frame_index(frame)])
        if np.isnan(scale):
            return None
        start = self.entry.offset
        part = slice(start, start + self.entry.count)
        codes = self._run.read(f"pictures/{self.entry.role}", self._run.frame_index(frame), part)
        if codes.size != self.entry.count or codes.dtype != np.int16:
            raise broken(f"the picture of '{self.entry.key}' has {codes.size} {codes.dtype} values")
        return decode(codes, scale).reshape(self.entry.kept)

    def statistic(self, name: str) -> npt.NDArray[np.float32]:
        """Return one statistic at every frame, (frames,); NaN where the frame has none."""
        if name not in COLUMN:
            raise OnionskinError(
                f"there is no statistic '{name}'",
                fix=did_you_mean(name, STATISTICS, otherwise=f"choose one of: {', '.join(STATISTICS)}"),
            )
        column: npt.NDArray[np.float32] = self._run.statistics[:, self._index, COLUMN[name]]
        return column


class RunProbes:
    """The probes of a run: their inputs, and outputs and embedding at every frame."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.entry = run.manifest.probes

    def __len__(self) -> int:
        return self.entry.count

    @property
    def labels(self) -> tuple[int, ...]:
        """The right answer of each probe; empty where not known."""
        return self.entry.labels

    @property
    def classes(self) -> tuple[str, ...]:
        """A name for each class; empty where not known."""
        return self.entry.classes

    def inputs(self) -> list[Array]:
        """Return the inputs, each with the probe as first axis."""
        return [self._run.read(f"probes/input/{i}", slice(None)) for i in range(len(self.entry.inputs))]

    def outputs(self, frame: int) -> list[Array]:
        """Return the model's outputs at a frame, each with the probe as first axis; NaN where it gave none."""
        if not self.entry.outputs:
            return []
        row = self._run.read("probes/outputs", self._run.frame_index(frame))
        return [_part(row, part) for part in self.entry.outputs]

    def embedding(self, frame: int) -> Array | None:
        """Return the input of the last linear layer at a frame, (probes, values); None where not followed."""
        if self.entry.embedding is None:
            return None
        return _part(self._run.read("probes/embedding", self._run.frame_index(frame)), self.entry.embedding)


class RunSpace:
    """The input space of a run: the answers of every output, and of hidden units, on an even grid of two inputs."""

    def __init__(self, run: Run, entry: Space) -> None:
        self._run = run
        self.entry = entry

    def axes(self, node: str) -> tuple[Array, Array]:
        """Return the first and the second input at the places of a layer's maps: (columns,) and (rows,)."""
        side = self.entry.kept_side(self._layer(node))
        low, high = self.entry.low, self.entry.high
        return np.linspace(low[0], high[0], side), np.linspace(low[1], high[1], side)

    def maps(self, node: str, frame: int) -> npt.NDArray[np.float32] | None:
        """Return the maps of an output or a hidden layer at a frame; None where the frame has none.

        Args:
            node: The name of the output or the graph node, as ``run.space.entry.layers`` lists them.
            frame: Counted from 0, from the end where negative.

        Returns:
            (units, rows, columns): the unit ``layer.chosen[i]``, for each second and each first input.
        """
        layer, index = self._layer(node), self._run.frame_index(frame)
        first = sum(len(before.chosen) for before in self.entry.layers[: self.entry.layers.index(layer)])
        scales = self._run.read("space/scales", index, slice(first, first + len(layer.chosen)))
        count = self.entry.count(layer)
        codes = self._run.read("space/maps", index, slice(layer.offset, layer.offset + count))
        if codes.size != count or codes.dtype != np.int16 or scales.size != len(layer.chosen):
            raise broken(f"the maps of '{node}' are cut short")
        if np.isnan(scales).any():
            return None
        side = self.entry.kept_side(layer)
        each = [decode(part, float(s)) for part, s in zip(codes.reshape(len(scales), -1), scales, strict=True)]
        return np.stack(each).reshape(-1, side, side)

    def _layer(self, node: str) -> SpaceLayer:
        layers = {layer.node: layer for layer in self.entry.layers}
        if node not in layers:
            fix = did_you_mean(node, layers, otherwise=f"there are: {', '.join(layers)}")
            raise _NoSuchKeyError(f"the input space has no '{node}'", fix=fix)
        return layers[node]


class _Scalars(Mapping[str, npt.NDArray[np.float64]]):
    """Reads a column of the scalar table when it is asked for."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._names: dict[str, int] = {}
        if run.has_array("scalars"):
            names = run.open("scalars").attrs.asdict().get("names")
            if not isinstance(names, list) or not all(isinstance(n, str) for n in names):
                raise broken("the names of its scalars are missing")
            self._names = {str(name): i for i, name in enumerate(names)}

    def __getitem__(self, name: str) -> npt.NDArray[np.float64]:
        if name not in self._names:
            known = ", ".join(self._names) or "none were logged"
            fix = did_you_mean(name, self._names, otherwise=f"the scalars are: {known}")
            raise _NoSuchKeyError(f"no scalar '{name}' in {self._run.location}", fix=fix)
        return self._run.read("scalars", slice(None), self._names[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


class _Tensors(Mapping[str, Tensor]):
    """The tensors by key, with a remedy for a key that is not there."""

    def __init__(self, tensors: dict[str, Tensor]) -> None:
        self._tensors = tensors

    def __getitem__(self, key: str) -> Tensor:
        if key not in self._tensors:
            fix = did_you_mean(key, self._tensors, otherwise="list(run.tensors) names them: 'weight/conv1.weight'")
            raise _NoSuchKeyError(f"no tensor '{key}'", fix=fix)
        return self._tensors[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)


class _NoSuchKeyError(OnionskinError, KeyError):
    """An OnionskinError that ``Mapping.get`` and ``in`` understand."""


@contextlib.contextmanager
def _reading(name: str, location: str) -> Iterator[None]:
    """Turn whatever a damaged or distant store raises into one error that names the place."""
    try:
        yield
    except (OnionskinError, FileNotFoundError):
        raise
    except OSError as error:
        if not location.startswith("http"):
            raise broken(f"'{name}' cannot be read ({error})") from error
        raise OnionskinError(f"{location} cannot be reached: {error}", fix="check the address and try again") from error
    except (ValueError, TypeError, KeyError, IndexError, EOFError, RuntimeError, zlib.error) as error:
        raise broken(f"'{name}' cannot be read ({type(error).__name__}: {error})") from error


def _part(row: Array, part: ProbeArray) -> Array:
    size = int(np.prod(part.shape))
    values = row[part.offset : part.offset + size]
    if len(values) != size:
        raise broken(f"the values of '{part.name}' are cut short")
    return values.reshape(part.shape)


def _restored(values: Array, dtype: str) -> Array:
    """Return exact values in their own type; complex ones lie as pairs of real and imaginary parts."""
    if dtype.startswith("complex"):
        return values.view(np.complex64 if values.dtype == np.float32 else np.complex128)
    return values.astype(np.float32 if dtype == "bfloat16" else np.dtype(dtype))


def _climbs(steps: Array) -> bool:
    return bool(np.isfinite(steps).all() and (np.diff(steps) > 0).all() and (len(steps) == 0 or steps[0] >= 0))

"""What a run says of itself once: the model, its tensors and which values are kept, the graph, the probes.

It stands in the attributes of the run's root group under ``onionskin``; FORMAT.md lists every field.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.recording.fields import Fields, broken
from onionskin.recording.landscape import LandscapeEntry, landscape_from_json
from onionskin.recording.peel import PeelEntry, peel_from_json
from onionskin.recording.practice import MOST_REPORTS, PracticeEntry, practice_from_json
from onionskin.recording.space import Space, space_from_json
from onionskin.recording.subgrid import kept_shape

#: The format that this version writes, and the newest that it reads.
FORMAT_VERSION: Final = 1

#: The roles of tensors; each has its own array of pictures.
ROLES: Final = ("weight", "gradient", "activation", "optimizer")

#: Types of a state dict's entries whose values a float32 row holds exactly.
NARROW_DTYPES: Final = frozenset({"float32", "float16", "bfloat16", "complex64", "bool", "uint8", "int8", "int16"})

#: Types that take a float64 row. An integer beyond 2^53 would lose its last bits there.
WIDE_DTYPES: Final = frozenset({"float64", "complex128", "int32", "int64"})

EXACT_DTYPES: Final = NARROW_DTYPES | WIDE_DTYPES

#: The columns of the ``statistics`` array. FORMAT.md says how each is measured.
STATISTICS: Final = (
    "norm",
    "mean",
    "std",
    "min",
    "max",
    "zeros",
    "nan",
    "inf",
    "ratio",
    "dead",
    "scale",
)


@dataclass(frozen=True)
class TensorEntry:
    """One tensor of the model in one role, and the sub-grid of it that every frame keeps.

    Attributes:
        name: As the model names it: ``conv1.weight``, or the graph node for an activation.
        role: One of :data:`ROLES`.
        shape: The whole tensor's shape. For an activation the first axis is the probe.
        dtype: PyTorch's or NumPy's name of its type, such as ``bfloat16``.
        strides: One stride an axis; ``picture[i, j] = tensor[i * strides[0], j * strides[1]]``.
        offset: Where its kept values begin in a row of the ``pictures/<role>`` array.
        measured: How many values its statistics are taken from; all of them where this is its size.
        module: The path of the module that owns it; empty for the model itself.
        aliases: Other names of the same tensor (tied weights).
    """

    name: str
    role: str
    shape: tuple[int, ...]
    dtype: str
    strides: tuple[int, ...]
    offset: int
    measured: int
    module: str = ""
    aliases: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The name that is unique in the run: ``weight/conv1.weight``."""
        return f"{self.role}/{self.name}"

    @property
    def kept(self) -> tuple[int, ...]:
        """The shape of the sub-grid that is kept."""
        return kept_shape(self.shape, self.strides)

    @property
    def size(self) -> int:
        """How many values the tensor has."""
        return math.prod(self.shape)

    @property
    def count(self) -> int:
        """How many of them a frame keeps."""
        return math.prod(self.kept)

    @property
    def showing(self) -> str:
        """The honest line: ``showing 4,096 of 2,359,296``."""
        if self.count == self.size:
            return f"showing all {self.size:,}"
        return f"showing {self.count:,} of {self.size:,}"


@dataclass(frozen=True)
class Node:
    """One node of the graph: an input, a module, a function such as ``add``, or an output.

    Attributes:
        id: Unique: the module's path, with ``#2`` for its second call, or ``path/function``.
        kind: ``input``, ``module``, ``function`` or ``output``.
        type: The module's class or the function's name.
        group: The path of the module it stands in; empty at the top.
        layer: Its place along the flow, within its group.
        lane: Its place across the flow, within its group, in node widths; 0 is the middle.
        tensors: Names of the weights it owns.
        shape: The shape of what it puts out, probes first; empty when unknown.
    """

    id: str
    kind: str
    type: str
    group: str = ""
    layer: int = 0
    lane: float = 0.0
    tensors: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()


@dataclass(frozen=True)
class Group:
    """A module with modules inside, which the page can open and close.

    Attributes:
        path: The module's path.
        type: Its class.
        group: The path of the module around it.
        layer, lane: As for a node: where the closed group stands within the group around it.
        like: The path of an earlier group with the same inner structure (a repeated block); empty if none.
    """

    path: str
    type: str
    group: str = ""
    layer: int = 0
    lane: float = 0.0
    like: str = ""


@dataclass(frozen=True)
class Edge:
    """Data that flows from one node to another."""

    source: str
    target: str


@dataclass(frozen=True)
class Graph:
    """The network as data flows through it, with its layout. ``partial`` says what could not be followed."""

    nodes: tuple[Node, ...] = ()
    groups: tuple[Group, ...] = ()
    edges: tuple[Edge, ...] = ()
    partial: str = ""


@dataclass(frozen=True)
class ProbeArray:
    """One input or output of the probes: its name, shape and type, and where a flat row holds it."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    offset: int = 0
    is_image: bool = False


@dataclass(frozen=True)
class Probes:
    """The fixed inputs that the model is shown at every frame.

    Attributes:
        count: How many.
        inputs: The arrays ``probes/input/<i>``; ``is_image`` where one can be looked at.
        outputs: Parts of each row of ``probes/outputs``.
        embedding: The part of a row of ``probes/embedding``: the input of the last linear layer.
        labels: The right answer of each probe, where known.
        classes: A name for each class, where known.
    """

    count: int = 0
    inputs: tuple[ProbeArray, ...] = ()
    outputs: tuple[ProbeArray, ...] = ()
    embedding: ProbeArray | None = None
    labels: tuple[int, ...] = ()
    classes: tuple[str, ...] = ()


@dataclass(frozen=True)
class ExactEntry:
    """One entry of the state dict, kept whole at every frame: where it lies in ``exact/<array>``."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    array: str
    offset: int

    @property
    def count(self) -> int:
        """How many numbers of the row it takes; a complex value takes two."""
        return math.prod(self.shape) * (2 if self.dtype.startswith("complex") else 1)


@dataclass(frozen=True)
class Model:
    """What was watched: its class, and how many parameters it has and trains."""

    type: str
    parameters: int
    trainable: int


@dataclass(frozen=True)
class Budget:
    """The share of wall time that was asked for, and the frame spacing in steps if one was asked for."""

    asked: float
    every: int | None = None


@dataclass(frozen=True)
class Thinned:
    """What a copy of a run leaves out of what was recorded.

    Attributes:
        frames: How many frames were recorded.
        left_out: What is left out, in words: ``180 of 231 frames``.
        was_growing: Whether the run was still being recorded when it was copied.
    """

    frames: int
    left_out: tuple[str, ...] = ()
    was_growing: bool = False


@dataclass(frozen=True)
class Manifest:
    """Everything that a run says once. It is written anew only when tensors join the model, or something is added."""

    model: Model
    title: str = ""
    created: str = ""
    tags: tuple[str, ...] = ()
    software: dict[str, str] = field(default_factory=dict)
    budget: Budget = field(default_factory=lambda: Budget(asked=1.0))
    tensors: tuple[TensorEntry, ...] = ()
    graph: Graph = field(default_factory=Graph)
    probes: Probes = field(default_factory=Probes)
    exact: tuple[ExactEntry, ...] = ()
    thinned: Thinned | None = None
    space: Space | None = None
    landscape: LandscapeEntry | None = None
    peel: PeelEntry | None = None
    practice: tuple[PracticeEntry, ...] = ()

    def width(self, role: str) -> int:
        """Return how many values a row of ``pictures/<role>`` has."""
        return max((t.offset + t.count for t in self.tensors if t.role == role), default=0)

    def exact_width(self, dtype: str) -> int:
        """Return how many numbers a row of ``exact/<dtype>`` has."""
        return max((entry.offset + entry.count for entry in self.exact if entry.array == dtype), default=0)

    def to_json(self) -> dict[str, Any]:
        """Return the attributes of the root group."""
        content = asdict(self)
        for rare in ("thinned", "landscape", "peel"):
            if content[rare] is None:
                del content[rare]
        if not self.practice:
            del content["practice"]
        return {"format": FORMAT_VERSION, "statistics": list(STATISTICS), "roles": list(ROLES), **content}


def manifest_from_json(content: object) -> Manifest:
    """Read a manifest that may come from a stranger.

    Raises:
        OnionskinError: It is no manifest, of a newer version, or contradicts itself.
    """
    top = Fields(content, "manifest")
    version = top.whole("format")
    if version != FORMAT_VERSION:
        raise OnionskinError(
            f"this run has format {version}; this Onionskin reads format {FORMAT_VERSION}",
            fix="update with 'pip install -U onionskin', or record the run again",
        )
    if top.texts("statistics") != STATISTICS:
        raise broken("its statistics are not those of format 1")
    space = top.optional("space", top.inner)
    manifest = Manifest(
        model=_model(top.inner("model")),
        title=top.text("title", otherwise=""),
        created=top.text("created", otherwise=""),
        tags=top.texts("tags"),
        software=_software(top.inner("software")),
        budget=_budget(top.inner("budget")),
        tensors=top.items("tensors", _tensor),
        graph=_graph(top.inner("graph")),
        probes=_probes(top.inner("probes")),
        exact=top.items("exact", _exact),
        thinned=top.optional("thinned", lambda name: _thinned(top.inner(name))),
        space=None if space is None else space_from_json(space),
        landscape=top.optional("landscape", lambda name: landscape_from_json(top.inner(name))),
        peel=top.optional("peel", lambda name: peel_from_json(top.inner(name))),
        practice=top.items("practice", practice_from_json),
    )
    keys = [tensor.key for tensor in manifest.tensors]
    if len(set(keys)) != len(keys):
        raise broken("two tensors have one name")
    reports = {entry.name for entry in manifest.practice}
    if len(reports) != len(manifest.practice) or len(reports) > MOST_REPORTS:
        raise broken(f"it lists {len(manifest.practice)} reports, {len(reports)} of them by a name of their own")
    return manifest


def _model(f: Fields) -> Model:
    return Model(type=f.text("type"), parameters=f.whole("parameters"), trainable=f.whole("trainable"))


def _software(f: Fields) -> dict[str, str]:
    return {name: f.text(name) for name in ("onionskin", "python", "torch", "machine") if f.optional(name, f.text)}


def _budget(f: Fields) -> Budget:
    return Budget(asked=f.number("asked"), every=f.optional("every", f.whole))


def _tensor(f: Fields) -> TensorEntry:
    entry = TensorEntry(
        name=f.text("name"),
        role=f.text("role"),
        shape=f.shape("shape"),
        dtype=f.text("dtype"),
        strides=f.shape("strides"),
        offset=f.whole("offset"),
        measured=f.whole("measured"),
        module=f.text("module", otherwise=""),
        aliases=f.texts("aliases"),
    )
    if entry.role not in ROLES:
        raise broken(f"tensor '{entry.name}' has the role '{entry.role}'")
    if len(entry.strides) != len(entry.shape) or 0 in entry.strides:
        raise broken(f"tensor '{entry.name}' has shape {entry.shape} and strides {entry.strides}")
    return entry


def _node(f: Fields) -> Node:
    return Node(
        id=f.text("id"),
        kind=f.text("kind"),
        type=f.text("type"),
        group=f.text("group", otherwise=""),
        layer=f.whole("layer"),
        lane=f.number("lane"),
        tensors=f.texts("tensors"),
        shape=f.shape("shape"),
    )


def _group(f: Fields) -> Group:
    return Group(
        path=f.text("path"),
        type=f.text("type"),
        group=f.text("group", otherwise=""),
        layer=f.whole("layer"),
        lane=f.number("lane"),
        like=f.text("like", otherwise=""),
    )


def _graph(f: Fields) -> Graph:
    graph = Graph(
        nodes=f.items("nodes", _node),
        groups=f.items("groups", _group),
        edges=f.items("edges", lambda e: Edge(source=e.text("source"), target=e.text("target"))),
        partial=f.text("partial", otherwise=""),
    )
    ids = {node.id for node in graph.nodes}
    paths = {group.path for group in graph.groups}
    for edge in graph.edges:
        if edge.source not in ids or edge.target not in ids:
            raise broken(f"an edge goes from '{edge.source}' to '{edge.target}', and one of them is no node")
    for around in [node.group for node in graph.nodes] + [group.group for group in graph.groups]:
        if around and around not in paths:
            raise broken(f"'{around}' is no group of the graph")
    for group in graph.groups:  # a path that extends its parent's cannot be part of a circle
        if group.group and not group.path.startswith(f"{group.group}."):
            raise broken(f"group '{group.path}' says that it stands in '{group.group}'")
    return graph


def _probe_array(f: Fields) -> ProbeArray:
    return ProbeArray(
        name=f.text("name"),
        shape=f.shape("shape"),
        dtype=f.text("dtype"),
        offset=f.whole("offset", otherwise=0),
        is_image=f.flag("is_image", otherwise=False),
    )


def _probes(f: Fields) -> Probes:
    embedding = f.optional("embedding", f.inner)
    return Probes(
        count=f.whole("count"),
        inputs=f.items("inputs", _probe_array),
        outputs=f.items("outputs", _probe_array),
        embedding=None if embedding is None else _probe_array(embedding),
        labels=f.wholes("labels"),
        classes=f.texts("classes"),
    )


def _exact(f: Fields) -> ExactEntry:
    entry = ExactEntry(
        name=f.text("name"),
        shape=f.shape("shape"),
        dtype=f.text("dtype"),
        array=f.text("array"),
        offset=f.whole("offset"),
    )
    if entry.array not in ("float32", "float64") or entry.dtype not in EXACT_DTYPES:
        raise broken(f"the exact values of '{entry.name}' are {entry.dtype} in '{entry.array}'")
    return entry


def _thinned(f: Fields) -> Thinned:
    return Thinned(
        frames=f.whole("frames"),
        left_out=f.texts("left_out"),
        was_growing=f.flag("was_growing", otherwise=False),
    )

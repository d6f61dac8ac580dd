"""The run folder, the only contract between what records a training and everything that looks at it.

Write one with :class:`RunWriter`, open one with :func:`open_run`, pack one with :func:`pack`. FORMAT.md describes
it array by array. Nothing here imports PyTorch.
"""

from __future__ import annotations

from onionskin.recording.landscape import Landscape, LandscapeEntry, read_landscape, save_landscape
from onionskin.recording.manifest import (
    Budget,
    Edge,
    ExactEntry,
    Graph,
    Group,
    Manifest,
    Model,
    Node,
    ProbeArray,
    Probes,
    TensorEntry,
    Thinned,
)
from onionskin.recording.pack import pack
from onionskin.recording.peel import Peel, PeelArray, PeelProgram, PeelStep, read_peel, save_peel
from onionskin.recording.reader import Frame, Run, RunProbes, Tensor, open_run
from onionskin.recording.status import Dropped, Note, Overhead, Status, Warned
from onionskin.recording.writer import FrameData, RunWriter

__all__ = [
    "Budget",
    "Dropped",
    "Edge",
    "ExactEntry",
    "Frame",
    "FrameData",
    "Graph",
    "Group",
    "Landscape",
    "LandscapeEntry",
    "Manifest",
    "Model",
    "Node",
    "Note",
    "Overhead",
    "Peel",
    "PeelArray",
    "PeelProgram",
    "PeelStep",
    "ProbeArray",
    "Probes",
    "Run",
    "RunProbes",
    "RunWriter",
    "Status",
    "Tensor",
    "TensorEntry",
    "Thinned",
    "Warned",
    "open_run",
    "pack",
    "read_landscape",
    "read_peel",
    "save_landscape",
    "save_peel",
]

"""A learner as files: safetensors and JSON, which say what it is and do nothing. Loading runs no code of theirs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from onionskin import registry
from onionskin.errors import OnionskinError
from onionskin.learn import domains
from onionskin.learn.domain import Domain

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

DESCRIPTION: Final = "learner.json"
WEIGHTS: Final = "model.safetensors"

#: What a saved learner lies in within its run folder.
IN_A_RUN: Final = "learner"

_VERSION: Final = 1

#: No description is longer (bytes): a vocabulary of 50,000 words takes one.
_MOST_BYTES: Final = 32 * 2**20


def save(learner: Learner, folder: Path, *, whole: bool = True) -> Path:
    """Write a learner into a folder, in place of one that is there, and return the folder.

    Args:
        learner: What to save.
        folder: The folder to make.
        whole: Whether weights that an installed package has are written as well, so that nothing else is needed.

    Raises:
        OnionskinError: The folder has something else in it, or cannot be written; what was there before stands.
    """
    if folder.exists() and not (folder / DESCRIPTION).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise OnionskinError(f"{folder} exists and holds no learner", fix="choose a folder that is new or empty")
    d = learner.domain
    state = d.model.state_dict()
    left_out = set() if whole else d.packaged()
    told = {
        "onionskin": _VERSION,
        "domain": d.name,
        "settings": d.settings,
        "fitted": d.fitted(),
        "seed": learner.seed,
        "understood": d.understood.what,
        "whole": not left_out,
        "measured": dict(learner.result.measured) if learner.result else {},
        "examples": learner.result.examples if learner.result else 0,
    }
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        (beside / DESCRIPTION).write_text(json.dumps(told, indent=1, allow_nan=True), encoding="utf-8")
        save_file({n: t.detach().clone().contiguous() for n, t in state.items() if n not in left_out}, beside / WEIGHTS)
        if folder.exists():
            shutil.rmtree(folder)
        beside.replace(folder)
    except (OSError, SafetensorError) as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise OnionskinError(
            f"{folder} cannot be written: {error}", fix="choose another place, or make room"
        ) from error
    return folder


def load(path: str | Path, *, data: Any = None) -> Learner:
    """Return a learner as it was saved. Nothing in the files is run.

    Args:
        path: A folder that :meth:`Learner.save` made, or the run folder of a training.
        data: What it was made from, where that was a DataFrame or has moved. Without it the learner answers, and looks
            for its data again when it is asked about them.

    Raises:
        OnionskinError: There is no learner, it is damaged or hostile, or of another version.
    """
    from onionskin.learn.learner import Learner

    folder = _folder(Path(path))
    told = _described(folder / DESCRIPTION)
    kind: type[Domain] = registry.load(domains, told["domain"]).DOMAIN
    try:
        domain = kind.restored(told["settings"], told["fitted"], whole=bool(told["whole"]))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        raise _damaged(folder, f"{type(error).__name__}: {error}") from error
    _load_weights(domain, folder / WEIGHTS)
    domain.model.eval()
    learner = Learner(domain, seed=int(told["seed"]))
    learner.run = folder.parent if folder.name == IN_A_RUN and (folder.parent / "zarr.json").is_file() else None
    learner.is_trained = bool(told.get("measured"))
    if data is not None:
        learner.open_data(data)
    return learner


def is_one(path: str | Path) -> bool:
    """Return whether a path is a folder with a learner."""
    return any((folder / DESCRIPTION).is_file() for folder in (Path(path), Path(path) / IN_A_RUN))


def _load_weights(domain: Domain, path: Path) -> None:
    """Load the weights of a model, which has to have just these. Raises OnionskinError."""
    try:
        with safe_open(path, "pt") as file:
            state = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118  it is no dict
        missing, unexpected = domain.model.load_state_dict(state, strict=False)
    except (SafetensorError, OSError, RuntimeError) as error:
        raise _damaged(path.parent, str(error).splitlines()[0]) from error
    wrong = [*unexpected, *(name for name in missing if name not in domain.packaged())]
    if wrong:
        raise _damaged(path.parent, f"'{wrong[0]}' is in only one of weights and model")


def is_saved(path: str | Path) -> bool:
    """Return whether a learner lies in a folder, or in a run folder."""
    return any((folder / DESCRIPTION).is_file() for folder in (Path(path), Path(path) / IN_A_RUN))


def _folder(path: Path) -> Path:
    for folder in (path, path / IN_A_RUN):
        if (folder / DESCRIPTION).is_file():
            return folder
    if not path.exists():
        raise OnionskinError(f"there is no {path}", fix="give the folder of a saved learner, or of a run of `train`")
    raise OnionskinError(f"{path} holds no learner", fix="give what learner.save(…) or `onionskin train` made")


def _described(path: Path) -> dict[str, Any]:
    if path.stat().st_size > _MOST_BYTES:
        raise _damaged(path.parent, f"{DESCRIPTION} has {path.stat().st_size:,} bytes")
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path.parent, f"{DESCRIPTION} is no JSON: {error}") from error
    wanted = {"onionskin": int, "domain": str, "settings": dict, "fitted": dict, "seed": int, "whole": bool}
    wrong = next((n for n, kind in wanted.items() if not isinstance(told, dict) or not isinstance(told.get(n), kind)),
                 None)  # fmt: skip
    if wrong:
        raise _damaged(path.parent, f"{DESCRIPTION} has no '{wrong}'")
    if told["onionskin"] != _VERSION:
        raise OnionskinError(f"{path.parent} is a learner of version {told['onionskin']}; this reads {_VERSION}",
                             fix="load it with the version of Onionskin that saved it")  # fmt: skip
    known: Mapping[str, Any] = told
    return dict(known)


def _damaged(folder: Path, why: str) -> OnionskinError:
    return OnionskinError(
        f"the learner in {folder} cannot be loaded: {why}", fix="save it again, or fetch another copy"
    )

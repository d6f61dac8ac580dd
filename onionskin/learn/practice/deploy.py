"""Hand a model over: an ONNX file that says the same as PyTorch does, and one page that predicts with nothing else.

learner.deploy("bears-app")
# bears-app/model.onnx    for any program with an ONNX runtime: pixels in, probabilities out
# bears-app/model.json    what goes in and what comes out
# bears-app/predict.html  open it: it runs the model in the browser, and asks no network
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from onionskin import __version__
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Portable
from onionskin.learn.exchange import TOLERANCE, Answering, Compared, as_onnx, compared
from onionskin.learn.goals import Goal
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.number import Number
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.report import Block, Caution, Report, Table, Text
from onionskin.learn.report.blocks import Cell

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

MODEL: Final = "model.onnx"
DESCRIPTION: Final = "model.json"
PAGE: Final = "predict.html"

_VERSION: Final = 1


def deploy(learner: Learner, folder: Path, *, page: bool = True) -> Report:
    """Write a model for others into a folder, and say whether it answers as it does in PyTorch.

    Every example that was held out is asked of both. Where they do not agree, the report says so and no page is made.

    Args:
        learner: A trained learner with its data.
        folder: The folder to make, or one that an earlier deployment made.
        page: Whether to make the page as well.

    Raises:
        OnionskinError: The model cannot be written as ONNX, a package is missing, the folder holds something else, or
            the disk is full; what was there before stands.
    """
    _check_folder(folder)
    if not len(learner._with_data().domain.valid):
        raise OnionskinError("there are no examples to compare on", fix="open the learner with its data")
    d = learner.domain
    d.model.eval()
    portable = d.portable()
    answering = Answering(portable.model, d.goal)
    content = as_onnx(portable, answering, d.valid)
    same = compared(content, portable, answering, d.valid)
    told = _described(learner, portable, answering, same)
    files: dict[str, bytes] = {MODEL: content, DESCRIPTION: json.dumps(told, indent=1).encode()}
    has_page = page and same.is_equal and portable.page is not None
    if has_page:
        from onionskin.learn.page import page_with

        files[PAGE] = page_with(content, told)
    _write(folder, files)
    return _report(
        folder, files, portable, same, wants_page=page, where=d.shown(same.first).where if same.first >= 0 else ""
    )


def _described(learner: Learner, portable: Portable, answering: Answering, same: Compared) -> dict[str, Any]:
    """Return what goes in, what comes out, and how good it was."""
    d, result = learner.domain, learner.result
    return {
        "onionskin_deployment": _VERSION,
        "made_with": f"onionskin {__version__}",
        "domain": d.name,
        "title": _title(d.goal, d.name),
        "inputs": [{"name": name, "is": what} for name, what in portable.inputs.items()],
        "outputs": list(answering.names),
        "goal": _goal(d.goal),
        "page": portable.page,
        "measured": f"{d.goal.shown(result.measured)} on {result.examples:,} held-out examples" if result else "",
        "equal_to_pytorch": same.is_equal,
        "largest_difference": same.largest,
    }


def _goal(goal: Goal) -> Mapping[str, Any]:
    if isinstance(goal, OneOf | AnyOf):
        return {"kind": "one_of" if isinstance(goal, OneOf) else "any_of", "classes": list(goal.classes)}
    return {"kind": "number", "name": goal.name} if isinstance(goal, Number) else {"kind": "other"}


def _title(goal: Goal, domain: str) -> str:
    """Return what the model is asked."""
    if isinstance(goal, OneOf | AnyOf):
        few = ", ".join(goal.classes[:-1]) + f" or {goal.classes[-1]}?"
        return (
            few
            if len(few) <= 60
            else f"Which of {len(goal.classes)} {'labels' if isinstance(goal, AnyOf) else 'classes'}?"
        )
    return f"How much is {goal.name}?" if isinstance(goal, Number) else domain


def _report(
    folder: Path, files: Mapping[str, bytes], portable: Portable, same: Compared, *, wants_page: bool, where: str
) -> Report:
    size = len(files[MODEL]) / 1e6
    if same.is_equal:
        answer = (
            f"{folder / MODEL} ({size:.2g} MB) answers as PyTorch does on all {same.examples:,} held-out examples; "
            f"the largest difference of two numbers is {same.largest:.1e}."
        )
    else:
        answer = (
            f"{folder / MODEL} is NOT equal to the model in PyTorch: {same.others:,} of {same.examples:,} held-out "
            f"examples have another answer, and numbers differ by up to {same.largest:.1e}."
        )
    blocks: list[Block] = []
    if not same.is_equal:
        first = f"; the first that differs is {where}" if where else ""
        fix = "its forward depends on values as ONNX does not keep it (a branch, a loop): hand over learner.save()"
        blocks.append(Caution(f"Do not use the file{first}.", fix))
    elif wants_page and portable.page is None:
        blocks.append(Caution(f"There is no page: {portable.why_no_page}.", "the ONNX file runs in any program"))
    rows: list[list[Cell]] = [[name, round(len(content) / 1e6, 2), _FOR[name]] for name, content in files.items()]
    blocks.append(Table(["file", "MB", "for"], rows))
    blocks.append(Table(["goes in", "is"], [[name, what] for name, what in portable.inputs.items()]))
    blocks.append(
        Text(f"Equal means: the same answer for every example, and no two numbers apart by more than {TOLERANCE:g}.")
    )
    facts = {"examples": same.examples, "equal": same.is_equal, "largest_difference": same.largest,
             "other_answers": same.others, "page": PAGE in files, "megabytes": size}  # fmt: skip
    return Report("deploy", "Is what is handed over the same model?", answer, blocks, facts)


_FOR: Final = {
    MODEL: "any program with an ONNX runtime",
    DESCRIPTION: "people and programs: what goes in, what comes out",
    PAGE: "anyone with a browser: it runs the model there, and asks no network",
}


def _check_folder(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())) and not _is_ours(folder / DESCRIPTION):
        raise OnionskinError(f"{folder} exists and holds no deployment", fix="choose a folder that is new or empty")


def _is_ours(path: Path) -> bool:
    try:
        return "onionskin_deployment" in json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError):
        return False


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write all files, or none."""
    beside = folder.with_name(f".{folder.name}.{os.getpid()}")
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir(parents=True)
        for name, content in files.items():
            (beside / name).write_bytes(content)
        if folder.exists():
            shutil.rmtree(folder)
        beside.replace(folder)
    except OSError as error:
        shutil.rmtree(beside, ignore_errors=True)
        raise OnionskinError(f"{folder} cannot be written: {error.strerror or error}",
                             fix="choose another place, or make room on the disk") from error  # fmt: skip

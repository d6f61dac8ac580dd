"""``onionskin lab``: ask a question by an experiment on this machine."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from onionskin.cli.talk import progress, say, with_torch
from onionskin.errors import OnionskinError

#: What a shell expects of a command that was ended by Ctrl-C.
_INTERRUPTED = 130

#: As of a command that met an error, where the other questions were asked all the same.
_ERROR = 2

HELP = "ask a question by an experiment on this machine, and see the answers so far"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "question",
        nargs="?",
        metavar="QUESTION",
        help="which one; 'all' for every one, 'merge' to take in "
        "another lab's file, 'golf' to enter a small network, 'pages' to write the answers again; without it all are "
        "listed",
    )
    parser.add_argument(
        "file",
        nargs="?",
        type=Path,
        metavar="FILE",
        help="of 'merge': the other lab's lab.sqlite; of 'golf': the entry",
    )
    parser.add_argument("--quick", action="store_true", help="an answer in 20 seconds, with wide intervals")
    parser.add_argument("--seeds", type=int, help="exactly so many rounds (default: as many as it takes)")
    parser.add_argument(
        "--resume", action="store_true", help="go on with what was stopped; of 'all': ask what has no answer yet"
    )
    parser.add_argument("--engine", default="local", help="local, or ray for a cluster (default: local)")
    parser.add_argument("--address", help="of a Ray cluster, such as 10.0.0.1:6379")
    parser.add_argument(
        "--into", type=Path, default=Path("lab"), metavar="FOLDER", help="where it is kept (default: lab)"
    )
    parser.add_argument("--json", action="store_true", help="print the answer, or the list, as one JSON object")


def do(options: argparse.Namespace) -> int:
    if options.question is None:
        return _list(options)
    if options.question == "merge":
        return _merge(options)
    if options.question == "golf":
        return _submit(options)
    if options.question == "pages":
        with_torch("onionskin.lab.shelf").write_all(options.into)
        say(f"written to {options.into / 'answers'}")
        return 0
    if options.question == "all":
        return _all(options)
    return _ask(options.question, options, resume=options.resume)


def _all(options: argparse.Namespace) -> int:
    """Ask every question; one that cannot be asked stops no other. ``--resume`` leaves out what has its answer."""
    code = 0
    for name in with_torch("onionskin.lab.question").names():
        try:
            stands = "new"
            if options.resume:
                stands = with_torch("onionskin.lab.asking").standing(name, options.into, is_quick=options.quick)
            if stands == "answered":
                say(f"{name}: has its answer")
            elif (came := _ask(name, options, resume=stands == "stopped")) == _INTERRUPTED:
                return came
        except OnionskinError as error:
            say(f"error: {name}: {error}")
            code = _ERROR
    return code


def _ask(name: str, options: argparse.Namespace, *, resume: bool) -> int:
    asking = with_torch("onionskin.lab.asking").Asking(
        name, options.into, is_quick=options.quick, seeds=options.seeds, resume=resume, engine=options.engine,
        address=options.address,
    )  # fmt: skip
    say(f"{asking.question.asks}\nclaim: {asking.question.claim}")
    if asking.had:
        say(f"going on after {asking.had:,} trials")
    try:
        with progress() as bar:
            task = bar.add_task(name, total=asking.seconds, note="warming up")
            for done in asking:
                left = f"{done.done:,} trials, round {done.round}, at most {done.seconds_left:.0f} s left  {done.note}"
                bar.update(task, completed=asking.seconds - done.seconds_left, note=left)
            bar.update(task, completed=asking.seconds)
    except KeyboardInterrupt:
        again = " ".join(["onionskin lab", options.question, *(["--quick"] if options.quick else []), "--resume"])
        say(f"stopped; what was measured is kept, and '{again}' goes on")
        return _INTERRUPTED
    page = asking.pages()
    answer = with_torch("onionskin.lab.asking").answered(page)
    if options.json:
        print(json.dumps(answer, ensure_ascii=False, allow_nan=False), flush=True)
    else:
        with_torch("onionskin.lab.terminal").show(answer, is_short=options.question == "all")
    say(f"kept in {page}; look at all of them with: onionskin view {options.into}")
    return 0


def _list(options: argparse.Namespace) -> int:
    found: list[dict[str, Any]] = with_torch("onionskin.lab.told").listed(options.into)
    if options.json:
        print(json.dumps({"questions": found}, ensure_ascii=False, allow_nan=False), flush=True)
    else:
        with_torch("onionskin.lab.terminal").show_list(found)
    return 0


def _submit(options: argparse.Namespace) -> int:
    if options.file is None:
        raise OnionskinError(
            "no entry was given", fix="onionskin lab golf ENTRY.json, with ENTRY.safetensors beside it"
        )
    verified = with_torch("onionskin.lab.golf.board").submit(options.file)
    if options.json:
        print(json.dumps({key: getattr(verified, key) for key in ("task", "parameters", "bits", "score")}), flush=True)
    else:
        print(f"{verified.task}: {verified.score:.2%} with {verified.parameters:,} parameters, {verified.bits:,} bits")
    say("the board ranks it: onionskin lab smallest")
    return 0


def _merge(options: argparse.Namespace) -> int:
    count, names = with_torch("onionskin.lab.shelf").merge(options.into, options.file)
    if options.json:
        print(json.dumps({"sessions": count, "questions": names}), flush=True)
    else:
        print(f"{count:,} askings came in" + (f": {', '.join(names)}" if names else "; all of them were here already"))
    return 0

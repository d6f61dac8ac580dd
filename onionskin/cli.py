"""The command line: parses, calls the public functions, prints. Anything else belongs to them."""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import webbrowser
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from onionskin import __version__
from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    from onionskin.recording.reader import Run
    from onionskin.recording.status import Note
    from onionskin.watch.script import Program

#: What a command that met an error of the user's exits with.
_ERROR = 2

#: What a shell expects of a command that was ended by Ctrl-C.
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code: 0, or 2 after an error that says what to do."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        code: int | Program = options.do(options)
    except OnionskinError as error:
        _say(f"error: {error}")
        code = _ERROR
    except BrokenPipeError:  # the reader of our output went away: not an error, and nothing more can be printed
        sys.stdout = None
        code = 0
    # A script runs out here: its own errors are not ours to print, whatever their class.
    sys.exit(code if isinstance(code, int) else code())


class _Parser(argparse.ArgumentParser):
    """Says which command or option was probably meant."""

    def error(self, message: str) -> NoReturn:
        if "invalid choice" in message and "COMMAND" in message:
            wrong = message.split("'")[1]
            fix = did_you_mean(wrong, COMMANDS, otherwise=f"the commands are: {', '.join(COMMANDS)}")
            message = f"there is no command '{wrong}'\n  fix: {fix}"
        else:
            message = f"{message}\n  fix: see '{self.prog} --help'"
        _say(f"error: {message}")
        sys.exit(_ERROR)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="onionskin", description="See a neural network learn, and peel it down to arithmetic.")
    parser.add_argument("--version", action="version", version=f"onionskin {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    train = commands.add_parser("train", help="train a small network on real data, recorded and shown live")
    train.add_argument("name", help="digits (seconds) or mnist (half a minute)")
    train.add_argument("--run", type=Path, help="the run folder to make (default: runs/<name>-<n>)")
    train.add_argument("--seed", type=int, default=0, help="the same seed gives the same numbers (default: 0)")
    train.add_argument("--budget", type=float, default=0.1, help="share of time recording may take (default: 0.1)")
    train.add_argument("--view", action=argparse.BooleanOptionalAction, default=True, help="open the live page")
    train.add_argument("--json", action="store_true", help="print the result as one JSON object")
    train.set_defaults(do=_train)

    watch = commands.add_parser("watch", help="run a PyTorch script unchanged, and record its training")
    watch.add_argument("--run", type=Path, help="the run folder to make (default: runs/<script>-<n>)")
    watch.add_argument("--budget", type=float, default=0.02, help="share of time recording may take (default: 0.02)")
    watch.add_argument("-m", dest="module", action="store_true", help="SCRIPT is a module, as in python -m")
    watch.add_argument("script", metavar="SCRIPT", help="a Python file")
    watch.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="its own arguments")
    watch.set_defaults(do=_watch)

    view = commands.add_parser("view", help="show runs in the browser, growing or finished")
    view.add_argument("runs", nargs="*", metavar="RUN|DIR", default=["runs"], help="runs or folders (default: runs)")
    view.add_argument("--host", default="127.0.0.1", help="where to listen (default: this machine only)")
    view.add_argument("--port", type=int, help="the port (default: the first free one from 8700)")
    view.add_argument("--open", action=argparse.BooleanOptionalAction, default=True, help="open the browser")
    view.add_argument("--json", action="store_true", help="print the address as one JSON object")
    view.set_defaults(do=_view)

    info = commands.add_parser("info", help="say what a run holds")
    info.add_argument("location", metavar="RUN", help="a run folder, a .zip or a URL")
    info.add_argument("--json", action="store_true", help="print it as one JSON object")
    info.set_defaults(do=_info)

    health = commands.add_parser("health", help="check a run: what went wrong in its training, and where")
    health.add_argument("location", metavar="RUN", help="a run folder, a .zip or a URL")
    health.add_argument("--json", action="store_true", help="print the notes as a JSON list")
    health.set_defaults(do=_health)

    pack = commands.add_parser("pack", help="pack a run into few files; closes one that was killed")
    pack.add_argument("location", metavar="RUN", help="a run folder")
    pack.add_argument("--zip", action="store_true", help="write RUN.zip as well: one file that opens as a run")
    pack.add_argument("--json", action="store_true", help="print the result as one JSON object")
    pack.set_defaults(do=_pack)
    return parser


#: Every command, in the order of the help.
COMMANDS = ("train", "watch", "view", "info", "health", "pack")


# ---------------------------------------------------------------------- commands


def _train(options: argparse.Namespace) -> int:
    vision = _with_torch("onionskin.learn.vision")
    run = options.run or Path("runs") / f"{options.name}-1"
    training = vision.Training(options.name, run=_free(run, asked=options.run is not None), seed=options.seed,
                               budget=options.budget)  # fmt: skip
    path = training.recorder.path
    with _viewer(path) if options.view else nullcontext() as address:
        _say(f"recording to {path}" + (f", live at {address}" if address else ""))
        if address and _can_open_a_browser():
            webbrowser.open(address)
        try:
            for _ in _with_progress(training, options.name):
                pass
        except KeyboardInterrupt:
            training.recorder.close("KeyboardInterrupt")
            _say(f"stopped; what was trained so far is in {path}")
            return _INTERRUPTED
        result = training.result
        _say(f"{100 * result.accuracy:.1f} % of {len(training.images.test_y):,} held-out images, "
             f"{result.steps:,} steps in {result.seconds:.0f} s")  # fmt: skip
        if options.json:
            print(json.dumps({**asdict(result), "run": str(result.run), "address": address}), flush=True)
        if address and sys.stdout.isatty():
            _say(f"the page stays at {address} until Ctrl-C")
            with suppress(KeyboardInterrupt):
                _wait()
        else:
            _say(f"look again with: onionskin view {path}")
    return 0


def _watch(options: argparse.Namespace) -> Program:
    from onionskin.watch.script import load

    return load(options.script, options.arguments, is_module=options.module, run=options.run, budget=options.budget)


def _view(options: argparse.Namespace) -> int:
    from onionskin.view import Shown, serve

    def ready(shown: Shown) -> None:
        if options.json:
            print(json.dumps({"address": shown.address, "runs": shown.runs}), flush=True)
        else:
            count = f"{len(shown.runs)} runs" if len(shown.runs) > 1 else shown.runs[0]
            print(f"showing {count} at {shown.address} until Ctrl-C", flush=True)
        if options.open and _can_open_a_browser():
            webbrowser.open(shown.address)

    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options.runs, host=options.host, port=options.port, ready=ready))
    return 0


def _info(options: argparse.Namespace) -> int:
    from onionskin.recording.reader import open_run

    run = open_run(options.location)
    facts = _facts(run)
    if options.json:
        print(json.dumps(facts))
        return 0
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None, pad_edge=False)
    for name, value in facts.items():
        table.add_row(name, _shown(value))
    Console().print(table)
    return 0


def _health(options: argparse.Namespace) -> int:
    from onionskin.health import check_all, history_of
    from onionskin.recording.reader import open_run

    notes = check_all(history_of(open_run(options.location)))
    if options.json:
        print(json.dumps([asdict(note) for note in notes]))
        return 0
    _print_notes(notes)
    return 0


def _pack(options: argparse.Namespace) -> int:
    from onionskin.recording.pack import pack

    with _progress() as bar:
        task = bar.add_task("packing", note="")
        packed = pack(
            options.location,
            zipped=options.zip,
            progress=lambda done, of: bar.update(task, completed=done, total=of),
        )
        bar.update(task, completed=1, total=1)
    size = packed.stat().st_size if packed.is_file() else sum(p.stat().st_size for p in packed.rglob("*"))
    if options.json:
        print(json.dumps({"path": str(packed), "bytes": size}))
    else:
        print(f"{packed}: {size / 1e6:.1f} MB")
    return 0


# ---------------------------------------------------------------------- printing


def _facts(run: Run) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "run": run.location,
        "state": "growing" if run.is_growing else ("closed" if run.status.state == "closed" else "killed"),
        "ended": run.status.ended,
        "model": manifest.model.type,
        "parameters": manifest.model.parameters,
        "trainable": manifest.model.trainable,
        "steps": max(0, len(run.steps) - 1),
        "frames": len(run.frames),
        "tensors": {role: sum(t.role == role for t in manifest.tensors) for role in {t.role for t in manifest.tensors}},
        "scalars": sorted(run.scalars),
        "probes": manifest.probes.count,
        "exact weights": bool(manifest.exact),
        "budget asked": manifest.budget.asked,
        "share taken": round(run.overhead.share, 5),
        "seconds": round(run.overhead.wall, 3),
        "dropped": [asdict(dropped) for dropped in run.dropped],
        "warnings": [asdict(warning) for warning in run.warnings],
        "health": [asdict(note) for note in run.health],
        "created": manifest.created,
        "software": manifest.software,
    }


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {inner}" for name, inner in value.items())
    if isinstance(value, list):
        return "\n".join(_shown_item(item) for item in value) or "none"
    return str(value)


def _shown_item(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    if "sentence" in item:
        return f"step {item['step']:,}: {item['sentence']}"
    if "what" in item:
        return f"step {item['step']:,}: {item['what']} ({item['fix']})"
    return f"{item['count']:,} frames, steps {item['first']:,} to {item['last']:,}: {item['why']}"


def _print_notes(notes: Sequence[Note]) -> None:
    from rich.console import Console
    from rich.table import Table

    if not notes:
        print("nothing to remark: every check passed")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("step", "check", "note"):
        table.add_column(column)
    for note in notes:
        table.add_row(f"{note.step:,}", note.check, note.sentence)
    Console().print(table)


def _say(text: str) -> None:
    """Tell the person; results that a program reads go to stdout."""
    print(text, file=sys.stderr, flush=True)


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    return Progress(
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[note]}"),
        TimeRemainingColumn(), console=Console(stderr=True), transient=False,
    )  # fmt: skip


def _with_progress(training: Any, name: str) -> Iterator[Any]:
    with _progress() as bar:
        task = bar.add_task(f"training {name}", note="")
        for progress in training:
            note = f"loss {progress.loss:.3f}  held-out {100 * progress.accuracy:.1f} %"
            bar.update(task, completed=progress.step, total=progress.steps, note=note)
            yield progress


# ---------------------------------------------------------------------- helpers of commands


def _with_torch(module: str) -> Any:
    """Import a module that needs PyTorch. Raises OnionskinError without it."""
    import importlib

    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as missing:
        if missing.name != "torch":
            raise
        raise OnionskinError(
            "this command needs PyTorch, which is not installed", fix="pip install 'onionskin[torch]'"
        ) from missing


def _free(run: Path, *, asked: bool) -> Path:
    """Return where to record by default; a path that was asked for is left to the recorder, which warns."""
    from onionskin.watch.paths import free_path

    return run if asked else free_path(run)


def _can_open_a_browser() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


@contextmanager
def _viewer(run: Path) -> Iterator[str]:
    """Show a run from a process of its own, so that serving never holds up the training. Yields its address."""
    command = [sys.executable, "-m", "onionskin", "view", str(run), "--no-open", "--json"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert server.stdout is not None
        line = server.stdout.readline()
        if not line:
            raise OnionskinError("the page could not be served", fix="train with --no-view, and see the error above")
        yield str(json.loads(line)["address"])
    finally:
        server.terminate()
        server.wait()


def _wait() -> None:
    import threading

    threading.Event().wait()

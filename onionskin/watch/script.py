"""Runs somebody's script in this interpreter, unchanged, and records what it trains.

The script must not notice: its ``__main__``, arguments, stdout, exit code, exceptions and Ctrl-C stay its own. PyTorch
is not imported before the script imports it, since a script may set OMP_NUM_THREADS or CUDA_VISIBLE_DEVICES first.
"""

from __future__ import annotations

import builtins
import importlib.util
import io
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

import wrapt

from onionskin.errors import OnionskinError, did_you_mean
from onionskin.watch.paths import default_path

if TYPE_CHECKING:
    from importlib.machinery import ModuleSpec

    from onionskin.watch.finder import Finder


@dataclass(frozen=True)
class Program:
    """A script that was found and compiled, and has not run.

    Attributes:
        arguments: ``sys.argv`` for it, its name first.
        code: The compiled script.
        main: The module that it will run as.
        folder: What stands first in ``sys.path`` for it.
        run: Where to record, if that was said.
        budget: The share of wall time that recording may take.
    """

    arguments: list[str]
    code: CodeType
    main: ModuleType
    folder: str
    run: Path | None
    budget: float

    def __call__(self) -> int:
        """Run it. Returns 0; whatever the script raises, SystemExit and KeyboardInterrupt too, comes out as it is."""
        recording = _Recording(self)
        sys.argv[:] = self.arguments
        sys.path[0] = self.folder
        sys.modules["__main__"] = self.main
        ended = "finished"
        try:
            exec(self.code, vars(self.main))
        except SystemExit as left:
            ended = "finished" if left.code in (None, 0) else f"exit code {left.code}"
            raise
        except BaseException as error:
            ended = type(error).__name__
            _show_only_the_script(error)
            raise
        finally:
            recording.finish(ended)
        return 0


def load(script: str, arguments: Sequence[str], *, is_module: bool, run: Path | None, budget: float) -> Program:
    """Find and compile a script or module.

    Args:
        script: A file, or with ``is_module`` a module's name.
        arguments: Its own arguments.
        is_module: As in ``python -m``.
        run: Where to record; by default ``runs/<script>-<n>``.
        budget: The share of wall time that recording may take, above 0 and up to 1.

    Raises:
        OnionskinError: There is no such script, or the budget is no share.
        SyntaxError: The script's own.
    """
    if not 0 < budget <= 1:
        raise OnionskinError(f"--budget {budget:g} is no share of wall time", fix="give 0.02 for 2 %")
    main = ModuleType("__main__")
    if is_module:
        spec, code = _module(script)
        main.__spec__, main.__package__, file = spec, spec.parent, spec.origin or script
        folder = str(Path.cwd())
    else:
        path = Path(script)
        if path.is_dir():
            path = path / "__main__.py"
        if not path.is_file():
            raise OnionskinError(f"there is no script {script}", fix=_neighbours(path))
        file, folder = str(path.absolute()), str(path.resolve().parent)
        code = compile(_source(path), file, "exec")
    main.__file__ = file
    vars(main)["__builtins__"] = builtins
    return Program([file if is_module else script, *arguments], code, main, folder, run, budget)


def _source(path: Path) -> str:
    """Return a script's text in the encoding that it declares, as Python itself reads it."""
    with io.open_code(str(path.resolve())) as file:
        return importlib.util.decode_source(file.read())


def _module(name: str) -> tuple[ModuleSpec, CodeType]:
    sys.path[0] = str(Path.cwd())
    try:
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.submodule_search_locations is not None:
            spec = importlib.util.find_spec(f"{name}.__main__")
    except (ImportError, ValueError) as error:
        raise OnionskinError(f"there is no module {name}: {error}", fix="name it as for python -m") from error
    code = getattr(spec.loader, "get_code", lambda _name: None)(spec.name) if spec is not None else None
    if spec is None or code is None:
        raise OnionskinError(f"there is no module {name} that can be run", fix="name it as for python -m")
    return spec, code


def _neighbours(path: Path) -> str:
    folder = path.parent if path.parent.is_dir() else Path()
    scripts = [p.name for p in folder.glob("*.py")]
    listed = ", ".join(sorted(scripts)[:8]) or "none"
    return did_you_mean(path.name, scripts, otherwise=f"the scripts in {folder.resolve()} are: {listed}")


class _Recording:
    """Waits for the script to import PyTorch, then looks for its training, and says at the end what was recorded."""

    def __init__(self, program: Program) -> None:
        self._program = program
        self._finder: Finder | None = None
        # Only what the script imports is of interest; wrapt calls back at once if PyTorch is there already.
        wrapt.register_post_import_hook(self._torch_was_imported, "torch")

    def _torch_was_imported(self, _torch: ModuleType) -> None:
        from onionskin.watch.finder import Finder

        program = self._program
        path = program.run or default_path(program.main.__file__)
        self._finder = Finder(path, budget=program.budget)
        self._finder.install()

    def finish(self, ended: str) -> None:
        """Close the recordings, and tell the person on stderr where they are."""
        runs = self._finder.finish(ended) if self._finder else []
        for run in runs:
            _say(f"recorded to {run}; look at it with: onionskin view {run}")
        if not runs:
            why = "made a step" if self._finder else "was used: PyTorch was never imported"
            _say(f"nothing was recorded: no PyTorch optimizer {why} in {self._program.arguments[0]}")


def _say(text: str) -> None:
    if sys.stderr is not None:
        print(f"onionskin: {text}", file=sys.stderr, flush=True)


def _show_only_the_script(error: BaseException) -> None:
    """Let the traceback begin in the script, as it does without us, whichever hook the script has set."""
    inner = sys.excepthook
    ours = (str(Path(__file__).parent.parent), sysconfig.get_path("scripts"), "<frozen runpy>")

    def show(kind: type[BaseException], shown: BaseException, traceback: TracebackType | None) -> Any:
        if shown is error:
            while traceback is not None and traceback.tb_frame.f_code.co_filename.startswith(ours):
                traceback = traceback.tb_next
            shown.__traceback__ = traceback
        return inner(kind, shown, traceback)

    sys.excepthook = show

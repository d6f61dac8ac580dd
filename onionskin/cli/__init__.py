"""The command line: parses, calls the public functions, prints. Anything else belongs to them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, NoReturn

from onionskin import __version__, registry
from onionskin.cli import commands
from onionskin.cli.talk import say
from onionskin.errors import OnionskinError, did_you_mean

if TYPE_CHECKING:
    from onionskin.watch.script import Program

#: What a command that met an error of the user's exits with.
_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run one command and exit with its code: 0, or 2 after an error that says what to do."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        code: int | Program = options.do(options)
    except OnionskinError as error:
        say(f"error: {error}")
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
            wrong, known = message.split("'")[1], registry.names(commands)
            fix = did_you_mean(wrong, known, otherwise=f"the commands are: {', '.join(known)}")
            message = f"there is no command '{wrong}'\n  fix: {fix}"
        else:
            message = f"{message}\n  fix: see '{self.prog} --help'"
        say(f"error: {message}")
        sys.exit(_ERROR)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="onionskin", description="See a neural network learn, and peel it down to arithmetic.")
    parser.add_argument("--version", action="version", version=f"onionskin {__version__}")
    chosen = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name in registry.names(commands):
        command = registry.load(commands, name)
        own = chosen.add_parser(name, help=command.HELP)
        command.add(own)
        own.set_defaults(do=command.do)
    return parser

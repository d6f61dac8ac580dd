"""``onionskin watch``: run a PyTorch script unchanged, and record its training."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from onionskin.watch.script import Program

HELP = "run a PyTorch script unchanged, and record its training"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", type=Path, help="the run folder to make (default: runs/<script>-<n>)")
    parser.add_argument("--budget", type=float, default=0.02, help="share of time recording may take (default: 0.02)")
    parser.add_argument("-m", dest="module", action="store_true", help="SCRIPT is a module, as in python -m")
    parser.add_argument("script", metavar="SCRIPT", help="a Python file")
    parser.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="its own arguments")


def do(options: argparse.Namespace) -> Program:
    from onionskin.watch.script import load

    return load(options.script, options.arguments, is_module=options.module, run=options.run, budget=options.budget)

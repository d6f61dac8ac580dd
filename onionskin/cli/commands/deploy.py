"""``onionskin deploy``: hand a trained model over as ONNX and as a page that predicts in the browser."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from onionskin.cli.talk import say, with_torch

HELP = "hand a trained model over: ONNX, checked, and a page that predicts in the browser"


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("learner", metavar="RUN", type=Path, help="a run of 'onionskin train', or a saved learner")
    parser.add_argument("-o", "--out", metavar="FOLDER", type=Path, help="the folder to make (default: RUN-app)")
    parser.add_argument("--page", action=argparse.BooleanOptionalAction, default=True, help="make the page as well")
    parser.add_argument("--json", action="store_true", help="print the report as one JSON object")


def do(options: argparse.Namespace) -> int:
    learner = with_torch("onionskin.learn.saved").load(options.learner)._with_data()
    out = options.out or options.learner.with_name(f"{options.learner.resolve().name}-app")
    report = learner.deploy(out, page=options.page)
    if options.json:
        print(json.dumps(report.to_json()))
    else:
        report.show()
    if report.facts["page"]:
        say(f"open it in a browser: {(out / 'predict.html').resolve().as_uri()}")
    return 0 if report.facts["equal"] else 1

"""The lab: each question is an experiment that runs on your own machine, and is answered with an interval and a chart.

    onionskin lab                       # the questions, with their answers so far
    onionskin lab latency --quick       # one of them, in twenty seconds

A question is one file in ``questions``; ``question`` says what such a file has. ``asking`` carries out its trials and
``ledger`` keeps every number of them in one SQLite file.
"""

from __future__ import annotations

from onionskin.lab.answer import Answer, Chart
from onionskin.lab.asking import ask
from onionskin.lab.question import Arm, Measure, Skip
from onionskin.lab.results import Results

__all__ = ["Answer", "Arm", "Chart", "Measure", "Results", "Skip", "ask"]

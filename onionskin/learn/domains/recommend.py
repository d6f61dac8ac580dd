"""Who likes what: ratings, or only who chose what. In one line from a table of users and items."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self, final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from onionskin import data, registry
from onionskin.errors import OnionskinError
from onionskin.learn.domain import Baseline, Domain, Json, Recipe, Rows, Shown, Understood, split
from onionskin.learn.domains import _interactions, _known, _ranking
from onionskin.learn.domains._choosing import Choosing
from onionskin.learn.domains._interactions import Interactions
from onionskin.learn.domains._people import Catalogue
from onionskin.learn.goals import Goal
from onionskin.learn.goals.choice import Choice
from onionskin.learn.goals.rating import Rating
from onionskin.learn.learner import Learner
from onionskin.learn.loop import Batch
from onionskin.models import svdpp

if TYPE_CHECKING:
    import pandas as pd


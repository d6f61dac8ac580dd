"""A domain with a model of its own over the same data: to be trained for a look, and let go."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from onionskin.errors import OnionskinError
from onionskin.learn.domain import Domain, again

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner


def copied(domain: Domain, weights: Mapping[str, Tensor] | None = None) -> Domain:
    """Return a domain whose model is a copy, so that training it leaves the one that was given as it was.

    Args:
        domain: What is copied; its data are shared.
        weights: The state dict to begin with; by default the one that the model has.
    """
    other = copy.copy(domain)
    # In one go: what the loop trains is the model or a part of it, and stays so.
    other.model, other.trained = copy.deepcopy((domain.model, domain.trained))
    if weights is not None:
        other.model.load_state_dict(weights)
    return other


def anew(learner: Learner) -> Learner:
    """Return a learner of the same data and settings with fresh weights.

    Raises:
        OnionskinError: Its data were in memory, or are gone.
    """
    from onionskin.learn.learner import Learner

    settings = dict(learner.domain.settings)
    source = settings.pop("source", None)
    if source is None:
        raise OnionskinError("this learner was made from data in memory", fix="make it anew from them, in Python")
    return Learner(type(learner.domain)(again(source), **settings), seed=learner.seed)


@contextmanager
def apart(seed: int) -> Iterator[None]:
    """Begin PyTorch's random numbers anew, and put them and the number of threads back afterwards."""
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        try:
            yield
        finally:
            torch.set_num_threads(threads)

"""Every error says what happened, with the value, and what to do next."""

from __future__ import annotations

import pickle
from types import ModuleType

import pytest

import onionskin.data
import onionskin.health
import onionskin.models
from onionskin import registry
from onionskin.errors import OnionskinError, did_you_mean


def test_an_error_shows_both_parts() -> None:
    error = OnionskinError("no 'dleta' in optimizers", fix="did you mean 'delta'?")
    assert str(error) == "no 'dleta' in optimizers\n  fix: did you mean 'delta'?"
    assert (error.what, error.fix) == ("no 'dleta' in optimizers", "did you mean 'delta'?")


def test_an_error_travels_between_processes() -> None:
    """A DataLoader's worker pickles what it raises."""
    copy = pickle.loads(pickle.dumps(OnionskinError("what", fix="fix")))
    assert (copy.what, copy.fix) == ("what", "fix")


def test_the_nearest_name_is_offered() -> None:
    assert did_you_mean("minst", ["mnist", "digits"], otherwise="x") == "did you mean 'mnist'?"
    assert did_you_mean("zzz", ["mnist"], otherwise="see the list") == "see the list"


@pytest.mark.parametrize("package", [onionskin.data, onionskin.models, onionskin.health])
def test_a_folder_is_a_registry(package: ModuleType) -> None:
    names = registry.names(package)
    assert names
    assert all(registry.load(package, name).__doc__ for name in names)
    with pytest.raises(OnionskinError, match=f"no 'nothing' in {package.__name__.split('.')[-1]}"):
        registry.load(package, "nothing")

"""What a question is: a file that says what it expects, what it compares, and how one number of it is measured."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final, Literal

from onionskin import registry
from onionskin.errors import OnionskinError, did_you_mean
from onionskin.lab import questions

if TYPE_CHECKING:
    from onionskin.lab.answer import Answer
    from onionskin.lab.results import Results

Setting = str | int | float | bool | None | tuple[int, ...] | tuple[str, ...] | tuple[float, ...]
Numbers = Mapping[str, float]

#: The questions in the order in which a learner meets them; a file that is not named here comes after these.
ORDER: Final = (
    "see",
    "nonlinearity",
    "backprop",
    "smallest",
    "initialisation",
    "normalisation",
    "optimisers",
    "learning-rate",
    "batch",
    "augmentation",
    "data-size",
    "double-descent",
    "label-noise",
    "calibration",
    "transfer",
    "shapes",
    "size",
    "formats",
    "latency",
    "depth",
    "devices",
    "speedups",
    "cache",
    "structures",
    "sparse",
)


class Skip(Exception):  # noqa: N818 - a skipped arm is no error
    """Raised by ``measure`` where an arm cannot be had on this machine; its text is the reason, named in the answer."""


@dataclass(frozen=True)
class Arm:
    """One of the things that are compared.

    Attributes:
        name: How the answer calls it.
        settings: What ``measure`` needs to know. Plain values: they are kept, and travel to other machines.
        needs: Libraries, by the names that they are imported by. Where one is missing, the arm is skipped and named.
        once: Whether every measurement gives the same, so that one is enough.
    """

    name: str
    settings: Mapping[str, Setting] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    once: bool = False

    def __getitem__(self, name: str) -> Any:
        """Return a setting."""
        return self.settings[name]

    @property
    def missing(self) -> str:
        """Why it cannot run here: a library that is not installed; empty where it can."""
        absent = [name for name in self.needs if importlib.util.find_spec(name) is None]
        return f"{' and '.join(absent)} not installed: pip install 'onionskin[lab]'" if absent else ""


@dataclass(frozen=True)
class Measure:
    """One number that a trial gives.

    Attributes:
        unit: ``s``, ``bytes``, ``share``, … A share is shown in percent.
        meaning: What it is, in a few words.
        kind: A ``time`` depends on the machine and on how busy it is, and is compared by its ratio; so is a ``size``. A
            ``score`` is compared by its difference.
        precision: Trials are repeated until half the interval is below it: a share of the value, for a score itself.
    """

    unit: str
    meaning: str
    kind: Literal["time", "size", "score"] = "score"
    precision: float = 0.05


@dataclass(frozen=True)
class Question:
    """A question's file, read and looked over.

    Attributes:
        name: As the command line has it: ``learning-rate``.
        asks: The question.
        method: How it is answered: the rest of the file's text.
        claim, cost, changes, measures, seeds: As ``questions`` describes them.
        source: A hash of the file: trials of another version of it are not gone on with.
    """

    name: str
    asks: str
    method: str
    claim: str
    cost: float
    changes: str
    measures: Mapping[str, Measure]
    seeds: int
    source: str
    module: ModuleType

    @property
    def decides(self) -> str:
        """The measure that says when there are enough trials."""
        return next(iter(self.measures))

    @property
    def is_timed(self) -> bool:
        """Whether a busy machine spoils its answer."""
        return any(measure.kind == "time" for measure in self.measures.values())

    def arms(self, is_quick: bool) -> list[Arm]:
        """Return what is compared. Raises OnionskinError where the file is wrong."""
        found: list[Arm] = self._call("arms", is_quick)
        names = [arm.name for arm in found]
        if not found or len(set(names)) != len(names):
            raise self._wrong(f"its arms are {names}", "give it at least one arm, and each a name of its own")
        return found

    def measure(self, arm: Arm, seed: int) -> dict[str, float]:
        """Return the numbers of one trial. Raises Skip, or OnionskinError where the file is wrong."""
        found: Numbers = self._call("measure", arm, seed)
        if unknown := sorted(set(found) - set(self.measures)):
            raise self._wrong(f"arm '{arm.name}' gave {', '.join(unknown)}", "describe it in MEASURES")
        if self.decides not in found:
            raise self._wrong(f"arm '{arm.name}' gave no {self.decides}", f"return '{self.decides}' of every arm")
        return {name: float(value) for name, value in found.items()}

    def answer(self, results: Results) -> Answer:
        """Return what the results say. Raises OnionskinError where the file is wrong."""
        said: Answer = self._call("answer", results)
        return said

    def _call(self, name: str, *arguments: Any) -> Any:
        try:
            return getattr(self.module, name)(*arguments)
        except (Skip, OnionskinError, KeyboardInterrupt):
            raise
        except Exception as error:
            place = traceback.extract_tb(error.__traceback__)[-1]
            raise self._wrong(
                f"{name} met {type(error).__name__}: {error} ({place.filename}:{place.lineno})",
                "mend the file; what was measured is kept, and --resume goes on with it",
            ) from error

    def _wrong(self, what: str, fix: str) -> OnionskinError:
        return OnionskinError(f"the question '{self.name}' is wrong: {what}", fix=fix)


def names() -> list[str]:
    """Return the names of all questions, in reading order."""
    found = [name.replace("_", "-") for name in registry.names(questions)]
    return sorted(found, key=lambda name: (ORDER.index(name) if name in ORDER else len(ORDER), name))


def load(name: str) -> Question:
    """Return a question.

    Raises:
        OnionskinError: There is none of that name, or its file is wrong.
    """
    if name not in names():
        fix = did_you_mean(name, names(), otherwise="'onionskin lab' lists the questions")
        raise OnionskinError(f"the lab has no question '{name}'", fix=fix)
    path = f"{questions.__name__}.{name.replace('-', '_')}"
    try:
        module = importlib.import_module(path)
    except Exception as error:
        raise OnionskinError(
            f"the question '{name}' cannot be read: {type(error).__name__}: {error}",
            fix=f"mend {path.replace('.', '/')}.py",
        ) from error
    return read(name, module)


def read(name: str, module: ModuleType) -> Question:
    """Look a question's file over. Raises OnionskinError where something is missing or of another kind."""
    kinds: dict[str, type | tuple[type, ...]] = {"CLAIM": str, "COST": (int, float), "CHANGES": str, "MEASURES": dict}
    for part, kind in kinds.items():
        if not isinstance(getattr(module, part, None), kind) or not getattr(module, part):
            raise OnionskinError(f"the question '{name}' has no {part}", fix=f"write it into {module.__file__}")
    calls: Sequence[str] = ("arms", "measure", "answer")
    for call in calls:
        part_of: Callable[..., Any] | None = getattr(module, call, None)
        if not callable(part_of):
            raise OnionskinError(f"the question '{name}' has no {call}()", fix=f"write it into {module.__file__}")
    asks, _, method = (module.__doc__ or "").strip().partition("\n\n")
    if not asks.endswith("?"):
        raise OnionskinError(f"the question '{name}' asks nothing", fix=f"begin {module.__file__} with its question")
    paragraphs = "\n\n".join(" ".join(part.split()) for part in method.split("\n\n"))
    source = hashlib.sha256(Path(str(module.__file__)).read_bytes()).hexdigest()[:16] if module.__file__ else ""
    return Question(
        name,
        " ".join(asks.split()),
        paragraphs.strip(),
        module.CLAIM,
        float(module.COST),
        module.CHANGES,
        module.MEASURES,
        getattr(module, "SEEDS", 3),
        source,
        module,
    )

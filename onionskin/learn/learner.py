"""What a person holds: a model with its data, in one of five domains, that is trained, asked, judged and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, final

import torch
from torch import nn

from onionskin.errors import OnionskinError
from onionskin.learn import saved
from onionskin.learn.domain import Domain
from onionskin.learn.goals import Answer
from onionskin.learn.progress import told
from onionskin.learn.training import Plan, Result, Training
from onionskin.watch.paths import free_path

#: Stands for "not asked for".
_DEFAULT: Final = None


@final
class Learner:
    """A model and its data. Made by ``osk.vision``, ``osk.text``, ``osk.table``, ``osk.recommend``, ``osk.multimodal``.

    Args:
        domain: Data, model and goal.
        seed: The same seed gives the same numbers.

    Attributes:
        domain: Data, model and goal.
        result: How the last training ended; None before the first.
    """

    def __init__(self, domain: Domain, *, seed: int = 0) -> None:
        self.domain = domain
        self.seed = seed
        self.result: Result | None = None

    @property
    def model(self) -> nn.Module:
        """From inputs to outputs, a plain ``torch.nn.Module``: watch it, peel it, take it away."""
        return self.domain.model

    def __repr__(self) -> str:
        told = "not trained yet" if self.result is None else self.result.shown
        return f"<{self.domain.name}: {self.domain.understood.what}; {told}>"

    # ------------------------------------------------------------------ training

    def training(
        self,
        epochs: int | None = _DEFAULT,
        *,
        lr: float | None = _DEFAULT,
        batch: int | None = _DEFAULT,
        weight_decay: float | None = _DEFAULT,
        run: str | Path | None = _DEFAULT,
        resume: bool = False,
        watch: bool = True,
        budget: float = 0.1,
        precision: str = "float32",
        accumulate: int = 1,
        patience: int | None = None,
    ) -> Training:
        """Return a training that is about to run: iterate over it for its progress.

        Args:
            epochs, lr, batch, weight_decay: By default those of the domain's recipe.
            run: The run folder to make, by default ``runs/<domain>-<n>``; with ``resume`` the one to go on in.
            resume: Go on with a training that was stopped, as if it had never been.
            watch: Whether to record the training.
            budget: The share of wall time that recording may take.
            precision: ``float32``, or ``mixed`` for forwards in bfloat16.
            accumulate: Batches a step.
            patience: After how many epochs without a better measure to stop; None for never.

        Raises:
            OnionskinError: An argument makes no sense, the folder cannot be made, or there is nothing to resume.
        """
        r = self.domain.recipe
        plan = Plan(
            epochs if epochs is not None else r.epochs, batch if batch is not None else r.batch,
            lr if lr is not None else r.lr, weight_decay if weight_decay is not None else r.weight_decay,
            self.seed, precision, accumulate, patience,
        )  # fmt: skip
        if resume and run is None:
            raise OnionskinError("resume=True without a run", fix="say which one: run='runs/vision-1'")
        return Training(self.domain, plan, run=self._place(run, watch=watch), resume=resume, budget=budget)

    def _place(self, run: str | Path | None, *, watch: bool) -> Path | None:
        if not watch:
            return None
        return Path(run) if run is not None else free_path(Path("runs") / f"{self.domain.name}-1")

    def fit(self, epochs: int | None = None, **options: Any) -> Result:
        """Train, show progress, save the learner into its run folder, and return how it ended.

        Args:
            epochs: How often to go through the training data; by default the recipe's.
            options: As in :meth:`training`.
        """
        training = self.training(epochs, **options)
        for _ in told(training, self.domain.name):
            pass
        return self.ended(training)

    def ended(self, training: Training) -> Result:
        """Take up the result of a training that ran to its end, and save the learner beside its recording."""
        self.result = training.result
        if self.result.run:
            saved.save(self, self.result.run / saved.IN_A_RUN, whole=False)
        return self.result

    # ------------------------------------------------------------------ asking

    def predict(self, thing: Any) -> Any:
        """Return the answer for one thing, or a list of answers for a list of them.

        Args:
            thing: What the domain takes: a path, a picture, a text, a row as a dict; or a list of them.

        Raises:
            OnionskinError: It cannot be read.
        """
        if isinstance(thing, list):
            return self.answers(thing)
        return self.answers([thing])[0]

    def answers(self, things: Sequence[Any]) -> list[Answer]:
        """Return the answer for each thing."""
        self.domain.model.eval()
        with torch.no_grad():
            return self.domain.goal.answers(self.domain.model(*self.domain.inputs(things)))

    def recommend(self, user: Any, k: int = 10) -> Any:
        """Return the ``k`` items that somebody would like most, the best first, each with reasons; of ``osk.recommend``."""
        return self._by("recommended")(user, k)

    def _by(self, name: str) -> Any:
        """Return what this domain can do and not every one. Raises OnionskinError where it cannot."""
        if not hasattr(self.domain, name):
            raise OnionskinError(f"a learner of {self.domain.name} cannot do that", fix="see its page in docs/")
        return getattr(self.domain, name)

    # ------------------------------------------------------------------ keeping

    def save(self, path: str | Path) -> Path:
        """Save weights as safetensors and everything else as JSON into a folder, and return it. ``osk.load`` reads it.

        Raises:
            OnionskinError: It cannot be written, or holds something else; what was there before stands.
        """
        return saved.save(self, Path(path))

    def open_data(self, data: Any = None) -> Learner:
        """Open the data that a loaded learner was made from, and return the learner.

        Args:
            data: Where it was a DataFrame or has moved; by default where it was.

        Raises:
            OnionskinError: The data are gone, or no longer what they were.
        """
        d = self.domain
        settings = dict(d.settings)
        source = settings.pop("source", None)
        if data is None and source is None:
            raise OnionskinError("this learner was made from data in memory", fix="give them: open_data(frame)")
        opened = type(d)(source if data is None else data, **settings)
        if opened.fitted() != d.fitted():
            what = f"the data at {source if data is None else 'hand'} are not what the learner was made from"
            raise OnionskinError(what, fix="give those data, or train anew: their classes or columns have changed")
        opened.model.load_state_dict(d.model.state_dict())
        opened.model.eval()
        self.domain = opened
        return self

    def _with_data(self) -> Learner:
        return self if len(self.domain.train) else self.open_data()

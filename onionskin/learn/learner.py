"""What a person holds: a model with its data, in one of five domains, that is trained, asked, judged and kept."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, final

import torch
from torch import nn

from onionskin.errors import OnionskinError, OnionskinWarning
from onionskin.learn import saved
from onionskin.learn.domain import Domain, again
from onionskin.learn.goals import Answer
from onionskin.learn.progress import told
from onionskin.learn.report import Report
from onionskin.learn.training import Plan, Result, Training
from onionskin.watch.paths import free_path

if TYPE_CHECKING:
    from onionskin.learn.report import Report

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
        is_trained: Whether it has been trained, here or before it was loaded.
        run: The run folder of the last training, or the one that it was loaded from; None where there is none.
    """

    def __init__(self, domain: Domain, *, seed: int = 0) -> None:
        self.domain = domain
        self.seed = seed
        self.result: Result | None = None
        self.is_trained = False
        self.run: Path | None = None

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
        self.result, self.is_trained = training.result, True
        self.run = self.result.run
        if self.result.run:
            saved.save(self, self.result.run / saved.IN_A_RUN, whole=False)
            training.forget()
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

    # ------------------------------------------------------------------ the data

    def look(self) -> Report:
        """Return what is in the data: counts, sizes, examples, what is there twice; see ``practice/look.py``."""
        from onionskin.learn.practice.look import look

        return self._kept(look(self._with_data()))

    def augment(self, count: int = 4, *, way: str | None = None, part: str = "train") -> Report:
        """Return pictures as a training sees them, changed at random; see ``practice/augment.py``."""
        from onionskin.learn.practice.augment import augment

        return self._kept(augment(self._with_data(), count, way=way, part=part))

    def clean(self, **options: Any) -> Report:
        """Return which labels look wrong, what is there twice, what is unlike all; see ``practice/clean.py``."""
        from onionskin.learn.practice.clean import clean

        return self._kept(clean(self._with_data(), **options))

    def recommend(self, user: Any, k: int = 10) -> Any:
        """Return the ``k`` items that somebody would like most, the best first with reasons; of ``osk.recommend``."""
        return self._by("recommended")(user, k)

    def search(self, text: str, k: int = 10) -> Any:
        """Return the ``k`` photos of the data that fit a text best, the best first; of ``osk.multimodal``."""
        return self._with_data()._by("searched")(text, k)

    def caption(self, image: Any, k: int = 5) -> Any:
        """Return the ``k`` captions of the data that fit a photo best, the best first; of ``osk.multimodal``."""
        return self._with_data()._by("captioned")(image, k)

    def classify(self, image: Any, prompts: Sequence[str]) -> Answer:
        """Return which of several texts a photo fits best, none of which need be in the data; of ``osk.multimodal``."""
        answer: Answer = self._by("classified")(image, prompts)
        return answer

    def _by(self, name: str) -> Any:
        """Return what this domain can do and not every one. Raises OnionskinError where it cannot."""
        if not hasattr(self.domain, name):
            raise OnionskinError(f"a learner of {self.domain.name} cannot do that", fix="see its page in docs/")
        return getattr(self.domain, name)

    # ------------------------------------------------------------------ settings

    def lr_find(self, **options: Any) -> Report:
        """Try learning rates on a copy, and suggest one; see ``practice/lr_find.py``."""
        from onionskin.learn.practice.lr_find import lr_find

        return self._kept(lr_find(self, **options))

    def sweep(self, trials: int = 20, **options: Any) -> Report:
        """Try settings, each from fresh weights, and return the best; see ``practice/sweep.py``."""
        from onionskin.learn.practice.sweep import sweep

        return self._kept(sweep(self, trials, **options))

    # ------------------------------------------------------------------ judging

    def show(self, count: int = 16, *, seed: int = 0) -> Report:
        """Return some examples, with what the model says of them; see ``practice/show.py``."""
        from onionskin.learn.practice.show import show

        return self._kept(show(self._with_data(), count, seed=seed))

    def worst(self, count: int = 16, *, part: str = "valid") -> Report:
        """Return the examples with the highest loss; see ``practice/worst.py``."""
        from onionskin.learn.practice.worst import worst

        return self._kept(worst(self, count, part=part))

    def confusion(self, *, part: str = "valid") -> Report:
        """Return what is taken for what; see ``practice/confusion.py``."""
        from onionskin.learn.practice.confusion import confusion

        return self._kept(confusion(self, part=part))

    def slices(self, by: Any = None, **options: Any) -> Report:
        """Return the measure by group, and who is failed; see ``practice/slices.py``."""
        from onionskin.learn.practice.slices import slices

        return self._kept(slices(self, by, **options))

    def explain(self, things: Any = None, **options: Any) -> Report:
        """Return what in an example speaks for the answer; see ``practice/explain.py``."""
        from onionskin.learn.practice.explain import explain

        return self._kept(explain(self, things, **options))

    def card(self, folder: str | Path | None = None, **options: Any) -> Report:
        """Write a model card with what can be measured, and questions for a person; see ``practice/card.py``."""
        from onionskin.learn.practice.card import card

        return self._kept(card(self, folder, **options))

    def _kept(self, report: Report) -> Report:
        """Keep a report in the run, where there is one, and return it. Files are named from the folder of the data."""
        report = report.near(self.domain.folder())
        if self.run is not None:
            try:
                report.save(self.run)
            except OnionskinError as error:  # what was found out is not lost with it
                warnings.warn(str(error), OnionskinWarning, stacklevel=3)
        return report

    def sample(
        self,
        prompt: str | None = None,
        *,
        tokens: int = 100,
        temperature: float = 0.8,
        top_k: int | None = 50,
        seed: int = 0,
    ) -> str:
        """Return a prompt and how the model goes on. The same seed gives the same text.

        Args:
            prompt: What to go on from; by default what the learner was made with.
            tokens: How many tokens to write at most.
            temperature: 0 for the likeliest token each time, 1 for the model's own odds, more for bolder ones.
            top_k: How many tokens may come each time; None for all.
            seed: Of the random numbers, which are its own.

        Raises:
            OnionskinError: This learner does not write, or an argument makes no sense.
        """
        write = getattr(self.domain, "sample", None)
        if write is None:
            raise OnionskinError(
                f"a learner of {self.domain.name} writes no text", fix="make one that does: osk.text('book.txt')"
            )
        text: str = write(prompt, tokens=tokens, temperature=temperature, top_k=top_k, seed=seed)
        return text

    # ------------------------------------------------------------------ keeping

    def save(self, path: str | Path) -> Path:
        """Save weights as safetensors and everything else as JSON into a folder, and return it. ``osk.load`` reads it.

        Raises:
            OnionskinError: It cannot be written, or holds something else; what was there before stands.
        """
        return saved.save(self, Path(path))

    def deploy(self, folder: str | Path, *, page: bool = True) -> Report:
        """Write the model for others: ONNX, compared with PyTorch, and a page that predicts in the browser."""
        from onionskin.learn.practice.deploy import deploy

        return deploy(self, Path(folder), page=page)

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
        opened = type(d)(again(source) if data is None else data, **settings)
        if opened.fitted() != d.fitted():
            what = f"the data at {source if data is None else 'hand'} are not what the learner was made from"
            raise OnionskinError(what, fix="give those data, or train anew: their classes or columns have changed")
        opened.model.load_state_dict(d.model.state_dict())
        opened.model.eval()
        self.domain = opened
        return self

    def _with_data(self) -> Learner:
        return self if len(self.domain.train) else self.open_data()

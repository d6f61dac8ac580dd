"""A model card: what can be measured is measured, what only a person can answer is asked, and nothing is invented.

Paper: Mitchell et al. (2019), "Model cards for model reporting", arXiv 1810.03993, whose sections it has.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import torch

from onionskin import data, registry
from onionskin.errors import OnionskinError
from onionskin.learn.calibration import calibrated
from onionskin.learn.domain import Baseline, Domain
from onionskin.learn.goals import Goal
from onionskin.learn.goals.any_of import AnyOf
from onionskin.learn.goals.one_of import OneOf
from onionskin.learn.groups import groups, table_of
from onionskin.learn.judged import Judged, Score, judged, score
from onionskin.learn.machine import environment, latency, size
from onionskin.learn.model_card import Card, Facts, Question, Section, answers_in, markdown, page
from onionskin.learn.practice.slices import sliced
from onionskin.learn.report import Block, Caution, Report, Table, Text
from onionskin.learn.report.blocks import Cell
from onionskin.recording.arrays import write_atomically

if TYPE_CHECKING:
    from onionskin.learn.learner import Learner

MARKDOWN: Final = "MODEL_CARD.md"
HTML: Final = "MODEL_CARD.html"

#: Groups that are listed; all that are failed are among them.
_MOST_GROUPS: Final = 20
_FEWEST: Final = 10

#: Classes that are counted one by one.
_MOST_CLASSES: Final = 50

#: Examples of a batch whose time is taken.
_BATCH: Final = 32


def card(learner: Learner, folder: str | Path | None = None, *, baselines: bool = True) -> Report:
    """Write a model card, in Markdown and HTML, and return what is in it and what is still to be answered.

    Args:
        learner: Trained, with its data.
        folder: Where to write it; by default the learner's run. A card that is there is measured anew, and what people
            have answered in it is kept.
        baselines: Whether to train the domain's simpler models again for comparison, where the training is not at hand.

    Raises:
        OnionskinError: The learner is not trained, there is no place for the card, or the one there would lose words.
    """
    if not learner.is_trained:
        raise OnionskinError(
            "this learner is not trained: there is nothing to say of it", fix="train it: learner.fit()"
        )
    place = Path(folder) if folder is not None else learner.run
    if place is None:
        raise OnionskinError("this learner has no run to write the card into", fix="say where: card('cards/bears')")
    written = place / MARKDOWN
    try:
        answers = answers_in(written.read_text(encoding="utf-8"), str(written)) if written.is_file() else {}
    except (OSError, UnicodeDecodeError) as error:
        raise OnionskinError(
            f"{written} cannot be read: {error}", fix="move it away, or give another folder"
        ) from error
    made = _card(learner, answers, baselines=baselines)
    try:
        place.mkdir(parents=True, exist_ok=True)
        write_atomically(written, markdown(made).encode())
        write_atomically(place / HTML, page(made).encode())
    except OSError as error:
        raise OnionskinError(f"{written} cannot be written: {error.strerror}", fix="choose another place") from error
    return _report(made, written)


def _card(learner: Learner, answers: Mapping[str, str], *, baselines: bool) -> Card:
    d = learner._with_data().domain
    seen = judged(learner)
    measure = score(seen)
    peers = learner.result.baselines if learner.result else tuple(d.baselines()) if baselines else ()
    sections = [
        _details(learner, d),
        Section("Intended use", [
            Question("intended-uses", "What is it for, and who is to use it?"),
            Question("out-of-scope", "What is it not to be used for, though somebody might?"),
        ]),
        Section("Factors", [
            Question("factors", "Which groups of people, instruments or surroundings may it work differently "
                                "for? Which of "
                     "them are in the data, and which are not?"),
        ]),
        Section("Metrics", [
            f"It was chosen by {measure.name} on the held-out examples, where "
            f"{'higher' if measure.higher else 'lower'} is "
            "better. Intervals are of 95 %: Wilson's for shares, else by the bootstrap over examples. They say "
            "what chance "
            "in these examples may do, and nothing about other examples than these.",
            Question("metrics", "Why is this the measure that matters here? What does each kind of mistake "
                                "cost, and whom?"),
        ]),
        _evaluation(d),
        _training(d),
        _analyses(seen, measure, peers),
        _costs(d),
        Section("Ethical considerations", [
            Question("people-in-the-data", "Are there people in the data? Did they agree, and can they be recognised?"),
            Question("harm", "Whom may a wrong answer harm, and what was done about it?"),
        ]),
        Section("Caveats and recommendations", [
            *(f"From the data: {note}" for note in d.understood.notes[:20]),
            Question("caveats", "What else should somebody know before they use it? What was not tested?"),
            Question("contact", "Who looks after it, and where are faults to be reported?"),
        ]),
    ]  # fmt: skip
    name = learner.run.name if learner.run else str(d.settings.get("source") or d.name)
    intro = (f"Written by Onionskin on {datetime.now(UTC).date().isoformat()}. Tables and figures were "
             "measured; what only a "
             "person can know is asked, and marked where nobody has answered.")  # fmt: skip
    return Card(f"Model card: {Path(name).name}", intro, sections, answers)


def _details(learner: Learner, d: Domain) -> Section:
    parameters, trained, size_bytes = size(d.model)
    rows: list[tuple[str, Any]] = [
        ("domain", d.name), ("goal", f"{type(d.goal).__name__}, decided by {d.goal.measure}"),
        ("model", type(d.model).__name__), ("parameters", parameters), ("of them trained", trained),
        ("size of the weights", f"{size_bytes / 1e6:.2f} MB"), ("seed", learner.seed),
        *((f"setting: {name}", str(value)) for name, value in d.settings.items() if value is not None),
    ]  # fmt: skip
    if learner.result:
        r = learner.result
        rows += [("steps", r.steps), ("best after epoch", r.epoch), ("seconds of training", round(r.seconds, 1))]
    else:
        rows += [(f"recipe: {name}", str(value)) for name, value in vars(d.recipe).items()]
    return Section("Model details", [
        Facts(["", ""], rows),
        Question("authors", "Who made it, when, and for whom? Under which licence is it given away?"),
    ])  # fmt: skip


def _counts(d: Domain) -> list[Facts]:
    """Return how many examples there are of each class."""
    if not isinstance(d.goal, OneOf):
        return []
    parts = {part: torch.as_tensor(d.targets(rows)).bincount(minlength=len(d.goal.classes))
             for part, rows in (("training", d.train), ("held out", d.valid))}  # fmt: skip
    rows = [(name, int(parts["training"][k]), int(parts["held out"][k])) for k, name in enumerate(d.goal.classes)]
    kept = sorted(rows, key=lambda row: -row[1])[:_MOST_CLASSES] if len(rows) > _MOST_CLASSES else rows
    caption = "" if len(kept) == len(rows) else f"the {len(kept)} largest of {len(rows)} classes"
    return [Facts(["class", "training", "held out"], kept, caption)]


def _evaluation(d: Domain) -> Section:
    share = len(d.valid) / (len(d.valid) + len(d.train))
    how = str(d.settings.get("split") or "at random, by the seed, or as the data set has it")
    return Section("Evaluation data", [
        f"{len(d.valid):,} examples ({100 * share:.0f} %) were held out: {how}. The epoch whose weights were "
        "kept was chosen "
        "on them as well, so that figures on new data may be a little lower.",
        Question("evaluation-data", "Are the held-out examples like those that it will meet? Did anybody else "
                                    "use them to "
                 "choose settings?"),
    ])  # fmt: skip


def _training(d: Domain) -> Section:
    source = d.settings.get("source")
    about = getattr(registry.load(data, source), "ABOUT", None) if source in registry.names(data) else None
    rows: list[tuple[str, Any]] = [
        ("data", str(source) if source is not None else "in memory"),
        ("understood as", d.understood.what), ("examples trained on", len(d.train)),
    ]  # fmt: skip
    if about is not None:
        rows += [("title", about.title), ("licence", about.licence), ("source", about.source), ("note", about.note)]
    parts: list[str | Facts | Question] = [Facts(["", ""], rows), *_counts(d)]
    if about is None:
        parts.append(Question("licence-of-data", "Whose are the data, and under which licence were they used?"))
    parts.append(Question("training-data", "How were they gathered and labelled, by whom, and who is missing in them?"))
    return Section("Training data", parts)


def _analyses(seen: Judged, measure: Score, peers: tuple[Baseline, ...]) -> Section:
    goal = seen.domain.goal
    low, high = measure.interval()
    rows: list[tuple[Any, ...]] = [(measure.name, measure.value(), low, high)]
    rows += [(name, value, None, None) for name, value in goal.measured(seen.outputs, seen.targets).items()
             if name.lower() != measure.name.lower()]  # fmt: skip
    parts: list[str | Facts | Question] = [Facts(["measure", "held out", "from", "to"], rows,
                                                 f"on {len(seen.rows):,} held-out examples")]  # fmt: skip
    if peers:
        parts.append(Facts(["simpler model", "of it", "seconds"],
                           [(b.name, _told(goal, b), round(b.seconds, 2)) for b in peers],
                           "on the same split"))  # fmt: skip
    found = sliced(list(groups(table_of(seen), fewest=_FEWEST)), measure)
    if found:
        columns = ["group", "examples", measure.name, "from", "to", "failed"]
        listed = [(s.group.name, s.count, s.value, s.low, s.high, s.is_failed) for s in found[:_MOST_GROUPS]]
        parts.append(Facts(columns, listed, f"by group, the worst {len(listed)} of {len(found)} with {_FEWEST} "
                                            "examples or "
                           "more; failed: worse than the rest beyond chance, after all that were looked at "
                           "(Holm)"))  # fmt: skip
    if isinstance(goal, OneOf | AnyOf):
        c = calibrated(seen.outputs, seen.targets)
        parts.append(f"Its confidence is {100 * c.confidence:.1f} % on average, and {100 * c.right:.1f} % of "
                     "its answers are "
                     f"right; the expected calibration error is {100 * c.error:.1f} points.")  # fmt: skip
    return Section("Quantitative analyses", parts)


def _told(goal: Goal, baseline: Baseline) -> str:
    """Return what a simpler model came to; one of another kind has measures of its own."""
    if goal.measure in baseline.measured:
        return goal.shown(baseline.measured)
    return ", ".join(f"{name} {value:.4g}" for name, value in baseline.measured.items())


def _costs(d: Domain) -> Section:
    rows = []
    for count in (1, _BATCH):
        inputs = d.raw(d.valid[:count])
        middle, slow = latency(d.model, inputs)
        asked = min(count, len(d.valid))
        rows.append((asked, round(1000 * middle, 3), round(1000 * slow, 3), round(asked / middle)))
    columns = ["examples at once", "milliseconds", "nine in ten below", "examples a second"]
    return Section("Cost on this machine", [
        Facts(columns, rows, "the model alone, its inputs at hand; the middle of up to 50 forwards"),
        Facts(["", ""], environment()),
    ])  # fmt: skip


def _report(made: Card, written: Path) -> Report:
    left = made.open()
    answered = len(made.questions()) - len(left)
    answer = f"{written}: {answered} of {len(made.questions())} questions are answered."
    blocks: list[Block] = []
    if left:
        blocks.append(Caution(f"{len(left)} questions wait for a person: {left[0].words}",
                              f"write below each question in {written}, and make the card again"))  # fmt: skip
    for section in made.sections:
        for part in section.parts:
            if isinstance(part, Facts):
                columns = [name or " " for name in part.columns]
                blocks.append(Table(columns, part.rows, ". ".join(filter(None, [section.title, part.caption]))))
            elif isinstance(part, Question):
                said = made.answers.get(part.name, "Not answered yet.")
                blocks.append(Text(f"{section.title}. {part.words}\n\n{said[:15_000]}"))
            else:
                blocks.append(Text(part))
    facts: dict[str, Cell] = {"card": str(written), "questions": len(made.questions()), "open": len(left)}
    return Report("card", made.title[:300], answer, blocks[:100], facts)

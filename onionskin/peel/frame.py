"""The frame of a program on arrays: its imports, what it reads, its training loop."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from onionskin.peel.assemble import Parts, Program, Written, backward_name, finish, functions_of, write_parts
from onionskin.peel.plan import Plan, Stage
from onionskin.peel.writing import Dialect, Tag


def write_program(plan: Plan, dialect: Dialect, level: str, title: str) -> Program:
    """Return a whole program on arrays.

    Args:
        plan: The training.
        dialect: How it is written.
        level: The level's name.
        title: What its first line says after the model's name.
    """
    parts = write_parts(plan, dialect)
    text = frame(plan, parts, dialect, level, title)
    loop = Written("train", "", _tags_of_the_loop(plan, text))
    return finish(level, text, [*parts.functions, loop])


def _tags_of_the_loop(plan: Plan, text: str) -> list[Tag | None]:
    """Return what each statement of the training loop does: a step forward, back, and the weights moved."""
    body = dict(functions_of(ast.parse(text).body))["train"]
    optimizer = plan.stages[0].recipe.optimizer.rule.name
    tags: list[Tag | None] = []
    for statement in map(ast.unparse, body):
        if re.match(r"loss\w*(, saved)? = ", statement):
            tags.append(Tag("", "", "forward", "loss"))
        elif re.search(r"backward\w*\(", statement):
            tags.append(Tag("", "", "backward", ""))
        elif "for name in g" in statement:
            tags.append(Tag(optimizer, "", "update", ""))
        else:
            tags.append(None)
    return tags


def frame(plan: Plan, parts: Parts, dialect: Dialect, level: str, title: str) -> str:
    """Return the text of a whole program.

    Args:
        plan: The training.
        parts: Its functions.
        dialect: How it is written.
        level: The level's name.
        title: What its first line says after the model's name.
    """
    body = "\n\n".join([*parts.helpers, *(each.text for each in parts.functions)])
    loop = "\n".join(_loop(plan, parts, dialect))
    whole = f"{body}\n{loop}"
    count = sum(parameter.numel() for parameter in plan.model.parameters())
    about = f'"""{plan.name} {title}.\n\n{count:,} parameters. Run it: python {plan.name}_{level}.py [steps]\n"""'
    return "\n".join(
        [about, "", *_imports(whole, dialect), "", *_reads(plan, whole, dialect), "", "", body, "", loop, _END]
    )


_END = """

if __name__ == "__main__":
    for step, loss in enumerate(train(int(sys.argv[1]) if len(sys.argv) > 1 else 20)):
        print(f"step {step:3d}  loss {loss:.6f}")
"""


def _imports(text: str, dialect: Dialect) -> Iterator[str]:
    if re.search(r"\bmath\.", text):
        yield "import math"
    yield "import sys"
    if _adds_up(text):
        yield "from collections import defaultdict"
    yield "from pathlib import Path"
    yield ""
    yield "import numpy as np"
    if dialect.library == "torch":
        yield "import torch"
        if re.search(r"\bF\.", text):
            yield "import torch.nn.functional as F"


def _adds_up(text: str) -> bool:
    return re.search(r"\bg\[[^\]]+\] \+=", text) is not None


def _reads(plan: Plan, text: str, dialect: Dialect) -> Iterator[str]:
    torch = dialect.library == "torch"
    yield 'data = dict(np.load(Path(__file__).with_suffix(".npz")))'
    if torch:
        yield "data = {name: torch.from_numpy(value) for name, value in data.items()}"
    for prefix, name, comment in (
        ("w/", "w", "weights"),
        ("b/", "buffers", "running averages"),
        ("c/", "constants", ""),
    ):
        if name == "w" or re.search(rf"\b{name}\[", text):
            yield f'{name} = {{k[2:]: v for k, v in data.items() if k.startswith("{prefix}")}}' + (
                f"  # {comment}" if comment else ""
            )
    if dialect.has_backward:
        yield (
            "g = defaultdict(float)  # gradients; where a weight is used twice, they add up"
            if _adds_up(text)
            else "g = {}  # gradients, by the names of the weights"
        )
    else:
        yield from _wanting(plan)
    if re.search(r"\bstate\[", text):
        yield "state = {name: {} for name in w}  # what the optimizer remembers"
    if re.search(r"\brng\b", text):
        yield "rng = np.random.default_rng(0)  # every level draws from this stream"


def _wanting(plan: Plan) -> Iterator[str]:
    """Yield the lines that say which weights want a gradient."""
    names = [name for name, parameter in plan.model.named_parameters() if parameter.requires_grad]
    if len(names) == len(list(plan.model.parameters())):
        yield "for weight in w.values():"
        yield "    weight.requires_grad_()"
    else:
        yield f"for name in ({', '.join(map(repr, names))},):  # the others stay as they are"
        yield "    w[name].requires_grad_()"


def _moved(plan: Plan, stage: Stage) -> str:
    """Return the condition under which a stage moves a weight."""
    own = "weight.grad is not None"
    prefix = stage.prefix
    return f'{own} and name.startswith("{prefix}")' if prefix else own


def _loop(plan: Plan, parts: Parts, dialect: Dialect) -> Iterator[str]:
    names = list(plan.batches[0])
    listed = ", ".join(f'"{name}"' for name in names) + ("," if len(names) == 1 else "")
    yield "def train(steps):"
    yield '    """Yield the loss of every step."""'
    yield "    for step in range(steps):"
    target = f"({names[0]},)" if len(names) == 1 else ", ".join(names)
    yield f"        {target} = (data[name][step % len(data[name])] for name in ({listed}))"
    losses = []
    for stage, writer, update in zip(plan.stages, parts.stages, parts.update, strict=True):
        loss = f"loss_{stage.name}" if stage.name else "loss"
        losses.append(loss)
        given = ", ".join(writer.parameters)
        if dialect.has_backward:
            if len(plan.stages) > 1 or _adds_up("\n".join(each.text for each in parts.functions)):
                yield "        g.clear()"
            yield f"        {loss}, saved = {writer.function.name}({given})"
            yield f"        {backward_name(writer.function)}(saved)"
        else:
            yield f"        {loss} = {writer.function.name}({given})"
            yield f"        {loss}.backward()"
            yield f"        g = {{name: weight.grad for name, weight in w.items() if {_moved(plan, stage)}}}"
        if dialect.has_backward:
            yield from (f"        {line}" for line in update)
        else:
            yield "        with torch.no_grad():"
            yield from (f"            {line}" for line in update)
            yield "        for weight in w.values():"
            yield "            weight.grad = None"
    total = " + ".join(losses)
    yield f"        yield {total}" if dialect.library == "np" else f"        yield ({total}).item()"

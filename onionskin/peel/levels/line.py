"""One line of PyTorch, as in a course's first lesson; below it, everything that the line hides."""

from __future__ import annotations

import re

from onionskin.peel import training
from onionskin.peel.assemble import Program, Written, finish
from onionskin.peel.plan import Plan
from onionskin.peel.training import Parts
from onionskin.peel.writing import Statement

_RULE = "# " + "-" * 60


def write(plan: Plan) -> Program:
    """Return the program."""
    parts = training.write_parts(plan)
    loss, defined = _loss(parts)
    one_line, fit = _fit(plan, parts, loss)
    functions = [*parts.helpers, *(each.text for each in parts.classes), *(each.text for each in defined), fit.text]
    body = "\n\n\n".join(functions)
    made = training.model_lines(plan, parts, body, batches=[_batches(plan)])
    about = f"{plan.name} in one line; below it, everything that the line hides.\n\n{training.described(plan)}"
    head = f'"""{about} Run it: python {plan.name}_line.py [steps]\n"""'
    train = f'def train(steps):\n    """Yield the loss of every step."""\n    return {one_line}'
    hidden = f"{_RULE} what the one line hides"
    rest = "\n".join([f"{_RULE} the one line\n\n\n{train}\n\n\n{hidden}\n\n\n{body}\n\n", *made, training.END])
    optimizer = [f"from torch.optim import {_optimizer(plan)}"] if len(plan.stages) == 1 else []
    text = "\n".join([head, "", *training.imports(rest, *optimizer), "", rest])
    return finish("line", text, [*parts.written, *defined, fit])


def _optimizer(plan: Plan) -> str:
    return plan.stages[0].recipe.optimizer.rule.spellings[0].rpartition(".")[2]


def _loss(parts: Parts) -> tuple[str, list[Written]]:
    """Return the name of the one loss, and the losses that are functions of the program."""
    written = [stage.loss for stage in parts.stages if stage.loss]
    if len(parts.stages) > 1 or written:
        return (written[0].name if written else ""), written
    *_, last = parts.stages[0].statements
    plain = re.fullmatch(r"loss = (F\.\w+)\((\w+), (\w+)\)", last.text)
    if plain:
        return plain[1], []
    given = ", ".join(parts.stages[0].given)
    text = f"def loss_fn({given}):\n    return {last.text.removeprefix('loss = ')}\n"
    return "loss_fn", [Written("loss_fn", text, [last.tag])]


def _fit(plan: Plan, parts: Parts, loss: str) -> tuple[str, Written]:
    """Return the one line, and the function that it calls."""
    names = list(plan.batches[0])
    statements = [Statement(f"{', '.join(names)} = batches[step % len(batches)]")]
    if len(plan.stages) == 1:
        stage, text = plan.stages[0], parts.stages[0]
        chosen = ", ".join(training.settings(stage.recipe.optimizer, keep=("lr",)))
        one_line = f"fit(model, batches, {loss}, {_optimizer(plan)}, steps, {chosen})"
        head = "def fit(model, batches, loss_fn, optimizer, steps, **settings):"
        begin = ["optimizer = optimizer(model.parameters(), **settings)", *training.schedule_lines(stage)]
        last = text.statements[-1]
        asked = Statement(f"loss = loss_fn({', '.join(text.given)})", last.comment, last.tag)
        text = training.StageText(text.name, text.loss, [*text.statements[:-1], asked], text.loss_name, text.given)
        statements += training.stage_statements(plan, stage, text)
    else:
        one_line, head = "fit(model, batches, steps)", "def fit(model, batches, steps):"
        begin = training.optimizer_lines(plan)
        for stage, text in zip(plan.stages, parts.stages, strict=True):
            statements += training.stage_statements(plan, stage, text)
    statements.append(Statement(f"yield {training.total(parts)}"))
    lines = "\n".join(f"        {line}" for each in statements for line in str(each).splitlines())
    start = "\n".join(f"    {line}" for line in begin)
    about = '    """Train a model step by step, as a library\'s fit does."""'
    whole = f"{head}\n{about}\n{start}\n    for step in range(steps):\n{lines}\n"
    return one_line, Written("fit", whole, [*(None for _ in begin), *(each.tag for each in statements)])


def _batches(plan: Plan) -> str:
    names = [f'data["{name}"]' for name in plan.batches[0]]
    return f"batches = list({names[0]})" if len(names) == 1 else f"batches = list(zip({', '.join(names)}))"

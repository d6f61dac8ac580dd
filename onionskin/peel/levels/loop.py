"""PyTorch's modules and optimizer, in a loop that shows every step."""

from __future__ import annotations

from onionskin.peel import training
from onionskin.peel.assemble import Program, Written, finish
from onionskin.peel.plan import Plan
from onionskin.peel.training import Parts
from onionskin.peel.writing import Statement


def write(plan: Plan) -> Program:
    """Return the program."""
    parts = training.write_parts(plan)
    train = _train(plan, parts)
    losses = [stage.loss.text for stage in parts.stages if stage.loss]
    body = "\n\n\n".join([*parts.helpers, *(each.text for each in parts.classes), *losses])
    batch = _batch(plan, "0") if len(plan.batches) == 1 else []
    made = [*training.model_lines(plan, parts, body, batches=batch), *training.optimizer_lines(plan)]
    about = f"{plan.name} as PyTorch modules, trained in a loop.\n\n{training.described(plan)}"
    head = f'"""{about} Run it: python {plan.name}_loop.py [steps]\n"""'
    rest = "\n".join([body, "", "", *made, "", "", train.text, training.END])
    return finish("loop", "\n".join([head, "", *training.imports(rest), "", "", rest]), [*parts.written, train])


def _train(plan: Plan, parts: Parts) -> Written:
    statements = []
    if len(plan.batches) > 1:
        first = next(iter(plan.batches[0]))
        statements += [Statement(f'i = step % len(data["{first}"])'), *map(Statement, _batch(plan, "i"))]
    for stage, text in zip(plan.stages, parts.stages, strict=True):
        statements += training.stage_statements(plan, stage, text)
    statements.append(Statement(f"yield {training.total(parts)}"))
    lines = "\n".join(f"        {line}" for each in statements for line in str(each).splitlines())
    head = 'def train(steps):\n    """Yield the loss of every step."""\n    for step in range(steps):'
    return Written("train", f"{head}\n{lines}", [each.tag for each in statements])


def _batch(plan: Plan, number: str) -> list[str]:
    """Return the line that takes one batch."""
    names = list(plan.batches[0])
    return [f"{', '.join(names)} = " + ", ".join(f'data["{name}"][{number}]' for name in names)]

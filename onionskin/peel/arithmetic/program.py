"""The text of a program on plain floats: what it reads, one example's step, the loop over batches and steps."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from onionskin.errors import OnionskinError
from onionskin.peel.arithmetic.lines import Layer, ScalarGraph
from onionskin.peel.arithmetic.names import RESERVED
from onionskin.peel.arithmetic.scalar import FUNCTIONS, written
from onionskin.peel.assemble import Program, Written, finish
from onionskin.peel.plan import Plan
from onionskin.peel.recipe import Chosen, Recipe
from onionskin.peel.source import as_function
from onionskin.peel.writing import Statement, Tag

#: How wide a list of names may be in a line of the example's function.
_WIDTH: Final = 60

_READ: Final = '''
def read(path):
    """Return the arrays of an .npz by name: the shape, and all numbers in a row."""
    found = {}
    with zipfile.ZipFile(path) as file:
        for name in file.namelist():
            raw = file.read(name)
            begin = 10 + int.from_bytes(raw[8:10], "little")  # the header ends here
            header = ast.literal_eval(raw[10:begin].decode())
            kind = {"<f8": "d", "<f4": "f", "<i8": "q", "<i4": "i", "|b1": "B", "|u1": "B"}
            numbers = array(kind[header["descr"]], raw[begin:])
            found[name.removesuffix(".npy")] = header["shape"], numbers.tolist()
    return found


def weights_of(shapes):
    """Return the weights of these names, all in a row."""
    return [number for name in shapes for number in data["w/" + name][1]]


def examples(name, size):
    """Return what each example has of an array: its number, or its numbers in a row."""
    row = data[name][1]
    return row if size == 1 else [row[i : i + size] for i in range(0, len(row), size)]
'''

_NESTED: Final = '''
def nested(row, shapes):
    """Return numbers that stand in a row as nested lists, by name."""
    numbers = iter(row)

    def fill(shape):
        return [fill(shape[1:]) for _ in range(shape[0])] if shape else next(numbers)

    return {name: fill(shape) for name, shape in shapes.items()}


def arrays():
    """Return all weights."""
    return nested(weights, shapes)


def gradients():
    """Return the gradients of the last step."""
    return nested(gradient, shapes)
'''

#: Functions that no module of Python has.
_OWN: Final = {
    "sigmoid": '''
def sigmoid(x):
    """1 / (1 + e^-x), by an exponential that never overflows."""
    return 1.0 / (1.0 + exp(-x)) if x >= 0.0 else exp(x) / (1.0 + exp(x))
''',
    "softplus": '''
def softplus(x):
    """log(1 + e^x), by an exponential that never overflows."""
    return max(x, 0.0) + log1p(exp(-abs(x)))
''',
}

_END: Final = """

if __name__ == "__main__":
    for step, loss in enumerate(train(int(sys.argv[1]) if len(sys.argv) > 1 else 20)):
        print(f"step {step:3d}  loss {loss:.6f}")
"""


def write_program(plan: Plan, graph: ScalarGraph) -> Program:
    """Return the program of a step that was drawn."""
    example = _example(graph)
    update, helpers = _update(plan.stages[0].recipe)
    train = "\n".join(_train(plan, graph, update))
    own = [text for name, text in _OWN.items() if re.search(rf"\b{name}\(", example.text)]
    begin = "\n".join(_begin(graph, has_state="state" in train))
    nested = _NESTED
    if len(graph.moves) < len(graph.weights):
        nested = nested.replace("nested(weights, shapes)", "nested(weights, shapes) | nested(frozen, frozen_shapes)")
    body = "\n\n".join([_READ, begin, *own, *helpers, example.text, nested, train])
    count = sum(parameter.numel() for parameter in plan.model.parameters())
    about = (
        f'"""{plan.name} in plain floats: every multiplication of the training, written out.\n\n'
        f'{count:,} parameters. Run it: python {plan.name}_scalars.py [steps]\n"""'
    )
    return finish("scalars", "\n".join([about, "", *_imports(body), "", body, _END]), [example])


def _imports(text: str) -> Iterator[str]:
    yield "import ast"
    if re.search(r"\bmath\.", text):
        yield "import math"
    yield "import sys"
    yield "import zipfile"
    yield "from array import array"
    used = [name for name in FUNCTIONS if name not in (*_OWN, "abs") and re.search(rf"(?<![\w.]){name}\(", text)]
    if used:
        yield f"from math import {', '.join(sorted(used))}"
    yield "from pathlib import Path"


def _begin(graph: ScalarGraph, *, has_state: bool) -> Iterator[str]:
    """Yield the lines that say what is there before the first step."""
    yield 'data = read(Path(__file__).with_suffix(".npz"))'
    yield f"shapes = {_shapes(graph, graph.moves)}"
    yield "weights = weights_of(shapes)"
    yield "gradient = [0.0] * len(weights)"
    kept = [name for name in graph.weights if name not in graph.moves]
    if kept:
        yield f"frozen_shapes = {_shapes(graph, kept)}"
        yield "frozen = weights_of(frozen_shapes)  # these stay as they are"
    if has_state:
        yield "state = [{} for _ in weights]  # what the optimizer remembers of each"
    for name, variable in _variables(graph).items():
        yield f'{variable} = examples("{name}", {graph.inputs[name].size})'


def _shapes(graph: ScalarGraph, names: Sequence[str]) -> str:
    return "{" + ", ".join(f'"{name}": {graph.weights[name].shape}' for name in names) + "}"


def _variables(graph: ScalarGraph) -> dict[str, str]:
    """Return what the program calls each tensor of a batch, and what of it an example has."""
    out = {}
    for name, cells in graph.inputs.items():
        single = graph.names.get(cells.item(), name) if cells.size == 1 else name
        out[name] = f"{single}_in" if single in RESERVED else single
    return out


# ------------------------------------------------------------------ one example


def _example(graph: ScalarGraph) -> Written:
    """Return the function that computes one example's loss and derivatives."""
    statements = [*_unpacked(graph), *(line for layer in graph.layers for line in _layer(graph, layer))]
    loss = graph.names.get(graph.loss, "loss")
    cells = [cell for name in graph.moves for cell in graph.weights[name].ravel()]
    rows = list(_rows([graph.gradients.get(cell, "0.0") for cell in cells]))
    slopes = [Statement(f"slopes {'+=' if number else '='} [{', '.join(row)}]") for number, row in enumerate(rows)]
    slopes[0] = Statement("\n# In the order of the weights.\n" + slopes[0].text)
    statements += [*slopes, Statement(f"return {loss}, slopes")]
    head = f"def example({', '.join(['weights', *_variables(graph).values()])}):\n"
    head += '    """Return the loss of one example, and how it changes with each weight."""\n'
    lines = "\n".join(each.text for each in statements).splitlines()
    text = head + "\n".join("    " + line if line else "" for line in lines) + "\n"
    return Written("example", text, [each.tag for each in statements])


def _unpacked(graph: ScalarGraph) -> Iterator[Statement]:
    for name, variable in _variables(graph).items():
        cells = graph.inputs[name]
        if cells.size > 1:
            used = [graph.names.get(cell, "_") for cell in cells.ravel()]
            if any(each != "_" for each in used):
                yield from _taken(variable, used, "")
    for owner, names in (
        ("weights", graph.moves),
        ("frozen", [name for name in graph.weights if name not in graph.moves]),
    ):
        at = 0
        for name in names:
            cells = graph.weights[name].ravel()
            used = [graph.names.get(cell, "_") for cell in cells]
            is_all = len(cells) == sum(graph.weights[each].size for each in names)
            about = f"# {name} {graph.weights[name].shape}"
            yield from _taken(owner, used, about, None if is_all else at)
            at += len(cells)


def _taken(owner: str, names: list[str], about: str, at: int | None = None) -> Iterator[Statement]:
    """Yield the lines that take numbers out of a row, as many in a line as fit."""
    rows = list(_rows(names))
    for number, row in enumerate(rows):
        begin = (at or 0) + sum(map(len, rows[:number]))
        is_whole = at is None and len(rows) == 1
        place = "" if is_whole else f"[{begin}]" if len(row) == 1 else f"[{begin}:{begin + len(row)}]"
        target = f"({row[0]},)" if is_whole and len(row) == 1 else ", ".join(row)
        line = f"{target} = {owner}{place}"
        yield Statement(f"{about}\n{line}" if about and not number else line)


def _rows(names: Sequence[str]) -> Iterator[list[str]]:
    row: list[str] = []
    for name in names:
        if row and sum(len(each) + 2 for each in row) + len(name) > _WIDTH:
            yield row
            row = []
        row.append(name)
    if row:
        yield row


def _layer(graph: ScalarGraph, layer: Layer) -> Iterator[Statement]:
    """Yield the lines of an operation, with what it does above them."""
    rule, place = layer.node.rule, layer.node.path or layer.node.rule.name
    if layer.part == "forward":
        about = "; ".join(_told(each) for each in [*layer.within, layer]) + "."
    else:
        has_weights = any(line.wrt is not None for line in layer.lines)
        about = f"How the loss changes with {place}{' and its weights' if has_weights else ''}."
    for number, line in enumerate(layer.lines):
        text = written(line.x, graph.names, is_line=graph.names.get(line.x) == line.variable)
        tag = Tag(rule.name, layer.node.path, layer.part, line.variable)
        yield Statement(f"{'' if number else _comment(about)}{line.variable} = {text}", tag=tag)


def _told(layer: Layer) -> str:
    """Return what a layer does, and the shapes of what it is given and gives."""
    rule, place = layer.node.rule, layer.node.path or layer.node.rule.name
    title = "" if place == rule.name else f", {rule.name.replace('_', ' ')}"
    given, gives = layer.shapes
    shapes = f", {given} to {gives}" if gives else ""
    return f"{place}{title}{shapes}: {rule.sentence}"


def _comment(text: str) -> str:
    """Return a comment as a paragraph of lines that fit."""
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > 78:
            lines.append("")
        lines[-1] += f" {word}"
    return "\n" + "".join(f"#{line}\n" for line in lines)


# ------------------------------------------------------------------ the loop, and how the weights are moved


def _train(plan: Plan, graph: ScalarGraph, update: list[str]) -> Iterator[str]:
    variables = list(_variables(graph).values())
    count = len(next(iter(plan.batches[0].values())))
    given = ", ".join(f"{name}[i]" for name in variables)
    yield "def train(steps):"
    yield '    """Yield the loss of every step."""'
    yield "    for step in range(steps):"
    yield f"        begin = {count} * step % len({variables[0]})"
    yield "        total, gradient[:] = 0.0, [0.0] * len(weights)"
    yield f"        for i in range(begin, begin + {count}):"
    yield f"            loss, slopes = example(weights, {given})"
    yield "            total += loss"
    yield "            gradient[:] = [a + b for a, b in zip(gradient, slopes)]"
    if graph.is_mean and count > 1:
        yield f"        gradient[:] = [a / {count} for a in gradient]"
    yield from (f"        {line}" for line in update)
    yield f"        yield total / {count}" if graph.is_mean and count > 1 else "        yield total"


def _update(recipe: Recipe) -> tuple[list[str], list[str]]:
    """Return the lines that move the weights, and the functions that they call."""
    lines: list[str] = []
    helpers: list[str] = []
    if recipe.clip:
        text, _, call = _function(recipe.clip, "scalars", {})
        helpers.append(text)
        lines.append(f"gradient[:] = {call}".replace("(g)", "(gradient)"))
    settings = dict(recipe.optimizer.settings)
    if recipe.schedule:
        rate = settings.pop("lr")
        text, _, call = _function(recipe.schedule, "factor", {**recipe.schedule.settings, "lr": rate})
        helpers.append(text)
        lines.append(f"lr = {rate!r} * {call}")
    text, arguments, call = _function(recipe.optimizer, "update", settings)
    text = _returning(text)
    returned = re.fullmatch(r"def .*\n(?: +\"\"\".*\"\"\"\n)? +w -= (.*)\n +return w", text.strip())
    if returned:
        call = f"w - {returned[1]}"
    else:
        helpers.append(text)
    rows = {"w": "weights", "g": "gradient", "state": "state"}
    used = [name for name in rows if name in arguments]
    listed = ", ".join(rows[name] for name in used)
    lines.append(f"weights[:] = [{call} for {', '.join(used)} in zip({listed})]")
    return lines, helpers


def _returning(text: str) -> str:
    """Return an update of arrays as one of floats, which change by being assigned anew: what is kept is stored again.

    ``m += …`` changes an array that the optimizer's state holds; of a float it makes another.
    """
    for array, number in (("np.zeros_like(w)", "0.0"), ("np.maximum(", "max("), ("np.abs(", "abs("), ("np.", "")):
        text = text.replace(array, number)
    tree, lines = ast.parse(text), text.splitlines()
    held: dict[str, str] = {}
    last: dict[str, ast.AugAssign] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            targets, values = (
                each.elts if isinstance(each, ast.Tuple) else [each] for each in (node.targets[0], node.value)
            )
            for target, value in zip(targets, values, strict=False):
                if isinstance(target, ast.Name) and ast.unparse(value).startswith("state["):
                    held.setdefault(target.id, ast.unparse(value).replace("'", '"'))
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
            last[name] = max(last.get(name, node), node, key=lambda each: each.lineno)
    for name, node in sorted(last.items(), key=lambda pair: -pair[1].lineno):
        if name in held:
            lines.insert(node.end_lineno or node.lineno, f"{' ' * node.col_offset}{held[name]} = {name}")
    return "\n".join([*lines, "    return w"])


def _function(chosen: Chosen, name: str, settings: dict[str, Any]) -> tuple[str, list[str], str]:
    """Return a function of an optimizer, a clipping or a schedule, the arguments that it uses, and its call."""
    found = getattr(chosen.rule.source, name, None)
    if found is None:
        raise OnionskinError(f"{chosen.rule.name} is not known for single numbers",
                             fix=f"write scalars() in onionskin/peel/ops/{chosen.rule.name}.py, or peel it at the "
                             "level numpy")  # fmt: skip
    settings = settings or chosen.settings
    text = as_function(found, chosen.rule.name, settings, "np", {})
    body = text.partition("\n")[2]
    own = [each for each in inspect.signature(found).parameters if each not in settings]
    used = [each for each in own if re.search(rf"\b{each}\b", body)]
    text = text.replace(f"({', '.join(own)}):", f"({', '.join(used)}):", 1)
    return text, used, f"{chosen.rule.name}({', '.join(used)})"

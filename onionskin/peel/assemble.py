"""Puts a program together: its functions, what it reads, and its training loop; and says what each line does."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from onionskin.peel.functions import Function
from onionskin.peel.helpers import Helpers
from onionskin.peel.plan import Plan, Stage
from onionskin.peel.program import FunctionWriter
from onionskin.peel.recipe import Chosen
from onionskin.peel.source import as_function
from onionskin.peel.writing import Dialect, Statement, Tag, literal, with_comments_above


@dataclass(frozen=True)
class Program:
    """One level, written.

    Attributes:
        level: Its name.
        source: Its text.
        lines: What each line does, by its number from 1; lines that do nothing to an array are not there.
        suffix: How its file's name ends, without the dot.
    """

    level: str
    source: str
    lines: dict[int, Tag]
    suffix: str = "py"


@dataclass(frozen=True)
class Written:
    """A function of a program: its text, and what its statements do, in order."""

    name: str
    text: str
    tags: list[Tag | None]


@dataclass(frozen=True)
class Parts:
    """The parts of a program on arrays, in the order in which they stand.

    Attributes:
        helpers: The operations' functions.
        functions: Those of the model's modules and the step itself, forward and backward.
        update: For each stage, the statements that move the weights.
        stages: For each stage, the writer of its step.
    """

    helpers: list[str]
    functions: list[Written]
    update: list[list[str]]
    stages: list[FunctionWriter]


def write_parts(plan: Plan, dialect: Dialect) -> Parts:
    """Write everything but the frame: twice, so that what never differs can be left out."""
    helpers = Helpers(dialect.library)
    _write_all(plan, dialect, helpers)
    helpers.settle()
    functions, stages, update = _write_all(plan, dialect, helpers)
    return Parts([*helpers.source(), *update[1]], functions, update[0], stages)


def _write_all(
    plan: Plan, dialect: Dialect, helpers: Helpers
) -> tuple[list[Written], list[FunctionWriter], tuple[list[list[str]], list[str]]]:
    written: list[Written] = []
    stages: list[FunctionWriter] = []
    taken = helpers.names | frozenset(f.name for stage in plan.stages for f in stage.outline.functions)
    for stage in plan.stages:
        writers: dict[Function, FunctionWriter] = {}
        for function in [*stage.outline.functions, stage.outline.main]:
            writer = FunctionWriter(function, stage.outline, dialect, helpers, writers, taken)
            writers[function] = writer
            texts = _texts(writer)
            known = {each.name: each.text for each in written}
            if any(known.get(each.name, each.text) != each.text for each in texts):  # another stage needs it otherwise
                function.name = f"{function.name}_for_{stage.name}"
                texts = _texts(writer)
            written += [each for each in texts if each.name not in known]
        stages.append(writers[stage.outline.main])
    return written, stages, _updates(plan.stages, dialect)


def _texts(writer: FunctionWriter) -> list[Written]:
    """Return a function's forward and backward as text."""
    function = writer.function
    gives = ", ".join(writer.names.of(value) for value in function.outputs)
    last = f"return {gives}" + (f", {_tuple(writer.saved)}" if writer.has_backward else "")
    head = f'def {function.name}({", ".join(writer.parameters)}):\n    """{_about(function)}"""'
    out = [_written(function.name, head, [*writer.forward, Statement(last)])]
    if writer.has_backward:
        name = backward_name(function)
        title = "The chain rule" if function.is_main else f"The chain rule through {function.title or function.name}"
        head = f'def {name}({", ".join(writer.backward_parameters)}):\n    """{title}, from the last line up."""'
        opened = [Statement(f"{_targets(writer.saved)} = saved")] if writer.saved else []
        flows = ", ".join(writer._gradients[value] for value in writer.flows_to)
        closing = [Statement(f"return {flows}")] if flows else []
        out.append(_written(name, head, [*opened, *writer.backward, *closing]))
    return out


def backward_name(function: Function) -> str:
    """Return what the backward of a function is called."""
    return function.name.replace("forward", "backward") if function.is_main else f"{function.name}_backward"


def _about(function: Function) -> str:
    if function.is_main:
        return "From the batch to the loss."
    places = list(dict.fromkeys(function.paths))
    if function.is_shared:
        where = f"{places[0]} … {places[-1]}" if len(places) > 2 else " and ".join(places)
        return f"{function.title or function.name}, {len(places)} times: `at` is {where}."
    return f"{function.title or function.name} at {places[0]}."


def _tuple(names: Sequence[str]) -> str:
    return f"({names[0]},)" if len(names) == 1 else f"({', '.join(names)})"


def _targets(names: Sequence[str]) -> str:
    return f"({names[0]},)" if len(names) == 1 else ", ".join(names)


def _written(name: str, head: str, statements: Sequence[Statement]) -> Written:
    body = "\n".join(str(each) for each in statements)
    indented = "\n".join("    " + line if line else "" for line in body.splitlines())
    return Written(name, f"{head}\n{indented}\n", [each.tag for each in statements])


# ------------------------------------------------------------------ how the weights are moved


def _updates(stages: Sequence[Stage], dialect: Dialect) -> tuple[list[list[str]], list[str]]:
    """Return the lines that move the weights in each stage, and the functions that they call."""
    lines: list[list[str]] = []
    functions: dict[str, str] = {}
    for stage in stages:
        own: list[str] = []
        recipe = stage.recipe
        if recipe.clip:
            own.append(_called(recipe.clip, {"g": "g"}, dialect, functions))
        rate = literal(recipe.optimizer.settings["lr"])
        if recipe.schedule:
            share = _called(recipe.schedule, {"step": "step", "lr": rate}, dialect, functions)
            own.append(f"lr = {rate} * {_in_brackets(share)}")
            rate = "lr"
        arrays = {"w": "w[name]", "g": "g[name]", "state": "state[name]", "lr": rate}
        text = _called(recipe.optimizer, arrays, dialect, functions)
        own += ["for name in g:", *(f"    {line}" for line in text.splitlines())]
        lines.append(own)
    return lines, list(functions.values())


def _in_brackets(text: str) -> str:
    """Return an expression as the factor of a product."""
    expression = ast.parse(text, mode="eval").body
    stands = isinstance(expression, ast.Call) or (
        isinstance(expression, ast.BinOp) and isinstance(expression.op, (ast.Pow, ast.Div))
    )
    return text if stands else f"({text})"


def _called(chosen: Chosen, given: dict[str, str], dialect: Dialect, functions: dict[str, str]) -> str:
    """Return the use of an optimizer, a clipping or a schedule: one line in place, or a call of its function."""
    constants = {key: value for key, value in chosen.settings.items() if key not in given}
    if given.get("lr", "lr") != "lr":
        constants["lr"] = float(given["lr"])
    own = getattr(chosen.rule.source, f"torch_{chosen.function.__name__}", None) if dialect.library == "torch" else None
    text = as_function(own or chosen.function, chosen.rule.name, constants, dialect.library, {})
    tree = ast.parse(text).body[0]
    assert isinstance(tree, ast.FunctionDef)
    body = [line for line in tree.body if not (isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant))]
    arguments = [arg.arg for arg in tree.args.args]
    if len(body) == 1 and not isinstance(body[0], (ast.For, ast.If)):
        line = body[0].value if isinstance(body[0], ast.Return) and body[0].value else body[0]
        return re.sub(r"\b(w|g|state|step|lr)\b", lambda m: given.get(m[1], m[1]), ast.unparse(line))
    used = [
        name for name in arguments if name in {n.id for n in ast.walk(ast.Module(body, [])) if isinstance(n, ast.Name)}
    ]
    text = text.replace(f"({', '.join(arguments)}):", f"({', '.join(used)}):", 1)
    functions[chosen.rule.name] = text
    return f"{chosen.rule.name}({', '.join(given[name] for name in used)})"


# ------------------------------------------------------------------ the whole text


def finish(level: str, text: str, functions: Iterable[Written]) -> Program:
    """Format a program as ``ruff format`` does, and find the line of every statement."""
    source = formatted(text.replace("_s_[", "np.s_["))
    tags = {each.name: each.tags for each in functions}
    lines: dict[int, Tag] = {}
    for name, body in functions_of(ast.parse(source).body):
        for statement, tag in zip(body, tags[name], strict=True) if name in tags else ():
            if tag is not None:
                lines |= dict.fromkeys(range(statement.lineno, (statement.end_lineno or 0) + 1), tag)
    return Program(level, source, lines)


def functions_of(body: list[ast.stmt], within: str = "") -> Iterator[tuple[str, list[ast.stmt]]]:
    """Yield the statements of every function and method; of a training, those of its loop in the loop's place."""
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from functions_of(node.body, f"{node.name}.")
        elif isinstance(node, ast.FunctionDef):
            own = node.body[1:] if ast.get_docstring(node) is not None else node.body
            if isinstance(own[-1], ast.For) and any(isinstance(inner, ast.Yield) for inner in ast.walk(own[-1])):
                own = [*own[:-1], *own[-1].body]
            yield within + node.name, own


def formatted(text: str) -> str:
    """Return a program's text as ``ruff format`` leaves it; as it is where ruff is not installed."""
    beside = Path(sys.executable).with_name("ruff")
    ruff = str(beside) if beside.exists() else shutil.which("ruff")
    text = with_comments_above(text)
    if ruff is None:
        return text
    command = [ruff, "format", "--isolated", "--stdin-filename", "program.py", "-"]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout

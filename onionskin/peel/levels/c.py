"""C: down to the machine, with nothing but the C library."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod
from pathlib import Path

from onionskin.peel import kernels
from onionskin.peel.assemble import Program
from onionskin.peel.c_program import Line, StepWriter
from onionskin.peel.compare import Moment
from onionskin.peel.compiled import COMMAND, run
from onionskin.peel.plan import Plan
from onionskin.peel.writing import Tag

TITLE = "in C: down to the machine, with nothing but the C library"


def write(plan: Plan) -> Program:
    """Return the program.

    Raises:
        OnionskinError: Something of the model, its loss or its optimizer is not written in C.
    """
    step = StepWriter(plan)
    optimizer = _optimizer(plan)
    own = [*step.functions.values(), optimizer.text]
    if step.memory.arrays.get("more"):
        own.append(_ADD_TO)
    steps = [*_step("forward", step, step.forward), *_step("backward", step, step.backward)]
    tail = [*_arrays(plan, step, optimizer), *steps, *_update(step, optimizer), *_main(plan, step)]
    shared = kernels.called([*own, "give_up( read_array("])
    lines = [*_head(plan), *"\n".join(each.strip("\n") + "\n" for each in [*shared, *own]).splitlines(), "", *tail]
    return Program("c", "\n".join(map(_text, lines)) + "\n", _tags(lines), suffix="c")


def moments(plan: Plan, program: Program, folder: Path, steps: int) -> Iterator[Moment]:
    """Compile and run a program in a folder; yield what it says after each step.

    Raises:
        OnionskinError: There is no C compiler, or the program ends with an error.
    """
    moved = [each.path for each in StepWriter(plan).weights if each.gradient]
    return run(plan, program.source, moved, folder, steps)


def _text(line: str | Line) -> str:
    return (
        line
        if isinstance(line, str)
        else f"    {_wrapped(line.text, 4)}" + (f" /* {line.comment} */" if line.comment else "")
    )


def _wrapped(text: str, indent: int) -> str:
    """Break a call at its commas where it is too wide."""
    if len(text) + indent <= 98:
        return text
    out, width = [""], 98 - indent
    for piece in re.split(r"(?<=,) ", text):
        if len(out[-1]) + len(piece) > width:
            out.append(" " * (indent + text.index("(") + 1))
            width = 98
        out[-1] += piece + " "
    return "\n".join(line.rstrip() for line in out)


def _tags(lines: list[str | Line]) -> dict[int, Tag]:
    found: dict[int, Tag] = {}
    number = 1
    for line in lines:
        count = _text(line).count("\n") + 1
        if isinstance(line, Line):
            found |= dict.fromkeys(range(number, number + count), line.tag)
        number += count
    return found


# ------------------------------------------------------------------ the parts of the text


_ADD_TO = """/* sum += x: where a value was used twice, what comes back adds up. */
static void add_to(int n, const real *x, real *sum)
{
    for (int k = 0; k < n; k++)
        sum[k] += x[k];
}
"""


def _head(plan: Plan) -> Iterator[str]:
    count = sum(parameter.numel() for parameter in plan.model.parameters())
    file = f"{plan.name}_c"
    kind = {"torch.float64": "double", "torch.float32": "float"}[str(next(plan.model.parameters()).dtype)]
    yield f"/* {plan.name} {TITLE}."
    yield " *"
    yield f" * {count:,} parameters. Run it: {COMMAND.format(source=f'{file}.c', program=file)} && ./{file} [steps]"
    yield f" * It reads the first weights and the batches from {file}.npz beside it. The training itself is at the end:"
    yield " * forward, backward, update, main. Arrays are rows of numbers; the last index of a shape runs fastest."
    yield " */"
    for name in ("inttypes", "limits", "math", "stdio", "stdlib", "string", "tgmath"):
        yield f"#include <{name}.h>"
    yield ""
    yield f"typedef {kind} real;"
    yield ""


def _optimizer(plan: Plan) -> kernels.Kernel:
    chosen = plan.stages[0].recipe.optimizer
    return kernels.kernels(chosen.rule.name, chosen.settings, {})[chosen.rule.name]


def _states(optimizer: kernels.Kernel) -> list[str]:
    """Return what the optimizer keeps for each weight."""
    return [p.name for p in optimizer.parameters if p.sizes is not None and p.name not in ("w", "g")]


def _arrays(plan: Plan, step: StepWriter, optimizer: kernels.Kernel) -> Iterator[str]:
    gradients = {each.gradient for each in step.weights}
    yield "/* The weights, out x in as PyTorch keeps them, their gradients, and what the optimizer keeps for them. */"
    for each in step.weights:
        names = [
            each.name,
            *([each.gradient, *(f"{s}_{each.name}" for s in _states(optimizer))] if each.gradient else []),
        ]
        yield f"static real {', '.join(f'{name}[{_size(each.shape)}]' for name in names)};"
    yield ""
    columns = ["w", "g", *_states(optimizer)]
    fields = f"const char *name, *shape; size_t size; real *{', *'.join(columns)};"
    yield f"static const struct {{ {fields} }} weights[] = {{"
    for each in step.weights:
        own = (
            [each.gradient, *(f"{s}_{each.name}" for s in _states(optimizer))]
            if each.gradient
            else ["NULL"] * (len(columns) - 1)
        )
        yield f'    {{"w/{each.path}", "{_tuple(each.shape)}", {_size(each.shape)}, {", ".join([each.name, *own])}}},'
    yield "};"
    yield "enum { WEIGHTS = sizeof weights / sizeof *weights };"
    yield ""
    yield "/* The batches, and what is computed from them, with the gradients. */"
    for name, place in step.inputs.items():
        shape = (len(plan.batches), *plan.batches[0][name].shape)
        yield f"static {step.kinds[name]} {place}_batches[{_size(shape)}];"
    for place, value in step.constants.values():
        yield f"static {'real' if value.dtype.is_floating_point else 'int64_t'} {place}[{_size(value.shape)}];"
    for name, (kind, shape) in step.memory.arrays.items():
        if name not in gradients:
            yield f"static {kind} {name}[{_size(shape)}];"
    yield "static const real d_loss[1] = {1};"
    yield ""


def _size(shape: tuple[int, ...]) -> str:
    return " * ".join(map(str, shape)) or "1"


def _tuple(shape: tuple[int, ...]) -> str:
    return str(tuple(shape))


def _uses(text: str, name: str) -> bool:
    return re.search(rf"\b{name}\b", text) is not None


def _given(step: StepWriter, lines: list[Line]) -> list[tuple[str, str]]:
    """Return the inputs that lines use, with their kinds."""
    text = "\n".join(line.text for line in lines)
    return [(name, place) for name, place in step.inputs.items() if _uses(text, place)]


def _step(name: str, step: StepWriter, lines: list[Line]) -> Iterator[str | Line]:
    given = ", ".join(f"const {step.kinds[key]} *{place}" for key, place in _given(step, lines)) or "void"
    yield "/* From the batch to the loss. */" if name == "forward" else "/* The chain rule, from the last line up. */"
    yield f"static void {name}({given})"
    yield "{"
    yield from lines
    yield "}"
    yield ""


def _update(step: StepWriter, optimizer: kernels.Kernel) -> Iterator[str]:
    takes_step = any(p.name == "step" for p in optimizer.parameters)
    given = ["(int)weights[k].size" if p.name == "n" else "step" if p.name == "step" else f"weights[k].{p.name}"
             for p in optimizer.parameters]  # fmt: skip
    yield f"static void update({'int step' if takes_step else 'void'})"
    yield "{"
    yield "    for (int k = 0; k < WEIGHTS; k++)"
    if not all(each.gradient for each in step.weights):
        yield "        if (weights[k].g) /* the others stay as they are */"
        yield f"            {optimizer.name}({', '.join(given)});"
    else:
        yield f"        {optimizer.name}({', '.join(given)});"
    yield "}"
    yield ""


def _main(plan: Plan, step: StepWriter) -> Iterator[str]:
    real = "<f8" if "64" in str(next(plan.model.parameters()).dtype) else "<f4"
    yield "static void read_everything(const char *path)"
    yield "{"
    yield "    for (int k = 0; k < WEIGHTS; k++)"
    yield f'        read_array(path, weights[k].name, "{real}", weights[k].shape, weights[k].w,'
    yield "                   weights[k].size * sizeof(real));"
    reads = [(key, place, value.shape, value.dtype.is_floating_point) for key, (place, value) in step.constants.items()]
    for name, place in step.inputs.items():
        tensor = plan.batches[0][name]
        reads.append((name, f"{place}_batches", (len(plan.batches), *tensor.shape), tensor.is_floating_point()))
    for key, place, shape, is_real in reads:
        kind = real if is_real else "<i8"
        yield f'    read_array(path, "{key}", "{kind}", "{_tuple(shape)}", {place}, sizeof {place});'
    yield "}"
    yield ""
    inputs = {name: (place, prod(plan.batches[0][name].shape)) for name, place in step.inputs.items()}
    yield from _TRAIN.splitlines()
    used = dict.fromkeys([*_given(step, step.forward), *_given(step, step.backward)])
    for name, place in used:
        batches = f"step % {len(plan.batches)} * {inputs[name][1]}L" if len(plan.batches) > 1 else "0"
        yield f"        const {step.kinds[name]} *{place} = {place}_batches + {batches};"
    for name, lines in (("forward", step.forward), ("backward", step.backward)):
        yield f"        {name}({', '.join(place for _, place in _given(step, lines))});"
    yield f"        update({'(int)step' if _takes_step(plan) else ''});"
    yield from _END.splitlines()


def _takes_step(plan: Plan) -> bool:
    return any(p.name == "step" for p in _optimizer(plan).parameters)


_TRAIN = """\
int main(int count, char **words)
{
    long steps = 20;
    FILE *dump = NULL; /* --dump FILE: after each step the loss, the weights and the gradients, as they are in memory */
    for (int k = 1; k < count; k++)
        if (!strcmp(words[k], "--dump") && k + 1 < count) {
            if (!(dump = fopen(words[++k], "wb")))
                give_up("cannot be written", words[k]);
        } else
            steps = strtol(words[k], NULL, 10);
    char path[4096];
    snprintf(path, sizeof path, "%s.npz", words[0]);
    read_everything(path);
    for (long step = 0; step < steps; step++) {"""

_END = """\
        printf("step %3ld  loss %.6f\\n", step, (double)loss[0]);
        if (!dump)
            continue;
        fwrite(loss, sizeof(real), 1, dump);
        for (int k = 0; k < WEIGHTS; k++)
            fwrite(weights[k].w, sizeof(real), weights[k].size, dump);
        for (int k = 0; k < WEIGHTS; k++)
            if (weights[k].g)
                fwrite(weights[k].g, sizeof(real), weights[k].size, dump);
        fflush(dump);
    }
    return 0;
}"""

"""Turns the code of an operation into the code of a program: written out in place, or as a function of what it needs.

The functions in ``ops/`` provide for every setting. A program has some settings only, so what they decide is decided
when it is written: an ``if`` on a setting is gone, a setting that never differs stands as its value.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from onionskin.peel.rule import Library


class Known(dict[str, Any]):
    """What is known of a function's parameters, by name.

    Attributes:
        undecided: The parameters that are None in some calls and not in others.
    """

    undecided: frozenset[str] = frozenset()


@cache
def definition(function: Callable[..., Any]) -> tuple[str, ast.FunctionDef]:
    """Return the source of a function, beginning at the margin, and its tree."""
    text = textwrap.dedent(inspect.getsource(function))
    tree = ast.parse(text).body[0]
    assert isinstance(tree, ast.FunctionDef)
    return text, tree


def parameters(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of a function's parameters; ``*xs`` is ``xs``."""
    return tuple(inspect.signature(function).parameters)


def is_one_expression(function: Callable[..., Any]) -> bool:
    """Whether a function returns one expression and does nothing else, so that it can be written out in place."""
    body = _body(definition(function)[1])
    return len(body) == 1 and isinstance(body[0], ast.Return) and not isinstance(body[0].value, ast.Tuple)


def written_out(function: Callable[..., Any], names: Mapping[str, str], library: Library) -> str:
    """Return a function's one expression with its parameters replaced by the expressions that are given for them.

    A term that is ``None`` falls out of a sum or a product: ``x @ w.T + b`` without a bias is ``x @ w.T``.
    """
    body = _body(definition(function)[1])
    assert isinstance(body[0], ast.Return)
    assert body[0].value is not None
    given = {name: ast.parse(text, mode="eval").body for name, text in names.items()}
    expression = _Replace(given).visit(ast.parse(ast.unparse(body[0].value), mode="eval").body)
    return spelled(ast.unparse(ast.fix_missing_locations(expression)), library)


def as_function(
    function: Callable[..., Any], name: str, constants: Mapping[str, Any], library: Library, calls: Mapping[str, str]
) -> str:
    """Return the source of a function under another name, without the parameters that are always the same.

    Args:
        function: One of an operation's.
        name: What it is called in the program.
        constants: The values of the parameters that never differ in the program.
        library: Whose functions it calls.
        calls: What the functions that it calls are called in the program.
    """
    text, tree = definition(function)
    lines = text.splitlines()
    out = [f"def {name}({_signature(tree, constants)}):"]
    stored = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    # What it begins with, and then changes; what is None is not there, and nothing changes it.
    again = {key: value for key, value in constants.items() if key in stored and value is not None}
    undecided: frozenset[str] = getattr(constants, "undecided", frozenset())
    constants = Known({key: value for key, value in constants.items() if key not in again})
    constants.undecided = undecided
    out += [f"    {key} = {value!r}" for key, value in again.items()]
    out += _block(tree.body, lines, constants, " " * 4) or ["    pass"]
    body = "\n".join(out)
    for old, new in calls.items():
        body = re.sub(rf"(?<![\w.]){old}\(", f"{new}(", body)
    return spelled(re.sub(r"  # (type: ignore|noqa)[^\n]*", "", body), library)


def spelled(text: str, library: Library) -> str:
    """Return NumPy's code as a library spells it."""
    text = re.sub(r"\b_s_\[([^\[\]]*)\]", r"\1", text)  # an index stands in brackets already
    if library == "np":
        return text
    text = re.sub(r"\bnp\.", "torch.", text)
    return re.sub(r"\.size\b(?!\()", ".numel()", text)  # in PyTorch, size() is the shape


class _Replace(ast.NodeTransformer):
    """Puts expressions in the place of names, and leaves out what is None and decides what is known."""

    def __init__(self, given: Mapping[str, ast.expr]) -> None:
        self._given = given

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self._given.get(node.id, node)

    def visit_Starred(self, node: ast.Starred) -> ast.expr:
        value = self.visit(node.value)
        return ast.Starred(value, node.ctx)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        call = self.generic_visit(node)
        assert isinstance(call, ast.Call)
        call.args = _unpacked(call.args)
        return call

    def visit_Tuple(self, node: ast.Tuple) -> ast.AST:
        return ast.Tuple(_unpacked([self.visit(each) for each in node.elts]), node.ctx)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        left, right = self.visit(node.left), self.visit(node.right)
        if _is_none(right):
            return left  # type: ignore[no-any-return]  # what a transformer returns has no type
        if _is_none(left):
            return right  # type: ignore[no-any-return]
        if isinstance(node.op, ast.Mult) and 1.0 in (_number(left), _number(right)):
            return right if _number(left) == 1.0 else left  # type: ignore[no-any-return]
        return ast.BinOp(left, node.op, right)

    def visit_Compare(self, node: ast.Compare) -> ast.AST:
        is_given = isinstance(node.left, ast.Name) and node.left.id in self._given
        if is_given and isinstance(node.ops[0], (ast.Is, ast.IsNot)):  # what is given for it is None, or never
            return ast.Constant(_is_none(self.visit(node.left)) == isinstance(node.ops[0], ast.Is))
        return self.generic_visit(node)

    def visit_IfExp(self, node: ast.IfExp) -> ast.AST:
        test = self.visit(node.test)
        try:
            known = eval(compile(ast.Expression(ast.fix_missing_locations(test)), "", "eval"), {"__builtins__": {}})
        except NameError:
            return ast.IfExp(test, self.visit(node.body), self.visit(node.orelse))
        return self.visit(node.body if known else node.orelse)  # type: ignore[no-any-return]


def _number(node: ast.AST) -> float | None:
    """Return the value of a float that stands there; a whole number may be an index or a size."""
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, float) else None


def _unpacked(args: list[ast.expr]) -> list[ast.expr]:
    """Return arguments with ``*(2, 3)`` written as ``2, 3``."""
    out: list[ast.expr] = []
    for arg in args:
        literal = isinstance(arg, ast.Starred) and isinstance(arg.value, ast.Tuple)
        out += arg.value.elts if literal else [arg]  # type: ignore[attr-defined]  # literal says that it has them
    return out


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _body(tree: ast.FunctionDef) -> list[ast.stmt]:
    return tree.body[1:] if ast.get_docstring(tree) is not None else tree.body


def _signature(tree: ast.FunctionDef, constants: Mapping[str, Any]) -> str:
    args = tree.args
    plain = [arg.arg for arg in (*args.args, *args.kwonlyargs) if arg.arg not in constants]
    return ", ".join([f"*{args.vararg.arg}", *plain] if args.vararg else plain)


def _block(body: list[ast.stmt], lines: list[str], constants: Mapping[str, Any], indent: str) -> list[str]:
    """Return the lines of statements, with what is decided decided. Comments above a statement stay with it."""
    out: list[str] = []
    for statement in body:
        out += _comments_above(statement, lines, indent)
        known = _known(statement.test, constants) if isinstance(statement, ast.If) else None
        if isinstance(statement, ast.If) and known is not None:
            out += _block(statement.body if known[0] else statement.orelse, lines, constants, indent)
            if known[0] and isinstance(statement.body[-1], ast.Return):
                return out  # what comes after is never reached
        elif isinstance(statement, (ast.If, ast.For)):
            head = _edited(lines, statement.lineno, statement.body[0].lineno - 1, statement, constants, indent)
            comments = len(_comments_above(statement.body[0], lines, ""))
            head = head[: len(head) - comments] if comments else head
            out += [re.sub(r"^(\s*)elif ", r"\1if ", head[0]), *head[1:]]
            out += _block(statement.body, lines, constants, indent + " " * 4) or [f"{indent}    pass"]
            out += _otherwise(statement.orelse, lines, constants, indent)
        else:
            end = statement.end_lineno or statement.lineno
            out += _edited(lines, statement.lineno, end, statement, constants, indent)
    return out


def _otherwise(orelse: list[ast.stmt], lines: list[str], constants: Mapping[str, Any], indent: str) -> list[str]:
    """Return the lines of what is done otherwise: ``elif`` where it was one and stays undecided."""
    if not orelse:
        return []
    if len(orelse) == 1 and isinstance(orelse[0], ast.If) and lines[orelse[0].lineno - 1].lstrip().startswith("elif"):
        inner = _block(orelse, lines, constants, indent)
        if inner and inner[0].lstrip().startswith("if "):
            return [re.sub(r"^(\s*)if ", r"\1elif ", inner[0]), *inner[1:]]
    inner = _block(orelse, lines, constants, indent + " " * 4)
    return [f"{indent}else:", *inner] if inner else []


def _comments_above(statement: ast.stmt, lines: list[str], indent: str) -> list[str]:
    first = statement.lineno - 1
    start = first
    while start > 0 and lines[start - 1].strip().startswith("#"):
        start -= 1
    return [indent + line.strip() for line in lines[start:first]]


def _edited(
    lines: list[str], first: int, last: int, statement: ast.stmt, constants: Mapping[str, Any], indent: str
) -> list[str]:
    """Return lines ``first`` to ``last`` of a statement, its settings replaced by their values, at another indent."""
    edits = [
        (node.lineno, node.col_offset, node.end_col_offset or 0, text)
        for node, text in _replacements(statement, constants)
        if first <= node.lineno <= last and node.end_lineno == node.lineno
    ]
    block = {number: lines[number - 1] for number in range(first, last + 1)}
    for number, start, end, text in sorted(edits, reverse=True):
        raw = block[number].encode()
        if re.fullmatch(r"[\w.]+", text) and re.search(rb"(?<![\w\])])\($", raw[:start]) and raw[end : end + 1] == b")":
            start, end = start - 1, end + 1  # a number needs no parentheses
        block[number] = (raw[:start] + text.encode() + raw[end:]).decode()
    own = len(lines[first - 1]) - len(lines[first - 1].lstrip())
    return [indent + line[own:] if line.strip() else "" for line in block.values()]


def _replacements(node: ast.AST, constants: Mapping[str, Any]) -> list[tuple[ast.expr, str]]:
    """Return the largest expressions under a node that are known, with their values as text."""
    if isinstance(node, ast.IfExp):
        known = _known(node.test, constants)
        if known is not None:
            chosen = node.body if known[0] else node.orelse
            inner = _Replace({k: ast.parse(repr(v), mode="eval").body for k, v in constants.items()})
            return [
                (
                    node,
                    ast.unparse(
                        ast.fix_missing_locations(inner.visit(ast.parse(ast.unparse(chosen), mode="eval").body))
                    ),
                )
            ]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if (known := _known(side, constants)) is not None and known[0] == 1:
                text = _substituted(other, constants)  # one times anything is that
                return [(node, f"({text})" if isinstance(other, ast.BinOp) else text)]
    if isinstance(node, ast.Starred) and (value := _known(node.value, constants)) is not None:
        return [(node, ", ".join(map(repr, value[0])))]
    if isinstance(node, ast.expr) and not isinstance(node, ast.Constant):
        value = _known(node, constants)
        if value is not None:
            return [(node, repr(value[0]))]
    return [found for child in ast.iter_child_nodes(node) for found in _replacements(child, constants)]


def _substituted(node: ast.expr, constants: Mapping[str, Any]) -> str:
    given = {name: ast.parse(repr(value), mode="eval").body for name, value in constants.items()}
    copied = ast.parse(ast.unparse(node), mode="eval").body
    return ast.unparse(ast.fix_missing_locations(_Replace(given).visit(copied)))


def _known(node: ast.expr, constants: Mapping[str, Any]) -> tuple[Any] | None:
    """Return the value of an expression of constants alone, in a tuple; None where something else is in it."""
    names = [inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)]
    if isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.Is, ast.IsNot)) and names[0] not in constants:
        if names[0] in getattr(constants, "undecided", ()):
            return None
        return (isinstance(node.ops[0], ast.IsNot),)  # an operand that is None is a constant; this one is not
    if not names or not all(name in constants for name in names):
        return None
    if any(
        isinstance(inner, (ast.Call, ast.Attribute, ast.Lambda, ast.comprehension, ast.Slice))
        for inner in ast.walk(node)
    ):
        return None
    return (eval(compile(ast.Expression(node), "", "eval"), {"__builtins__": {}}, dict(constants)),)

"""From what was seen to functions: one for each class of module, however often it was called.

A ResNet calls its block eight times, with other weights, strides and widths. What is the same in all calls is the
function; what differs becomes its parameters. A call is told where its weights stand:
``basic_block("layer1.0", x, stride=1)``.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from onionskin.peel.trace import Node, Operand, Region, Traced, Value


@dataclass(eq=False)
class Call:
    """One call of a function within another.

    Attributes:
        function: Which.
        path: Where its weights stand: the module's path.
        inputs: What it is given, in the order of the function's inputs.
        outputs: What it gives.
        settings: The values of the function's settings here.
        is_optional: Whether the module is there in some calls of the calling function only; without it, the output is
            the input.
    """

    function: Function
    path: str
    inputs: list[Value]
    outputs: list[Value]
    settings: dict[str, Any] = field(default_factory=dict)
    is_optional: bool = False


@dataclass(eq=False)
class Function:
    """What one class of module does, or a whole step.

    Attributes:
        name: As the program calls it.
        title: The class in the user's words.
        inputs, outputs: The values of its first call, which stand for those of all.
        body: Operations and calls, in order.
        paths: Where it was called, in order. One path: its weights are named whole.
        home: The path of the call whose values stand for those of all.
        arguments: What its forward calls its inputs.
        settings: The names of the settings that differ between calls, with the settings of nodes that they stand for.
    """

    name: str
    title: str
    inputs: list[Value]
    outputs: list[Value]
    body: list[Node | Call]
    paths: list[str]
    home: str = ""
    arguments: dict[Value, str] = field(default_factory=dict)
    settings: dict[str, list[tuple[Node | Call, str]]] = field(default_factory=dict)

    is_main: bool = False

    @property
    def is_shared(self) -> bool:
        """Whether it is called for several places, and so has to be told where."""
        return len(set(self.paths)) > 1

    def relative(self, name: str) -> str | None:
        """Return a parameter's name from the function's own place on, or None where it stands elsewhere."""
        here = self.home + "."
        return name.removeprefix(here) if self.is_shared and name.startswith(here) else None


@dataclass(frozen=True)
class Outline:
    """A step as functions.

    Attributes:
        main: The whole step, from the batch to the loss.
        functions: Those that it calls, each after those that it calls itself.
        uses: How often the gradient of each parameter receives a contribution, over all calls.
    """

    main: Function
    functions: list[Function]
    uses: Counter[str]


def outline(traced: Traced, name: str) -> Outline:
    """Return the functions of one step.

    Args:
        traced: What was seen.
        name: What the whole step is called.
    """
    blocks = _blocks(traced.root, is_root=True)
    drawer = _Drawer(blocks)
    main = Function(name, name, traced.inputs, [traced.loss], drawer.body(blocks), [""], is_main=True)
    return Outline(main, drawer.functions, _uses(traced.root))


def all_nodes(region: Region) -> Iterator[Node]:
    """Yield all operations within a region, in order."""
    for item in region.items:
        if isinstance(item, Region):
            yield from all_nodes(item)
        else:
            yield item


# ------------------------------------------------------------------ blocks: regions that become functions


@dataclass(eq=False)
class _Block:
    """A region that becomes a function: the rest is merged into what encloses it."""

    region: Region
    items: list[Node | _Block]
    inputs: list[Value] = field(default_factory=list)
    outputs: list[Value] = field(default_factory=list)
    is_optional: bool = False

    def nodes(self) -> Iterator[Node]:
        for item in self.items:
            if isinstance(item, _Block):
                yield from item.nodes()
            else:
                yield item


def _blocks(root: Region, *, is_root: bool) -> _Block:
    """Return a region as blocks within blocks, with what goes in and comes out of each."""
    optional = _optional_children(root)
    block = _Block(root, _items(root, root.path, optional))
    consumers: dict[Value, list[Node]] = {}
    for node in all_nodes(root):
        for value in node.values():
            consumers.setdefault(value, []).append(node)
    _connect(block, consumers)
    return block


def _items(region: Region, within: str, optional: Mapping[type, set[str]]) -> list[Node | _Block]:
    items: list[Node | _Block] = []
    for item in region.items:
        if isinstance(item, Node):
            item.attribute = item.attribute or _attribute(item.path, within)
            items.append(item)
        elif not any(True for _ in all_nodes(item)):
            continue
        elif _is_optional(item, region, optional):
            items.append(_Block(item, _items(item, item.path, optional), is_optional=True))
        elif item.is_leaf or item.is_container or item.path == "":
            items += _items(item, within, optional)
        else:
            items.append(_Block(item, _items(item, item.path, optional)))
    return items


def _attribute(path: str, within: str) -> str:
    """Return what a layer is called within its block: ``fc1``, ``layers_0``."""
    return path.removeprefix(within).strip(".").replace(".", "_") if path != within else ""


def _is_optional(item: Region, parent: Region, optional: Mapping[type, set[str]]) -> bool:
    return parent.module is not None and _child(item, parent) in optional.get(type(parent.module), ())


def _child(item: Region, parent: Region) -> str:
    return item.path.removeprefix(parent.path).strip(".")


def _optional_children(root: Region) -> dict[type, set[str]]:
    """Return, by class, the children that some of its calls have and others lack: a block's ``downsample``."""
    seen: dict[type, list[set[str]]] = {}
    for region in _regions(root):
        if region.module is not None and not region.is_leaf and not region.is_container:
            own = {_child(r, region) for r in region.items if isinstance(r, Region) and any(True for _ in all_nodes(r))}
            seen.setdefault(type(region.module), []).append(own)
    return {kind: set().union(*calls) - calls[0].intersection(*calls[1:]) for kind, calls in seen.items()}


def _regions(region: Region) -> Iterator[Region]:
    for item in region.items:
        if isinstance(item, Region):
            yield item
            yield from _regions(item)


def _connect(block: _Block, consumers: Mapping[Value, list[Node]]) -> None:
    """Find what goes in and comes out of every block: by what is used, not by what a forward's signature says."""
    for item in block.items:
        if isinstance(item, _Block):
            _connect(item, consumers)
    own = list(block.nodes())
    inside = {value for node in own for value in node.outputs}
    used = list(
        dict.fromkeys(v for node in own for v in node.values() if v.kind in ("local", "input") and v not in inside)
    )
    given = [value for _, value in block.region.arguments if value in set(used)]
    block.inputs = list(dict.fromkeys([*given, *used]))
    nodes = set(own)
    returned = [value for value in block.region.returns if value in inside]
    leaving = [v for node in own for v in node.outputs if any(user not in nodes for user in consumers.get(v, ()))]
    block.outputs = [v for v in dict.fromkeys([*returned, *leaving]) if v in returned or v in leaving]
    for name, value in block.region.arguments:
        value.name = value.name or name


# ------------------------------------------------------------------ functions: blocks that do the same


class _Drawer:
    """Gives each block the function of its class, and makes it where there is none yet."""

    def __init__(self, root: _Block) -> None:
        self.functions: list[Function] = []
        self._made: dict[_Block, Function] = {}
        self._settings: dict[_Block, dict[str, Any]] = {}
        self._taken: Counter[str] = Counter()
        groups: dict[str, list[_Block]] = {}
        for block in _inner(root):
            groups.setdefault(_signature(block), []).append(block)
        order = {block: number for number, block in enumerate(_inner(root))}
        groups = _joined(groups, order)
        self._group_of = {block: blocks for blocks in groups.values() for block in blocks}
        for blocks in groups.values():
            self._make(blocks)

    def body(self, block: _Block, optional: Iterable[str] = ()) -> list[Node | Call]:
        """Return the body of a block's function: its operations, and calls of those within."""
        return [self._call(item, optional) if isinstance(item, _Block) else item for item in block.items]

    def _call(self, block: _Block, optional: Iterable[str]) -> Call:
        path = block.region.path
        settings = self._settings[block]
        return Call(self._made[block], path, block.inputs, block.outputs, settings, path in set(optional))

    def _make(self, blocks: list[_Block]) -> None:
        """Make the function of a group, after those that it calls."""
        if blocks[0] in self._made:
            return
        for inner in (item for block in blocks for item in block.items if isinstance(item, _Block)):
            self._make(self._group_of[inner])
        first = max(blocks, key=_completeness)
        calls = [first, *(block for block in blocks if block is not first)]
        name = _snake(first.region.path.rpartition(".")[2] if first.is_optional else type(first.region.module).__name__)
        self._taken[name] += 1
        name += f"_{self._taken[name]}" if self._taken[name] > 1 else ""
        slots, values = _differing(calls, self._settings)
        for block in blocks:
            self._settings[block] = values[block]
        lacking = [
            item
            for item in first.items
            if isinstance(item, _Block) and any(_match(item, first, b) is None for b in calls)
        ]
        body = self.body(first, [item.region.path for item in lacking])
        by_item = dict(zip(first.items, body, strict=True))
        settings = {key: [(by_item[item], inner) for item, inner in places] for key, places in slots.items()}
        title = "" if first.is_optional else type(first.region.module).__name__
        paths = [block.region.path for block in blocks]
        function = Function(name, title, first.inputs, first.outputs, body, paths, first.region.path)
        function.arguments = {value: name for name, value in reversed(first.region.arguments)}
        function.settings = settings
        for block in blocks:
            self._made[block] = function
        self.functions.append(function)


def _completeness(block: _Block) -> tuple[int, bool]:
    """Rank the calls of a function: the one that stands for all has what is optional, and what flows back."""
    return len(list(block.nodes())), any(value.needs_grad for value in block.inputs)


def _inner(block: _Block) -> Iterator[_Block]:
    """Yield the blocks within a block, each after those within itself."""
    for item in block.items:
        if isinstance(item, _Block):
            yield from _inner(item)
            yield item


def _signature(block: _Block, without: frozenset[_Block] = frozenset()) -> str:
    """Return what a block does, in words that are the same for two blocks that do the same.

    Args:
        block: The block.
        without: Optional blocks within that are passed by.
    """
    numbers: dict[Value, int] = {}
    for value in block.inputs:
        numbers.setdefault(value, len(numbers))
    made = len(numbers)
    words = [type(block.region.module).__qualname__, str(len(block.inputs)), str(block.is_optional)]

    def name(value: Value) -> str:
        if value.kind in ("local", "input"):
            return f"%{numbers[value]}"
        here = block.region.path + "."
        own = value.name.startswith(here)
        return f"{value.kind}:{value.name.removeprefix(here) if own else '/' + value.name}:{value.needs_grad}"

    for item in block.items:
        if isinstance(item, _Block) and item in without:
            numbers[item.outputs[0]] = numbers[item.inputs[0]]
            continue
        if isinstance(item, _Block):
            given = " ".join(name(value) for value in item.inputs)
            words.append(f"({_signature(item)}) {item.region.path.removeprefix(block.region.path)} {given}")
        else:
            operands = ", ".join(f"{key}={_described(operand, name)}" for key, operand in item.operands.items())
            words.append(f"{item.rule.name} {sorted(item.settings)} {operands} {[len(v.shape) for v in item.outputs]}")
        for value in item.outputs:
            made += 1
            numbers[value] = made
    words.append("gives " + " ".join(name(value) for value in block.outputs))
    return "\n".join(words)


def _described(operand: Operand, name: Any) -> str:
    if isinstance(operand, list):
        return "[" + " ".join(_described(each, name) for each in operand) + "]"
    return str(name(operand)) if isinstance(operand, Value) else repr(operand)


def _joined(groups: dict[str, list[_Block]], order: Mapping[_Block, int]) -> dict[str, list[_Block]]:
    """Join the groups that differ by optional children alone: with it passed by, the one does what the other does.

    The one with the children stands for all. Where it reads the batch itself, and no gradient flows out of it, it
    cannot stand for blocks further up, out of which one does.
    """
    joined = dict(groups)
    for key, blocks in groups.items():
        optional = frozenset(
            item for item in blocks[0].items if isinstance(item, _Block) and item.is_optional and len(item.inputs) == 1
        )
        plain = _signature(blocks[0], optional)
        if optional and plain in joined and plain != key and _flows_back(blocks) >= _flows_back(joined[plain]):
            joined[key] = sorted(joined[key] + joined.pop(plain), key=order.__getitem__)
    return joined


def _flows_back(blocks: list[_Block]) -> bool:
    return any(value.needs_grad for block in blocks for value in block.inputs)


def _match(item: Node | _Block, first: _Block, other: _Block) -> Node | _Block | None:
    """Return what stands in another call of a function where an item stands in the first; None where it is left out."""
    if isinstance(item, _Block):
        own = item.region.path.removeprefix(first.region.path)
        found = [
            i for i in other.items if isinstance(i, _Block) and i.region.path.removeprefix(other.region.path) == own
        ]
        number = [i for i in first.items if isinstance(i, _Block) and i.region.path == item.region.path].index(item)
        return found[number] if number < len(found) else None
    nodes = [i for i in other.items if isinstance(i, Node)]
    return nodes[[i for i in first.items if isinstance(i, Node)].index(item)]


_Slots = dict[str, list[tuple["Node | _Block", str]]]


def _differing(
    calls: list[_Block], known: Mapping[_Block, dict[str, Any]]
) -> tuple[_Slots, dict[_Block, dict[str, Any]]]:
    """Return the settings that differ between the calls of a function: where they stand, and their values by call."""
    first = calls[0]
    slots: _Slots = {}
    values: dict[_Block, dict[str, Any]] = {block: {} for block in calls}
    columns: dict[str, list[Any]] = {}
    for item in first.items:
        own = known[item] if isinstance(item, _Block) else item.settings
        for key in own:
            column = []
            for block in calls:
                there = _match(item, first, block)
                column.append(
                    None if there is None else known[there][key] if isinstance(there, _Block) else there.settings[key]
                )
            if len({repr(value) for value in column if value is not None}) < 2:
                continue
            name = _slot_name(key, column, columns, getattr(item, "attribute", ""))
            columns[name] = [
                new if new is not None else old for new, old in zip(column, columns.get(name, column), strict=True)
            ]
            slots.setdefault(name, []).append((item, key))
    for name, column in columns.items():
        for block, value in zip(calls, column, strict=True):
            values[block][name] = value
    return slots, values


def _slot_name(key: str, column: list[Any], columns: Mapping[str, list[Any]], attribute: str) -> str:
    """Return the name of a parameter for a setting: one that already stands for the same values, or a new one."""
    for name, old in columns.items():
        if name.endswith(key) and all(None in (a, b) or repr(a) == repr(b) for a, b in zip(column, old, strict=True)):
            return name
    if key not in columns:
        return key
    return f"{attribute}_{key}" if attribute else f"{key}_{len(columns)}"


def _uses(root: Region) -> Counter[str]:
    return Counter(
        value.name
        for node in all_nodes(root)
        for value in node.values()
        if value.kind == "parameter" and value.needs_grad
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower().strip("_") or "block"

"""The graph of a run: what a probe forward showed, the module tree around it, and a place for every node."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from torch import nn

from onionskin.recording.manifest import Edge, Graph, Group, Node
from onionskin.watch.layout import place
from onionskin.watch.tensors import as_written, joined
from onionskin.watch.trace import Draft, Flow


def build(models: Mapping[str, nn.Module], flows: Sequence[Flow], names: Mapping[int, str], partial: str = "") -> Graph:
    """Return the graph of the models.

    Args:
        models: The user's models by name.
        flows: What the forwards showed; may be empty or cover only a part.
        names: The recorded name of each parameter, by ``id``: a weight that no forward reached gets a node too.
        partial: Why data could not be followed, if that is known already.
    """
    drafts = [draft for flow in flows for draft in flow.nodes.values()]
    edges = [edge for flow in flows for edge in flow.edges]
    lost = [where for flow in flows for where in flow.lost]
    reached = {name for draft in drafts for name in draft.tensors}
    unreached = list(_unreached(models, names, reached))
    if not flows:
        edges = [(a.id, b.id) for a, b in itertools.pairwise(unreached)]
    reasons = [partial] if partial else []
    if lost:
        reasons.append(f"the data could not be followed into {', '.join(lost[:5])}{' …' if len(lost) > 5 else ''}")
    if unreached and flows:
        shown = ", ".join(draft.id for draft in unreached[:5])
        reasons.append(f"the probes did not reach {shown}{' …' if len(unreached) > 5 else ''}")
    namespaces = _namespaces(flows, drafts, edges)
    drafts = [replace(d, group=next(iter(_upwards(d.group, namespaces)), "")) for d in [*drafts, *unreached]]
    inner = _groups(drafts, namespaces)
    return _laid_out(drafts, inner, edges, _types(models), "; ".join(reasons))


def _unreached(models: Mapping[str, nn.Module], names: Mapping[int, str], reached: set[str]) -> Iterable[Draft]:
    """Yield a node for each module with weights of its own that no forward used."""
    for prefix, model in models.items():
        for path, module in model.named_modules():
            own = [names[id(p)] for p in module.parameters(recurse=False) if id(p) in names]
            own = [name for name in own if name not in reached]
            if own:
                where = joined(prefix, as_written(path))
                group = where.rpartition(".")[0]
                yield Draft(where or type(model).__name__, "module", type(module).__name__, group, own)


def _namespaces(flows: Sequence[Flow], drafts: Sequence[Draft], edges: Sequence[tuple[str, str]]) -> set[str]:
    """Return the paths that only hold modules, and that data leaves and enters again: they make no group.

    A ``ModuleDict`` with the embeddings, blocks and norm of a transformer computes nothing itself, and what is between
    them (the sum of the embeddings) runs outside: drawn as a group it would bend the flow back into itself.
    """
    called = {path for flow in flows for path in flow.called}
    inside: dict[str, set[str]] = defaultdict(set)
    for draft in drafts:
        for path in _upwards(draft.group):
            if path not in called:
                inside[path].add(draft.id)
    return {path for path, ids in inside.items() if _is_entered_again(ids, edges)}


def _upwards(path: str, without: AbstractSet[str] = frozenset()) -> Iterable[str]:
    """Yield a group's path and those around it, from the inside out."""
    while path:
        if path not in without:
            yield path
        path = path.rpartition(".")[0]


def _is_entered_again(inside: AbstractSet[str], edges: Sequence[tuple[str, str]]) -> bool:
    """Return whether data that has left a set of nodes comes back into it."""
    after: Mapping[str, list[str]] = defaultdict(list)
    for source, target in edges:
        after[source].append(target)
    left = [target for source in inside for target in after[source] if target not in inside]
    seen = set(left)
    while left:
        for target in after[left.pop()]:
            if target in inside:
                return True
            if target not in seen:
                seen.add(target)
                left.append(target)
    return False


def _laid_out(
    drafts: Sequence[Draft],
    inner: Mapping[str, str],
    edges: Sequence[tuple[str, str]],
    types: Mapping[str, str],
    partial: str,
) -> Graph:
    """Give every node and group its place. ``inner`` names the group around each group, ``types`` their classes."""
    paths = list(inner)
    around = {draft.id: draft.group for draft in drafts} | {f"{path}/": group for path, group in inner.items()}
    places = _places(around, paths, edges)
    nodes = [
        Node(
            id=d.id, kind=d.kind, type=d.type, group=d.group, tensors=tuple(d.tensors), shape=d.shape,
            layer=places[d.id][0], lane=places[d.id][1],
        )
        for d in drafts
    ]  # fmt: skip
    groups = [
        Group(path=p, type=types.get(p, ""), group=inner[p], layer=places[f"{p}/"][0], lane=places[f"{p}/"][1])
        for p in paths
    ]
    found = tuple(Edge(source, target) for source, target in edges)
    return Graph(nodes=tuple(nodes), groups=tuple(_with_likes(groups, nodes)), edges=found, partial=partial)


def _types(models: Mapping[str, nn.Module]) -> dict[str, str]:
    return {
        joined(prefix, as_written(path)): type(module).__name__
        for prefix, model in models.items()
        for path, module in model.named_modules(remove_duplicate=False)
    }


def _groups(drafts: Sequence[Draft], namespaces: AbstractSet[str]) -> dict[str, str]:
    """Return every group and the one around it (empty at the top), outer before inner, in the order they first run."""
    inner: dict[str, str] = {}
    for draft in drafts:
        chain = list(_upwards(draft.group, namespaces))[::-1]
        inner.update(zip(chain, ["", *chain], strict=False))
    return inner


def _places(
    around: Mapping[str, str], paths: Sequence[str], edges: Sequence[tuple[str, str]]
) -> dict[str, tuple[int, float]]:
    """Lay out every group by itself.

    Args:
        around: The group around each item, nodes in the order they run. An item is a node's id, or a group's path
            and a slash.
        paths: The groups.
        edges: Pairs of nodes.
    """

    def chain(node: str) -> list[str]:
        """The node, and the groups around it from the inside out, as items."""
        found = [node]
        while group := around[found[-1]]:
            found.append(f"{group}/")
        return found

    items: dict[str, dict[str, None]] = defaultdict(dict)
    for node in (item for item in around if not item.endswith("/")):
        for item in chain(node):
            items[around[item]][item] = None
    lifted: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for source, target in edges:
        for a, b in _siblings(chain(source), chain(target)):
            lifted[around[a]].append((a, b))
    places: dict[str, tuple[int, float]] = {}
    for group in ["", *paths]:
        places.update(place(list(items[group]), lifted[group]))
    return places


def _siblings(source: Sequence[str], target: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Yield the two items that an edge joins in the innermost group that holds both of its ends."""
    inside_target = set(target)
    common = next((item for item in source if item in inside_target), None)
    below = source if common is None else source[: source.index(common)]
    above = target if common is None else target[: target.index(common)]
    if below and above:
        yield below[-1], above[-1]


def _with_likes(groups: Sequence[Group], nodes: Sequence[Node]) -> Iterable[Group]:
    """Yield the groups, each naming the first group with the same inner structure: a repeated block."""
    first: dict[object, str] = {}
    for group in groups:
        inside = f"{group.path}."
        structure = tuple(
            (node.id.removeprefix(inside), node.type, node.shape)
            for node in nodes
            if f"{node.group}.".startswith(inside)
        )
        # The blocks of one stage often differ in their first one (a stride): shape counts, the name does not.
        key = (group.type, tuple((_tail(name, group.path), *rest) for name, *rest in structure))
        yield replace(group, like=first.setdefault(key, group.path) if first.get(key) else "")
        first.setdefault(key, group.path)


def _tail(name: str, path: str) -> str:
    """Return a node's name inside its group: ``conv1`` for ``layer1.0.conv1``, ``add`` for ``layer1.0/add``."""
    return name.removeprefix(path).lstrip("./")

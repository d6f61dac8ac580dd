"""The graph shows data as it flows: residuals, shared modules, functions, nested inputs, and what is not followed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional as F

import onionskin as osk
from onionskin.recording import Graph
from onionskin.watch.layout import place
from tests.watch.zoo import CASES


def _graph(model: nn.Module, probes: Any, tmp_path: Path) -> Graph:
    recorder = osk.watch(model, probes=probes, run=tmp_path / "run")
    recorder.step()
    recorder.close()
    return osk.open_run(tmp_path / "run").graph


def _edges(graph: Graph) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in graph.edges}


class _Block(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(width, width, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.drop = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        y = self.drop(self.relu(self.conv(x)))
        y += x
        return F.relu(y)


class _Residual(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(1, 4, 1)
        self.blocks = nn.Sequential(_Block(4), _Block(4))
        self.fc = nn.Linear(4, 2)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.fc(self.blocks(self.stem(x)).mean((2, 3)))
        return out


def test_residuals_go_around_and_in_place_changes_stay(tmp_path: Path) -> None:
    graph = _graph(_Residual(), torch.randn(2, 1, 5, 5), tmp_path)
    assert _edges(graph) == {
        ("input", "stem"),
        ("stem", "blocks.0.conv"),
        ("blocks.0.conv", "blocks.0.relu"),
        ("blocks.0.relu", "blocks.0.drop"),
        ("blocks.0.drop", "blocks.0/add"),
        ("stem", "blocks.0/add"),
        ("blocks.0/add", "blocks.0/relu"),
        ("blocks.0/relu", "blocks.1.conv"),
        ("blocks.1.conv", "blocks.1.relu"),
        ("blocks.1.relu", "blocks.1.drop"),
        ("blocks.1.drop", "blocks.1/add"),
        ("blocks.0/relu", "blocks.1/add"),
        ("blocks.1/add", "blocks.1/relu"),
        ("blocks.1/relu", "mean"),
        ("mean", "fc"),
        ("fc", "output"),
    }
    assert graph.partial == ""
    likes = {group.path: group.like for group in graph.groups}
    assert likes == {"blocks": "", "blocks.0": "", "blocks.1": "blocks.0"}
    by_id = {node.id: node for node in graph.nodes}
    assert by_id["stem"].tensors == ("stem.weight", "stem.bias")
    assert by_id["blocks.0.conv"].shape == (2, 4, 5, 5)
    assert {group.path: group.type for group in graph.groups}["blocks.0"] == "_Block"


class _Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower, self.head = nn.Linear(4, 3), nn.Linear(6, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        out: Tensor = self.head(torch.cat((self.tower(left), self.tower(right)), 1))
        return out


def test_a_shared_module_is_one_node_a_call(tmp_path: Path) -> None:
    graph = _graph(_Siamese(), (torch.randn(3, 4), torch.randn(3, 4)), tmp_path)
    assert _edges(graph) == {
        ("input.left", "tower"),
        ("input.right", "tower#2"),
        ("tower", "cat"),
        ("tower#2", "cat"),
        ("cat", "head"),
        ("head", "output"),
    }
    assert [node.tensors for node in graph.nodes if node.id.startswith("tower")] == [("tower.weight", "tower.bias")] * 2


class _Attention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.qkv, self.out = nn.Linear(8, 24), nn.Linear(8, 8)
        self.scale = nn.Parameter(torch.ones(8))

    def forward(self, x: Tensor) -> Tensor:
        n, t, d = x.shape
        q, k, v = (part.view(n, t, 2, d // 2).transpose(1, 2) for part in self.qkv(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, d)
        weights = (q @ k.transpose(-2, -1)).softmax(-1)
        positions = torch.arange(t).float() / t  # made of nothing: no node
        out: Tensor = x + self.out(y) * self.scale + (weights @ v).sum() + positions.sum()
        return out


def test_functions_are_followed_through_views(tmp_path: Path) -> None:
    graph = _graph(_Attention(), torch.randn(2, 5, 8), tmp_path)
    edges = _edges(graph)
    assert {("qkv", "scaled_dot_product_attention"), ("scaled_dot_product_attention", "out")} <= edges
    assert {("qkv", "matmul"), ("matmul", "softmax"), ("softmax", "matmul#2"), ("qkv", "matmul#2")} <= edges
    assert {("out", "mul"), ("mul", "add"), ("input", "add")} <= edges
    by_id = {node.id: node for node in graph.nodes}
    assert by_id["mul"].tensors == ("scale",)
    assert not any("arange" in node.type or "div" in node.type for node in graph.nodes)
    assert graph.partial == ""


def test_models_by_name_keep_their_names(tmp_path: Path) -> None:
    models = {"g": nn.Sequential(nn.Linear(2, 3)), "d": nn.Sequential(nn.Linear(3, 1))}
    recorder = osk.watch(models, probes={"g": torch.randn(4, 2), "d": torch.randn(4, 3)}, run=tmp_path / "run")
    recorder.step()
    recorder.close()
    run = osk.open_run(tmp_path / "run")
    assert _edges(run.graph) == {("g.input", "g.0"), ("g.0", "g.output"), ("d.input", "d.0"), ("d.0", "d.output")}
    assert {"weight/g.0.weight", "activation/d.0"} <= set(run.tensors)
    assert [part.name for part in run.manifest.probes.outputs] == ["g.output", "d.output"]


class _Opaque(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 2

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> Tensor:
        return grads[0] * 2


class _Hidden(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.never = nn.Linear(3, 3), nn.Linear(3, 3), nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.b(torch.from_numpy(self.a(x).detach().numpy() * 2))
        return out


def test_what_cannot_be_followed_is_said(tmp_path: Path) -> None:
    graph = _graph(_Hidden(), torch.randn(2, 3), tmp_path)
    assert "could not be followed into b" in graph.partial
    assert "did not reach never" in graph.partial
    assert ("input", "a") in _edges(graph)
    assert any(node.id == "never" for node in graph.nodes)  # every weight has a place on the map


def test_without_probes_there_is_the_module_tree(tmp_path: Path) -> None:
    recorder = osk.watch(_Residual(), run=tmp_path / "run")
    recorder.step()
    recorder.close()
    graph = osk.open_run(tmp_path / "run").graph
    assert [node.id for node in graph.nodes] == ["stem", "blocks.0.conv", "blocks.1.conv", "fc"]
    assert "there are no probes" in graph.partial


@pytest.mark.parametrize("name", [name for name, make in CASES.items() if name != "lazy"])
def test_every_weight_has_a_node(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    case = CASES[name]()
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", osk.OnionskinWarning)
        graph = _graph(case.model, case.batch(), tmp_path)
    owned = {tensor for node in graph.nodes for tensor in node.tensors}
    assert owned == {names for names, _ in case.model.named_parameters()}
    groups = {group.path for group in graph.groups}
    assert all(not node.group or node.group in groups for node in graph.nodes)


@given(st.integers(1, 12), st.data())
def test_no_two_items_share_a_place_and_data_flows_forward(count: int, data: st.DataObject) -> None:
    items = [str(i) for i in range(count)]
    pairs = st.tuples(st.sampled_from(items), st.sampled_from(items))
    edges = data.draw(st.lists(pairs, max_size=25))
    places = place(items, edges)
    assert len(set(places.values())) == count
    for source, target in edges:
        if int(source) < int(target):
            assert places[source][0] < places[target][0]


def test_the_main_line_is_straight() -> None:
    chain = [(str(i), str(i + 1)) for i in range(6)]
    places = place([*map(str, range(7)), "side"], [*chain, ("1", "side"), ("side", "4")])
    assert all(places[str(i)] == (i, 0.0) for i in range(7))
    assert places["side"][1] != 0


class _Namespace(nn.Module):
    """Holds its parts as nanoGPT does: the sum of the embeddings runs between two parts of one ModuleDict."""

    def __init__(self) -> None:
        super().__init__()
        blocks = nn.ModuleList(nn.Sequential(nn.Linear(4, 4), nn.ReLU()) for _ in range(2))
        parts = {"wte": nn.Embedding(9, 4), "wpe": nn.Embedding(5, 4), "h": blocks, "ln": nn.LayerNorm(4)}
        self.transformer = nn.ModuleDict(parts)

    def forward(self, ids: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        parts = self.transformer
        x = parts["wte"](ids) + parts["wpe"](torch.arange(ids.shape[1]))
        for block in self.blocks:
            x = x + block(x)
        x = parts["ln"](x)
        return x, F.mse_loss(x, targets)

    @property
    def blocks(self) -> nn.ModuleList:
        blocks = self.transformer["h"]
        assert isinstance(blocks, nn.ModuleList)
        return blocks


def test_a_group_that_only_holds_modules_does_not_bend_the_flow(tmp_path: Path) -> None:
    graph = _graph(_Namespace(), (torch.arange(10).reshape(2, 5) % 9, torch.randn(2, 5, 4)), tmp_path)
    # "transformer" and "h" compute nothing, and data leaves and enters them again: only the blocks are groups.
    groups = {group.path: (group.group, group.like) for group in graph.groups}
    assert groups == {"transformer.h.0": ("", ""), "transformer.h.1": ("", "transformer.h.0")}
    layer = {node.id: node.layer for node in graph.nodes if not node.group}
    layer |= {f"{group.path}.": group.layer for group in graph.groups}
    home = {node.id: f"{node.group}." if node.group else node.id for node in graph.nodes}
    for edge in graph.edges:
        source, target = home[edge.source], home[edge.target]
        assert source == target or layer[source] < layer[target], edge
    assert {node.id for node in graph.nodes if node.kind == "input"} == {"input.ids", "input.targets"}


def test_a_group_that_is_passed_through_once_stays(tmp_path: Path) -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList([nn.Linear(4, 4), nn.Linear(4, 2)])

        def forward(self, x: Tensor) -> Tensor:
            scores: Tensor = self.layers[1](self.layers[0](x))
            return scores

    graph = _graph(Net(), {"x": torch.randn(2, 4)}, tmp_path)
    assert [group.path for group in graph.groups] == ["layers"]
    assert ("input.x", "layers.0") in _edges(graph)

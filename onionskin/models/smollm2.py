"""SmolLM2: a language model of the Llama type, small enough to be read, watched and sampled on a laptop.

Paper: Ben Allal et al. (2025), "SmolLM2: when Smol goes big", arXiv 2502.02737. The architecture is that of Touvron et
al. (2023), "LLaMA", arXiv 2302.13971: RMSNorm, rotary positions (Su et al. 2021, "RoFormer", arXiv 2104.09864), SwiGLU
(Shazeer 2020, "GLU variants improve transformer", arXiv 2002.05202), and queries that share keys and values in groups
(Ainslie et al. 2023, "GQA", arXiv 2305.13245).
"""

# Shapes: n strings of t tokens, d values a token; h heads of e values for queries, g of them for keys and values.

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import seeded, strings
from onionskin.models._gguf import GGUF, read_gguf
from onionskin.models.gpt import next_token_loss


@dataclass
class Memory:
    """The keys and values of the tokens that were read, (n, g, t, e) a block, so that each is read once."""

    keys: dict[int, Tensor] = field(default_factory=dict)
    values: dict[int, Tensor] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many tokens it remembers."""
        return self.keys[0].shape[2] if self.keys else 0

    def extended(self, block: int, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Add the keys and values of new tokens, and return all of that block."""
        if block in self.keys:
            k, v = torch.cat([self.keys[block], k], dim=2), torch.cat([self.values[block], v], dim=2)
        self.keys[block], self.values[block] = k, v
        return k, v


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turn each pair of neighbouring values by an angle that grows with the place (equation 34 of RoFormer).

    A query and a key then match by what they are and by how far apart they stand. Pairs are values 0 and 1, 2 and 3 …,
    as in the paper and in GGUF files; the weights that transformers reads pair value i with i + e/2.

    Args:
        x: (n, h, t, e) queries or keys.
        cos, sin: (t, e/2) of the angles.
    """
    even, odd = x[..., 0::2], x[..., 1::2]
    return torch.stack([even * cos - odd * sin, even * sin + odd * cos], dim=-1).flatten(-2)


class Attention(nn.Module):
    """Every token looks at itself and those before it; ``heads / groups`` queries share keys and values."""

    def __init__(self, width: int, heads: int, groups: int) -> None:
        super().__init__()
        self.heads = heads
        self.groups = groups
        self.size = width // heads
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, groups * self.size, bias=False)
        self.v = nn.Linear(width, groups * self.size, bias=False)
        self.out = nn.Linear(width, width, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, block: int = 0, memory: Memory | None = None) -> Tensor:
        """Return softmax(q kᵀ / √e) v of all heads side by side, (n, t, d)."""
        n, t, d = x.shape
        q = rotate(self.q(x).view(n, t, self.heads, self.size).transpose(1, 2), cos, sin)  # (n, h, t, e)
        k = rotate(self.k(x).view(n, t, self.groups, self.size).transpose(1, 2), cos, sin)  # (n, g, t, e)
        v = self.v(x).view(n, t, self.groups, self.size).transpose(1, 2)
        is_first = memory is None or block not in memory.keys
        if memory is not None:
            k, v = memory.extended(block, k, v)
        y = functional.scaled_dot_product_attention(q, self.shared(k), self.shared(v), is_causal=is_first)
        out: Tensor = self.out(y.transpose(1, 2).reshape(n, t, d))
        return out

    def shared(self, x: Tensor) -> Tensor:
        """Return keys or values, (n, g, t, e), once for each head that shares them, (n, h, t, e)."""
        n, g, t, e = x.shape
        return x.unsqueeze(2).expand(n, g, self.heads // self.groups, t, e).reshape(n, self.heads, t, e)


class MLP(nn.Module):
    """SwiGLU: one linear map, of which another decides how much goes through, and a third back. Takes (n, t, d)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.gate = nn.Linear(width, inner, bias=False)
        self.up = nn.Linear(width, inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        """Return what is to be added to each token (equation 6 of Shazeer 2020)."""
        out: Tensor = self.down(functional.silu(self.gate(x)) * self.up(x))
        return out


class Block(nn.Module):
    """Attention, then the MLP, each added to what came in. Takes and gives (n, t, d)."""

    def __init__(self, width: int, heads: int, groups: int, inner: int, eps: float) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(width, eps=eps)
        self.attention = Attention(width, heads, groups)
        self.mlp_norm = nn.RMSNorm(width, eps=eps)
        self.mlp = MLP(width, inner)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, block: int = 0, memory: Memory | None = None) -> Tensor:
        """Return the tokens after one block."""
        x = x + self.attention(self.attention_norm(x), cos, sin, block, memory)
        x = x + self.mlp(self.mlp_norm(x))
        return x


class SmolLM2(nn.Module):
    """Takes tokens, (n, t) whole numbers below ``vocabulary``, t ≤ ``context``; gives logits, (n, t, vocabulary)."""

    cos: Tensor
    sin: Tensor

    def __init__(
        self,
        vocabulary: int,
        context: int,
        width: int,
        heads: int,
        groups: int,
        blocks: int,
        inner: int,
        base: float,
        eps: float,
    ) -> None:
        super().__init__()
        _check(width, heads, groups)
        self.context = context
        self.token = nn.Embedding(vocabulary, width)
        self.blocks = nn.ModuleList(Block(width, heads, groups, inner, eps) for _ in range(blocks))
        self.norm = nn.RMSNorm(width, eps=eps)
        self.head = nn.Linear(width, vocabulary, bias=False)
        self.head.weight = self.token.weight  # tied: to say a token is to point at its embedding
        nn.init.normal_(self.token.weight, std=width**-0.5)
        size = width // heads
        slow = base ** (-torch.arange(0, size, 2, dtype=torch.float64) / size)  # (e/2,) radians a place
        angles = torch.arange(context, dtype=torch.float64)[:, None] * slow
        self.register_buffer("cos", angles.cos().float(), persistent=False)
        self.register_buffer("sin", angles.sin().float(), persistent=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the logits of the token after each."""
        return self.after(tokens)

    def after(self, tokens: Tensor, memory: Memory | None = None) -> Tensor:
        """Return the logits of the token after each, (n, t, vocabulary); with a memory, of tokens that go on from it.

        Args:
            tokens: (n, t); with a memory that is not empty, t is 1.
            memory: What was read before, to which these are added.
        """
        start = 0 if memory is None else len(memory)
        cos, sin = self.cos[start : start + tokens.shape[1]], self.sin[start : start + tokens.shape[1]]  # (t, e/2)
        x = self.token(tokens)  # (n, t, d)
        for number, block in enumerate(self.blocks):
            x = block(x, cos, sin, number, memory)
        logits: Tensor = self.head(self.norm(x))
        return logits


def _check(width: int, heads: int, groups: int) -> None:
    if width % heads or (width // heads) % 2:
        raise OnionskinError(
            f"{width} values do not divide into {heads} heads of an even number",
            fix="make width a multiple of twice the heads",
        )
    if heads % groups:
        raise OnionskinError(f"{heads} heads do not divide into {groups} groups", fix="make heads a multiple of groups")


def build(
    vocabulary: int = 49152,
    context: int = 8192,
    width: int = 576,
    heads: int = 9,
    groups: int = 3,
    blocks: int = 30,
    inner: int = 1536,
    *,
    base: float = 100_000.0,
    eps: float = 1e-5,
) -> SmolLM2:
    """Return the network with random weights: 134,515,008 parameters.

    Args:
        vocabulary: How many tokens there are.
        context: How many tokens it can look back on.
        width: How many values a token is.
        heads: In how many heads attention looks; they divide the width.
        groups: How many heads keys and values have; they divide the heads.
        blocks: How many blocks.
        inner: How many values a token has within an MLP.
        base: Of rotary positions: the slowest pair turns once in about 2π · base tokens.
        eps: What is added to the mean square in the norms.

    Raises:
        OnionskinError: The width does not divide into the heads, or these into the groups.
    """
    return SmolLM2(vocabulary, context, width, heads, groups, blocks, inner, base, eps)


#: What a GGUF file calls the tensors of a block, and what they are called here.
NAMES = {
    "attn_norm": "attention_norm",
    "attn_q": "attention.q",
    "attn_k": "attention.k",
    "attn_v": "attention.v",
    "attn_output": "attention.out",
    "ffn_norm": "mlp_norm",
    "ffn_gate": "mlp.gate",
    "ffn_up": "mlp.up",
    "ffn_down": "mlp.down",
}


def pretrained(weights: Path | GGUF) -> SmolLM2:
    """Return the network of a GGUF file in evaluation mode, its weights as 32-bit numbers.

    Any file of architecture ``llama`` with tied embeddings will do; sizes are read from it.

    Args:
        weights: The file, or what :func:`~onionskin.models._gguf.read_gguf` gave of it.

    Raises:
        OnionskinError: There is no such file, it is damaged, or it holds another architecture.
    """
    file = weights if isinstance(weights, GGUF) else read_gguf(weights)
    kind = file.text("general.architecture")
    if kind != "llama":
        raise OnionskinError(
            f"{file.path} holds a {kind!r}", fix="give a GGUF file of architecture llama, as SmolLM2's"
        )
    make = partial(
        build,
        file.shape("token_embd.weight")[0],
        file.whole("llama.context_length", most=1 << 17),
        file.whole("llama.embedding_length", most=1 << 16),
        file.whole("llama.attention.head_count", most=1 << 10),
        file.whole("llama.attention.head_count_kv", most=1 << 10),
        file.whole("llama.block_count", most=1 << 10),
        file.whole("llama.feed_forward_length", most=1 << 20),
        base=file.number("llama.rope.freq_base"),
        eps=file.number("llama.attention.layer_norm_rms_epsilon"),
    )
    with torch.device("meta"):  # where sizes cost nothing
        expected = {name: tuple(value.shape) for name, value in make().named_parameters()}
    for name, shape in expected.items():
        if file.shape(gguf_name(name)) != shape:
            raise OnionskinError(
                f"{file.path}: {gguf_name(name)} is {file.shape(gguf_name(name))} and should be {shape}",
                fix="give another file: this one contradicts itself",
            )
    if "output.weight" in file:
        raise OnionskinError(f"{file.path} has an output of its own", fix="give a model with tied embeddings")
    model = make()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.from_numpy(file.values(gguf_name(name))))
    return model.eval()


def gguf_name(name: str) -> str:
    """Return what a GGUF file calls a parameter."""
    if not name.startswith("blocks."):
        return {"token.weight": "token_embd.weight", "norm.weight": "output_norm.weight"}[name]
    _, number, rest = name.split(".", 2)
    own = next(theirs for theirs, ours in NAMES.items() if rest == f"{ours}.weight")
    return f"blk.{number}.{own}.weight"


def example() -> Example:
    """Return a small one with 4 strings of 12 tokens, each six letters said twice: the second time can be known."""
    once = strings(4, 6, letters=16)
    twice = once.repeat(1, 3)[:, :13]  # one token more, for the last to have a next
    with seeded():
        model = build(16, 12, 16, 4, 2, 2, 24, base=100.0)
    return Example(model, twice[:, :-1], twice[:, 1:], loss=next_token_loss, optimizer="sgd:lr=0.0625,momentum=0.75")

"""MiniLM: a small BERT that was taught by a large one, and then to put sentences that mean the same close together.

Paper: Wang, Wei, Dong, Bao, Yang & Zhou (2020), "MiniLM: deep self-attention distillation for task-agnostic compression
of pre-trained transformers", arXiv 2002.10957. The architecture is that of Devlin et al. (2018), "BERT", arXiv
1810.04805; from tokens to a sentence it is Reimers & Gurevych (2019), "Sentence-BERT", arXiv 1908.10084. Names are
those of the published weights, all-MiniLM-L6-v2; BERT's pooler, which a sentence's vector does without, is left out.
"""

# Shapes: n sentences of t tokens, d values a token, in h heads of d/h values.

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from onionskin.errors import OnionskinError
from onionskin.models import Example
from onionskin.models._batches import seeded, strings

#: The token that fills a sentence up to the length of the longest, and is not looked at.
PADDING = 0


class Embeddings(nn.Module):
    """Gives each token a vector by what it is and by where it stands. Takes (n, t); gives (n, t, d)."""

    def __init__(self, vocabulary: int, context: int, width: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(vocabulary, width, padding_idx=PADDING)
        self.position_embeddings = nn.Embedding(context, width)
        self.token_type_embeddings = nn.Embedding(2, width)  # the first and the second of a pair; here all are first
        self.LayerNorm = nn.LayerNorm(width, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the vectors."""
        places = self.position_embeddings.weight[: tokens.shape[1]]  # (t, d)
        x = self.word_embeddings(tokens) + places + self.token_type_embeddings.weight[0]
        out: Tensor = self.dropout(self.LayerNorm(x))
        return out


class SelfAttention(nn.Module):
    """Every token looks at all tokens of its sentence. Takes (n, t, d) and what may be looked at, (n, 1, 1, t)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query = nn.Linear(width, width)
        self.key = nn.Linear(width, width)
        self.value = nn.Linear(width, width)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return softmax(q kᵀ / √(d/h)) v of all heads side by side, (n, t, d)."""
        n, t, d = x.shape
        q = self.query(x).view(n, t, self.heads, d // self.heads).transpose(1, 2)  # (n, h, t, d/h)
        k = self.key(x).view(n, t, self.heads, d // self.heads).transpose(1, 2)
        v = self.value(x).view(n, t, self.heads, d // self.heads).transpose(1, 2)
        y = functional.scaled_dot_product_attention(q, k, v, attn_mask=seen)
        return y.transpose(1, 2).reshape(n, t, d)


class Output(nn.Module):
    """Adds a branch to what came in, and norms the sum: BERT's norms stand behind the sum and not in the branch."""

    def __init__(self, inputs: int, width: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inputs, width)
        self.LayerNorm = nn.LayerNorm(width, eps=eps)
        self.dropout = nn.Dropout(dropout)

    def forward(self, branch: Tensor, x: Tensor) -> Tensor:
        """Return the sum, (n, t, d), of the branch, (n, t, inputs), and what came in, (n, t, d)."""
        out: Tensor = self.LayerNorm(self.dropout(self.dense(branch)) + x)
        return out


class Attention(nn.Module):
    """Self-attention and its output."""

    def __init__(self, width: int, heads: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.self = SelfAttention(width, heads)
        self.output = Output(width, width, eps, dropout)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return the tokens, (n, t, d), after having looked around."""
        out: Tensor = self.output(self.self(x, seen), x)
        return out


class Intermediate(nn.Module):
    """Widens a token four times. Takes (n, t, d); gives (n, t, 4 d)."""

    def __init__(self, width: int, inner: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, inner)

    def forward(self, x: Tensor) -> Tensor:
        """Return what lies between the two linear maps of a layer."""
        return functional.gelu(self.dense(x))


class Layer(nn.Module):
    """Attention, then two linear maps for each token alone. Takes and gives (n, t, d)."""

    def __init__(self, width: int, heads: int, inner: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.attention = Attention(width, heads, eps, dropout)
        self.intermediate = Intermediate(width, inner)
        self.output = Output(inner, width, eps, dropout)

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return the tokens after one layer."""
        x = self.attention(x, seen)
        x = self.output(self.intermediate(x), x)
        return x


class Encoder(nn.Module):
    """The layers, one after the other."""

    def __init__(self, width: int, heads: int, layers: int, inner: int, eps: float, dropout: float) -> None:
        super().__init__()
        self.layer = nn.ModuleList(Layer(width, heads, inner, eps, dropout) for _ in range(layers))

    def forward(self, x: Tensor, seen: Tensor) -> Tensor:
        """Return the tokens, (n, t, d), after all layers."""
        for layer in self.layer:
            x = layer(x, seen)
        return x


class MiniLM(nn.Module):
    """Takes tokens, (n, t) whole numbers, padded with 0; gives one vector of length 1 a sentence, (n, d)."""

    def __init__(
        self, vocabulary: int, context: int, width: int, heads: int, layers: int, inner: int, eps: float, dropout: float
    ) -> None:
        super().__init__()
        if width % heads:
            raise OnionskinError(
                f"{width} values do not divide into {heads} heads", fix="make width a multiple of heads"
            )
        #: Vocabulary, context, width, heads, layers and inner values, as :func:`build` takes them.
        self.sizes = (vocabulary, context, width, heads, layers, inner)
        self.embeddings = Embeddings(vocabulary, context, width, eps, dropout)
        self.encoder = Encoder(width, heads, layers, inner, eps, dropout)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return the mean of a sentence's tokens, padding left out, brought to length 1."""
        seen = tokens != PADDING  # (n, t)
        x = self.encoder(self.embeddings(tokens), seen[:, None, None, :])  # (n, t, d)
        return functional.normalize(mean_of_tokens(x, seen), dim=-1)

    def depths(self, tokens: Tensor, last: int = 3) -> Tensor:
        """Return what each of the last layers says of a sentence, (n, last · d): the means of its tokens, side by side.

        The last layer was trained to tell what a sentence is about. How it is meant is plainer in those before it: as
        features for the sign of a film review three layers are two to three points better than the last one alone.
        """
        seen = tokens != PADDING
        x = self.embeddings(tokens)
        found = []
        for layer in self.encoder.layer:
            x = layer(x, seen[:, None, None, :])
            found.append(mean_of_tokens(x, seen))
        return torch.cat(found[-last:], dim=1)


def mean_of_tokens(x: Tensor, seen: Tensor) -> Tensor:
    """Return the mean, (n, d), of those of the tokens, (n, t, d), that are seen, (n, t)."""
    shares = seen.unsqueeze(-1).to(x.dtype)  # (n, t, 1)
    return (x * shares).sum(1) / shares.sum(1)


def match_loss(vectors: Tensor, partners: Tensor) -> Tensor:
    """Return the mean cross-entropy of finding the partner of each sentence among all partners.

    Source: section 4 of Henderson et al. (2017), "Efficient natural language response suggestion for Smart Reply",
    arXiv 1705.00652, over cosines times 20, as these weights were trained.

    Args:
        vectors: (2 n, d) of length 1: n sentences, then their partners.
        partners: (n,) which partner belongs to each.
    """
    one, other = vectors.chunk(2, dim=0)
    return functional.cross_entropy(20.0 * (one @ other.transpose(0, 1)), partners)


def build(
    vocabulary: int = 30522,
    context: int = 512,
    width: int = 384,
    heads: int = 12,
    layers: int = 6,
    inner: int = 1536,
    *,
    eps: float = 1e-12,
    dropout: float = 0.1,
) -> MiniLM:
    """Return the network with random weights: 22,565,376 parameters.

    Args:
        vocabulary: How many tokens there are.
        context: The most tokens of a sentence.
        width: How many values a token is.
        heads: In how many heads attention looks; they divide the width.
        layers: How many layers.
        inner: How many values a token has between the two linear maps of a layer.
        eps: What is added to the variance in the norms.
        dropout: The share of values dropped behind the embeddings and in each branch.

    Raises:
        OnionskinError: The width does not divide into the heads.
    """
    return MiniLM(vocabulary, context, width, heads, layers, inner, eps, dropout)


def checked(sizes: object) -> tuple[int, ...]:
    """Return sizes that a stranger's file asks for, if they are those of a BERT that can be built.

    Raises:
        ValueError: They are not.
    """
    most = (1 << 18, 4096, 1024, 64, 24, 4096)  # BERT-large's, and a vocabulary for every language
    if not isinstance(sizes, list) or len(sizes) != len(most):
        raise ValueError(f"the sizes of an encoder are {sizes!r}")
    if any(type(size) is not int or not 1 <= size <= limit for size, limit in zip(sizes, most, strict=True)):
        raise ValueError(f"the sizes of an encoder are {sizes!r}")
    return tuple(sizes)


def pretrained(weights: Path) -> MiniLM:
    """Return the network with weights from a file, in evaluation mode.

    Its sizes are read off the tensors, with heads of 32 values as all MiniLM have. What a sentence's vector does
    without is passed over: BERT's pooler, and the positions that some files keep.

    Args:
        weights: The ``model.safetensors`` of all-MiniLM-L6-v2, or of another BERT with the same names.

    Raises:
        OnionskinError: There is no such file, it is no safetensors, or its tensors are those of another network.
    """
    state = _tensors(weights)
    try:
        vocabulary, width = state["embeddings.word_embeddings.weight"].shape
        context = state["embeddings.position_embeddings.weight"].shape[0]
        inner = state["encoder.layer.0.intermediate.dense.bias"].shape[0]
        layers = len({name.split(".")[2] for name in state if name.startswith("encoder.layer.")})
        model = build(vocabulary, context, width, max(1, width // 32), layers, inner)
        model.load_state_dict(state)
    except (KeyError, ValueError, IndexError, RuntimeError) as error:
        raise OnionskinError(
            f"{weights} holds no MiniLM: {str(error).splitlines()[0]}",
            fix="give the model.safetensors of all-MiniLM-L6-v2",
        ) from error
    return model.eval()


def _tensors(weights: Path) -> dict[str, Tensor]:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise OnionskinError(
            "reading the weights of MiniLM takes safetensors", fix="pip install 'onionskin[learn]'"
        ) from None
    try:
        state = load_file(weights)
    except (OSError, SafetensorError) as error:
        raise OnionskinError(f"cannot read {weights}: {error}", fix="give a .safetensors file") from error
    left_out = ("pooler.", "embeddings.position_ids")
    return {name: value.float() for name, value in state.items() if not name.startswith(left_out)}


def example() -> Example:
    """Return a small one with 8 sentences of up to 6 tokens and, for each, one in which two tokens are exchanged."""
    tokens = strings(8, 6, letters=16)
    other = tokens[:, [1, 0, 2, 3, 4, 5]]
    both = torch.cat([tokens, other])
    both[::3, 4:] = PADDING
    with seeded():
        model = build(16, 8, 16, 2, 2, 32, eps=1e-5, dropout=0.0)
    return Example(model, both, torch.arange(8), loss=match_loss, optimizer="sgd:lr=0.125,momentum=0.5")

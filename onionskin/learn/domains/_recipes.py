"""How pictures are trained: for the data sets that have a name, for photos, and for few or many of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from onionskin.learn.domain import Recipe

#: What data sets of small pictures are trained with: a network, how its pictures are changed, and a recipe. MNIST's
#: 5,000 reach 98.8 %, Fashion-MNIST 91.7 % (``bench/learn_vision.py``).
SMALL: Final = {
    "digits": ("mlp", "none", Recipe(60, 32, 0.0625, 5e-4, "sgd", "linear")),
    "mnist": ("lenet", "strokes", Recipe(40, 32, 0.03125, 5e-4, "sgd", "linear")),
    "mnist_full": ("convnet", "strokes", Recipe(5, 128, 0.0625, 5e-4, "sgd", "one_cycle", 0)),
    "fashion_mnist": ("convnet", "things", Recipe(5, 128, 0.0625, 5e-4, "sgd", "one_cycle", 0)),
}
FROZEN: Final = Recipe(60, 16, 0.0078125, 1.0, "adamw", "one_cycle")
FINE_TUNED: Final = Recipe(8, 16, 0.0009765625, 0.01, "adamw", "one_cycle", 0)
SCRATCH: Final = Recipe(40, 32, 0.00390625, 0.05, "adamw", "one_cycle", 0)


def scaled(recipe: Recipe, photos: int) -> Recipe:
    """Return a recipe for about a hundred photos as one for so many.

    Few photos come in small batches, so that an epoch has some steps; many need fewer epochs, and less decay, which is
    a prior that a hundred photos need and ten thousand overrule.
    """
    batch = next((size for size in (4, 8, 16) if photos < 16 * size), max(recipe.batch, 32))
    steps = max(1, photos // batch)
    epochs = min(recipe.epochs, max(recipe.epochs // 4, 3, 20 * recipe.epochs // steps))
    return replace(recipe, batch=batch, epochs=epochs, weight_decay=recipe.weight_decay * min(1.0, 150 / photos))

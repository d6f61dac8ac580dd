"""The shared parts of 'sparse': products with few weights, winners, networks of equal size, tickets."""

from __future__ import annotations

import math

import pytest
import torch

from onionskin.lab.questions import _sparse_noise, _sparse_products, _sparse_tickets
from onionskin.lab.questions._sparse_layers import KWinners, Masked


def test_a_crossover_lies_between_the_densities_where_it_becomes_slower() -> None:
    assert _sparse_products.crossover((0.01, 0.1), (10.0, 0.1)) == pytest.approx(10**-1.5)
    assert _sparse_products.crossover((0.01, 0.1), (4.0, 2.0)) == 1.0
    assert math.isnan(_sparse_products.crossover((0.01, 0.1), (0.9, 0.1)))


def test_with_every_block_left_a_product_with_blocks_is_the_whole_product() -> None:
    torch.manual_seed(0)
    product = _sparse_products.blocks(1.0, 64)
    y, identity = product(torch.randn(3, 64)), product(torch.eye(64))
    torch.manual_seed(0)
    _sparse_products.blocks(1.0, 64)
    x = torch.randn(3, 64)
    assert isinstance(y, torch.Tensor)
    assert isinstance(identity, torch.Tensor)
    torch.testing.assert_close(y, x @ identity, rtol=1e-4, atol=1e-4)


def test_k_winners_keep_the_largest_and_half_as_many_again_at_inference() -> None:
    layer, x = KWinners(100, 0.1), torch.arange(1.0, 101.0).repeat(4, 1)
    assert layer(x).nonzero().shape[0] == 4 * 10
    assert float(layer.duty[-1]) > float(layer.duty[0])  # whoever won is favoured less
    assert layer.eval()(x).nonzero().shape[0] == 4 * 15


def test_each_unit_of_a_masked_layer_has_the_same_number_of_inputs() -> None:
    layer = Masked(40, 8, 0.3)
    assert layer.mask.sum(1).tolist() == [12.0] * 8
    outside = torch.zeros(1, 40)
    outside[0, layer.mask[0] == 0] = 1.0
    assert layer(outside)[0, 0] == layer.bias[0]


def test_dense_networks_are_as_large_and_take_as_much_as_the_sparse_one() -> None:
    sparse, same_size, same_work = (_sparse_noise.network("digits", kind) for kind in _sparse_noise.KINDS)
    assert same_size.parameters_left == pytest.approx(sparse.parameters_left, rel=0.02)
    assert same_work.multiplications == pytest.approx(sparse.multiplications, rel=0.02)


def test_tickets_keep_a_tenth_and_a_twentieth_of_the_weights() -> None:
    for pruned, rounds in _sparse_tickets.AFTER.items():
        masks = _sparse_tickets.masks("digits", rounds, 20, 0)
        left = sum(float(mask.sum()) for mask in masks[:-1]) / sum(mask.numel() for mask in masks[:-1])
        assert left == pytest.approx(1 - int(pruned) / 100, abs=0.001)

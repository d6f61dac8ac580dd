"""A small net at five levels, as the peel writes it; a line that does something ends with ``#@`` and its steps."""

from __future__ import annotations

from typing import Final

LOOP: Final = '''
"""net in PyTorch: its modules, and the loop written out."""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.fc = nn.Linear(inputs, outputs)
        self.act = nn.ReLU()

    def forward(self, x):
        x = self.fc(x)  #@ fc
        return self.act(x)  #@ act


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.a = Block(64, 16)
        self.b = Block(16, 16)
        self.out = nn.Linear(16, 10)

    def forward(self, x):
        x = self.a(x)  #@ a
        x = self.b(x)  #@ b
        return self.out(x)  #@ out


def train(model, batches):
    """Yield the loss of every step."""
    optimizer = torch.optim.SGD(model.parameters(), lr=0.125, momentum=0.5)
    for x, targets in batches:
        loss = nn.functional.cross_entropy(model(x), targets)  #@ loss
        loss.backward()  #@ d_loss d_out_x g_out g_out_b d_b d_act d_fc_x g_fc g_fc_b d_a
        optimizer.step()  #@ sgd
        optimizer.zero_grad()
        yield loss.item()
'''

LINE: Final = '''
"""net in one line."""

import onionskin as osk

print(osk.train("net", steps=20).loss)  #@ a b out loss d_loss sgd
'''

TENSORS: Final = '''
"""net on bare tensors: no modules and no optimizer, and autograd finds the gradients."""

import torch
import torch.nn.functional as F


def block(at, x):
    """Block, 2 times: `at` is a and b."""
    fc = F.linear(x, w[f"{at}.fc.weight"], w[f"{at}.fc.bias"])  # (32, 16)  #@ fc
    act = F.relu(fc)  # (32, 16)  #@ act
    return act


def forward(x, targets):
    """From the batch to the loss."""
    a = block("a", x)  # (32, 16)  #@ a
    b = block("b", a)  # (32, 16)  #@ b
    out = F.linear(b, w["out.weight"], w["out.bias"])  # (32, 10)  #@ out
    loss = F.cross_entropy(out, targets)  #@ loss
    return loss


def train(steps):
    """Yield the loss of every step."""
    for step in range(steps):
        x, targets = (data[name][step % len(data[name])] for name in ("x", "targets"))
        loss = forward(x, targets)
        loss.backward()  #@ d_loss d_out_x g_out g_out_b d_b d_act d_fc_x g_fc g_fc_b d_a
        with torch.no_grad():
            for name in w:
                sgd(w[name], w[name].grad, state[name])  #@ sgd
        yield loss.item()
'''

NUMPY: Final = '''
"""net in NumPy: every number of the training, with nothing hidden.

1,482 parameters. Run it: python net_numpy.py [steps]
"""

import sys
from pathlib import Path

import numpy as np

data = dict(np.load(Path(__file__).with_suffix(".npz")))
w = {k[2:]: v for k, v in data.items() if k.startswith("w/")}  # weights
g = {}  # gradients, by the names of the weights
state = {name: {} for name in w}  # what the optimizer remembers


def cross_entropy(x, target):
    """The mean over the examples of -log(softmax(x)[target])."""
    # The largest becomes 0, so that no exponential overflows.
    shifted = x - np.amax(x, axis=1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(axis=1, keepdims=True)
    p /= total
    losses = np.log(total[:, 0]) - shifted[np.arange(len(x)), target]
    return losses.mean(), p


def cross_entropy_d_x(p, target):
    """What was given to each class, less what was asked for: (p - onehot(target)) / n."""
    each = 1.0 / len(p)
    dx = p * each
    dx[np.arange(len(p)), target] -= each  # where the right answer is
    return dx


def sgd(w, g, state):
    """v = momentum v + g; w -= lr v."""
    # The first step begins with the gradient itself, undampened.
    v = 0.5 * state["v"] + g if "v" in state else g
    state["v"] = v
    w -= 0.125 * v


def block(at, x):
    """Block, 2 times: `at` is a and b."""
    fc = x @ w[f"{at}.fc.weight"].T + w[f"{at}.fc.bias"]  # (32, 16)  #@ fc
    act = np.maximum(fc, 0)  # (32, 16)  #@ act
    return act, (x, act)


def block_backward(at, d_act, saved):
    """The chain rule through Block, from the last line up."""
    x, act = saved
    d_fc = d_act * (act > 0)  # (32, 16)  #@ d_act
    d_x = d_fc @ w[f"{at}.fc.weight"]  # (32, 64)  #@ d_fc_x
    g[f"{at}.fc.weight"] = d_fc.T @ x  # (16, 64)  #@ g_fc
    g[f"{at}.fc.bias"] = d_fc.sum(axis=0)  # (16,)  #@ g_fc_b
    return d_x


def forward(x, targets):
    """From the batch to the loss."""
    a, saved_a = block("a", x)  # (32, 16)  #@ a
    b, saved_b = block("b", a)  # (32, 16)  #@ b
    out = b @ w["out.weight"].T + w["out.bias"]  # (32, 10)  #@ out
    loss, loss_p = cross_entropy(out, targets)  #@ loss
    return loss, (targets, saved_a, b, saved_b, loss_p)


def backward(saved):
    """The chain rule, from the last line up."""
    targets, saved_a, b, saved_b, loss_p = saved
    d_out = cross_entropy_d_x(loss_p, targets)  # (32, 10)  #@ d_loss
    d_b = d_out @ w["out.weight"]  # (32, 16)  #@ d_out_x
    g["out.weight"] = d_out.T @ b  # (10, 16)  #@ g_out
    g["out.bias"] = d_out.sum(axis=0)  # (10,)  #@ g_out_b
    d_a = block_backward("b", d_b, saved_b)  # (32, 16)  #@ d_b
    block_backward("a", d_a, saved_a)  #@ d_a


def train(steps):
    """Yield the loss of every step."""
    for step in range(steps):
        x, targets = (data[name][step % len(data[name])] for name in ("x", "targets"))
        loss, saved = forward(x, targets)
        backward(saved)
        for name in g:
            sgd(w[name], g[name], state[name])  #@ sgd
        yield loss


if __name__ == "__main__":
    for step, loss in enumerate(train(int(sys.argv[1]) if len(sys.argv) > 1 else 20)):
        print(f"step {step:3d}  loss {loss:.6f}")
'''

C: Final = """
/* net in C: no library but the standard one. Build it: cc -O3 net.c -lm */
#include <math.h>
#include <stdio.h>

/* y (n, o) = x (n, i) times w (o, i) transposed, plus b (o) */
static void linear(float *y, const float *x, const float *w, const float *b, int n, int i, int o)
{
    for (int r = 0; r < n; r++)
        for (int c = 0; c < o; c++) {
            float sum = b[c];
            for (int k = 0; k < i; k++)
                sum += x[r * i + k] * w[c * i + k];
            y[r * o + c] = sum;
        }
}

static float forward(const float *x, const int *targets)
{
    linear(a_fc, x, a_fc_weight, a_fc_bias, 32, 64, 16); //@ fc
    relu(a, a_fc, 32 * 16); //@ act
    linear(b_fc, a, b_fc_weight, b_fc_bias, 32, 16, 16); //@ fc
    relu(b, b_fc, 32 * 16); //@ act
    linear(out, b, out_weight, out_bias, 32, 16, 10); //@ out
    return cross_entropy(out, targets, 32, 10); //@ loss
}
"""

#: By level, from one line down.
PROGRAMS: Final = {"line": LINE, "loop": LOOP, "tensors": TENSORS, "numpy": NUMPY, "c": C}

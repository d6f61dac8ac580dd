import math

import torch
import torch.nn as nn

torch.manual_seed(3)

# two arms of a spiral, wound around each other
n = 600
arm = torch.arange(n) % 2
turn = torch.rand(n) * 3 * math.pi
angle = turn + arm * math.pi
x = (turn / math.pi)[:, None] * torch.stack([angle.cos(), angle.sin()], 1) + 0.08 * torch.randn(n, 2)

net = nn.Sequential(
    nn.Linear(2, 16),
    nn.Tanh(),
    nn.Linear(16, 16),
    nn.Tanh(),
    nn.Linear(16, 1),
)
opt = torch.optim.Adam(net.parameters(), lr=0.02)
lossf = nn.BCEWithLogitsLoss()

for step in range(1500):
    i = torch.randint(n, (64,))
    loss = lossf(net(x[i]).squeeze(1), arm[i].float())
    opt.zero_grad()
    loss.backward()
    opt.step()

with torch.no_grad():
    right = ((net(x).squeeze(1) > 0).long() == arm).float().mean()
print(f"{100 * right:.1f} % of the points lie on the right side")

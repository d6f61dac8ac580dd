import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_wine

torch.manual_seed(0)
wine = load_wine()
x = torch.tensor((wine.data - wine.data.mean(0)) / wine.data.std(0), dtype=torch.float32)
y = torch.tensor(wine.target)

model = nn.Sequential(nn.Linear(13, 32), nn.Tanh(), nn.BatchNorm1d(32), nn.Linear(32, 3))
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
# aot_eager needs no C++ compiler on the machine
model = torch.compile(model, backend="aot_eager")

for step in range(150):
    rows = torch.randint(len(x), (32,))
    loss = F.cross_entropy(model(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

model.eval()
print("accuracy", (model(x).argmax(1) == y).float().mean().item())

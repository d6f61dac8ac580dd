import torch
from sklearn.datasets import load_diabetes
from torch import nn

torch.manual_seed(0)
data = load_diabetes()
x = torch.tensor(data.data, dtype=torch.float64)
y = torch.tensor(data.target, dtype=torch.float64).unsqueeze(1) / 100

model = nn.Sequential(nn.Linear(10, 16), nn.Sigmoid(), nn.Linear(16, 1)).double()
optimizer = torch.optim.LBFGS(model.parameters(), max_iter=5, line_search_fn="strong_wolfe")


def closure():
    optimizer.zero_grad()
    loss = (model(x) - y).square().mean()
    loss.backward()
    return loss


for i in range(20):
    loss = optimizer.step(closure)
print("mean squared error", loss.item())

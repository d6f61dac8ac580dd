# logistic regression without any nn.Module
import torch
from sklearn.datasets import load_iris

torch.manual_seed(0)
iris = load_iris()
X = torch.tensor(iris.data, dtype=torch.float32)
X = (X - X.mean(0)) / X.std(0)
y = torch.tensor(iris.target)

W = torch.zeros(4, 3, requires_grad=True)
b = torch.zeros(3, requires_grad=True)
optimizer = torch.optim.SGD([W, b], lr=0.5)

for step in range(100):
    loss = torch.nn.functional.cross_entropy(X @ W + b, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()

print("loss", loss.item(), "accuracy", ((X @ W + b).argmax(1) == y).float().mean().item())

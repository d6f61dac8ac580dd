"""The same network with and without batch normalisation, from the same seed: python batch_norm.py [plain]"""

import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

use_norm = "plain" not in sys.argv[1:]

X, y = load_digits(return_X_y=True)
X_train, X_test, y_train, y_test = train_test_split(X / 16.0, y, random_state=42)
X_train = torch.tensor(X_train, dtype=torch.float32).view(-1, 1, 8, 8)
X_test = torch.tensor(X_test, dtype=torch.float32).view(-1, 1, 8, 8)
y_train, y_test = torch.tensor(y_train), torch.tensor(y_test)


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        sizes = [1, 12, 16, 24, 24]
        self.conv = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in zip(sizes, sizes[1:]))
        self.norm = nn.ModuleList(nn.BatchNorm2d(b) if use_norm else nn.Identity() for b in sizes[1:])
        self.head = nn.Linear(24, 10)

    def forward(self, x):
        for i, (conv, norm) in enumerate(zip(self.conv, self.norm)):
            x = F.relu(norm(conv(x)))
            if i in (0, 2):
                x = F.max_pool2d(x, 2)
        return self.head(x.mean((2, 3)))


torch.manual_seed(0)
model = Net()
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

for epoch in range(14):
    model.train()
    for idx in torch.randperm(len(X_train))[:1344].split(64):
        loss = F.cross_entropy(model(X_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    model.eval()
    with torch.no_grad():
        accuracy = (model(X_test).argmax(1) == y_test).float().mean()
    print(f"epoch {epoch}: loss {loss.item():.4f}, test accuracy {accuracy:.3f}")

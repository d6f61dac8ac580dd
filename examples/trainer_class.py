#!/usr/bin/env python
"""Trains a small ResNet-ish net on digits. Usage: trainer_class.py [--epochs N] [--lr LR]"""
import argparse
from dataclasses import dataclass

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


@dataclass
class Config:
    epochs: int = 3
    lr: float = 0.05
    batch_size: int = 64
    seed: int = 7


class Residual(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels, channels, 3, padding=1, bias=False),
            nn.BatchNorm2d(channels),
        )

    def forward(self, x):
        return torch.relu(x + self.body(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Conv2d(1, 16, 3, padding=1)
        self.blocks = nn.Sequential(Residual(16), Residual(16), Residual(16))
        self.dropout = nn.Dropout(0.1)
        self.head = nn.Linear(16, 10)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        return self.head(self.dropout(x.mean(dim=(2, 3))))


class Trainer:
    def __init__(self, model, config, train_set, val_set):
        self.model = model
        self.config = config
        self.train_loader = DataLoader(train_set, batch_size=config.batch_size, shuffle=True)
        self.val_loader = DataLoader(val_set, batch_size=256)
        self.criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
        self.optimizer = torch.optim.SGD(model.parameters(), lr=config.lr, momentum=0.9, nesterov=True)
        steps = config.epochs * len(self.train_loader)
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, config.lr, total_steps=steps)
        self.history = []

    def training_step(self, batch):
        x, y = batch
        self.optimizer.zero_grad(set_to_none=True)
        loss = self.criterion(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        self.scheduler.step()
        return loss.item()

    @torch.no_grad()
    def validate(self):
        self.model.eval()
        correct = total = 0
        for x, y in self.val_loader:
            correct += (self.model(x).argmax(1) == y).sum().item()
            total += len(y)
        self.model.train()
        return correct / total

    def fit(self):
        for epoch in range(self.config.epochs):
            losses = [self.training_step(batch) for batch in self.train_loader]
            self.history.append(sum(losses) / len(losses))
            print(f"epoch {epoch + 1}/{self.config.epochs}  loss {self.history[-1]:.4f}  val acc {self.validate():.4f}")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=0.05)
    args = parser.parse_args()
    config = Config(epochs=args.epochs, lr=args.lr)
    torch.manual_seed(config.seed)
    images, labels = load_digits(return_X_y=True)
    data = TensorDataset(
        torch.tensor(images / 16.0, dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(labels)
    )
    train_set, val_set = random_split(data, [0.8, 0.2])
    Trainer(Net(), config, train_set, val_set).fit()


if __name__ == "__main__":
    main()

import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

torch.manual_seed(0)
device = "cuda" if torch.cuda.is_available() else "cpu"

data = load_breast_cancer()
features = torch.tensor(StandardScaler().fit_transform(data.data), dtype=torch.float32, device=device)
targets = torch.tensor(data.target, dtype=torch.float32, device=device)


class Tabular(nn.Module):
    def __init__(self, n_in, width=64):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(n_in, width), nn.Linear(width, width)])
        self.norms = nn.ModuleList([nn.LayerNorm(width), nn.LayerNorm(width)])
        self.out = nn.Linear(width, 1)

    def forward(self, x):
        for layer, norm in zip(self.layers, self.norms):
            x = nn.functional.gelu(norm(layer(x)))
        return self.out(x).squeeze(-1)


net = Tabular(features.shape[1]).to(device)
opt = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=0.01)
scaler = torch.amp.GradScaler(device)
loss_fn = nn.BCEWithLogitsLoss()
accumulate = 4

for epoch in range(8):
    order = torch.randperm(len(features), device=device)
    running = 0.0
    for step, rows in enumerate(order.split(16)):
        with torch.autocast(device, dtype=torch.bfloat16):
            loss = loss_fn(net(features[rows]), targets[rows]) / accumulate
        scaler.scale(loss).backward()
        running += loss.item() * accumulate
        if (step + 1) % accumulate == 0:
            scaler.unscale_(opt)
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            scaler.step(opt)
            scaler.update()
            opt.zero_grad()
    print("epoch", epoch, "loss", round(running / (step + 1), 4))

import codecs
import this

import torch
from torch import nn

torch.manual_seed(3)
text = codecs.decode(this.s, "rot13")
chars = sorted(set(text))
stoi = {c: i for i, c in enumerate(chars)}
data = torch.tensor([stoi[c] for c in text])


class CharRNN(nn.Module):
    def __init__(self, vocab, hidden=64):
        super().__init__()
        self.embed = nn.Embedding(vocab, 24)
        self.lstm = nn.LSTM(24, hidden, num_layers=2, batch_first=True)
        self.head = nn.Linear(hidden, vocab)
        self.hidden = None  # carried from batch to batch

    def forward(self, x):
        out, hidden = self.lstm(self.embed(x), self.hidden)
        self.hidden = tuple(h.detach() for h in hidden)
        return self.head(out)


model = CharRNN(len(chars))
optimizer = torch.optim.RMSprop(model.parameters(), lr=3e-3)
seq, lanes = 20, 8
length = (len(data) - 1) // lanes
inputs = data[: length * lanes].view(lanes, length)
targets = data[1 : length * lanes + 1].view(lanes, length)

for epoch in range(15):
    model.hidden = None
    total = 0.0
    for start in range(0, length - seq, seq):
        logits = model(inputs[:, start : start + seq])
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets[:, start : start + seq].flatten())
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        total += loss.item()
    if epoch % 5 == 4:
        print(f"epoch {epoch + 1:3d}  nats per character {total / ((length - seq) // seq + 1):.3f}")

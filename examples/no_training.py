import sys

import torch

model = torch.nn.Linear(4, 2)
with torch.no_grad():
    print("prediction", model(torch.ones(1, 4)).shape)
sys.exit(3)

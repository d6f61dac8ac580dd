"""A GAN that learns eight points on a circle. After the DCGAN tutorials everybody starts from."""
import math

import torch
import torch.nn as nn

torch.manual_seed(1)

nz, hidden, batch = 8, 64, 128

netG = nn.Sequential(nn.Linear(nz, hidden), nn.ReLU(True), nn.Linear(hidden, hidden), nn.ReLU(True), nn.Linear(hidden, 2))
netD = nn.Sequential(nn.Linear(2, hidden), nn.LeakyReLU(0.2, True), nn.Linear(hidden, hidden), nn.LeakyReLU(0.2, True), nn.Linear(hidden, 1))

optimizerD = torch.optim.Adam(netD.parameters(), lr=1e-3, betas=(0.5, 0.999))
optimizerG = torch.optim.Adam(netG.parameters(), lr=1e-3, betas=(0.5, 0.999))
criterion = nn.BCEWithLogitsLoss()


def real_points(n):
    angle = torch.randint(8, (n,)) * (2 * math.pi / 8)
    return torch.stack([angle.cos(), angle.sin()], dim=1) + 0.02 * torch.randn(n, 2)


for i in range(400):
    # (1) update D: maximize log(D(x)) + log(1 - D(G(z)))
    netD.zero_grad()
    errD_real = criterion(netD(real_points(batch)), torch.ones(batch, 1))
    errD_real.backward()
    fake = netG(torch.randn(batch, nz))
    errD_fake = criterion(netD(fake.detach()), torch.zeros(batch, 1))
    errD_fake.backward()
    optimizerD.step()

    # (2) update G: maximize log(D(G(z)))
    netG.zero_grad()
    errG = criterion(netD(fake), torch.ones(batch, 1))
    errG.backward()
    optimizerG.step()

    if i % 100 == 0:
        print(f"[{i}/400] Loss_D: {(errD_real + errD_fake).item():.4f} Loss_G: {errG.item():.4f}")

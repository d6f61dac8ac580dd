"""One file a level: from one line of PyTorch down to pencil and paper."""

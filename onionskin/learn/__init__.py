"""The top of the path: train something real in one line, watched by default."""

"""The operations in C, one file each: what the machine does (see ``peel/kernels.py``)."""

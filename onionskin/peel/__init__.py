"""The peel: one model at seven levels, each a program that stands alone, proved equal."""

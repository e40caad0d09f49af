"""minicrt: the Compact Recurrent Transformer, every forward and every backward pass by hand, in NumPy."""

__version__ = "0.1.0"

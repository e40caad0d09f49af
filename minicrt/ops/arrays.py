"""Sums and joins: operations only so that an engine can put their results into memory it has used before"""

import numpy as np


def add(x, y):                                               # (...), (...) -> (...)
    """x + y; its gradient goes to both as it is."""
    return x + y


def concatenate(parts, axis):                                # arrays -> one array
    """The parts one after the other along `axis`; the gradient is cut where they meet."""
    return np.concatenate(parts, axis=axis)

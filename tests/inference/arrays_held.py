"""The bytes that NumPy's arrays hold, where tracemalloc is on.

Python's and NumPy's own stores of small objects fill for a long time, by what other tests did before: they are not
counted, so that what is held at two times may be compared for equality.
"""

import gc
import tracemalloc

import numpy as np


def bytes_of_arrays() -> int:
    gc.collect()
    arrays = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    return sum(trace.size for trace in tracemalloc.take_snapshot().filter_traces([arrays]).traces)

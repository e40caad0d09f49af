"""The most memory that a process has had resident."""

import sys


def peak_mib() -> float | None:
    """MiB since the process began; None where the system does not tell."""
    try:
        import resource
    except ImportError:                                      # Windows
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2 ** 20 if sys.platform == "darwin" else 2 ** 10)

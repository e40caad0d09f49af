"""Without Numba there are no kernels to test."""

try:
    import numba  # noqa: F401
except ImportError:
    collect_ignore_glob = ["test_*.py"]

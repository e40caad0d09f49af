"""`python -m pytest -p tests.without_numba`: as if Numba were not installed. Processes that a test starts have it."""

import sys

sys.modules["numba"] = None  # type: ignore[assignment]

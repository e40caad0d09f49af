"""BLAS held to one thread while several threads of ours call it, each on its own rows."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

_lock = threading.Lock()
_users = 0
_limit: Any = None
_controller: Any = None


@contextmanager
def single_threaded() -> Iterator[None]:
    """Within, every BLAS in the process works on the calling thread alone. Any number of threads may be within; the
    last to leave puts back what the first found."""
    global _users, _limit
    with _lock:
        _users += 1
        if _users == 1:
            _limit = _libraries().limit(limits=1)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0:
                _limit.restore_original_limits()


def _libraries() -> Any:
    """Found once: looking through the process for libraries takes longer than a small model's step."""
    global _controller
    if _controller is None:
        from threadpoolctl import ThreadpoolController

        _controller = ThreadpoolController().select(user_api="blas")
    return _controller

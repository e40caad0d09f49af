"""The C compiler that the tests of the example in C use"""

import os
import shutil

import pytest


def c_compiler() -> str:
    """Its path. Without one the test is skipped; where everything must be tested, in CI, it fails."""
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    if found is None:
        reason = "there is no C compiler: neither cc nor gcc nor clang is on PATH"
        pytest.fail(reason) if os.environ.get("CI") else pytest.skip(reason)
    return found

"""What is said while Numba compiles, which it also does for others in the same process."""

import numba

from minicrt import kernels  # noqa: F401  (from then on compilations are listened to)


def test_a_function_of_no_module_is_compiled_without_a_word(caplog):
    names = {}
    exec("def doubled(x):\n    return 2 * x", names)
    doubled = names["doubled"]
    doubled.__module__ = None
    assert numba.njit(doubled)(4) == 8
    assert caplog.text == ""

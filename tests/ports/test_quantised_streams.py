"""The models whose kernels for small integers take long to be compiled; the others are in tests/inference"""

import pytest

from minicrt import engines
from tests.inference.test_quantised_stream import check_equal
from tests.inference.test_stream import ATTENTION, RECURRENT, described

SETTINGS = [{**ATTENTION, "model": "crt", "memory": "ncgru", "position_width": 6},
            {**ATTENTION, "model": "crt", "reset_after": False},
            {**ATTENTION, "model": "transformer_xl", "norm": "post"},
            {**ATTENTION, "model": "rmt"},
            {**RECURRENT, "model": "recurrent", "cell": "lstm"},
            {**RECURRENT, "model": "linear_recurrent", "cell": "mingru"},
            {**RECURRENT, "model": "linear_recurrent", "cell": "lru"}]


@pytest.mark.skipif(engines.name_of(engines.get()) != "numba", reason="there are kernels with Numba alone")
@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("settings", SETTINGS, ids=described)
def test_kernels_give_what_the_weights_in_float32_give(settings, bits):
    check_equal(settings, bits)

"""More models on small integers. Compiling their kernels takes minutes: all but two are among the exhaustive tests, for
what reads such integers is the same in all of them, and in those of tests/inference."""

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
QUICK = [("mingru", 8), ("lru", 4)]


@pytest.mark.skipif(engines.name_of(engines.get()) != "numba", reason="there are kernels with Numba alone")
@pytest.mark.parametrize("settings, bits", [
    pytest.param(settings, bits, id=f"{described(settings)}-{bits}",
                 marks=[] if (settings.get("cell"), bits) in QUICK else [pytest.mark.exhaustive])
    for settings in SETTINGS for bits in (8, 4)])
def test_kernels_give_what_the_weights_in_float32_give(settings, bits):
    check_equal(settings, bits)

"""A preset's step at its full size, and the scan over a long segment: what they count and compare"""

import json

import numpy as np
import pytest

from benchmarks import preset_step, scale_tables, selective_scan
from minicrt import engines

pytestmark = pytest.mark.skipif(not engines._numba_is_installed(), reason="Numba")
SMALL = ["width=8", "inner=12", "layers=1", "heads=2", "segment_length=5", "batch=2", "bptt_segments=3", "corpus=ptb"]


def row(*changes, steps=1):
    return preset_step.step_of({"preset": "tiny", "set": [*SMALL, *changes], "threads": 1, "steps": steps})


def test_a_row_of_a_step():
    kept, again = row("recompute=false"), row("recompute=true", steps=2)
    assert kept["tokens"] == again["tokens"] == 2 * 3 * 5
    assert again["said_mib"] < kept["said_mib"]
    assert kept["loss"] == pytest.approx(np.log(10_000), rel=0.1) and again["loss"] != kept["loss"]
    assert json.loads(json.dumps(kept)) == kept


def test_the_table_of_outputs():
    rows = [{"set": ["batch=2", *of], "processor_seconds": seconds, "parameters": 7000, "peak_mib": 300.0}
            for of, seconds in ((["output=softmax"], 6.0), (["output=adaptive", "cutoffs=2,5"], 2.0))]
    assert scale_tables.outputs(rows)[1][1] == ["`output=adaptive cutoffs=2,5`", "7,000", "2.00", "3.0", "300"]


def test_the_scan_is_that_of_the_loop():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    given = selective_scan.drawn(2, 6, 5, 3)
    for own, right in zip(selective_scan.kernel(given)(), selective_scan.torch_loop(given, compiled=False)()):
        np.testing.assert_allclose(own, right, rtol=2e-4, atol=2e-5)

"""The golden cases in tests/golden come out again: what is given to the last bit, what is computed to 64 ulps

An ulp here is a unit in the last place of a tensor's largest magnitude (or of its scale, where terms cancel). BLAS adds
up in another order on another processor: of all golden cases, computed by OpenBLAS for processors from SSE2 to AVX-512,
none was off by more than 25. After a change that is meant, write them again:

    python -m tests.conformance.golden.test_committed
"""

import json
from pathlib import Path

import numpy as np
import pytest

from minicrt.conformance.golden import files, some_cases
from minicrt.conformance.golden.encoding import encoded

FOLDER = Path(__file__).parents[2] / "golden"
CASES = ("embedding-repeated", "layer_norm-constant", "dropout", "attention-memory", "relative_attention", "gru",
         "gru-before-saturated", "ncgru", "lstm", "scaled_cayley", "linear_cross_entropy", "crt-gru",
         "mean_squared_error", "patch_embedding-tubes", "weighted_cross_entropy", "binary_cross_entropy",
         "adaptive_softmax-narrower", "crt-adaptive")
ULPS = 64


@pytest.fixture(scope="module")
def committed():
    return files.read(FOLDER)


@pytest.fixture(scope="module")
def again():
    """By name: the case, and the bytes of its files"""
    return {name: (case := make(), encoded(case, "float64")) for name, make in some_cases(CASES).items()}


def test_the_folder_holds_these_cases_and_is_small(committed):
    assert tuple(committed) == CASES
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) < 1_500_000
    manifest = json.loads((FOLDER / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["dtype"] == "float64" and {path.name for path in FOLDER.iterdir()} == {"manifest.json", *CASES}


@pytest.mark.parametrize("name", CASES)
def test_the_layout_is_the_same_byte_for_byte(name, again):
    """case.json says all of it but the values: names, order, shapes, places in tensors.bin, conventions, tolerances.
    The order inside of a safetensors file is its library's."""
    _, ours = again[name]
    assert (FOLDER / name / "case.json").read_bytes() == ours["case.json"]
    assert (FOLDER / name / "tensors.bin").stat().st_size == len(ours["tensors.bin"])


@pytest.mark.parametrize("name", CASES)
def test_the_values_are_the_same(name, committed, again):
    case, _ = again[name]
    for tensor in case.tensors:
        there, value = committed[name][tensor.name].value, tensor.value
        if tensor.given or value.dtype.kind != "f":
            assert there.tobytes() == value.tobytes(), tensor.name
        else:
            size = max(float(np.max(np.abs(there))), tensor.scale)
            assert np.max(np.abs(there - value)) <= (ULPS * np.spacing(size) if size else 0), tensor.name


@pytest.mark.parametrize("name", CASES)
def test_both_forms_hold_the_same_bytes(name, committed):
    """`read` takes tensors.bin; `read_port` takes both and refuses two that differ."""
    theirs = files.read_port(FOLDER / name, committed[name])
    assert theirs.keys() == {tensor.name for tensor in committed[name].tensors}
    assert all(theirs[tensor.name].tobytes() == tensor.value.tobytes() for tensor in committed[name].tensors)


if __name__ == "__main__":
    print(files.write(FOLDER, some_cases(CASES)))

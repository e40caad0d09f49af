"""What is said of the BLAS library."""

import os

import pytest

from minicrt.cli import machine

LIBRARY = {"internal_api": "openblas", "version": "0.3.30", "architecture": "SkylakeX", "num_threads": 2}


def test_a_library_is_described_with_kernel_and_threads():
    assert machine.describe(LIBRARY) == "OpenBLAS 0.3.30, kernel SkylakeX, 2 threads"
    assert machine.describe({"internal_api": "mkl", "version": None, "num_threads": 1}) == "MKL, 1 thread"


def test_nothing_is_said_where_openblas_chose_its_kernel_itself(monkeypatch):
    monkeypatch.delenv(machine.CORETYPE, raising=False)
    assert machine.coretype_remark() is None


def test_a_kernel_that_was_forced_is_named_with_the_one_that_would_be_chosen(monkeypatch):
    libraries = machine.blas_libraries()
    if machine.CORETYPE in os.environ or not libraries or not libraries[0][1].get("architecture"):
        pytest.skip("NumPy's BLAS was forced already, or does not name its kernel")
    chosen = libraries[0][1]["architecture"]
    monkeypatch.setenv(machine.CORETYPE, "Old")
    monkeypatch.setattr(machine, "blas_libraries", lambda: [("NumPy", {**LIBRARY, "architecture": "Old"})])
    remark = machine.coretype_remark()
    assert remark is not None
    assert "OPENBLAS_CORETYPE=Old" in remark
    assert remark.endswith("would choose " + chosen)

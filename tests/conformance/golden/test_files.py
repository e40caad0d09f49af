"""A folder of golden cases: what is written is read, by others too, and what is no such folder is left alone"""

import json
import sys

import numpy as np
import pytest
import safetensors.numpy

from minicrt.conformance.golden import files, some_cases
from minicrt.conformance.golden.tensors import GoldenCase, Tensor
from minicrt.errors import ConformanceError

CASES = ["embedding-repeated", "linear_cross_entropy", "attention-mask", "crt-T1"]


@pytest.fixture(scope="module", params=files.DTYPES)
def written(request, tmp_path_factory):
    """(folder, dtype, the cases)"""
    folder = tmp_path_factory.mktemp("written") / "golden"
    makers = some_cases(CASES)
    files.write(folder, makers, request.param)
    return folder, request.param, {name: make() for name, make in makers.items()}


def expected(tensor, dtype):
    return tensor.value.astype(dtype) if tensor.value.dtype.kind == "f" else tensor.value


def same(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def test_what_is_written_is_read(written):
    folder, dtype, cases = written
    found = files.read(folder)
    assert list(found) == CASES
    for name, case in cases.items():
        assert (found[name].kind, found[name].subject, found[name].conventions, found[name].tolerance) == \
            (case.kind, case.subject, case.conventions, case.tolerance)
        assert found[name].configuration == case.configuration
        for ours, theirs in zip(case.tensors, found[name].tensors, strict=True):
            assert (ours.name, ours.role, ours.meaning, ours.scale) == \
                (theirs.name, theirs.role, theirs.meaning, theirs.scale)
            assert same(theirs.value, expected(ours, dtype))


def test_a_folder_of_ours_is_read_as_one_of_theirs(written):
    folder, dtype, cases = written
    for name, case in cases.items():
        arrays = files.read_port(folder / name, case)
        assert list(arrays) and all(same(arrays[t.name], expected(t, dtype)) for t in case.tensors)


def test_safetensors_are_read_by_the_library(written):
    folder, dtype, cases = written
    for name, case in cases.items():
        arrays = safetensors.numpy.load_file(folder / name / "tensors.safetensors")
        assert arrays.keys() == {tensor.name for tensor in case.tensors}
        assert all(same(arrays[tensor.name], expected(tensor, dtype)) for tensor in case.tensors)


def test_safetensors_are_read_by_pytorch(written):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file

    folder, dtype, cases = written
    for name, case in cases.items():
        tensors = load_file(folder / name / "tensors.safetensors")
        assert tensors.keys() == {tensor.name for tensor in case.tensors}
        assert all(same(tensors[tensor.name].numpy(), expected(tensor, dtype)) for tensor in case.tensors)
        assert tensors[case.computed()[0].name].dtype == getattr(torch, dtype)


def test_the_bin_form_is_read_line_by_line(written):
    """As C does it: no parser, a line a tensor, its keys in a fixed order."""
    folder, dtype, cases = written
    for name, case in cases.items():
        data = (folder / name / "tensors.bin").read_bytes()
        lines = [line for line in (folder / name / "case.json").read_text(encoding="utf-8").splitlines()
                 if line.startswith('{"name": "')]
        assert len(lines) == len(case.tensors)
        for line, tensor in zip(lines, case.tensors):
            keys = ["name", "role", "dtype", "shape", "offset", "bytes", "scale", "meaning"]
            places = [line.index(f'"{key}": ') for key in keys]
            assert places == sorted(places)
            row = json.loads(line.removesuffix(","))
            assert row["name"] == tensor.name and row["offset"] % 64 == 0 and row["shape"] == list(tensor.value.shape)
            dtype_there = np.dtype(row["dtype"]).newbyteorder("<")
            flat = np.frombuffer(data[row["offset"]:row["offset"] + row["bytes"]], dtype_there)
            assert np.array_equal(flat, expected(tensor, dtype).ravel())


def test_case_json_says_what_a_port_must_know(written):
    folder, dtype, cases = written
    document = json.loads((folder / "crt-T1" / "case.json").read_text(encoding="utf-8"))
    assert document["dtype"] == dtype and document["byte_order"] == "little" and document["layout"] == "C"
    assert document["configuration"]["segments"] == [1, 1, 1, 1] and document["conventions"]
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["format"], manifest["version"], manifest["dtype"]) == ("minicrt-golden", 1, dtype)
    assert manifest["cases"][1] == {"name": CASES[1], "kind": "operation", "subject": CASES[1], "folder": CASES[1]}


def test_the_same_bytes_again(written, tmp_path):
    folder, dtype, _ = written
    files.write(tmp_path, some_cases(CASES), dtype)
    ours, again = (sorted(path for path in place.rglob("*") if path.is_file()) for place in (folder, tmp_path))
    assert [path.relative_to(folder) for path in ours] == [path.relative_to(tmp_path) for path in again]
    assert len(ours) == 1 + 3 * len(CASES)
    assert all(a.read_bytes() == b.read_bytes() for a, b in zip(ours, again))


def test_cases_are_added_and_replaced(tmp_path):
    files.write(tmp_path, some_cases(["tanh", "relu"]))
    (tmp_path / "tanh" / "notes.txt").write_text("mine", encoding="utf-8")
    (tmp_path / "tanh" / "tensors.bin").write_bytes(b"")
    written = files.write(tmp_path, some_cases(["tanh", "sigmoid"]))
    assert list(files.read(tmp_path)) == ["relu", "tanh", "sigmoid"] and written.cases == 2
    assert (tmp_path / "tanh" / "notes.txt").read_text(encoding="utf-8") == "mine"


def test_what_is_written_is_counted(tmp_path):
    written = files.write(tmp_path, some_cases(["tanh"]))
    there = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert written.bytes == sum(path.stat().st_size for path in there)
    assert written.tensors == len(some_cases(["tanh"])["tanh"]().tensors)


def test_whoever_dies_in_between_leaves_whole_cases(tmp_path):
    files.write(tmp_path, some_cases(["tanh", "relu"]))

    def dies():
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write(tmp_path, {**some_cases(["sigmoid"]), "tanh": dies})
    assert list(files.read(tmp_path)) == ["relu"]
    files.write(tmp_path, some_cases(["tanh"]))
    assert list(files.read(tmp_path)) == ["relu", "tanh"] and not list(tmp_path.rglob("*.partial"))


def test_killed_at_the_first_manifest_it_can_be_written_again(tmp_path):
    (tmp_path / "manifest.json.0123456789abcdef.partial").write_bytes(b"{")
    files.write(tmp_path, some_cases(["tanh"]))
    assert list(files.read(tmp_path)) == ["tanh"] and not list(tmp_path.rglob("*.partial"))


@pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege on Windows")
@pytest.mark.parametrize("linked", ["tanh", "tanh/tensors.bin"])
def test_nothing_is_written_through_a_link(tmp_path, linked):
    files.write(tmp_path / "golden", some_cases(["tanh"]))
    place = tmp_path / "golden" / linked
    place.rename(tmp_path / "elsewhere")
    place.symlink_to(tmp_path / "elsewhere")
    kept = tmp_path / "elsewhere" / "tensors.bin" if linked == "tanh" else tmp_path / "elsewhere"
    kept.write_bytes(b"theirs")
    if linked == "tanh":
        with pytest.raises(ConformanceError, match="is a link, expected a folder"):
            files.write(tmp_path / "golden", some_cases(["tanh"]))
    else:
        files.write(tmp_path / "golden", some_cases(["tanh"]))
    assert kept.read_bytes() == b"theirs"


def test_a_mix_of_dtypes_is_refused(tmp_path):
    files.write(tmp_path, some_cases(["tanh", "relu"]), "float32")
    with pytest.raises(ConformanceError, match="dtype float32, these have float64; relu and others would stay"):
        files.write(tmp_path, some_cases(["tanh"]))
    assert files.read(tmp_path)["tanh"]["y"].value.dtype == np.float32
    files.write(tmp_path, some_cases(["tanh", "relu"]))
    assert files.read(tmp_path)["tanh"]["y"].value.dtype == np.float64


@pytest.mark.parametrize("prepare, words", [
    (lambda place: (place / "thesis.tex").write_text("x", encoding="utf-8"), "no folder of golden cases"),
    (lambda place: (place / "manifest.json").write_text("{}", encoding="utf-8"), "has the format None"),
    (lambda place: (place / "manifest.json").write_text("[", encoding="utf-8"), "is not JSON"),
])
def test_another_folder_is_left_alone(tmp_path, prepare, words):
    prepare(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(ConformanceError, match=words):
        files.write(tmp_path, some_cases(["tanh"]))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_full_disk_is_told_of(tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")
    monkeypatch.setattr(files, "write_atomically", full)
    with pytest.raises(ConformanceError, match="cannot be written to .*golden: No space left on device; give another"):
        files.write(tmp_path / "golden", {})


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("x", encoding="utf-8")
    with pytest.raises(ConformanceError, match="is a file"):
        files.write(tmp_path / "file", some_cases(["tanh"]))
    with pytest.raises(ConformanceError, match="float64 or float32, got 'float16'"):
        files.write(tmp_path / "new", some_cases(["tanh"]), "float16")
    assert not (tmp_path / "new").exists()


def test_what_json_cannot_hold_is_not_written(tmp_path):
    case = GoldenCase("own", "operation", "own", (Tensor("x", "input", np.ones(2), scale=float("nan")),))
    with pytest.raises(ValueError, match="JSON"):
        files.write(tmp_path, {"own": lambda: case})
    assert files.read(tmp_path) == {}


def test_empty_and_scalar_tensors_come_back(tmp_path):
    case = GoldenCase("own", "operation", "own", (
        Tensor("empty", "input", np.zeros((2, 0, 3))), Tensor("y", "output", np.float64(2.5) * np.ones(())),
        Tensor("turned", "output", np.arange(6.0).reshape(2, 3).T)))
    files.write(tmp_path, {"own": lambda: case})
    found = files.read(tmp_path)["own"]
    assert all(same(found[t.name].value, t.value) for t in case.tensors[:2])
    assert np.array_equal(found["turned"].value, case["turned"].value)
    assert same(files.read_port(tmp_path / "own", case)["turned"], np.ascontiguousarray(case["turned"].value))

"""What a port hands in: three forms, and each thing that can be wrong with it in one clear line"""

import json
import struct

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import given
from hypothesis import strategies as st

from minicrt.conformance.golden import files, some_cases
from minicrt.conformance.golden.containers import from_bin, from_npy, from_safetensors
from minicrt.errors import ConformanceError
from tests.conformance.golden.port_files import GRU, refused

SIZES = {"float16": 2, "float32": 4, "float64": 8, "int32": 4, "int64": 8}


def write_bin(folder, rows, data=b""):
    (folder / "case.json").write_text(json.dumps({"tensors": rows}), encoding="utf-8")
    (folder / "tensors.bin").write_bytes(data)


def row(**changes):
    return {"name": "h", "dtype": "float32", "shape": [2, 3], "offset": 0} | changes


def write_safetensors(folder, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode("utf-8")
    (folder / "tensors.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


@pytest.mark.parametrize("dtype", SIZES)
def test_every_form_is_read(tmp_path, dtype):
    value = np.arange(6).reshape(2, 3).astype(dtype)
    for form in ("safetensors", "bin", "npy"):
        folder = tmp_path / form
        folder.mkdir()
        if form == "safetensors":
            safetensors.numpy.save_file({"mine/value": value}, folder / "tensors.safetensors")
        elif form == "bin":
            write_bin(folder, [row(name="mine/value", dtype=dtype, offset=5)], b"12345" + value.tobytes())
        else:
            np.save(folder / "mine__value.npy", value)
        found = files.read_port(folder, GRU)
        assert list(found) == ["mine/value"]
        assert found["mine/value"].dtype == value.dtype and np.array_equal(found["mine/value"], value)


def test_npy_in_other_layouts(tmp_path):
    value = np.arange(6.0).reshape(2, 3)
    np.save(tmp_path / "h.npy", np.asfortranarray(value))
    np.save(tmp_path / "d_x.npy", value.astype(">f8"))
    np.save(tmp_path / "d_b.npy", np.float32(3))
    found = files.read_port(tmp_path, GRU)
    assert np.array_equal(found["h"], value) and np.array_equal(found["d_x"], value) and found["d_b"] == 3
    assert found["d_x"].dtype == np.float64 and found["d_b"].shape == ()


def test_nan_is_read(tmp_path):
    np.save(tmp_path / "h.npy", np.array([np.nan, np.inf]))
    assert np.isnan(files.read_port(tmp_path, GRU)["h"][0])


def test_several_forms_must_agree(tmp_path):
    value = np.ones((2, 3), np.float32)
    write_bin(tmp_path, [row()], value.tobytes())
    np.save(tmp_path / "h.npy", value)
    np.save(tmp_path / "d_x.npy", value)
    assert files.read_port(tmp_path, GRU).keys() == {"h", "d_x"}
    np.save(tmp_path / "h.npy", 2 * value)
    refused(tmp_path, "h is in tensors.bin and in h.npy, and the two differ")


@pytest.mark.parametrize("make, words", [
    (lambda f: None, ["no tensors.safetensors, no tensors.bin and no .npy file; it holds nothing"]),
    (lambda f: (f / "h.csv").write_text("1", encoding="utf-8"), ["it holds h.csv"]),
    (lambda f: (f / "tensors.bin").write_bytes(b""), ["no case.json"]),
    (lambda f: write_bin(f, [row()], bytes(20)), ["h should end at byte 24, but the file has 20", "cut short"]),
    (lambda f: write_bin(f, [row(offset=8)], bytes(24)), ["h should end at byte 32"]),
    (lambda f: write_bin(f, [row(offset=-4)], bytes(24)), ["offset -4"]),
    (lambda f: write_bin(f, [row(offset="0")], bytes(24)), ["offset '0'"]),
    (lambda f: write_bin(f, [row(dtype="float23")], bytes(24)), ["h has dtype 'float23'", "float64"]),
    (lambda f: write_bin(f, [row(dtype=["float32"])], bytes(24)), ["h has dtype ['float32']"]),
    (lambda f: write_bin(f, [row(shape=[2, -3])], bytes(24)), ["shape [2, -3]"]),
    (lambda f: write_bin(f, [row(shape="2, 3")], bytes(24)), ["shape '2, 3'"]),
    (lambda f: write_bin(f, [row(shape=[2, True])], bytes(24)), ["shape [2, True]"]),
    (lambda f: write_bin(f, [row(shape=[10**30])], bytes(24)), ["but the file has 24"]),
    (lambda f: write_bin(f, [row(bytes=20)], bytes(24)), ["h has 20 bytes, but float32 of shape [2, 3] takes 24"]),
    (lambda f: write_bin(f, [row(), row()], bytes(24)), ["the tensor h twice"]),
    (lambda f: write_bin(f, [{"dtype": "float32"}], bytes(24)), ["expected an object with a name"]),
    (lambda f: write_bin(f, ["h"], bytes(24)), ["expected an object with a name"]),
    (lambda f: write_bin(f, {"h": row()}, bytes(24)), ["no list \"tensors\""]),
    (lambda f: (f / "case.json").write_text("tensors: h", encoding="utf-8")
     and (f / "tensors.bin").write_bytes(b"") == 0, ["case.json is not JSON"]),
    (lambda f: (f / "case.json").write_bytes(b"\xff\xfe{}")
     and (f / "tensors.bin").write_bytes(b"") == 0, ["case.json is not JSON"]),
    (lambda f: (f / "case.json").write_text("[" * 100_000, encoding="utf-8")
     and (f / "tensors.bin").write_bytes(b"") == 0, ["case.json is nested deeper than the 32 levels"]),
    (lambda f: (f / "case.json").write_text("[1]", encoding="utf-8")
     and (f / "tensors.bin").write_bytes(b"") == 0, ["holds a list, expected an object"]),
    (lambda f: (f / "tensors.bin").mkdir() or write_bin(f / "tensors.bin", []) or (f / "case.json").touch(),
     ["cannot read", "tensors.bin"]),
    (lambda f: (f / "tensors.safetensors").write_bytes(b""), ["0 bytes", "no safetensors file"]),
    (lambda f: (f / "tensors.safetensors").write_bytes(b"PK\3\4 a zip file"), ["do not hold a whole header"]),
    (lambda f: write_safetensors(f, b"{]"), ["the header of", "is not JSON"]),
    (lambda f: write_safetensors(f, {"h": {"dtype": "F64", "shape": [2], "data_offsets": [0, 16]}}, bytes(9)),
     ["cut short or damaged"]),
    (lambda f: write_safetensors(f, {"h": {"dtype": "F64", "shape": [3], "data_offsets": [0, 16]}}, bytes(16)),
     ["cut short or damaged"]),
    (lambda f: write_safetensors(f, {"h": {"dtype": "BF16", "shape": [3], "data_offsets": [0, 6]}}, bytes(6)),
     ["h has dtype 'BF16', expected one of F16, F32, F64"]),
    (lambda f: write_safetensors(f, {"h": [1]}), ["h has dtype None"]),
    (lambda f: write_safetensors(f, b'{"h": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]},'
                                    b' "h": {"dtype": "F32", "shape": [], "data_offsets": [0, 4]}}', bytes(4)),
     ["has 'h' twice"]),
    (lambda f: (f / "h.npy").write_bytes(b"no numpy"), ["h.npy is no .npy file"]),
    (lambda f: (f / "h.npy").write_bytes(b""), ["h.npy is no .npy file"]),
    (lambda f: (f / "h.npy").write_bytes(b"\x93NUMPY\x07\x00"), ["version (7, 0)"]),
    (lambda f: (f / "h.npy").write_bytes(b"\x93NUMPY\x01\x00\x10\x00{'descr': 'quark'"), ["its header is damaged"]),
    (lambda f: np.save(f / "h.npy", np.array([{}], object), allow_pickle=True), ["dtype object"]),
    (lambda f: np.save(f / "h.npy", np.ones(2, np.complex64)), ["dtype complex64, expected one of float16, float32"]),
    (lambda f: np.save(f / "h.npy", np.array(["a"])), ["h.npy has dtype <U1"]),
    (lambda f: np.save(f / "h.npy", np.ones((2, 5, 4), np.int64)), ["h has dtype int64, expected floating point"]),
])
def test_what_is_wrong_is_said_in_a_line(tmp_path, make, words):
    make(tmp_path)
    refused(tmp_path, *words)


def write_npy(folder, header):
    """A .npy file of one float64 with this text for its header."""
    text = f"{header}\n".encode()
    (folder / "h.npy").write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(8))


def npy_header(shape):
    return f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}}}"


@pytest.mark.parametrize("make, words", [
    (lambda f, shape: write_bin(f, [row(shape=shape)], bytes(4)), ["case.json: h has"]),
    (lambda f, shape: write_safetensors(f, {"h": {"dtype": "F32", "shape": shape, "data_offsets": [0, 0]}}),
     ["tensors.safetensors: h has"]),
    (lambda f, shape: write_npy(f, npy_header(tuple(shape))), ["h.npy has"]),
], ids=["bin", "safetensors", "npy"])
@pytest.mark.parametrize("shape", [[0, 2 ** 70], [0, 2 ** 40, 2 ** 40], [1] * 65, [0] * 65, [True], [-1]], ids=str)
def test_a_shape_that_no_array_has(tmp_path, make, words, shape):
    make(tmp_path, shape)
    refused(tmp_path, *words)


@pytest.mark.parametrize("shape", [f"({'9' * 5000},)", "(" * 3000, "(((1,),),)", "1e400", "(1e400,)"],
                         ids=["digits", "brackets", "nested", "float", "floats"])
def test_a_npy_header_with_nonsense_in_it(tmp_path, shape):
    write_npy(tmp_path, npy_header(shape))
    refused(tmp_path, "h.npy")


@pytest.mark.parametrize("change", [{"shape": [0, 10 ** 400]}, {"offset": 10 ** 400}, {"bytes": 10 ** 400}],
                         ids=lambda change: next(iter(change)))
def test_numbers_of_hundreds_of_digits(tmp_path, change):
    write_bin(tmp_path, [row(**change)], bytes(24))
    refused(tmp_path, "case.json has a whole number of more than the 128 bits")


def test_a_npy_file_that_lies_about_its_size(tmp_path):
    np.save(tmp_path / "h.npy", np.ones(1000))
    data = (tmp_path / "h.npy").read_bytes()
    (tmp_path / "h.npy").write_bytes(data.replace(b"(1000,)", b"(10**9,)"))
    refused(tmp_path, "header is damaged")
    (tmp_path / "h.npy").write_bytes(data.replace(b"(1000,), }  ", b"(999999999,)}"[:12]))
    refused(tmp_path, "h.npy")
    (tmp_path / "h.npy").write_bytes(data[:-1])
    refused(tmp_path, "7999 bytes of data, but float64 of shape (1000,) takes 8000")


def test_a_missing_folder(tmp_path):
    refused(tmp_path / "gru", "there is no folder")


@given(st.data())
def test_any_damage_is_read_or_refused(tmp_path_factory, data):
    """Bytes changed, cut off or added anywhere: arrays come out, or one ConformanceError."""
    folder = tmp_path_factory.getbasetemp() / "damage"
    if not folder.exists():
        files.write(folder, some_cases(["modrelu-zero"]))
        np.save(folder / "x.npy", np.ones((2, 3)))
    text, binary, tensors = ((folder / "modrelu-zero" / name).read_bytes()
                             for name in ("case.json", "tensors.bin", "tensors.safetensors"))
    original = data.draw(st.sampled_from([text, binary, tensors, (folder / "x.npy").read_bytes()]))
    changed = bytearray(original)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(changed) - 1))
        kind = data.draw(st.sampled_from(["set", "cut", "insert"]))
        piece = data.draw(st.binary(min_size=1, max_size=3))
        changed[place:len(changed) if kind == "cut" else place + len(piece) * (kind == "set")] = piece
    readers = {text: lambda: from_bin(binary, bytes(changed), "it"), binary: lambda: from_bin(changed, text, "it"),
               tensors: lambda: from_safetensors(bytes(changed), "it")}
    try:
        found = readers.get(original, lambda: {"x": from_npy(bytes(changed), "it")})()
    except ConformanceError as error:
        assert "\n" not in str(error)
    else:
        assert all(isinstance(array, np.ndarray) for array in found.values())

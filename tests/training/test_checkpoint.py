import hashlib
import json
import re

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from minicrt.data import Vocabulary
from minicrt.errors import CheckpointError, ConfigurationError
from minicrt.models import Parameters, ParameterSpec
from minicrt.models.initialisers import normal
from minicrt.sealed import BLANK, digest_place, opened, sealed
from minicrt.training import load_run, read_checkpoint, write_checkpoint
from minicrt.training.checkpoint import FORMAT
from minicrt.training.position import Position

ARRAYS = {"parameters.w": np.arange(12, dtype=np.float32).reshape(3, 4), "optimizer.first": np.ones(5),
          "state.memory": np.zeros((2, 1, 3), np.float32)}
METADATA = {"position": '{"step": 3}', "vocabulary": json.dumps(["a", '"sha256":"', "ä", "\n"])}
FIXED_FIXTURE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=200)


@pytest.fixture(scope="module")
def good(tmp_path_factory):
    path = tmp_path_factory.mktemp("checkpoint") / "good.safetensors"
    write_checkpoint(path, ARRAYS, METADATA)
    return path.read_bytes()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "c.safetensors"


def refused(path, data):
    path.write_bytes(data)
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path)
    message = str(caught.value)
    assert "\n" not in message and str(path) in message
    return message


def test_round_trip(good, path):
    path.write_bytes(good)
    checkpoint = read_checkpoint(path)
    assert checkpoint.arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert checkpoint.arrays[name].dtype == array.dtype
        assert np.array_equal(checkpoint.arrays[name], array)
    assert METADATA.items() <= checkpoint.metadata.items()
    assert list(checkpoint.group("optimizer.")) == ["first"]


@given(cut=st.data())
@FIXED_FIXTURE
def test_truncated_at_any_byte(good, path, cut):
    refused(path, good[:cut.draw(st.integers(0, len(good) - 1))])


@given(where=st.data(), bit=st.integers(0, 7))
@FIXED_FIXTURE
def test_any_flipped_bit(good, path, where, bit):
    damaged = bytearray(good)
    damaged[where.draw(st.integers(0, len(good) - 1))] ^= 1 << bit
    refused(path, bytes(damaged))


def test_equal_things_have_equal_bytes():
    """The metadata's names and the arrays' are sorted, whatever order they are given in."""
    arrays = {name: np.full(3, size) for size, name in enumerate("zebra")}
    metadata = {f"key {number}": f"value {number} ü" for number in range(30)}
    first = sealed(arrays, metadata, "some form")
    again = sealed(dict(reversed(arrays.items())), dict(reversed(metadata.items())), "some form")
    assert first == again
    found, strings = opened(first, "some form", "it", "a thing")
    assert all(np.array_equal(found[name], array) for name, array in arrays.items())
    assert metadata.items() <= strings.items()


@given(garbage=st.binary(max_size=300))
@FIXED_FIXTURE
def test_garbage(path, garbage):
    refused(path, garbage)


def test_more_bytes_at_the_end(good, path):
    refused(path, good + b"\0")


def test_another_safetensors_file(path):
    assert "not a minicrt checkpoint" in refused(path, save({"w": np.ones(3)}))


def test_missing(path):
    with pytest.raises(CheckpointError, match="cannot read"):
        read_checkpoint(path)


def test_a_failed_write_leaves_the_old_file(good, path, monkeypatch):
    path.write_bytes(good)

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(CheckpointError, match="No space"):
        write_checkpoint(path, {"w": np.zeros(9)}, {})
    assert path.read_bytes() == good and list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("table, complaint", [
    ([("w", (3, 5))], "is float32 (3, 4), the model has float32 (3, 5)"),
    ([("w", (3, 4)), ("b", (4,))], "'b' is in the model but not in the file"),
    ([], "'w' is in the file but not the model"),
])
def test_fill_refuses_another_table(good, path, table, complaint):
    path.write_bytes(good)
    parameters = Parameters([ParameterSpec(name, shape, normal(1.0)) for name, shape in table])
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(path).fill("parameters.", parameters)
    assert complaint in str(caught.value)


def test_fill(good, path):
    path.write_bytes(good)
    parameters = Parameters([ParameterSpec("w", (3, 4), normal(1.0))])
    read_checkpoint(path).fill("parameters.", parameters)
    assert np.array_equal(parameters["w"], ARRAYS["parameters.w"])


def forged(tensors, metadata):
    """A file with these entries in its header, four bytes of data and the right SHA-256."""
    entries = {"__metadata__": {"format": FORMAT, "sha256": BLANK.decode(), **metadata}, **tensors}
    header = json.dumps(entries, separators=(",", ":")).encode()
    data = bytearray(len(header).to_bytes(8, "little") + header + bytes(4))
    data[digest_place(data)] = hashlib.sha256(data).hexdigest().encode()
    return bytes(data)


ENTRY = {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}


@pytest.mark.parametrize(("tensors", "metadata"), [
    ({"\ud800": ENTRY}, {}), ({"w": ENTRY}, {"configuration": "\ud800"}), ({"w": {**ENTRY, "shape": [2]}}, {}),
    ({"w": {**ENTRY, "dtype": "F7"}}, {}), ({"w": 5}, {}), ({"w": ENTRY}, {"configuration": 5}),
])
def test_a_forged_header_is_refused_by_what_it_says(path, tensors, metadata):
    assert "is no safetensors file, though its SHA-256 is right" in refused(path, forged(tensors, metadata))


@pytest.mark.parametrize("metadata", [{}, {"configuration": "5"}, {"configuration": "{"}, {"configuration": "{}"},
                                      {"configuration": "[" * 100_000}])
def test_a_checkpoint_that_is_none_of_a_run(path, metadata):
    path.write_bytes(forged({"w": ENTRY}, metadata))
    with pytest.raises((CheckpointError, ConfigurationError)) as caught:
        load_run(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("table", "key"), [("model", "neew"), ("training", "neew"), ("training", "seed")])
def test_a_run_of_another_version_is_said_to_be_one(path, table, key):
    tables = {"model": {"vocabulary": 3}, "training": {"seed": 0, "steps": 1}, "written_by": {"minicrt": "9.1"},
              "data": {"corpus": "a", "level": "word", "sha256": ""}}
    tables[table][key] = -5
    write_checkpoint(path, {}, {"configuration": json.dumps(tables), "position": Position().to_json(),
                                "vocabulary": json.dumps(Vocabulary("abc").to_mapping())})
    with pytest.raises(CheckpointError, match=f"^{re.escape(str(path))}: .*{key}.*; minicrt 9.1 wrote it, and this is"):
        load_run(path)

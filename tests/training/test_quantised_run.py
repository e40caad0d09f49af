"""A quantised run on disk: what is written is read back, and nothing else is taken for one"""

import json

import numpy as np
import pytest

from minicrt.errors import CheckpointError, InputError, MinicrtError
from minicrt.quantisation import quantise
from minicrt.sealed import opened, sealed
from minicrt.training import AdamW, evaluate, load_run, resume, train, train_on, train_step
from minicrt.training.quantised_run import FORM, write_quantised_run
from tests.training import tiny


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return train(tmp_path_factory.mktemp("run") / "run", tiny.model(), tiny.corpus(), tiny.config(steps=3), False)


@pytest.fixture(params=[8, 4])
def small(run, request, tmp_path):
    """(the parameters, the file)"""
    parameters = quantise(run.parameters, request.param)
    return parameters, write_quantised_run(tmp_path / "small", run, parameters)


def test_what_is_written_is_read_back(run, small):
    parameters, file = small
    for path in (file.parent, file):
        loaded = load_run(path)
        assert loaded.folder == file.parent and loaded.step == run.step and loaded.vocabulary == run.vocabulary
        assert loaded.configuration == run.configuration and loaded.parameters.bits == parameters.bits
        for got, written in zip(loaded.parameters.stored_arrays(), parameters.stored_arrays(), strict=True):
            np.testing.assert_array_equal(got, written)
    assert list(file.parent.iterdir()) == [file]
    assert np.isfinite(evaluate(loaded.model, loaded.parameters, tiny.corpus().valid).perplexity)


def test_it_says_what_it_is(small):
    parameters, file = small
    assert repr(load_run(file)).endswith(f"weights of step 3; quantised to {parameters.bits} bits>")
    with pytest.raises(CheckpointError, match="is quantised"):
        load_run(file).metrics  # noqa: B018


def test_it_is_not_trained(run, small):
    parameters, file = small
    for training in (lambda: resume(file.parent, progress=False), lambda: train_on(file.parent, steps=9)):
        with pytest.raises(CheckpointError, match="is quantised, and such weights are neither trained nor watched"):
            training()
    with pytest.raises(InputError, match="parameters are read-only"):
        AdamW(parameters)
    window = [(np.array([[1, 2]]), np.array([[2, 3]]))]
    with pytest.raises(InputError, match="parameters are read-only"):
        train_step(run.model, parameters, parameters.zeros_like(), AdamW(run.parameters), window, {})
    copy = parameters.copy()
    train_step(run.model, copy, copy.zeros_like(), AdamW(copy), window, {})


def test_a_folder_with_something_in_it_is_left_alone(run, small):
    parameters, file = small
    before = file.read_bytes()
    for folder in (file.parent, run.folder, file):
        with pytest.raises(CheckpointError, match="exists and is not an empty folder"):
            write_quantised_run(folder, run, parameters)
    assert file.read_bytes() == before
    with pytest.raises(CheckpointError, match="exists and is not an empty folder"):
        train(file.parent, tiny.model(), tiny.corpus(), tiny.config(), False)
    for name in ("n" * 300, "a\0b"):
        with pytest.raises(CheckpointError, match="cannot make the folder"):
            write_quantised_run(file.parent / name, run, parameters)


@pytest.mark.parametrize("kept", [0, 7, 8, 100, 0.5, -1])
def test_a_file_that_lost_its_end_is_refused(small, kept):
    file = small[1]
    data = file.read_bytes()
    file.write_bytes(data[:int(kept * len(data)) if kept == 0.5 else kept])
    for path in (file.parent, file):
        with pytest.raises(CheckpointError, match="damaged|lost its end"):
            load_run(path)


def test_a_changed_bit_is_found(small):
    file = small[1]
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 4
    file.write_bytes(data)
    with pytest.raises(CheckpointError, match="damaged"):
        load_run(file)


FORGED = [
    (lambda arrays, metadata: arrays.pop("scales.embedding"), "'scales.embedding' is missing"),
    (lambda arrays, metadata: arrays.update({"values.embedding": np.zeros((3, 3), np.int8)}), "'values.embedding' is"),
    (lambda arrays, metadata: arrays["scales.embedding"].fill(np.nan), "'scales.embedding' is not finite"),
    (lambda arrays, metadata: arrays["float32.output.bias"].fill(np.inf), "'float32.output.bias' is not finite"),
    (lambda arrays, metadata: arrays.update({"float32.more": np.zeros(1, np.float32)}), "that the model does not"),
    (lambda arrays, metadata: metadata.update(bits="16"), "of 16 bits, expected 8 or 4"),
    (lambda arrays, metadata: metadata.pop("bits"), "of none bits, expected 8 or 4"),
    (lambda arrays, metadata: metadata.update(step="-1"), "of step '-1', expected a whole number"),
    (lambda arrays, metadata: metadata.update(configuration="[]"), "lacks 'configuration'"),
    (lambda arrays, metadata: metadata.update(vocabulary="{}"), "a stored vocabulary needs"),
    (lambda arrays, metadata: metadata.update(vocabulary='{"tokens": ["a"], "tokenizer": "blanks"}'),
     "has a vocabulary of 1 for a model of 11"),
    (lambda arrays, metadata: metadata.update(configuration=json.dumps({"model": {"vocabulary": 5}})), "training.seed"),
]


@pytest.mark.parametrize("forge, words", FORGED, ids=[words for _, words in FORGED])
def test_a_forged_file_is_refused_in_a_line(small, forge, words):
    file = small[1]
    arrays, metadata = opened(file.read_bytes(), FORM, "", "")
    arrays = {name: array.copy() for name, array in arrays.items()}
    kept = {name: metadata[name] for name in ("bits", "step", "configuration", "vocabulary")}
    forge(arrays, kept)
    file.write_bytes(sealed(arrays, kept, FORM))
    with pytest.raises(MinicrtError, match=words) as caught:
        load_run(file)
    assert "\n" not in str(caught.value)


def test_another_model_is_refused(small):
    file = small[1]
    arrays, metadata = opened(file.read_bytes(), FORM, "", "")
    configuration = json.loads(metadata["configuration"])
    configuration["model"]["inner"] = 7
    kept = {name: metadata[name] for name in ("bits", "step", "vocabulary")}
    file.write_bytes(sealed(arrays, {**kept, "configuration": json.dumps(configuration)}, FORM))
    with pytest.raises(CheckpointError, match="feed_forward.w_in' is .*it is of another model"):
        load_run(file)

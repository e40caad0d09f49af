"""What is said of a C program without compiling it; tests/ports/test_export_c.py compiles and runs it."""

import re

import numpy as np
import pytest

from minicrt.data import Vocabulary
from minicrt.errors import InputError
from minicrt.export import export_c
from minicrt.export.c_program import parts
from minicrt.export.c_program.vocabulary_header import literal
from minicrt.export.c_program.weights import numbers
from minicrt.models import create_model
from tests.export import exported_sensors
from tests.export.exported_models import SETTINGS, SMALL, VOCABULARY, model_and_weights, small_model_and_weights


@pytest.fixture(scope="module")
def programs():
    small = {f"{name}, {bits} bits": export_c(*small_model_and_weights(name, bits), VOCABULARY)
             for name in ("default", "lru", "ncgru", "ncgru, tanh") for bits in (8, 4)}
    return {name: export_c(*model_and_weights(name), VOCABULARY) for name in SETTINGS} | small


@pytest.fixture(scope="module")
def sensor_programs():
    return {name: export_c(*exported_sensors.model_and_weights(name)) for name in exported_sensors.SETTINGS}


def test_a_program_is_four_files_of_readable_lines(programs, sensor_programs):
    for files in (*programs.values(), *sensor_programs.values()):
        names = "readings.h" if files in sensor_programs.values() else "vocabulary.h"
        assert sorted(files) == sorted(["model.h", "model.c", names, "main.c"])
        for text in files.values():
            assert text.isascii() and text.endswith("}\n" if text == files["main.c"] else "\n")
            assert max(map(len, text.splitlines())) <= 120 and "malloc" not in text
    assert len(programs["default"]["main.c"].splitlines()) == 40


def test_every_function_of_the_parts_is_in_some_program_and_whole(programs, sensor_programs):
    text = "".join("".join(files.values()) for files in (*programs.values(), *sensor_programs.values()))
    words = export_c(*model_and_weights("default"), Vocabulary([*"abcdefghij\n"], "characters"))["vocabulary.h"]
    for path in parts.files(parts.__name__).iterdir():
        if path.name.endswith(".c"):
            content = parts.part(path.name.removesuffix(".c")).strip().replace("OUTPUT", "embedding")
            assert content in text + words, path.name


def test_a_program_is_the_same_each_time(programs):
    assert export_c(*model_and_weights("default"), VOCABULARY) == programs["default"]


def test_the_equations_in_front_are_the_models_own(programs):
    def head(name):
        return programs[name]["model.c"].split("*/")[0]

    assert "z = y + (1 + y) * m W_r + h" in head("default") and "x = e + p\n" in head("default")
    assert "x = e + p W_p" in head("narrow positions") and "x = e + row of a table" in head("learned")
    assert "z = y\n" in head("transformer readout") and "memory" not in head("transformer")
    assert "gru(mean of the last segment's y, m)" in head("per segment") and " h = " not in head("per segment")
    assert "h = ncgru(y, h)" in head("ncgru") and "p = gru_before(e, p)" in head("reset before")


def test_numbers_keep_every_bit():
    bits = np.random.default_rng(0).integers(0, 2 ** 31, 1000, np.uint32).view(np.float32)
    values = np.append(bits[np.isfinite(bits)], np.float32([0, -0.0, 1, 1e-45, -3.4e38]))
    read = np.float32([number.removesuffix("f") for number in numbers(values)])
    np.testing.assert_array_equal(read.view(np.uint32), values.view(np.uint32))
    assert all(re.fullmatch(r"-?(\d+\.\d*|\.\d+|\d(\.\d+)?e[+-]\d+)f", number) for number in numbers(values))
    assert numbers(np.float32([0, -0.5, 1, 0.1, -10.25])) == ["0.f", "-.5f", "1.f", ".100000001f", "-10.25f"]


def test_small_weights_stand_there_as_they_are_kept():
    model, parameters = small_model_and_weights("default", 8)
    text = export_c(model, parameters, VOCABULARY)["model.c"]
    kept = parameters.stored("memory.read")
    found = re.search(r"static const signed char memory_read_values\[144\] = \{(.*?)\};", text, re.DOTALL)
    np.testing.assert_array_equal(np.fromstring(found[1], sep=",", dtype=int), kept.values.ravel())
    assert "float memory_read_scales[12]" in text and "float memory_read[" not in text


def test_the_orthogonal_matrices_of_a_quantised_ncgru_stay_in_float32(programs):
    text = programs["ncgru, 8 bits"]["model.c"]
    assert "static const signed char memory_0_w_values[432]" in text and "float memory_0_u_new[144]" in text
    assert "h = ncgru_float_u(y, h)" in text.split("*/")[0]


@pytest.mark.parametrize("text, expected", [
    ("the", '"the"'), ('"', r'"\042"'), ("\\", r'"\134"'), ("??=", r'"\077\077="'), ("\n", r'"\012"'),
    ("é1", r'"\303\2511"'), ("", '""')])
def test_tokens_are_strings_of_ascii(text, expected):
    assert literal(text) == expected


@pytest.mark.parametrize("name", ["rmt", "transformer_xl", "recurrent", "linear_recurrent"])
def test_another_model_is_refused(name):
    small = {key: value for key, value in SMALL.items() if key not in ("heads", "inner")}
    model = create_model({**small, "model": name})
    with pytest.raises(InputError, match="cannot be exported; expected one whose setting `model` is 'crt',"):
        export_c(model, model.initialize(np.random.default_rng(0)), VOCABULARY)


def test_what_does_not_fit_is_refused():
    model, parameters = model_and_weights("default")
    with pytest.raises(InputError, match="the vocabulary has 2 tokens, the model 11"):
        export_c(model, parameters, Vocabulary(["a", "b"]))
    with pytest.raises(InputError, match="the parameters are complex128"):
        export_c(model, model.initialize(np.random.default_rng(0), np.complex128), VOCABULARY)
    with pytest.raises(InputError, match="parameters"):
        export_c(model, model_and_weights("transformer")[1], VOCABULARY)
    parameters.flat[5] = np.nan
    with pytest.raises(InputError, match="diverged"):
        export_c(model, parameters, VOCABULARY)

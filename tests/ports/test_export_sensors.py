"""Exported models of sensor readings compute what a SensorStream does, gaps included, as ONNX and as C."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from minicrt.export import export_c, export_onnx
from tests.export.exported_sensors import CLASSES, FORECAST, SETTINGS, T, model_and_weights, readings, streamed, worst
from tests.ports.test_export_c import SANITIZED, STEPS, compiled, compiler  # noqa: F401  (a fixture)

DUMP = Path(__file__).parent / "c" / "dump_readings.c"


def outputs_of(program, recording, count):
    done = subprocess.run([program], input=recording.tobytes(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    dtype = np.float32 if count > 1 else np.float64          # probabilities, a forecast
    return np.frombuffer(done.stdout, dtype).reshape(len(recording), 1, count)


def written(folder, model, parameters, framing):
    for name, text in export_c(model, parameters, framing).items():
        assert text.isascii() and max(map(len, text.splitlines())) <= 120
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("bits", [None, 8, 4])
@pytest.mark.parametrize("name", SETTINGS)
def test_c_computes_what_a_stream_does(name, bits, compiler, tmp_path):  # noqa: F811
    model, parameters, framing = model_and_weights(name, bits)
    program = compiled(compiler, written(tmp_path, model, parameters, framing), DUMP, *SANITIZED)
    recording = readings(STEPS)
    got = outputs_of(program, recording, len(framing.classes) or 1)
    assert worst(got, streamed(model, parameters, framing, recording), framing) < 1e-4


@pytest.mark.parametrize("value, channel", [(np.inf, 1), (-3e38, 0)])            # a deviation of 0.5: 6e38 is none
def test_c_refuses_what_is_too_large_and_stays_where_it_was(value, channel, compiler, tmp_path):  # noqa: F811
    folder = written(tmp_path, *model_and_weights("forecast"))
    program = compiled(compiler, folder, DUMP, *SANITIZED)
    values = readings(T + 1)
    values[-1, 0, channel] = value
    done = subprocess.run([program], input=values.tobytes(), capture_output=True)
    assert done.returncode == 3 and len(done.stdout) == 8 * T


def run_main(compiler, folder, lines):  # noqa: F811
    done = subprocess.run([compiled(compiler, folder, folder / "main.c", "-O2")], input="\n".join(lines).encode(),
                          capture_output=True)
    return done.returncode, done.stdout.decode().splitlines(), done.stderr.decode()


@pytest.mark.parametrize("name", ["forecast", "classes"])
def test_its_main_program_reads_lines(name, compiler, tmp_path):  # noqa: F811
    model, parameters, framing = model_and_weights(name)
    values = readings(9)
    lines = [",".join("" if np.isnan(x) and k % 2 else f"{x:.9g}" for k, x in enumerate(row[0])) for row in values]
    code, out, _ = run_main(compiler, written(tmp_path, model, parameters, framing), [*lines, ""])
    expected = streamed(model, parameters, framing, values)[:, 0]
    assert code == 0 and len(out) == 9
    if framing.classes:
        assert [line.split("\t")[0] for line in out] == [framing.classes[k] for k in expected.argmax(1)]
        np.testing.assert_allclose([float(line.split("\t")[1]) for line in out], expected.max(1), atol=1e-3)
    else:
        np.testing.assert_allclose([float(line) for line in out], expected[:, 0], rtol=0, atol=1e-4 * framing.scale)
    for bad in ("1,2", "1,2,3,4", "1,two,3", "1;2;3", "1,inf,3"):
        code, out, error = run_main(compiler, tmp_path, [lines[0], bad])
        assert code == 2 and len(out) == 1
        assert error == "line 2 is no reading, expected 3 numbers: flow, air */ pressure, heat\n"


@pytest.mark.parametrize("name", SETTINGS)
def test_onnx_computes_what_a_stream_does(name):
    pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    model, parameters, framing = model_and_weights(name)
    session = onnxruntime.InferenceSession(export_onnx(model, parameters, framing), providers=["CPUExecutionProvider"])
    sizes = {"batch": 2, "rows": 0}
    state = {entry.name: np.zeros([sizes.get(axis, axis) for axis in entry.shape], np.float32)
             for entry in session.get_inputs() if entry.name != "reading"}
    what = "probabilities" if framing.classes else "forecast"
    values, found = readings(1000, 2), []
    for row in values:
        y, *after = session.run([what, *(f"next.{entry}" for entry in state)], {"reading": row, **state})
        found.append(y)
        state = dict(zip(state, after))
    assert worst(np.array(found), streamed(model, parameters, framing, values), framing) < (
        1e-5 if framing.classes else 1e-4)
    properties = session.get_modelmeta().custom_metadata_map
    assert json.loads(properties["channels"]) == list(framing.channels) and properties["segment_length"] == str(T)
    assert json.loads(properties["classes"]) == list(framing.classes)


def test_a_framing_of_another_run_is_refused():
    from minicrt.data import Vocabulary
    from minicrt.errors import InputError

    model, parameters, _ = model_and_weights("forecast")
    with pytest.raises(InputError, match="of 3 channels and 4 outputs, the model of 3 and 1"):
        export_c(model, parameters, CLASSES)
    with pytest.raises(InputError, match=r"framing is .*Vocabulary.*, expected the framing of the run"):
        export_c(model, parameters, Vocabulary(["a"]))
    with pytest.raises(InputError, match=r"vocabulary is .*Framing.*, expected the vocabulary"):
        export_c(model.encoder, model.encoder.initialize(np.random.default_rng(0)), FORECAST)

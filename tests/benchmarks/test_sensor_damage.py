"""What damages do to readings, what is measured of them, and that it is not measured again"""

import json

import numpy as np
import pytest

from benchmarks.damages import DAMAGES, STRETCH
from benchmarks.sensor_damage import ARMS, BURST, by_burst, by_rate, recordings, recovery
from minicrt.data.sensors import Question, dosing_machine, sensor_data
from minicrt.models import create_sensor_model
from tests.benchmarks.running import run

X = np.random.default_rng(0).standard_normal((40, 96, 3))


@pytest.fixture(scope="module")
def framing():
    """Made here, for SciPy's filters take seconds to import"""
    return sensor_data(dosing_machine(np.random.default_rng(0), 2000), Question("forecast", "pressure", 16)).framing


def with_damage(name, rate, x=X):
    return DAMAGES[name](x, rate, np.random.default_rng(1))


@pytest.mark.parametrize("name", DAMAGES)
def test_no_damage_at_rate_0_and_the_same_at_every_run(name):
    np.testing.assert_allclose(with_damage(name, 0.0), X, rtol=1e-12)
    before = X.copy()
    again = with_damage(name, 0.3)
    np.testing.assert_array_equal(again, with_damage(name, 0.3))
    assert np.array_equal(X, before) and again.shape == X.shape and not np.array_equal(again, X)


def test_damages_are_what_they_say():
    assert np.std(with_damage("noise", 0.3) - X) == pytest.approx(0.3, rel=0.05)
    gone = np.isnan(with_damage("dropped", 0.3))
    assert gone.mean() == pytest.approx(0.3, abs=0.03) and np.array_equal(gone.all(2), gone.any(2))
    gone = np.isnan(with_damage("missing", 0.3)).reshape(40, -1, STRETCH, 3)
    assert gone.mean() == pytest.approx(0.3, abs=0.05) and np.array_equal(gone.all(2), gone.any(2))
    held = with_damage("stuck", 0.3)
    stretches = (held != X).reshape(40, -1, STRETCH, 3).any(2)
    assert stretches.mean() == pytest.approx(0.3, abs=0.05)
    np.testing.assert_array_equal(held[:, ::STRETCH], X[:, ::STRETCH])
    ramp = np.broadcast_to(np.arange(96.0)[:, None], (40, 96, 3))
    late = with_damage("jitter", 0.3, ramp) - ramp
    assert np.std(late[:, 2:-2]) == pytest.approx(0.3, rel=0.05) and np.array_equal(late[..., 0], late[..., 1])


def test_a_transformer_is_well_again_with_the_next_segment_and_a_constant_at_once(framing):
    """Its segments begin where the burst ends; a model whose output is its bias is never ill."""
    inputs, _ = recordings(framing)
    assert inputs.shape == (128, 384, 6) and np.isfinite(inputs).all() and BURST.stop % 16 == 0
    model = create_sensor_model(6, 1, **ARMS["Transformer"][1])
    parameters = model.initialize(np.random.default_rng(0))
    assert recovery(model, parameters, framing, inputs) == {"lost": 0, "noisy": 0, "stuck": 0}
    model = create_sensor_model(6, 1, **ARMS["CRT"][1])
    parameters = model.initialize(np.random.default_rng(0))
    assert set(recovery(model, parameters, framing, inputs).values()) != {0}
    parameters["output.weight"] = 0
    assert set(recovery(model, parameters, framing, inputs).values()) == {0}


def test_rows_are_kept_and_not_measured_again(tmp_path):
    file = tmp_path / "damage.json"
    arguments = ["sensor_damage", "--steps", 2, "--threads", 1, "--json", file, "--arms", "GRU"]
    first = run(*arguments)
    assert first.returncode == 0, first.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [row["trained"] for row in rows] == ["clean", "damaged"] and "GRU" in rows[0]["command"]
    for row in rows:
        assert row["errors"].keys() == DAMAGES.keys() and len(row["errors"]["noise"]) == len(row["rates"]) == 4
        assert len({at[0] for at in row["errors"].values()}) == 1
        assert row["recovery"].keys() == {"lost", "noisy", "stuck"}
    assert run(*arguments).stdout == ""
    head, lines = by_rate(rows + [{**rows[0], "seed": 1}])
    assert len(lines) == 2 * len(DAMAGES) and len(head) == len(lines[0]) and "–" in lines[0][3]
    assert by_burst(rows)[0] == ["arm", "trained", "lost", "noisy", "stuck"]

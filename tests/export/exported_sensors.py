"""Models of sensor readings that can be exported, readings with gaps, and what a stream of them gives"""

import numpy as np

from minicrt.data.sensors import Framing
from minicrt.inference import SensorStream
from minicrt.models import create_sensor_model
from minicrt.quantisation import quantise

T = 4
STACK = {"width": 12, "layers": 2, "heads": 2, "inner": 20, "segment_length": T}
SCALES = {"channels": ("flow", "air */ pressure", "heat"), "units": ("l/min", "Pa", ""), "rate": 2.0,
          "means": (3.0, 101_325.125, -0.5), "deviations": (0.5, 40.0, 2.0), "horizon": 3}
FORECAST = Framing(task="forecast", target="air */ pressure", classes=(), **SCALES)
CLASSES = Framing(task="classify", target="state", classes=("off", "o\"n", "défaut", "4"), **{**SCALES, "horizon": 1})
SETTINGS = {"forecast": (FORECAST, {}), "classes": (CLASSES, {}),
            "ncgru": (CLASSES, {"memory": "ncgru", "positions": "learned"}),
            "transformer": (FORECAST, {"model": "transformer", "norm": "post"})}


def model_and_weights(name, bits=None):
    """On the NumPy engine, in float32, and the framing"""
    framing, changes = SETTINGS[name]
    task = "classification" if framing.classes else "regression"
    model = create_sensor_model(3, len(framing.classes) or 1, task, engine="numpy", **{**STACK, **changes})
    parameters = model.initialize(np.random.default_rng(0))
    parameters.flat += 0.1 * np.random.default_rng(1).standard_normal(parameters.size).astype(np.float32)
    return model, parameters if bits is None else quantise(parameters, bits), framing


def readings(steps, batch=1):                                # (N, B, 3) float32, NaN in a tenth
    rng = np.random.default_rng(2)
    values = np.array(SCALES["means"]) + np.array(SCALES["deviations"]) * rng.standard_normal((steps, batch, 3))
    values[rng.random(values.shape) < 0.1] = np.nan
    return values.astype(np.float32)


def streamed(model, parameters, framing, recordings):        # (N, B, 3) -> (N, B, K)
    columns = []
    for recording in recordings.transpose(1, 0, 2):
        stream = SensorStream(model, parameters, framing)
        columns.append([np.atleast_1d(stream.step(reading)) for reading in recording])
    return np.array(columns).transpose(1, 0, 2)


def worst(got, expected, framing):
    """The largest difference of probabilities; of forecasts, in deviations of the target"""
    return np.abs(got - expected).max() / (1 if framing.classes else framing.scale)

"""A machine that was never built: an event of one reading explains a pressure that comes much later"""

import numpy as np

from minicrt.arguments import A_GENERATOR, check_kind, check_whole
from minicrt.data.sensors.readings import Readings
from minicrt.errors import InputError

RECIPES = ("lean", "rich")
RATE = 10.0                                                  # Hz


def dosing_machine(rng: np.random.Generator, readings: int = 20_000, period: int = 64, delay: int = 48,
                   noise: float = 0.1) -> Readings:
    """Readings of a machine that works in cycles of `period` readings and doses once in each.

        dose          at the first reading of a cycle a dose is given, 40 g ("lean") or 60 g ("rich"), drawn anew
        pressure      3 bar; from `delay` readings after the dose to the cycle's end 2 bar after a lean dose and 4 bar
                      after a rich one: nothing in between tells which it will be
        sine, cosine  of the cycle's phase
        temperature   wanders about 60 degC, slowly
        vibration     follows the phase and the temperature

    Pressure, temperature and vibration are noisy, with deviation `noise`, of the last half. The labels are the recipe
    of the cycle.
    With segments shorter than the delay, only a memory can forecast the pressure `period` − `delay` readings ahead.
    Raises InputError for sizes that do not fit.
    """
    check_kind("rng", rng, np.random.Generator, A_GENERATOR)
    check_whole("readings", readings, 1)
    check_whole("period", period, 2)
    if check_whole("delay", delay, 1) >= period:
        raise InputError(f"delay is {delay}, expected less than the period, {period}")
    step = np.arange(readings)
    phase, cycle = step % period, step // period
    rich = rng.integers(0, 2, cycle[-1] + 1)[cycle]
    turn = 2 * np.pi * phase / period
    temperature = 60 + wandering(rng, readings)
    vibration = 1 + 0.5 * np.sin(2 * turn) + 0.02 * (temperature - 60)
    pressure = 3 + np.where(phase >= delay, 2.0 * rich - 1, 0)
    columns = {
        ("dose", "g"): np.where(phase == 0, 40.0 + 20 * rich, 0),
        ("pressure", "bar"): pressure + noise * rng.standard_normal(readings),
        ("sine", ""): np.sin(turn), ("cosine", ""): np.cos(turn),
        ("temperature", "degC"): temperature + noise * rng.standard_normal(readings),
        ("vibration", "mm/s"): vibration + 0.5 * noise * rng.standard_normal(readings)}
    names, units = zip(*columns)
    return Readings("dosing-machine", "dosing-machine", tuple(names), tuple(units),
                    np.stack(list(columns.values()), 1), RATE, np.array(RECIPES)[rich])


def wandering(rng: np.random.Generator, steps: int, memory: float = 0.999) -> np.ndarray:
    """An autoregression of deviation 3, whose first value is one of its own"""
    from scipy.signal import lfilter  # here, for it takes as long to import as all of minicrt

    pushes = rng.standard_normal(steps) * np.sqrt(1 - memory ** 2)
    pushes[0] = rng.standard_normal()
    return 3 * lfilter([1.0], [1.0, -memory], pushes)

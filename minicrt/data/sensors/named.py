"""Readings that have a name and need no file: a machine that was never built, and a recording that a package ships"""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from minicrt.data.sensors.dosing_machine import dosing_machine
from minicrt.data.sensors.readings import Readings
from minicrt.errors import DataError


def machine() -> Readings:
    """The dosing machine, drawn from seed 0"""
    return dosing_machine(np.random.default_rng(0))


def eeg() -> Readings:
    """Ten seconds of an electroencephalogram, 800 readings of four channels, which comes with matplotlib.

    It is mpl-data/sample_data/eeg.dat, float64, under matplotlib's licence (a variant of the PSF's); matplotlib's
    example "MRI with EEG" names the channels and draws them over 10 s. The unit is not said.
    """
    import matplotlib

    path = Path(matplotlib.get_data_path()) / "sample_data" / "eeg.dat"
    try:
        values = np.fromfile(path, "<f8").reshape(800, 4)
    except (OSError, ValueError):
        raise DataError(f"this matplotlib, {matplotlib.__version__}, comes without its sample data eeg.dat; install it "
                        "with pip, or give the path of a file") from None
    return Readings("eeg", "eeg", ("PG3", "PG5", "PG7", "PG9"), ("",) * 4, values, 80.0)


NAMED: dict[str, Callable[[], Readings]] = {"dosing-machine": machine, "eeg": eeg}

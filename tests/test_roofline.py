"""The picture of a machine's two limits, and of what operations reach"""

import numpy as np
import pytest

from minicrt import plotting
from minicrt.errors import InputError
from tests.test_plotting import png_size, texts


def test_a_roofline_rises_to_the_ridge_and_is_flat_behind_it():
    axes, = plotting.roofline(200e9, 20e9, {"$sum_": (0.25, 4e9), "product": (100, 150e9)}, "a machine").axes
    slope, roof, ridge, *points = axes.lines
    x, y = slope.get_xdata(), slope.get_ydata()
    np.testing.assert_allclose(np.array(y) / x, 20, rtol=1e-12)                                  # GB/s
    assert x[0] < 0.25 and x[1] == roof.get_xdata()[0] == ridge.get_xdata()[0] == 10 and roof.get_xdata()[1] > 100
    np.testing.assert_array_equal(roof.get_ydata(), [200, 200])
    assert [(point.get_xdata()[0], point.get_ydata()[0]) for point in points] == [(0.25, 4), (100, 150)]
    assert len({point.get_marker() for point in points}) == len({point.get_color() for point in points}) == 2
    assert axes.get_xscale() == axes.get_yscale() == "log" and axes.get_xlabel().endswith("(FLOP per byte)")
    assert {"$sum_", "product", "memory: 20 GB/s", "arithmetic: 200 GFLOP/s", "a machine"} <= texts(axes.figure)
    png_size(plotting.roofline(1e9, 1e9, {}))


@pytest.mark.parametrize("arguments, words", [
    ((0, 1e9, {}), "peak is 0, expected more than 0"), ((1e9, -1, {}), "bandwidth is -1, expected more than 0"),
    ((1e9, 1e9, {"sum": (1, 2, 3)}), "sum has 3 numbers, expected 2"), ((1e9, 1e9, {"sum": 3}), "intensity, FLOP/s"),
    ((1e9, 1e9, {"sum": (0, 1)}), "an intensity is 0"), ((1e9, 1e9, {"sum": (1, 0)}), "a number of FLOP/s is 0"),
    ((1e9, 1e9, [1]), "a mapping from an operation"), (("fast", 1e9, {}), "peak")])
def test_a_roofline_of_what_is_none_is_refused(arguments, words):
    with pytest.raises(InputError) as caught:
        plotting.roofline(*arguments)
    assert words in str(caught.value)

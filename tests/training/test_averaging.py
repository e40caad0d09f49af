import numpy as np
import pytest

from minicrt.training import update_average
from minicrt.training.averaging import CHUNK


def test_the_average_follows_its_formula():
    rng = np.random.default_rng(1)
    values = rng.standard_normal((40, CHUNK + 3))
    average, expected = values[0].copy(), values[0].copy()
    for count, flat in enumerate(values[1:], start=1):
        d = min(0.5, (1 + count) / (10 + count))
        expected = d * expected + (1 - d) * flat
        update_average(average, flat, 0.5, count)
    np.testing.assert_allclose(average, expected, rtol=0, atol=1e-13)


@pytest.mark.parametrize("count, decay", [(1, 2 / 11), (8, 0.5), (10_000, 0.9)])
def test_decay_warms_up(count, decay):
    average = np.zeros(1)
    update_average(average, np.ones(1), 0.9, count)
    assert average[0] == pytest.approx(1 - decay)

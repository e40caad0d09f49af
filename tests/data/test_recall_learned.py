"""A small CRT learns the recall task through its memory, and nothing learns it without one."""

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from minicrt.data import RecallTask
from minicrt.models import CRT, CRTConfig
from minicrt.training import AdamW, recall_accuracy, train_step

EPISODES = 2000
TASK = RecallTask()
# Five standard deviations of the accuracy of guessing.
NEAR_CHANCE = 5 * np.sqrt(TASK.chance * (1 - TASK.chance) / EPISODES)


@pytest.fixture(autouse=True)
def one_thread():
    """Products of matrices this small lose by a second thread, and on a busy machine they lose a lot."""
    with threadpool_limits(1):
        yield


def learn(steps, until=2.0, **switches):
    """A CRT after at most `steps` windows of 64 episodes, or as soon as the accuracy on other episodes is `until`."""
    model = CRT(CRTConfig(vocabulary=TASK.vocabulary_size, width=64, layers=1, inner=128,
                          segment_length=TASK.segment_length, **switches))
    parameters = model.initialize(np.random.default_rng(0))
    optimizer, gradients = AdamW(parameters, learning_rate=3e-3), parameters.zeros_like()
    windows = TASK.windows(np.random.default_rng(1), 64)
    for step in range(1, steps + 1):
        train_step(model, parameters, gradients, optimizer, next(windows), {}, rate=min(1, step / 50))
        if step % 50 == 0 and accuracy(model, parameters) >= until:
            break
    return model, parameters


def accuracy(model, parameters, cut=None):
    return recall_accuracy(model, parameters, TASK, np.random.default_rng(2), EPISODES, cut)


# With learned positions the memory is all that is carried; with the default's recurrent ones it is not alone.
@pytest.mark.parametrize("positions", ["recurrent", "learned"])
def test_with_memory(positions):
    model, parameters = learn(1500, until=0.98, positions=positions)
    assert accuracy(model, parameters) > 0.95
    cut = accuracy(model, parameters, "state")
    assert abs(cut - TASK.chance) < NEAR_CHANCE


def test_without_memory():
    model, parameters = learn(150, memory="none", position_carry=False)
    assert abs(accuracy(model, parameters) - TASK.chance) < NEAR_CHANCE

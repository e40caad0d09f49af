"""The figures of runs on videos"""

import numpy as np
import pytest

from minicrt import plotting
from minicrt.errors import InputError

ROW = {"epoch": 1.0, "train_loss": 2.0, "valid_loss": None, "valid_mean_class_accuracy": 0.25, "valid_accuracy": 0.5}


def test_curves_are_those_of_the_rows():
    figure = plotting.video_curves([ROW, ROW | {"epoch": 2.0, "valid_loss": 1.5}], "a $run$")
    right, loss = figure.axes
    assert [line.get_ydata().tolist() for line in right.lines] == [[25, 25], [50, 50]]
    np.testing.assert_array_equal([line.get_ydata() for line in loss.lines], [[2, 2], [np.nan, 1.5]])
    with pytest.raises(InputError, match="lacks train_loss and valid_accuracy"):
        plotting.video_curves([{key: ROW[key] for key in ("epoch", "valid_loss", "valid_mean_class_accuracy")}])


def test_a_patch_is_the_brighter_the_more_it_is_looked_at():
    looks = np.array([[0.1, 0.2, 0.3, 0.4], [0, 0, 0, 0.8], [0.25] * 4])
    figure = plotting.patch_attention(np.random.default_rng(0).random((3, 6, 8, 3)), looks, ["a", "b", "c"], "t")
    drawn = [axes.images[1].get_array() for axes in figure.axes[3:6]]
    np.testing.assert_array_equal(drawn, looks.reshape(3, 2, 2))
    assert {axes.images[1].get_clim() for axes in figure.axes[3:6]} == {(0, 0.8)}
    assert [axes.get_title() for axes in figure.axes[:3]] == ["a", "b", "c"]


@pytest.mark.parametrize("frames, looks, names, words", [
    ((2, 4, 4, 3), np.zeros((2, 3)), None, "N a square"), ((2, 4, 4, 2), np.zeros((2, 4)), None, "or 1 in grey"),
    ((2, 4, 4, 3), np.zeros((1, 4)), None, "looks (1, 4)"), ((4, 4, 3), np.zeros((1, 4)), None, "(R, H, W, C)"),
    ((1, 4, 4, 3), -np.ones((1, 4)), None, "below 0"),
    ((1, 4, 4, 1), np.ones((1, 4)), ["a", "b"], "2 names for 1 frames")])
def test_what_makes_no_picture(frames, looks, names, words):
    with pytest.raises(InputError) as caught:
        plotting.patch_attention(np.zeros(frames), looks, names)
    assert words in str(caught.value)

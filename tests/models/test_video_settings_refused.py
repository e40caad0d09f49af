"""Every setting of a model of video, with values that it cannot have: one line that names it"""

import math

import numpy as np
import pytest

from minicrt.configuration import field_types
from minicrt.errors import MinicrtError
from minicrt.models.video import VIDEO_MODELS, create_video_model

NO_WHOLE = (1.5, math.nan, math.inf, True, None, "x", [], 10 ** 13, 10 ** 400)
NO_NUMBER = (math.nan, -math.inf, True, None, "x", [], np.float32("nan"), 10 ** 400)
COUNT = (0, -1, *NO_WHOLE)
NONE_OR_MORE = (-1, *NO_WHOLE)
RATE = (-0.1, 1, 1.5, *NO_NUMBER)
CHOICE = ("x", "", 0, None, True, [])
TRUTH = (0, 1, "x", None, math.nan)

# Besides what is of no use at all: what does not divide, or is more than there is of something else.
REFUSED = {
    "width": (*COUNT, 30), "layers": (*COUNT, 10_001), "heads": (*COUNT, 3), "inner": COUNT, "channels": COUNT,
    "frame_size": (*COUNT, 30), "patch_size": (*COUNT, 5, 64), "tube_frames": (*COUNT, 3, 16), "dropout": RATE,
    "embedding_dropout": (*RATE, 0.1), "path_dropout": RATE, "smoothing": RATE, "tied": (*TRUTH, True),
    "locked_dropout": TRUTH, "activation": CHOICE, "norm": (*CHOICE, "post"), "attention": CHOICE, "pooling": CHOICE,
    "positions": CHOICE, "pixel_mean": (-0.1, 1.1, *NO_NUMBER), "pixel_deviation": (0, -1, 1e-4, 1.1, *NO_NUMBER),
    "joints": NONE_OR_MORE, "joint_layer": (*NONE_OR_MORE, 4), "joint_features": NONE_OR_MORE,
    "vocabulary": (1, *COUNT), "segment_length": (1, *COUNT),                    # they are classes and frames here
    "memory": CHOICE, "memory_vectors": (*COUNT, 10_001), "memory_update": CHOICE, "memory_gradient": CHOICE,
    "memory_position": (*CHOICE, "last"), "memory_norm": CHOICE, "readout": CHOICE, "reset_after": TRUTH,
    "orthogonal": CHOICE, "negatives": (-2, 129, *NO_WHOLE), "candidate": CHOICE,
    "update_bias": ("x", math.nan, math.inf, True, None, []), "memory_span": COUNT, "position_width": NONE_OR_MORE,
    "position_carry": TRUTH, "output": (*CHOICE, "adaptive"), "cutoffs": (5, "x", "2", None, []),      # of words
    "div_value": (0, 2.0, *NO_NUMBER), "memory_form": (*CHOICE, "slots", "matrix", "queue"),
    "memory_top_k": (1, *NONE_OR_MORE), "memory_keys": (1, *NONE_OR_MORE), "memory_states": COUNT,
}
OTHERS = {
    "classes": COUNT, "frames": COUNT, "model": ("x", None, 5, [], {"model": "x"}, {"model": []}), "engine": ("x", 5),
    "class_weights": ([1, 2], [1, 2, 3, math.nan], [1, 2, 3, -1], [0] * 4, "abcd", 5, [[1, 2, 3, 4]]),
    "patch": (8,),                                                               # there is no such key
}


def test_every_setting_is_in_the_table():
    assert set(REFUSED) == {key for _, config in VIDEO_MODELS.values() for key in field_types(config)}


@pytest.mark.parametrize("name", VIDEO_MODELS)
@pytest.mark.parametrize("key", [*REFUSED, *OTHERS])
def test_nonsense_is_refused_in_a_line_that_names_the_setting(name, key):
    for value in (REFUSED | OTHERS)[key]:
        with pytest.raises(MinicrtError) as caught:
            create_video_model(**{"classes": 4, "model": name, "engine": "numpy", key: value})
        message = str(caught.value)
        assert key in message and "\n" not in message and len(message) < 500, (value, message)


def test_tubes_that_do_not_fill_a_clip():
    with pytest.raises(MinicrtError, match="frames is 7, expected a multiple of tube_frames = 2"):
        create_video_model(4, 7, tube_frames=2)

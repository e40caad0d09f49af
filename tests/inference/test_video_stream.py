"""A stream of frames is the model clip after clip; what is no frame leaves it as it was"""

import re
import tracemalloc

import numpy as np
import pytest

from minicrt.errors import CheckpointError, InputError
from minicrt.inference import Stream, VideoStream
from minicrt.inference.video_stream import FORM
from minicrt.models import create_sensor_model
from minicrt.models.video import create_video_model
from minicrt.sealed import opened, sealed
from tests.inference.arrays_held import bytes_of_arrays

RNG = np.random.default_rng(0)
FRAMES = RNG.random((15, 8, 8, 3), np.float32)               # three clips of four, and three frames of the next
MODELS = {
    "vit": ("vit", {}), "vit, joint": ("vit", {"attention": "joint", "pooling": "mean"}), "crvit": ("crvit", {}),
    "crvit, tubes": ("crvit", {"tube_frames": 2, "positions": "learned"}),
    "crvit, per segment": ("crvit", {"memory_update": "per_segment", "memory_vectors": 2, "memory_gradient": "writer"}),
    "crvit, no memory": ("crvit", {"memory": "none"}), "crvit, ncgru": ("crvit", {"memory": "ncgru"})}


def prepared(name="crvit", dtype=np.float64, engine="numpy", seed=1):
    if engine == "numba":
        pytest.importorskip("numba")
    kind, settings = MODELS[name]
    made = create_video_model(5, 4, kind, engine, width=8, layers=2, heads=2, inner=8, frame_size=8, patch_size=4,
                              **settings)
    rng = np.random.default_rng(seed)
    parameters = made.initialize(rng, dtype)
    parameters.flat += 0.1 * rng.standard_normal(parameters.size).astype(dtype)
    return made, parameters


def clip_by_clip(made, parameters, frames=FRAMES):
    state, found = {}, []
    for first in range(0, len(frames) - 3, 4):
        scores, state = made.logits(parameters, frames[None, first:first + 4], state)
        found.append(np.exp(scores[0]) / np.exp(scores[0]).sum())
    return np.stack(found)


def place(stream):
    return {name: array.tobytes() for name, array in opened(stream.save(), FORM, "it", "a stream")[0].items()}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("engine, dtype, tolerance", [
    ("numpy", np.float64, 1e-12), ("numba", np.float32, 1e-5),
    pytest.param("numba", np.float64, 1e-12, marks=pytest.mark.exhaustive)])     # half a minute to compile
def test_every_probability_is_that_of_the_clips(name, engine, dtype, tolerance):
    made, parameters = prepared(name, dtype, engine)
    stream, expected = VideoStream(made, parameters), clip_by_clip(made, parameters)
    told = [stream.step(frame) for frame in FRAMES]
    assert [n for n, p in enumerate(told) if p is not None] == [3, 7, 11]
    np.testing.assert_allclose([p for p in told if p is not None], expected, rtol=tolerance)
    np.testing.assert_array_equal(stream.probabilities, told[11])
    assert stream.frames == 15 and stream.running == 3 and "15 frames in" in repr(stream)
    stream.reset()
    assert stream.probabilities is None
    np.testing.assert_array_equal(stream.feed(FRAMES), [told[n] for n in (3, 7, 11)])
    assert stream.feed(FRAMES[:0]).shape == (0, 5)


def test_the_memory_goes_from_clip_to_clip():
    made, parameters = prepared()
    stream = VideoStream(made, parameters)
    first, second = stream.feed(np.concatenate([FRAMES[:4], FRAMES[:4]]))
    assert abs(first - second).max() > 1e-3 and first.sum() == pytest.approx(1)


def test_bytes_are_what_a_batch_of_videos_makes_of_them():
    made, parameters = prepared(dtype=np.float32)
    pixels = (FRAMES * 255).astype(np.uint8)
    np.testing.assert_array_equal(VideoStream(made, parameters).feed(pixels),
                                  VideoStream(made, parameters).feed(pixels * np.float32(1 / 255)))


def test_a_frame_may_change_once_it_is_read():
    made, parameters = prepared()
    stream, frame = VideoStream(made, parameters), np.empty((8, 8, 3))
    for given in FRAMES[:4]:                                 # a camera writes into one buffer
        frame[...] = given
        p = stream.step(frame)
    p[0] = 7
    np.testing.assert_allclose(stream.probabilities, clip_by_clip(made, parameters, FRAMES[:4])[0], rtol=1e-12)


def test_what_it_holds_does_not_grow():
    made, parameters = prepared(dtype=np.float32)
    stream = VideoStream(made, parameters)

    def held(clips):
        for n in range(4 * clips):
            stream.step(FRAMES[n % 15])
        return bytes_of_arrays()

    tracemalloc.start()
    try:
        few = held(5)
        assert held(100) == few > 0
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("wrong, words", [
    (None, "the frame is object of shape ()"), (FRAMES[0, 1:], "float32 of shape (7, 8, 3), expected bytes"),
    (FRAMES[0] + 1, "a pixel that is not within 0 and 1"), (FRAMES[0] * np.nan, "a pixel that is not within"),
    (FRAMES[0].astype(int), "int64 of shape (8, 8, 3)"), ([[1], [1, 2]], "which makes no array")])
def test_what_is_no_frame_leaves_the_stream_as_it_was(wrong, words):
    made, parameters = prepared()
    stream = VideoStream(made, parameters)
    stream.feed(FRAMES[:6])
    kept = place(stream)
    for use in (lambda: stream.step(wrong), lambda: stream.feed([FRAMES[6], wrong])):
        with pytest.raises(InputError) as caught:
            use()
        assert words in str(caught.value) and "\n" not in str(caught.value)
    assert place(stream) == kept and stream.frames == 6


@pytest.mark.parametrize("after", [0, 1, 4, 7])
@pytest.mark.parametrize("name", ["vit", "crvit", "crvit, per segment"])
def test_a_saved_stream_goes_on_with_the_same_bits(name, after):
    made, parameters = prepared(name, np.float32, "numba")
    stream, later = VideoStream(made, parameters), VideoStream(made, parameters)
    stream.feed(FRAMES[:after])
    later.restore(stream.save())
    assert later.frames == after and later.running == after % 4
    assert place(later) == place(stream)
    np.testing.assert_array_equal(stream.feed(FRAMES), later.feed(FRAMES))


def test_what_save_did_not_write_is_refused():
    made, parameters = prepared()
    stream = VideoStream(made, parameters)
    stream.feed(FRAMES[:6])
    saved, before = stream.save(), place(stream)
    other = VideoStream(*prepared(seed=2))
    for wrong, error in ((saved[:-1], CheckpointError), (b"", CheckpointError), (None, InputError),
                         (other.save(), InputError), (VideoStream(*prepared("vit")).save(), InputError)):
        with pytest.raises(error):
            stream.restore(wrong)
    assert place(stream) == before


def test_what_save_cannot_have_written_is_refused():
    made, parameters = prepared()
    stream = VideoStream(made, parameters)
    stream.feed(FRAMES[:6])
    before = place(stream)
    arrays, metadata = opened(stream.save(), FORM, "", "")
    kept = {"model": metadata["model"], "frames": metadata["frames"]}
    for key, array, words in (
            ("frames", None, "has nothing for its running clip"), ("frames", FRAMES[:4].astype(float), "fewer than 4"),
            ("frames", arrays["frames"].astype(np.float32), "float32"),
            ("frames", arrays["frames"][..., 0], "(8, 8, 3)"),
            ("frames", arrays["frames"] * np.nan, "from 0 to 1"), ("probabilities", np.zeros(4), "its probabilities"),
            ("probabilities", np.zeros(5, int), "its probabilities")):
        forged = {name: found for name, found in (arrays | {key: array}).items() if found is not None}
        with pytest.raises(InputError, match=re.escape(words)):
            stream.restore(sealed(forged, kept, FORM))
    for frames in ({}, {"frames": "many"}, {"frames": "-1"}):
        with pytest.raises(InputError, match="expected a whole number"):
            stream.restore(sealed(arrays, {"model": kept["model"], **frames}, FORM))
    assert place(stream) == before


def test_what_does_not_go_together():
    made, parameters = prepared()
    with pytest.raises(InputError, match="VideoStream runs it"):
        Stream(made, parameters)
    with pytest.raises(InputError, match="expected a model of video"):
        VideoStream(create_sensor_model(2, 1), parameters)
    with pytest.raises(InputError, match="parameters are not those of this ViT"):
        VideoStream(prepared("vit")[0], parameters)
    with pytest.raises(InputError, match="frames is an int"):
        VideoStream(made, parameters).feed(3)

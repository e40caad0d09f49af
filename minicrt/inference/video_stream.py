"""A trained model of video as a stream: frames in, the classes' probabilities out, in constant memory"""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.arguments import check_iterable, check_kind
from minicrt.array_arguments import as_array
from minicrt.errors import InputError
from minicrt.inference.fingerprint import fingerprint
from minicrt.models import Parameters, State
from minicrt.models.inputs import check_parameters, check_state
from minicrt.models.video import ViT, video_mapping
from minicrt.sealed import opened, sealed

Array = np.ndarray
FORM = "minicrt video stream 1"


class VideoStream:
    """Run a model of video frame by frame, over clips as it was trained on.

        run = load_video_run("runs/kitchen")
        stream = VideoStream(run.model, run.parameters)
        p = stream.step(frame)                               # (K,) where a clip has become full, None in between
        p = stream.feed(frames)                              # (n, K), of the n clips that these frames have filled
        later.restore(stream.save())                         # another stream of the run goes on with the same bits

    Arguments
        model, parameters    the model, and weights of it

    A frame (Y, X, C) is of the size that the model is for; bytes, of which 255 is 1, or floating-point numbers from 0
    to 1. Attention over a clip looks both ways, so that the model speaks once a clip, every F frames; `probabilities`
    are those that it gave last, in the order of the run's `classes`. They are softmax of the scores of `model.logits`
    with the state carried from clip to clip. Between two frames the stream holds the state and the frames of the
    running clip, in a buffer that is made once.

    Raises InputError, in one line, for a frame that is none, and for what `save` did not write, or wrote of another
    model; the stream is then as it was.
    """

    def __init__(self, model: ViT, parameters: Parameters) -> None:
        check_kind("model", model, ViT, "a model of video; make one with create_video_model")
        check_parameters(model, parameters)
        self.model, self.parameters = model, parameters
        config = model.config
        size, frames = config.frame_size, config.segment_length * config.tube_frames
        self._clip = np.empty((1, frames, size, size, config.channels), parameters.dtype)
        self.reset()

    def __repr__(self) -> str:
        return f"<VideoStream, {self.frames:,} frames in, of {self.model!r}>"

    def reset(self) -> None:
        """Back to the start of a video"""
        self._state, self._filled = State(), 0
        self.frames = 0                                      # read so far
        self.probabilities: Array | None = None              # (K,) of the last whole clip

    @property
    def running(self) -> int:
        """How many frames the running clip has, 0 … F − 1"""
        return self._filled

    def step(self, frame: Any) -> Array | None:
        """The probabilities (K,) where this frame fills a clip, and None where it does not"""
        return self._step(self._seen(frame))

    def feed(self, frames: Iterable[Any] | Array) -> Array:  # (L, Y, X, C) -> (n, K)
        """The probabilities of each clip that these frames fill, none perhaps. Nothing is read if one of them is no
        frame, for which all are held at once: take `step` for a long video."""
        check_iterable("frames", frames, "the frames, one after the other")
        seen = [self._seen(frame) for frame in frames]
        told = [p for p in map(self._step, seen) if p is not None]
        return np.stack(told) if told else np.empty((0, self.model.config.vocabulary), self.parameters.dtype)

    def save(self) -> bytes:
        """Where the stream is: the state in front of the running clip, and the clip's frames so far"""
        arrays = {f"state.{name}": array for name, array in self._state.items()}
        arrays["frames"] = self._clip[0, :self._filled]
        if self.probabilities is not None:
            arrays["probabilities"] = self.probabilities
        return sealed(arrays, {"model": self._fingerprint, "frames": str(self.frames)}, FORM)

    def restore(self, saved: bytes) -> None:
        """Go on from what `save` returned, of this model with these weights."""
        check_kind("saved", saved, (bytes, bytearray, memoryview), "the bytes that save() returned")
        arrays, metadata = opened(bytes(saved), FORM, "what is to be restored", "what VideoStream.save() returned")
        if metadata.get("model") != self._fingerprint:
            raise InputError("what is to be restored is of another model, or of other weights; make the VideoStream of "
                             "the run that it was saved with")
        frames, probabilities = self._checked(arrays.pop("frames", None)), arrays.pop("probabilities", None)
        classes, read = (self.model.config.vocabulary,), metadata.get("frames", "")
        if probabilities is not None and (probabilities.shape, probabilities.dtype) != (classes, self._clip.dtype):
            raise InputError(f"what is to be restored has {probabilities.dtype} of shape {probabilities.shape} for its "
                             f"probabilities, expected {self._clip.dtype} of shape {classes}; save it again")
        if not read.isdecimal():
            raise InputError(f"what is to be restored has read {read!r} frames, expected a whole number; save it again")
        state = State({name.removeprefix("state."): array for name, array in arrays.items()})
        check_state(self.model, 1, state)
        self._state, self.probabilities, self._filled = state, probabilities, len(frames)
        self._clip[0, :len(frames)] = frames
        self.frames = int(read)

    def _checked(self, frames: Array | None) -> Array:       # of a running clip -> (fewer than F, Y, X, C)
        expected = self._clip[0]
        if frames is None or frames.dtype != expected.dtype or frames.shape[1:] != expected.shape[1:] or \
                len(frames) >= len(expected) or frames.size and not (frames.min() >= 0 and frames.max() <= 1):
            got = "nothing" if frames is None else f"{frames.dtype} of shape {frames.shape}"
            raise InputError(f"what is to be restored has {got} for its running clip, expected {expected.dtype} from 0 "
                             f"to 1, fewer than {len(expected)} frames of shape {expected.shape[1:]}; save it again")
        return frames

    def _step(self, frame: Array) -> Array | None:           # (Y, X, C) from 0 to 1 -> (K,)
        self._clip[0, self._filled] = frame
        self._filled += 1
        self.frames += 1
        if self._filled < self._clip.shape[1]:
            return None
        scores, self._state = self.model.logits(self.parameters, self._clip, self._state)
        self._filled = 0
        p = np.exp(scores[0] - scores[0].max())
        self.probabilities = p / p.sum()
        return self.probabilities.copy()

    def _seen(self, frame: Any) -> Array:
        """A frame as the model reads it. Raises InputError where it is none."""
        array, expected = as_array("the frame", frame), self._clip.shape[2:]
        if array.shape != expected or array.dtype != np.uint8 and array.dtype.kind != "f":
            raise InputError(f"the frame is {array.dtype} of shape {array.shape}, expected bytes, or floating-point "
                             f"numbers from 0 to 1, of shape {expected}; scale and crop it as the model's videos were")
        if array.dtype == np.uint8:
            return array * np.float32(1 / 255)               # as VideoBatch has it
        if not (array.min() >= 0 and array.max() <= 1):      # not so of NaN
            raise InputError("the frame holds a pixel that is not within 0 and 1")
        return array

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint(video_mapping(self.model), self.parameters)

"""A trained model as a stream: a token in, logits out, in constant memory, for as long as one likes"""

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from minicrt.arguments import check_kind, check_whole, is_whole
from minicrt.array_arguments import as_array
from minicrt.configuration import to_mapping
from minicrt.errors import InputError
from minicrt.inference.fingerprint import fingerprint
from minicrt.inference.steps import steps_of
from minicrt.inference.steps.adaptive_scores import AdaptiveScores
from minicrt.models import Parameters, SegmentModel, State
from minicrt.models.inputs import check_fit, check_state
from minicrt.models.output import AdaptiveOutput
from minicrt.sealed import opened, sealed

Array = np.ndarray
FORM = "minicrt stream 1"


class Stream:
    """Run a model token by token, over segments as it was trained on.

        stream = Stream(run.model, run.parameters)
        logits = stream.feed(run.vocabulary.encode(["the", "with"]))     # (V,), of the token that follows
        logits = stream.step(int(logits.argmax()))
        later = Stream(run.model, run.parameters)
        later.restore(stream.save())                         # goes on where the other is, with the same bits

    Arguments
        model, parameters    the model, and weights of it, which all its streams share and which must stay as they are
        batch                B, so many texts side by side, a token of each a step

    The logits are those of `model.logits` over whole segments. Keys and values of the running segment are kept, so a
    token costs one row; at the end of a segment of `segment_length` tokens only the model's state is. On the engine
    "numba" all of it is compiled, and a step takes no memory: the logits that it returns are good until the next step.
    A model of a class of your own runs the segment so far again for each token. Those of an adaptive softmax are log p,
    in an array that is new at every step.

    Raises InputError for a model and parameters that do not fit, for tokens that are no integers from 0 to V − 1 or
    not B of them, and for what `save` did not write, or wrote of another model; the stream is then as it was.
    """

    def __init__(self, model: SegmentModel, parameters: Parameters, batch: int = 1) -> None:
        check_fit(model, parameters)
        self.model, self.parameters, self.batch = model, parameters, check_whole("batch", batch, 1)
        self._steps = steps_of(model, parameters, self.batch)
        config, layers = model.config, self._steps.layers
        self._embedding = layers.Embedding(parameters, model.scale)                      # e = √D E[token]
        self._output = AdaptiveScores(model, parameters) if isinstance(model.output, AdaptiveOutput) else \
            layers.Output(model.engine, self.batch, parameters, model.output.table)
        self._e, self._tokens = np.empty((self.batch, 1, config.width), parameters.dtype), np.empty(self.batch, np.intp)
        self._segment = np.empty((self.batch, config.segment_length), np.min_scalar_type(config.vocabulary - 1))
        self.reset()

    def __repr__(self) -> str:
        return f"<Stream of {self.batch} texts, {self.tokens} tokens in, of {self.model!r}>"

    def reset(self) -> None:
        """Back to the start of a text"""
        self._start_segment({})
        self.tokens = 0                                      # read so far

    def step(self, token: int | Array) -> Array:
        """The logits of the next token, (V,), after one more; with `batch` of B after B more, a (B,) array: (B, V)."""
        if not is_whole(token):
            return self._step(self._checked(token, 1)[:, 0])
        number = int(token)
        if self.batch > 1 or not 0 <= number < self.model.config.vocabulary:
            self._checked(np.array([token]), 1)              # which says so
        return self._step(number)[0]

    def feed(self, tokens: Sequence[int] | Array) -> Array:
        """The logits after N ≥ 1 more tokens: (N,) -> (V,), or (B, N) -> (B, V)"""
        array = as_array("tokens", tokens)
        alone = array.ndim == 1
        array = self._checked(array[None] if alone else array, 2)
        for column in array.T:
            logits = self._step(column)
        return logits[0] if alone else logits

    def save(self) -> bytes:
        """Where the stream is: the state at the running segment's start, and the segment's tokens so far"""
        arrays = {f"state.{name}": array for name, array in self._state.items()}
        arrays["segment"] = self._segment[:, :self._row]
        return sealed(arrays, {"model": self._fingerprint, "tokens": str(self.tokens)}, FORM)

    def restore(self, saved: bytes) -> None:
        """Go on from what `save` returned, of this model with these weights; the segment's tokens are run again."""
        check_kind("saved", saved, (bytes, bytearray, memoryview), "the bytes that save() returned")
        arrays, metadata = opened(bytes(saved), FORM, "what is to be restored", "what Stream.save() returned")
        if metadata.get("model") != self._fingerprint:
            raise InputError("what is to be restored is of another model, or of other weights; make the Stream of the "
                             "run that it was saved with")
        segment, tokens = self._checked_segment(arrays.pop("segment", None)), metadata.get("tokens", "")
        if not tokens.isdecimal():
            raise InputError(f"what is to be restored has read {tokens!r} tokens, expected a whole number; save it "
                             "again")
        state = State({name.removeprefix("state."): array for name, array in arrays.items()})
        check_state(self.model, self.batch, state)
        self._start_segment(state)
        for column in segment.T:
            self._step(column)
        self.tokens = int(tokens)

    def _checked_segment(self, segment: Array | None) -> Array:                  # -> (B, at most T)
        T, V = self._segment.shape[1], self.model.config.vocabulary
        if segment is None or segment.ndim != 2 or segment.dtype.kind != "u" or segment.shape[1] > T or \
                (segment >= V).any():
            got = "nothing" if segment is None else f"{segment.dtype} of shape {segment.shape}"
            raise InputError(f"what is to be restored has {got} for its segment, expected ids below {V} of shape "
                             f"({self.batch}, at most {T}); save it again")
        if len(segment) != self.batch:
            raise InputError(f"what is to be restored has {len(segment)} texts side by side, the stream has "
                             f"{self.batch}; make a Stream with batch={len(segment)}")
        return segment

    def _start_segment(self, state: State) -> None:
        self._state, self._row = state, 0
        self._steps.begin(state)

    def _step(self, tokens: Any) -> Array:                   # (B,), or a number -> (B, V)
        if self._row == self._segment.shape[1]:
            self._start_segment(self._steps.end())
        self._tokens[:] = tokens
        self._segment[:, self._row] = self._tokens
        self._row += 1
        self.tokens += 1
        self._embedding(self._tokens, self._e[:, 0])
        return self._output(self._steps.step(self._e))

    def _checked(self, tokens: Any, axes: int) -> Array:     # -> (B, N)
        array = as_array("tokens" if axes == 2 else "token", tokens)
        wanted = "(N,) or (B, N), N at least 1," if axes == 2 else "an integer, or (B,),"
        if array.ndim != axes or len(array) != self.batch or not array.size or array.dtype.kind not in "iu":
            raise InputError(f"got tokens that are {array.dtype} of shape {array.shape}, expected integers: {wanted} "
                             f"for a stream with batch B = {self.batch}")
        V = self.model.config.vocabulary
        least, most = array.min(), array.max()
        if least < 0 or most >= V:
            raise InputError(f"token {least if least < 0 else most} is out of range, expected 0 to {V - 1}, for the "
                             f"vocabulary is of {V}")
        return array.reshape(self.batch, -1)

    @cached_property
    def _fingerprint(self) -> str:
        return fingerprint([type(self.model).__name__, to_mapping(self.model.config)], self.parameters)

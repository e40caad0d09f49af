"""A video as clips one after the other: the loss at the last clip, at every clip, or of the mean of all scores"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from minicrt.arguments import check_whole, shown
from minicrt.array_arguments import as_array
from minicrt.errors import InputError
from minicrt.models.base import State
from minicrt.models.parameters import Array, Parameters
from minicrt.models.video import skeleton
from minicrt.models.video.arguments import VideoTargets
from minicrt.models.video.vit import LossCache as ClipLossCache
from minicrt.models.video.vit import Seen, VideoCache, ViT

When = Literal["last", "every", "mean"]


class VideoResult(NamedTuple):
    loss: float
    scores: Array                                            # (B, K), those that are asked for in evaluation
    state: State                                             # behind the last clip


def run_video(model: ViT, parameters: Parameters, clips: Sequence[Array] | Array, labels: Array, *,
              lengths: Array | None = None, when: When = "last", gradients: Parameters | None = None,
              bptt_segments: int | None = None, state: State | None = None, cut: Sequence[str] = (),
              skeletons: Sequence[VideoTargets] | None = None, rng: np.random.Generator | None = None) -> VideoResult:
    """The loss of B videos of N clips each, the scores of their classes, and, with `gradients`, what is added to them.

    Arguments
        clips           N clips (B, F, Y, X, C), read one after the other with the state carried
        labels          (B,), −1: not scored
        lengths         (B,), how many clips each video has, 1 … N; None: all N. What stands behind has no effect
        when            what the loss reads: the scores of a video's "last" clip, those of "every" clip, each clip
                        counting alike, or the "mean" of them
        bptt_segments   across how many clips gradients go: windows of so many, counted from the last; None: all N
        state           in front of the first clip; None: the start
        cut             entries of the state that are dropped at each boundary
        skeletons       of each clip the targets of the modules of training, whose losses count 1/N a clip; their labels
                        are not read, and with "last" the 3-D module is asked at the last clip alone
        rng             draws the dropout masks; None: no dropout
    Raises InputError for what does not fit.
    """
    N = len(clips)
    labels, last = _checked(clips, labels, lengths, when)
    k = N if bptt_segments is None else check_whole("bptt_segments", bptt_segments, 1)
    if skeletons is not None and len(skeletons) != N:
        raise InputError(f"there are skeletons of {len(skeletons)} clips, expected {N}, one of each")
    carried, scores, caches, more = dict(state or {}), list[Array](), list[VideoCache | None](), 0.0
    share = _shares(last, N, when, parameters.dtype)                                     # (N, B)
    window = (N - 1 - np.arange(N)) // k                     # of each clip; gradients do not go from one to another
    for n, clip in enumerate(clips):
        asked = np.where(n == last if when == "last" else n <= last, labels, -1)
        targets = model.checked_targets(clip, _targets(asked, None if skeletons is None else skeletons[n], n <= last))
        e, patches = model.embed(parameters, clip, carried, rng)
        seen, carried, encoded = model.encode(parameters, e, carried, rng, gradients is not None)
        z, mask = model.dropped(seen.z, rng)
        scores_n, output = model.scores(parameters, z)
        modules = None
        if targets.has_skeleton:
            loss_n, modules = skeleton.loss(model, parameters, seen.early, seen.late, targets)
            more = more + loss_n / N
        scores.append(scores_n)
        read = gradients is not None and (skeletons is not None or share[window == window[n]].any())
        cache = VideoCache(patches, encoded, mask, ClipLossCache(output, None, modules), model.pass_of(len(e)))
        caches.append(cache if read else None)
        carried = {name: value for name, value in carried.items() if n == N - 1 or name not in cut}
    stacked = np.stack(scores)                                                           # (N, B, K)
    asked_of, asked = stacked, np.where(share > 0, labels, -1)
    if when != "every":
        asked_of, asked = (share[..., None] * stacked).sum(0), labels
    weights = model.class_weights.astype(stacked.dtype)
    loss, classes = model.engine.weighted_cross_entropy(asked_of, asked, weights, model.config.smoothing)
    if gradients is not None:
        d_asked, _ = model.engine.weighted_cross_entropy_backward(1.0, classes)
        d_scores = d_asked if when == "every" else share[..., None] * d_asked
        _backward(model, d_scores, caches, gradients, k, cut)
    found = asked_of if when != "every" else stacked[last, np.arange(len(labels))]
    return VideoResult(loss + more, found, carried)


def _backward(model: ViT, d_scores: Array, caches: list[VideoCache | None], gradients: Parameters, k: int,
              cut: Sequence[str]) -> None:
    """Clip after clip from the last; at the edge of a window the state's gradient is dropped. A clip without a cache is
    in a window of which nothing is read."""
    N, d_state = len(caches), State()
    for n in reversed(range(N)):
        whole = caches[n]
        if whole is None:
            continue
        cache = whole.loss
        d_z = model.scores_backward(d_scores[n], cache.output, gradients)
        d_early, d_late = (None, None) if cache.modules is None else skeleton.loss_backward(model, 1 / N, cache.modules,
                                                                                         gradients)
        d_state = model.seen_backward(Seen(d_z, d_early, d_late), d_state, whole, gradients)  # type: ignore[arg-type]
        edge = (N - n) % k == 0
        d_state = {} if edge else {name: value for name, value in d_state.items() if name not in cut}


def _targets(labels: Array, given: VideoTargets | None, there: Array) -> VideoTargets:
    """Of a clip; the joints of videos that are over were not seen."""
    if given is None or given.joints is None:
        return VideoTargets(labels, features=None if given is None else given.features)
    seen = np.ones(np.shape(given.joints)[:3], bool) if given.visible is None else given.visible
    return VideoTargets(labels, given.joints, seen & there[:, None, None], given.features)


def _shares(last: Array, N: int, when: str, dtype: Any) -> Array:                # -> (N, B)
    """How much of each clip's scores the loss reads"""
    n = np.arange(N)[:, None]
    if when == "last":
        return (n == last).astype(dtype)
    there = (n <= last).astype(dtype)
    return there if when == "every" else there / (last + 1).astype(dtype)


def _checked(clips: Any, labels: Any, lengths: Any, when: Any) -> tuple[Array, Array]:
    """Labels, and the number of each video's last clip"""
    if when not in get_args(When):
        raise InputError(f"when is {shown(when)}, expected {', '.join(get_args(When))}")
    if not len(clips):
        raise InputError("there are no clips, expected one at least")
    labels = as_array("labels", labels)
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise InputError(f"labels are {labels.dtype} of shape {labels.shape}, expected integers of shape (B,)")
    if lengths is None:
        return labels, np.full(len(labels), len(clips) - 1)
    found = as_array("lengths", lengths)
    if found.shape != labels.shape or found.dtype.kind not in "iu" or found.min() < 1 or found.max() > len(clips):
        raise InputError(f"lengths are {shown(lengths)}, expected {len(labels)} integers from 1 to {len(clips)}")
    return labels, found - 1

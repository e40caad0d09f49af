"""The Vision Transformer of a clip (docs/spec.md, 2.5)"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from minicrt.engines import EngineOrName
from minicrt.models import initialisers, inputs
from minicrt.models.base import State
from minicrt.models.block import final_norm, final_norm_backward
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.models.positions import PositionedModel, position_specs
from minicrt.models.video import inspection, skeleton
from minicrt.models.video.arguments import checked_clip, checked_video_targets, checked_weights
from minicrt.models.video.attention import FrameByFrame, Grid
from minicrt.models.video.blocks import VideoBlockCache, video_blocks, video_blocks_backward, video_blocks_specs
from minicrt.models.video.config import TIME, ViTConfig


class Seen(NamedTuple):
    z: Array                                                 # (B, 1, D), what is classified
    early: Array                                             # the patches as block `joint_layer` gave them (B, T N, D)
    late: Array                                              # the patches as the last norm gave them (B, T N, D)


class EmbeddedCache(NamedTuple):
    positions: Any                                           # of the time steps' positions
    given: bool                                              # they started from the state
    mask: Any                                                # of dropout: None without


class EncodedCache(NamedTuple):
    embedded: EmbeddedCache
    grid: Grid
    blocks: list[VideoBlockCache]
    norm: Any                                                # of the final norm
    memory: Any                                              # of the stages of a memory: None without


class LossCache(NamedTuple):
    output: Any                                              # of linear
    classes: Any                                             # of weighted_cross_entropy
    modules: Any                                             # of skeleton.loss: None where labels are all there is


class VideoCache(NamedTuple):
    patches: Any                                             # of patch_embedding
    encoded: EncodedCache
    output_mask: Any
    loss: LossCache
    of: inputs.PassOf                                        # the batch and the model


class ViT(FrameByFrame, PositionedModel):
    """A clip of pixels (B, T·f, Y, X, C) in [0, 1] in, the scores of K classes out.

        e_{t,n} = patch((x − μ)/σ) W + b + s_n            the N patches of step t, and a table s of where they stand
        x_{t,n} = e_{t,n} + p_t                           p_t says when (positions)
        y = norm(blocks([c ; x_{1,1} … x_{T,N}]))         c, the class token, is learned; attention is not causal
        z = y_c, or the mean of all y_{t,n} (pooling)     scores = z Uᵀ + a

        model = create_video_model(classes=6, frames=8, frame_size=32)
        parameters = model.initialize(np.random.default_rng(0))
        loss, state, cache = model.forward(parameters, clip, labels, {})         # labels (B,), −1: not scored
        scores, state = model.logits(parameters, clip, state)                    # (B, K)

    A clip is a segment of SegmentModel's, and all else is as there: state, windows, gradients. This model has no state;
    CRViT carries a memory. `class_weights` (K,) weigh the classes in the loss. With `joints` or `joint_features` a
    VideoTargets may stand for the labels, and the modules of `skeleton` take part in the loss, in training alone.
    Raises ConfigurationError for weights that do not fit, InputError for arguments that do not.
    Sources: arXiv 2010.11929; divided attention: arXiv 2102.05095; the modules: arXiv 2311.18840.
    """

    config: ViTConfig

    def __init__(self, config: ViTConfig, engine: EngineOrName = None, class_weights: Sequence[float] | None = None):
        super().__init__(config, engine)
        self.class_weights = checked_weights(class_weights, config.vocabulary)

    # A clip, top to bottom and bottom to top.

    def forward(self, parameters: Parameters, tokens: Any, targets: Any, state: State,
                rng: np.random.Generator | None = None, with_gradient: bool = True) -> tuple[Any, State, Any]:
        e, patches = self.embed(parameters, tokens, state, rng)
        targets = self.checked_targets(tokens, targets)
        seen, state, encoded = self.encode(parameters, e, state, rng, with_gradient)
        z, mask = self.dropped(seen.z, rng)
        loss, loss_cache = self.loss(parameters, seen._replace(z=z), targets, with_gradient)
        return loss, state, VideoCache(patches, encoded, mask, loss_cache, self.pass_of(len(e)))

    def backward(self, d_loss: float, d_state: State, cache: Any, gradients: Parameters) -> State:
        inputs.check_backward(self, d_loss, d_state, cache, gradients, VideoCache)
        d_seen = self.loss_backward(d_loss, cache.loss, gradients)
        return self.seen_backward(d_seen, d_state, cache, gradients)

    def seen_backward(self, d_seen: Any, d_state: State, cache: VideoCache, gradients: Parameters) -> State:
        """From the gradients of what the losses read; of `early` and `late` None where they read none"""
        d_z = self.engine.dropout_backward(d_seen.z, cache.output_mask)
        d_e, d_state = self.encode_backward(d_seen._replace(z=d_z), d_state, cache.encoded, gradients)
        self.embed_backward(d_e, cache.patches, gradients)
        return d_state

    def logits(self, parameters: Parameters, tokens: Any, state: State) -> tuple[Array, State]:
        """The scores (B, K) of the classes, and state′; no dropout."""
        e, _ = self.embed(parameters, tokens, state, None)
        seen, state, _ = self.encode(parameters, e, state, None, False)
        return self.scores(parameters, seen.z)[0], state

    def scores(self, parameters: Parameters, z: Array) -> tuple[Array, Any]:     # (B, 1, D) -> (B, K)
        return self.engine.linear(z[:, 0], parameters["output.weight"].T, parameters["output.bias"])

    def inspect(self, parameters: Parameters, clip: Array, state: State) -> dict[str, Any]:
        """What happens inside one clip: see `minicrt.models.video.inspection.inspect`."""
        return inspection.inspect(self, parameters, clip, state)

    # The stages, each with its gradient.

    def embed(self, parameters: Parameters, tokens: Any, state: State, rng: np.random.Generator | None
              ) -> tuple[Array, Any]:
        """e_{t,n} = patch((x − μ)/σ) W + b + s_n, (B, T, N, D)"""
        inputs.check_parameters(self, parameters)
        clip = self.checked_inputs(tokens)
        inputs.check_state(self, len(clip), state)
        inputs.check_generator(rng)
        pixels = (clip.astype(parameters.dtype) - self.config.pixel_mean) / self.config.pixel_deviation
        e, cache = self.engine.patch_embedding(pixels, parameters["patch.weight"], parameters["patch.bias"],
                                               self.config.patch_size, self.config.tube_frames)
        return e + parameters["space.table"], cache

    def embed_backward(self, d_e: Array, cache: Any, gradients: Parameters) -> None:
        gradients["space.table"] += d_e.sum((0, 1))
        _, d_weight, d_bias = self.engine.patch_embedding_backward(d_e, cache)
        gradients["patch.weight"] += d_weight
        gradients["patch.bias"] += d_bias

    def placed(self, p: Parameters, e: Array, start: Array | None, rng: np.random.Generator | None
               ) -> tuple[Array, Array | None, Any]:         # (B, T, N, D) -> (B, T N, D), p_T
        """x_{t,n} = e_{t,n} + p_t: the stage `positions` of the language models tells it to the mean of a step's
        patches, ē_t, and what that gains is added to each."""
        B, T, N, D = e.shape
        mean = e.mean(2)
        told, last, cache = self.positions(p, mean, start)
        x, mask = self.dropped((e + (told - mean)[:, :, None]).reshape(B, T * N, D), rng)
        return x, last, (cache, mask)

    def placed_backward(self, d_x: Array, d_last: Array | None, cache: EmbeddedCache, steps: int, g: Parameters
                        ) -> tuple[Array, Array | None]:
        d_x = self.engine.dropout_backward(d_x, cache.mask)
        B, rows, D = d_x.shape
        d_x = d_x.reshape(B, steps, rows // steps, D)
        d_told = d_x.sum(2)
        d_mean, d_start = self.positions_backward(d_told, d_last, cache.positions, g)
        return d_x + ((d_mean - d_told) / d_x.shape[2])[:, :, None], d_start     # x = e + (told − mean), of mean(e)

    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Any, State, Any]:
        x, _, (positions, mask) = self.placed(parameters, e, None, rng)
        seen, encoded = self.looked_at(parameters, [], x, e.shape[1], rng)
        return seen, State(), encoded._replace(embedded=EmbeddedCache(positions, False, mask))

    def encode_backward(self, d_z: Any, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        _, d_x = self.looked_at_backward(d_z, None, cache, gradients)
        d_e, _ = self.placed_backward(d_x, None, cache.embedded, cache.grid.steps, gradients)
        return d_e, State()

    def looked_at(self, p: Parameters, memory: list[Array], x: Array, steps: int, rng: np.random.Generator | None
                  ) -> tuple[Seen, EncodedCache]:
        """[memory ; c ; x] → blocks → norm → what is classified; the outputs in the memory's rows nobody reads."""
        vectors = sum(m.shape[1] for m in memory)
        token = [np.broadcast_to(p["class.token"], (len(x), 1, x.shape[2]))] if self.has_token else []
        grid = Grid(vectors + len(token), steps, x.shape[1] // steps)
        s, stack, outputs = video_blocks(self, p, self.engine.concatenate([*memory, *token, x], 1), grid, rng)
        y, norm = final_norm(self, p, s[:, vectors:])
        late = y[:, len(token):]
        z = y[:, :1] if token else late.mean(1, keepdims=True)
        early = outputs[self.config.joint_layer][:, grid.extra:]
        return Seen(z, early, late), EncodedCache(EmbeddedCache(None, False, None), grid, stack, norm, None)

    def looked_at_backward(self, d_seen: Any, d_frames: Array | None, cache: EncodedCache, g: Parameters
                           ) -> tuple[Array, Array]:         # -> d_memory (B, M, D), d_x (B, T N, D)
        """`d_frames` (B, T, D) is the gradient of the mean of each step's outputs; None: nobody read them."""
        R, T, N = cache.grid
        B, _, D = d_seen.z.shape
        d_late = np.zeros((B, T * N, D), d_seen.z.dtype) if d_seen.late is None else d_seen.late
        if d_frames is not None:
            d_late = d_late + np.repeat(d_frames / N, N, axis=1)
        if not self.has_token:
            d_late = d_late + d_seen.z / (T * N)
        d_y, vectors = np.concatenate([d_seen.z, d_late], 1) if self.has_token else d_late, R - self.has_token
        d_s, unread = final_norm_backward(self, d_y, cache.norm, g), np.zeros((B, vectors, D), d_y.dtype)
        early = {} if d_seen.early is None else {self.config.joint_layer: np.concatenate(
            [np.zeros((B, R, D), d_s.dtype), d_seen.early], 1)}
        d_s = video_blocks_backward(self, np.concatenate([unread, d_s], 1), cache.blocks, g, early)
        return self.parted(d_s, vectors, g)

    def parted(self, d_s: Array, vectors: int, g: Parameters) -> tuple[Array, Array]:
        """Of [memory ; c ; x]: the gradients of memory and x; that of c is its parameter's."""
        if self.has_token:
            g["class.token"] += d_s[:, vectors].sum(0)
        return d_s[:, :vectors], d_s[:, vectors + self.has_token:]

    def loss(self, parameters: Parameters, z: Any, targets: Any, with_gradient: bool) -> tuple[Any, Any]:
        """The weighted cross-entropy of the labels, and what the modules add where there are skeletons"""
        scores, output = self.scores(parameters, z.z)
        loss, classes = self.engine.weighted_cross_entropy(
            scores, targets.labels, self.class_weights.astype(scores.dtype), self.config.smoothing)
        if not targets.has_skeleton:
            return loss, LossCache(output, classes, None)
        more, modules = skeleton.loss(self, parameters, z.early, z.late, targets)
        return loss + more, LossCache(output, classes, modules)

    def loss_backward(self, d_loss: float, cache: Any, gradients: Parameters) -> Any:
        d_scores, _ = self.engine.weighted_cross_entropy_backward(d_loss, cache.classes)
        d_early, d_late = (None, None) if cache.modules is None else skeleton.loss_backward(self, d_loss, cache.modules,
                                                                                         gradients)
        return Seen(self.scores_backward(d_scores, cache.output, gradients), d_early, d_late)  # type: ignore[arg-type]

    def scores_backward(self, d_scores: Array, cache: Any, gradients: Parameters) -> Array:      # -> G_z (B, 1, D)
        d_z, d_weight, d_bias = self.engine.linear_backward(d_scores, cache)
        gradients["output.weight"] += d_weight.T             # scores = z @ weight.T + bias
        gradients["output.bias"] += d_bias
        return d_z[:, None]

    # What the model consists of.

    @property
    def has_token(self) -> bool:
        return self.config.pooling == "class"

    def specs(self) -> list[ParameterSpec]:
        config, D, K = self.config, self.config.width, self.config.vocabulary
        into = initialisers.normal(self.input_size * config.patch_numbers ** -0.5)
        return [ParameterSpec("patch.weight", (config.patch_numbers, D), into),
                ParameterSpec("patch.bias", (D,), initialisers.zeros, decay=False),
                ParameterSpec("space.table", (config.patches, D), initialisers.normal(0.1), decay=False),
                *self.encoder_specs(),
                ParameterSpec("output.weight", (K, D), initialisers.normal(D ** -0.5)),
                ParameterSpec("output.bias", (K,), initialisers.zeros, decay=False),
                *skeleton.specs(config)]

    def encoder_specs(self) -> list[ParameterSpec]:
        token = [ParameterSpec("class.token", (1, self.config.width), initialisers.normal(0.5), decay=False)]
        return position_specs(self.config, TIME) + token * self.has_token + video_blocks_specs(self.config)

    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        return {}

    def checked_inputs(self, tokens: Any) -> Array:
        return checked_clip(self.config, tokens)

    def checked_targets(self, tokens: Any, targets: Any) -> Any:
        return checked_video_targets(self.config, np.shape(tokens), targets)

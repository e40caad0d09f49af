"""The one interface of every model: a function of one segment and a state, and its gradient (docs/spec.md, 2)"""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar, NamedTuple, get_type_hints

import numpy as np

from minicrt import engines
from minicrt.arguments import check_truth, kind_of
from minicrt.configuration import changed
from minicrt.engines import EngineOrName
from minicrt.errors import ConfigurationError
from minicrt.models import initialisers, inputs
from minicrt.models.cells import SkewParameter
from minicrt.models.language_config import LanguageModelConfig
from minicrt.models.output import Output, output_of
from minicrt.models.parameters import Array, Layout, Parameters, ParameterSpec, initialised

State = dict[str, Array]


class EmbeddingCaches(NamedTuple):
    lookup: Any                                              # of embedding
    row_mask: Any                                            # of embedding_dropout: None without


class SegmentCache(NamedTuple):
    """What a segment's forward pass keeps for its backward pass."""

    embedding: Any                                           # of the model's `embed`
    encoder: Any                                             # of the model's `encode`
    output_mask: Any                                         # of dropout before the output: None without
    loss: Any                                                # of the model's `loss`
    of: inputs.PassOf                                        # the batch and the model


class SegmentModel(ABC):
    """(tokens (B, T), targets (B, T), state) → (loss, state′), and (G_loss, G_state′) → gradients, G_state.

    A state is a dict of arrays, an argument and a result, never an attribute. An entry that is absent starts at its
    initial value: {} is the start of a stream, and dropping one entry cuts that one. In the backward pass an absent
    entry of G_state′ is a zero gradient, and G_state has the entries that the forward pass was given.

    A subclass says how vectors become vectors (`encode`, `encode_backward`), which parameters that takes
    (`encoder_specs`) and what its state looks like (`state_shapes`); words in (`embed`) and out (`loss`) are here.

    `detached_entries` are those of the state that no gradient goes into, `input_size` and `output_size` the first
    deviations of what comes in (of words see `embedding_size`) and of √D times an output matrix of its own.
    """

    memory_entries: frozenset[str] = frozenset()
    position_entries: frozenset[str] = frozenset()
    detached_entries: frozenset[str] = frozenset()
    input_size: ClassVar[float] = 0.5
    output_size: ClassVar[float] = 1.0
    config: LanguageModelConfig

    def __init__(self, config: LanguageModelConfig, engine: EngineOrName = None):
        """`engine`: "numba", "numpy", or what `minicrt.engines.get` returns for None"""
        expected = get_type_hints(type(self))["config"]
        if not isinstance(config, expected):
            raise ConfigurationError(f"{type(self).__name__} got {kind_of(config)}, expected a {expected.__name__}; "
                                     "minicrt.create_model makes a model from its settings")
        self.config, self.engine = config, engines.get(engine)

    def __repr__(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in changed(self.config).items())
        return (f"<{type(self).__name__} of {self.size:,} parameters, engine {engines.name_of(self.engine)}: "
                f"{settings}>")

    @abstractmethod
    def encoder_specs(self) -> list[ParameterSpec]:
        """The parameters between embedding and output."""

    @abstractmethod
    def state_shapes(self, batch: int) -> dict[str, tuple[int | None, ...]]:
        """The entries a state may have and their shapes; None is any length."""

    @abstractmethod
    def encode(self, parameters: Parameters, e: Array, state: State, rng: np.random.Generator | None,
               with_gradient: bool) -> tuple[Array, State, Any]:
        """Embeddings e (B, T, D) and a state → what the output reads, z (B, T, D), the next state, and the cache."""

    @abstractmethod
    def encode_backward(self, d_z: Array, d_state: State, cache: Any, gradients: Parameters) -> tuple[Array, State]:
        """G_z, G_state′ → G_e, G_state; adds the gradients of the encoder's parameters into `gradients`."""

    def caution(self, bptt_segments: int) -> str | None:
        """One line on a part that stays untrained with gradients over `bptt_segments` segments, or None."""
        return None

    def skew_parameters(self) -> list[SkewParameter]:
        """The parameters that live on the orthogonal manifold."""
        return []

    def specs(self) -> list[ParameterSpec]:
        """The model's parameter table."""
        V, D = self.config.vocabulary, self.config.width
        table = [ParameterSpec("embedding", (V, D), initialisers.normal(self.embedding_size * D ** -0.5), decay=False)]
        return table + self.encoder_specs() + self.output.specs(self.embedding_size, self.output_size)

    @cached_property
    def output(self) -> Output:
        """From the vectors z to words"""
        return output_of(self.config)

    @cached_property
    def layout(self) -> Layout:
        """The name and shape of every parameter, in the table's order."""
        return tuple((spec.name, spec.shape) for spec in self.specs())

    @property
    def size(self) -> int:
        """The number of parameters."""
        return sum(spec.size for spec in self.specs())

    def initialize(self, rng: np.random.Generator, dtype: np.typing.DTypeLike = np.float32) -> Parameters:
        """Fresh parameters, drawn from `rng`, in np.float32, np.float64 or np.complex128."""
        return initialised(self.specs(), rng, dtype, self.related)

    def related(self, drawn: Parameters) -> Parameters:
        """First values of which some are a function of others: here of none."""
        return drawn

    def forward(self, parameters: Parameters, tokens: Array, targets: Array, state: State,
                rng: np.random.Generator | None = None, with_gradient: bool = True) -> tuple[Any, State, Any]:
        """loss, state′, cache: the mean negative log-likelihood of the targets, −1 being a target not scored.

        tokens, targets   (B, T) integers each; target t is the token that follows token t
        state             {} at the start of a stream, then what the segment before left
        rng               draws the dropout masks; None: no dropout
        with_gradient     False: nothing is kept for `backward`, which then cannot be called
        Raises InputError for parameters of another model, and for shapes, dtypes, tokens or entries that do not fit.
        """
        check_truth("with_gradient", with_gradient)
        e, e_caches = self.embed(parameters, tokens, state, rng)
        targets = self.checked_targets(tokens, targets)
        z, state, encoder_cache = self.encode(parameters, e, state, rng, with_gradient)
        z, z_mask = self.dropped(z, rng)
        loss, loss_cache = self.loss(parameters, z, targets, with_gradient)
        return loss, state, SegmentCache(e_caches, encoder_cache, z_mask, loss_cache, self.pass_of(len(e)))

    def backward(self, d_loss: float, d_state: State, cache: Any, gradients: Parameters) -> State:
        """G_loss, G_state′ → G_state; the parameters' gradients are added into `gradients`.

        G_loss is 1 for the gradient of the loss itself. G_state′ is what the backward pass of the next segment
        returned, {} where gradients end. `cache` is what `forward` returned with this segment.
        """
        inputs.check_backward(self, d_loss, d_state, cache, gradients, SegmentCache)
        d_z = self.loss_backward(d_loss, cache.loss, gradients)
        d_z = self.engine.dropout_backward(d_z, cache.output_mask)
        d_e, d_state = self.encode_backward(d_z, d_state, cache.encoder, gradients)
        self.embed_backward(d_e, cache.embedding, gradients)
        return d_state

    def pass_of(self, batch: int) -> inputs.PassOf:
        return inputs.PassOf(batch, self.layout)

    def logits(self, parameters: Parameters, tokens: Array, state: State) -> tuple[Array, State]:
        """The scores (B, T, V) of every next token, of an adaptive softmax log p, and state′; no dropout."""
        e, _ = self.embed(parameters, tokens, state, None)
        z, state, _ = self.encode(parameters, e, state, None, False)
        return self.output.scores(self.engine, parameters, z), state

    def dropped(self, x: Array, rng: np.random.Generator | None) -> tuple[Array, Any]:
        """Dropout at the configured rate and kind where a generator is given."""
        kind = self.engine.locked_dropout if self.config.locked_dropout else self.engine.dropout
        return kind(x, 0.0 if rng is None else self.config.dropout, rng)

    def orthogonality(self, parameters: Parameters) -> dict[str, float]:
        """‖UᵀU − I‖ (Frobenius) of every matrix that is kept orthogonal."""
        errors = {}
        for skew in self.skew_parameters():
            U, _ = self.engine.scaled_cayley(parameters[skew.name], skew.negatives, skew.width)
            errors[skew.name] = float(np.linalg.norm(U.T @ U - np.eye(skew.width)))
        return errors

    @property
    def embedding_size(self) -> float:
        """The first deviation of e in a table. With 1 a tied output starts out sure of the word just read."""
        return self.input_size

    @property
    def scale(self) -> float:
        """√D brings the table's entries, at first of deviation near D^−½, to the size of what is added to them."""
        return float(self.config.width ** 0.5)

    def embed(self, parameters: Parameters, tokens: Array, state: State,
              rng: np.random.Generator | None) -> tuple[Array, EmbeddingCaches]:
        """e_t = √D E[token_t], (B, T, D), whole words dropped with `rng`; what the model is handed is checked here."""
        inputs.check_parameters(self, parameters)
        tokens = self.checked_inputs(tokens)
        inputs.check_state(self, len(tokens), state)
        inputs.check_generator(rng)
        rate = 0.0 if rng is None else self.config.embedding_dropout
        table, row_mask = self.engine.embedding_dropout(parameters["embedding"], rate, rng)
        e, lookup = self.engine.embedding(tokens, table, self.scale)
        return e, EmbeddingCaches(lookup, row_mask)

    def embed_backward(self, d_e: Array, cache: EmbeddingCaches, gradients: Parameters) -> None:
        lookup, row_mask = cache
        if row_mask is None:
            self.engine.embedding_backward(d_e, lookup, into=gradients["embedding"])   # e = √D table[tokens]
        else:
            d_table = self.engine.embedding_backward(d_e, lookup)
            gradients["embedding"] += self.engine.embedding_dropout_backward(d_table, row_mask)

    def loss(self, parameters: Parameters, z: Array, targets: Array, with_gradient: bool) -> tuple[Any, Any]:
        """The mean negative log-likelihood of the targets, and its cache"""
        return self.output.loss(self.engine, parameters, z, targets, with_gradient)

    def loss_backward(self, d_loss: float, cache: Any, gradients: Parameters) -> Array:      # -> G_z
        return self.output.loss_backward(self.engine, d_loss, cache, gradients)

    def checked_inputs(self, tokens: Any) -> Array:
        return inputs.checked_tokens(self, tokens)

    def checked_targets(self, tokens: Any, targets: Any) -> Array:
        return inputs.checked_targets(np.shape(tokens), targets)

"""What a model's vectors become: scores of all words by one matrix, or an adaptive softmax"""

from typing import Any

from minicrt.engines import Engine
from minicrt.models import initialisers
from minicrt.models.language_config import LanguageModelConfig
from minicrt.models.parameters import Array, Parameters, ParameterSpec
from minicrt.ops.clusters import clusters


class SoftmaxOutput:
    """logits = z Eᵀ + b, E the embedding table (tied) or a matrix of its own (docs/spec.md, 1.15)"""

    def __init__(self, config: LanguageModelConfig) -> None:
        self.config = config
        self.table = "embedding" if config.tied else "output.weight"

    def specs(self, table_size: float, output_size: float) -> list[ParameterSpec]:
        """The sizes are the deviations of √D times an entry, of the embedding table and of a matrix of its own."""
        V, D = self.config.vocabulary, self.config.width
        bias = ParameterSpec("output.bias", (V,), initialisers.zeros, decay=False)
        if self.config.tied:
            return [bias]
        return [ParameterSpec("output.weight", (V, D), initialisers.normal(output_size * D ** -0.5)), bias]

    def loss(self, engine: Engine, p: Parameters, z: Array, targets: Array, with_gradient: bool) -> tuple[Any, Any]:
        return engine.linear_cross_entropy(z, p[self.table], p["output.bias"], targets,
                                           with_gradient=with_gradient)

    def loss_backward(self, engine: Engine, d_loss: float, cache: Any, gradients: Parameters) -> Array:      # -> G_z
        d_z, d_table, d_bias = engine.linear_cross_entropy_backward(d_loss, cache)
        gradients[self.table] += d_table
        gradients["output.bias"] += d_bias
        return d_z

    def scores(self, engine: Engine, p: Parameters, z: Array) -> Array:          # (..., D) -> (..., V)
        scores, _ = engine.linear(z, p[self.table].T, p["output.bias"])
        return scores


class AdaptiveOutput:
    """The adaptive softmax of docs/spec.md, 1.25; its scores are log p of every word.

    Tied, the shortlist's rows of the head and the clusters' words are those of the embedding table, all D wide. With
    arrays of its own (`output.head`, `output.tails`) the clusters' words are narrower by `div_value`.
    """

    def __init__(self, config: LanguageModelConfig) -> None:
        self.config, self.cutoffs = config, config.cutoffs_in_use
        self.clusters = clusters(config.vocabulary, config.width, self.cutoffs, config.div_value)
        self.S, self.K = self.cutoffs[0], len(self.cutoffs)

    def specs(self, table_size: float, output_size: float) -> list[ParameterSpec]:
        """The sizes are the deviations of √D times an entry, of the embedding table and of arrays of its own."""
        D, S, K, last = self.config.width, self.S, self.K, self.clusters[-1]
        projection = ParameterSpec("output.projection", (D, last.columns.stop), initialisers.normal(D ** -0.5))
        bias = ParameterSpec("output.bias", (self.config.vocabulary + K,), initialisers.zeros, decay=False)
        if self.config.tied:
            return [ParameterSpec("output.clusters", (K, D), initialisers.normal(table_size * D ** -0.5)), projection,
                    bias]
        tails = initialisers.normal_pieces([(c.entries.stop - c.entries.start, output_size * c.width ** -0.5)
                                            for c in self.clusters])
        return [ParameterSpec("output.head", (S + K, D), initialisers.normal(output_size * D ** -0.5)), projection,
                ParameterSpec("output.tails", (last.entries.stop,), tails), bias]

    def arrays(self, engine: Engine, p: Parameters) -> tuple[Array, Array, Array, Array]:
        """head, bias, projection and tails, as the operation takes them"""
        bias, projection = p["output.bias"], p["output.projection"]
        if not self.config.tied:
            return p["output.head"], bias, projection, p["output.tails"]
        table = p["embedding"]
        head = engine.concatenate([table[:self.S], p["output.clusters"]], 0)
        return head, bias, projection, table[self.S:].reshape(-1)

    def loss(self, engine: Engine, p: Parameters, z: Array, targets: Array, with_gradient: bool) -> tuple[Any, Any]:
        return engine.adaptive_softmax(z, *self.arrays(engine, p), targets, self.cutoffs,
                                       self.config.div_value, with_gradient=with_gradient)

    def loss_backward(self, engine: Engine, d_loss: float, cache: Any, gradients: Parameters) -> Array:      # -> G_z
        table = gradients["embedding" if self.config.tied else "output.tails"]
        tails = table[self.S:].reshape(-1) if self.config.tied else table                # views: what is added stays
        d_z, d_head, d_bias, d_projection, _ = engine.adaptive_softmax_backward(d_loss, cache, into=tails)
        gradients["output.bias"] += d_bias
        gradients["output.projection"] += d_projection
        if self.config.tied:
            table[:self.S] += d_head[:self.S]                # head = [E[:S], clusters], tails = E[S:]
            gradients["output.clusters"] += d_head[self.S:]
        else:
            gradients["output.head"] += d_head
        return d_z

    def scores(self, engine: Engine, p: Parameters, z: Array) -> Array:          # (..., D) -> (..., V)
        return self.log_probabilities(engine, self.arrays(engine, p), z)

    def log_probabilities(self, engine: Engine, arrays: tuple[Array, ...], z: Array) -> Array:
        return engine.adaptive_log_probabilities(z, *arrays, self.cutoffs,
                                                 self.config.div_value)


Output = SoftmaxOutput | AdaptiveOutput


def output_of(config: LanguageModelConfig) -> Output:
    return AdaptiveOutput(config) if config.output == "adaptive" else SoftmaxOutput(config)

"""The specification: every operation, forward and hand-written backward, in NumPy and SciPy alone.

`y, cache = operation(...)`, `gradients = operation_backward(d_y, cache)`: pure functions that never write to their
inputs and keep the dtype they are given: float32, float64, or complex128 for the complex step. The names here are what
an engine has to offer; models are handed this module or a faster one with the same names.
"""

from minicrt.ops.activations import (
    gelu,
    gelu_backward,
    gelu_tanh,
    gelu_tanh_backward,
    modrelu,
    modrelu_backward,
    relu,
    relu_backward,
    sigmoid,
    sigmoid_backward,
    tanh,
    tanh_backward,
)
from minicrt.ops.adamw import adamw_update, global_norm
from minicrt.ops.adaptive_softmax import adaptive_log_probabilities, adaptive_softmax, adaptive_softmax_backward
from minicrt.ops.arrays import add, concatenate
from minicrt.ops.attention import (
    attention,
    attention_backward,
    causal_mask,
    self_attention,
    self_attention_backward,
)
from minicrt.ops.binary_cross_entropy import binary_cross_entropy, binary_cross_entropy_backward
from minicrt.ops.causal_convolution import causal_convolution, causal_convolution_backward
from minicrt.ops.delta_rule import delta_rule, delta_rule_backward
from minicrt.ops.dropout import (
    dropout,
    dropout_backward,
    embedding_dropout,
    embedding_dropout_backward,
    locked_dropout,
    locked_dropout_backward,
    path_dropout,
    path_dropout_backward,
)
from minicrt.ops.embedding import embedding, embedding_backward
from minicrt.ops.glu import glu, glu_backward
from minicrt.ops.gru import gru, gru_backward
from minicrt.ops.layer_norm import layer_norm, layer_norm_backward
from minicrt.ops.linear import linear, linear_backward
from minicrt.ops.linear_activation import linear_activation, linear_activation_backward
from minicrt.ops.linear_cross_entropy import IGNORE, linear_cross_entropy, linear_cross_entropy_backward
from minicrt.ops.lru import lru, lru_backward
from minicrt.ops.lstm import lstm, lstm_backward
from minicrt.ops.mean_squared_error import mean_squared_error, mean_squared_error_backward
from minicrt.ops.memory_rows import pooled_queue, pooled_queue_backward, sparse_write, sparse_write_backward
from minicrt.ops.mingru import mingru, mingru_backward
from minicrt.ops.ncgru import ncgru, ncgru_backward
from minicrt.ops.patch_embedding import patch_embedding, patch_embedding_backward
from minicrt.ops.relative_attention import relative_attention, relative_attention_backward
from minicrt.ops.rms_norm import rms_norm, rms_norm_backward
from minicrt.ops.s4d import s4d, s4d_backward
from minicrt.ops.scaled_cayley import (
    cayley_inverse,
    neumann_inverse,
    scaled_cayley,
    scaled_cayley_backward,
    skew_symmetric,
)
from minicrt.ops.selective_scan import selective_scan, selective_scan_backward
from minicrt.ops.weighted_cross_entropy import weighted_cross_entropy, weighted_cross_entropy_backward

__all__ = [
    "IGNORE", "adamw_update", "adaptive_log_probabilities", "adaptive_softmax", "adaptive_softmax_backward", "add",
    "attention", "attention_backward", "binary_cross_entropy", "binary_cross_entropy_backward", "causal_convolution",
    "causal_convolution_backward", "causal_mask", "cayley_inverse", "concatenate", "delta_rule",
    "delta_rule_backward", "dropout", "dropout_backward", "embedding", "embedding_backward", "embedding_dropout",
    "embedding_dropout_backward", "gelu", "gelu_backward", "gelu_tanh", "gelu_tanh_backward", "global_norm", "glu",
    "glu_backward", "gru", "gru_backward", "layer_norm", "layer_norm_backward", "linear", "linear_activation",
    "linear_activation_backward", "linear_backward", "linear_cross_entropy", "linear_cross_entropy_backward",
    "locked_dropout", "locked_dropout_backward", "lru", "lru_backward", "lstm", "lstm_backward", "mean_squared_error",
    "mean_squared_error_backward", "mingru", "mingru_backward", "modrelu", "modrelu_backward", "ncgru",
    "ncgru_backward", "neumann_inverse", "patch_embedding", "patch_embedding_backward", "path_dropout",
    "path_dropout_backward", "pooled_queue", "pooled_queue_backward", "relative_attention",
    "relative_attention_backward", "relu", "relu_backward", "rms_norm", "rms_norm_backward", "s4d", "s4d_backward",
    "scaled_cayley", "scaled_cayley_backward", "selective_scan", "selective_scan_backward", "self_attention",
    "self_attention_backward", "sigmoid", "sigmoid_backward", "skew_symmetric", "sparse_write",
    "sparse_write_backward", "tanh", "tanh_backward", "weighted_cross_entropy", "weighted_cross_entropy_backward",
]

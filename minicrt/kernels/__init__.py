"""The speed: Numba twins of the operations that gain from one, under the same names; the rest is ops' own."""

# ruff: noqa: F401, F403
from minicrt.ops import *

# isort: split
from minicrt.kernels.activations import gelu, gelu_backward, sigmoid, sigmoid_backward
from minicrt.kernels.adamw import adamw_update, global_norm
from minicrt.kernels.adaptive_softmax import adaptive_softmax, adaptive_softmax_backward
from minicrt.kernels.arrays import add, concatenate
from minicrt.kernels.attention import self_attention, self_attention_backward
from minicrt.kernels.delta_rule import delta_rule, delta_rule_backward
from minicrt.kernels.dropout import (
    dropout,
    dropout_backward,
    embedding_dropout,
    embedding_dropout_backward,
    locked_dropout,
    locked_dropout_backward,
)
from minicrt.kernels.embedding import embedding, embedding_backward
from minicrt.kernels.gru import gru, gru_backward
from minicrt.kernels.layer_norm import layer_norm, layer_norm_backward
from minicrt.kernels.linear import linear, linear_backward
from minicrt.kernels.linear_activation import linear_activation, linear_activation_backward
from minicrt.kernels.linear_cross_entropy import linear_cross_entropy, linear_cross_entropy_backward
from minicrt.kernels.ncgru import ncgru, ncgru_backward
from minicrt.kernels.s4d import s4d, s4d_backward
from minicrt.kernels.selective_scan import selective_scan, selective_scan_backward

# isort: split
from minicrt.ops import attention  # the name of a module here, by now

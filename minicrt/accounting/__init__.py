"""What a model costs, worked out from its sizes: operations, parameters, state, and the memory of a training step."""

from minicrt.accounting.activations import activation_bytes
from minicrt.accounting.flops import forward_flops, segment_flops, state_values, training_flops
from minicrt.accounting.footprint import step_memory, table

__all__ = ["activation_bytes", "forward_flops", "segment_flops", "state_values", "step_memory", "table",
           "training_flops"]

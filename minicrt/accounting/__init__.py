"""What a model costs, worked out from its sizes: operations, parameters, state, the memory of a training step, and what
a token of a stream takes."""

from minicrt.accounting.activations import activation_bytes
from minicrt.accounting.flops import forward_flops, segment_flops, state_values, training_flops
from minicrt.accounting.footprint import step_memory, table
from minicrt.accounting.hours import Speed, run_again, training_speed, training_tokens
from minicrt.accounting.streaming import stream_memory, token_bytes, token_multiply_adds, weight_bytes
from minicrt.accounting.video import VideoCost, clip_flops, costs_table, video_costs
from minicrt.accounting.video_step import video_step_flops, video_step_memory

__all__ = ["Speed", "VideoCost", "activation_bytes", "clip_flops", "costs_table", "forward_flops", "run_again",
           "segment_flops", "state_values", "step_memory", "stream_memory", "table", "token_bytes",
           "token_multiply_adds", "training_flops", "training_speed", "training_tokens", "video_costs",
           "video_step_flops", "video_step_memory", "weight_bytes"]

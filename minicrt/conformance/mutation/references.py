"""Where the reference has what a function of the equations is about"""

import importlib
import inspect
from functools import cache
from pathlib import Path
from typing import Any

import minicrt
from minicrt import models, ops

OPERATION = {"gru_after": "gru", "gru_before": "gru", "reset_before": "ncgru", "tanh_candidate": "ncgru",
             "modrelu_candidate": "ncgru", "ncgru_tanh": "ncgru", "ncgru_modrelu": "ncgru", "attended": "attention",
             "softmax": "attention", "causal": "causal_mask", "linear_gelu": "linear_activation",
             "linear_gelu_tanh": "linear_activation", "linear_relu": "linear_activation", "bare_linear": "linear",
             "sigmoid_activation": "sigmoid", "tanh_activation": "tanh", "relu_activation": "relu",
             "gelu_slope": "gelu_backward", "gelu_tanh_slope": "gelu_tanh_backward",
             "cross_entropy": "linear_cross_entropy", "adamw": "adamw_update",
             "selective_states": "selective_scan", "zero_order_hold": "s4d", "s4d_scan": "s4d", "s4d_read": "s4d",
             "delta_scan": "delta_rule", "clustered_loss": "adaptive_softmax"}
STAGE = {"embedded": "base:SegmentModel.embed", "loss_of": "base:SegmentModel.loss",
         "adaptive_loss": "output:AdaptiveOutput.loss", "norm": "block:norm",
         "attend": "block:self_attention", "inner": "block:feed_forward", "feed_forward": "block:feed_forward",
         "pre_norm_block": "block:residual", "post_norm_block": "block:residual", "blocks_of": "block:blocks",
         "sinusoids": "positions:sinusoids", "gru_cell": "cells:GRU", "ncgru_cell": "cells:NCGRU",
         "cell_of": "cells:Cell", "mamba_states": "state_cells:MambaWriter.run",
         "s4d_states": "state_cells:S4DWriter.run", "recurrent_positions": "positions:PositionedModel.positions",
         "positioned": "positions:PositionedModel.positions",
         "lstm_layer": "recurrent:RecurrentModel.encode", "gru_layer": "recurrent:RecurrentModel.encode",
         "recurrent": "recurrent:RecurrentModel.encode", "mixed": "linear_recurrent:LinearRecurrentModel.mix",
         "linear_recurrent": "linear_recurrent:LinearRecurrentModel.encode",
         "window": "transformer_xl:TransformerXL.mask", "distance_table": "transformer_xl:TransformerXL.table",
         "attend_by_distance": "transformer_xl:TransformerXL.attend",
         "transformer_xl": "transformer_xl:TransformerXL.encode", "memory_mask": "rmt:RMT.mask",
         "placed": "rmt:RMT.encode", "rmt": "rmt:RMT.encode",
         "s4d_layer": "s4d:S4DModel.mix", "s4d_model": "state_space:StateSpaceModel.encode",
         "mamba_layer": "mamba:Mamba.mix", "mamba": "state_space:StateSpaceModel.encode",
         "read": "crt:CRT.readout", "crt": "crt:CRT.encode", "recalled": "crt:CRT.recall",
         "crt_by_writer": "crt:CRT.encode", "transformer": "transformer:Transformer.encode",
         "crt_slots": "memory_forms.form:FormedCRT.encode", "crt_queue": "memory_forms.form:FormedCRT.encode",
         "crt_matrix": "memory_forms.matrix:MatrixCRT.remember", "token_rows": "memory_forms.form:FormedCRT.stack",
         "normed_rows": "memory_forms.form:FormedCRT.normed", "looked_up": "memory_forms.rows:RowsCRT.attend",
         "behind_memory": "memory_forms.form:FormedCRT.encode", "read_rows": "memory_forms.rows:RowsCRT.read",
         "write_slots": "memory_forms.slots:SlotsCRT.write", "write_queue": "memory_forms.queue:QueueCRT.write"}


@cache
def place_of(subject: str, function: str, where: str) -> str:
    """The file and line of an operation, or of the stage of a model; the file alone where its source is not there."""
    if function in STAGE and subject in models.MODELS:
        module, _, path = STAGE[function].partition(":")
        found: Any = importlib.import_module(f"minicrt.models.{module}")
        for name in path.split("."):
            found = getattr(found, name)
    else:
        own = function.removesuffix("_backward")
        name = OPERATION.get(own, own) + "_backward" * (where == "backward" and own != "gelu_slope")
        found = getattr(ops, name, None) or getattr(ops, subject + "_backward" * (where == "backward"))
    try:
        file = Path(inspect.getsourcefile(found) or "").resolve()
        root = Path(minicrt.__file__).resolve().parent.parent
        return f"{file.relative_to(root).as_posix()}, line {inspect.getsourcelines(found)[1]}"
    except OSError:
        return f"{inspect.unwrap(found).__module__.replace('.', '/')}.py"

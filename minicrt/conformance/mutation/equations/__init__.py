"""The specification once more, one equation a line and one gate at a time, as people write it: what mutants are made of

Each operation has a forward pass under its name (and form), and one more backward pass by hand. They must equal
minicrt.ops.
"""

from collections.abc import Mapping
from typing import Any

from minicrt.conformance.mutation.equations import (
    adaptive,
    attention,
    comparators,
    gru,
    memories,
    memory_models,
    models,
    optimizers,
    recurrent,
    rowwise,
    state_space_models,
    state_spaces,
    state_writers,
    video,
)

MODULES = (gru, recurrent, rowwise, attention, models, comparators, video, state_spaces, state_writers, adaptive,
           memories, optimizers, state_space_models, memory_models)


def equation_of(operation: str, options: Mapping[str, Any]) -> str:
    """The name of the operation's forward equations with these options (and inputs)."""
    if operation == "gru":
        return "gru_after" if options.get("reset_after", True) else "gru_before"
    if operation == "ncgru":
        return f"ncgru_{options.get('activation', 'modrelu')}"
    if operation == "linear_activation":
        return f"linear_{options['activation']}"
    if operation == "linear":
        return "linear" if options.get("bias") is not None else "bare_linear"
    renamed = {"locked_dropout": "dropout", "path_dropout": "dropout",
               "sigmoid": "sigmoid_activation", "tanh": "tanh_activation",
               "relu": "relu_activation"}
    return renamed.get(operation, operation)

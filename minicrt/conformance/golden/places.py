"""What the results inside a model are called: a place for every operation, named after the parameters it was handed

blocks.0.attention.qkv is what blocks.0.attention.w_qkv makes, blocks.0.norm_attention the output of the norm with the
gain of that name, memory.0.h the states of the network with memory.0.w. What has no parameters belongs to the part of
the model that came before it: blocks.0.attention.heads, blocks.0.attention.residual. `place_meanings` lists them all.

A place that is met again in the same segment is numbered: readout.memory.norm.2. Sums that are none of the residual
ones, and dropout, have no place: z follows from the places before it.
"""

from typing import NamedTuple


class Place(NamedTuple):
    """`name`, and `scope`: the part of the model in which operations without parameters come next."""

    name: str
    scope: str


# The argument by which an operation is found among the parameters.
LOCATING = {"embedding": 1, "linear": 1, "linear_activation": 1, "layer_norm": 1, "scaled_cayley": 0, "gru": 2,
            "ncgru": 2, "lstm": 2, "mingru": 2, "lru": 2, "linear_cross_entropy": 1, "patch_embedding": 1,
            "rms_norm": 1, "causal_convolution": 2, "selective_scan": 3, "s4d": 2,
            "attention": 0, "pooled_queue": 2, "adaptive_softmax": 2}
RESULT = {"linear_activation": "inner", "gru": "h", "ncgru": "h", "lstm": "s", "mingru": "h", "lru": "h",
          "selective_scan": "scan", "s4d": "scan", "attention": "heads", "pooled_queue": "queue"}
WITHOUT_PARAMETERS = {"self_attention": "heads", "attention": "heads", "delta_rule": "rule", "sparse_write": "written",
                      "relative_attention": "heads", "gelu": "gelu", "glu": "glu"}
DROPOUTS = ("dropout", "locked_dropout")


def located(operation: str, parameter: str, scope: str) -> Place:
    """The place of an operation that was handed `parameter`, in a model that has come to `scope`."""
    parent, _, leaf = parameter.rpartition(".")
    if operation in ("layer_norm", "rms_norm"):              # a norm's own name; the branch after it sets the scope
        return Place(parent, scope)
    if operation == "embedding":
        return Place("embedding", "embedding")
    if operation == "linear_cross_entropy":
        return Place("logits", "")
    if operation == "adaptive_softmax":                      # of two places: the head's scores and the tails'
        return Place("output", "")
    if parameter == "input.weight":                          # of readings, in place of an embedding
        return Place("embedding", "embedding")
    if parameter == "output.weight":
        return Place("y", "")
    if operation == "patch_embedding":
        return Place("patches", "patches")
    if leaf == "weight":                                     # of a module of training
        return Place(parent, parent)
    if operation == "scaled_cayley":
        return Place(f"{parent}.{leaf.replace('skew_', 'U_')}", parent)
    if operation == "selective_scan" and "memory" in parent:             # of a writer: its output is the state
        return Place(f"{parent}.h", parent)
    return Place(f"{parent}.{RESULT.get(operation, leaf.removeprefix('w_'))}", parent)


def unlocated(operation: str, scope: str) -> Place | None:
    """The place of an operation without parameters; None for a result that has none."""
    in_a_layer = scope.startswith(("blocks.", "layer."))
    if operation == "s4d":                                   # of a writer, whose parameters are handed on twice
        return Place(f"{scope}.h", scope)
    if operation in WITHOUT_PARAMETERS:
        return Place(f"{scope}.{WITHOUT_PARAMETERS[operation]}", scope)
    if operation == "concatenate" and scope == "pooled":     # of video: what the memory's writer reads
        return Place("memory.inputs", "memory")
    if operation == "concatenate":
        return Place(f"{scope}.joined" if in_a_layer else "joined", scope)
    before_blocks = scope in ("embedding", "positions", "x")
    if operation == "add" and scope == "positions" or operation in DROPOUTS and before_blocks:
        return Place("x", "x")
    if operation in DROPOUTS and scope == "z":
        return Place("z", scope)
    if operation in ("add", *DROPOUTS) and in_a_layer:       # dropout acts on what the sum adds: of one gradient
        return Place(f"{scope}.residual", scope)
    return None

"""What the results inside a model are called: a place for every operation, named after the parameters it was handed

    embedding                            e = √D E[tokens]                                                 (B, T, D)
    positions.h, positions.out           p_t, and p_t W_p where there is a W_p
    x                                    what goes on from there: e with the positions added
    recalled.memory.0.h                  the last segment's writer, run again (memory_gradient "writer")
    memory.norm                          the memory tokens, normed
    joined                               [m ; x], or [m ; x ; m] in an RMT, before positions are added to that
    blocks.0.norm_attention              LN of an attention's input; with post-norm of the sum after it
    blocks.0.attention.qkv               [q, k, v];  in a Transformer-XL .joined, .q, .kv and .r
    blocks.0.attention.heads             softmax(…) v, the heads side by side
    blocks.0.attention.out               heads W_out + b_out
    blocks.0.attention.residual          the sum with the branch's input
    blocks.0.norm_feed_forward           and likewise .feed_forward.inner = f(x W_in + b_in), .out and .residual
    norm_final                           y, what the last norm makes of the token rows
    memory.0.U_candidate, .U_reset       the orthogonal matrices of an NC-GRU
    memory.0.h                           h_t of the network that writes memory vector 0
    readout.memory.norm                  h_t normed, as the readout reads it
    layer.0.h, layer.0.s                 the states of a recurrent language model's layer; an LSTM's s = [h, c]
    layer.0.norm_recurrence, .out, .residual, and of an LRU also .c, .gelu, .glu
    z, logits                            what the output reads, and the scores z Eᵀ + b

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
            "ncgru": 2, "lstm": 2, "mingru": 2, "lru": 2, "linear_cross_entropy": 1}
RESULT = {"linear_activation": "inner", "gru": "h", "ncgru": "h", "lstm": "s", "mingru": "h", "lru": "h"}
WITHOUT_PARAMETERS = {"self_attention": "heads", "relative_attention": "heads", "gelu": "gelu", "glu": "glu"}
DROPOUTS = ("dropout", "locked_dropout")


def located(operation: str, parameter: str, scope: str) -> Place:
    """The place of an operation that was handed `parameter`, in a model that has come to `scope`."""
    parent, _, leaf = parameter.rpartition(".")
    if operation == "layer_norm":                            # a norm's own name; the branch after it sets the scope
        return Place(parent, scope)
    if operation == "embedding":
        return Place("embedding", "embedding")
    if operation == "linear_cross_entropy":
        return Place("logits", "")
    if operation == "scaled_cayley":
        return Place(f"{parent}.{leaf.replace('skew_', 'U_')}", parent)
    return Place(f"{parent}.{RESULT.get(operation, leaf.removeprefix('w_'))}", parent)


def unlocated(operation: str, scope: str) -> Place | None:
    """The place of an operation without parameters; None for a result that has none."""
    in_a_layer = scope.startswith(("blocks.", "layer."))
    if operation in WITHOUT_PARAMETERS:
        return Place(f"{scope}.{WITHOUT_PARAMETERS[operation]}", scope)
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

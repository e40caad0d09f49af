"""The twins as ports that `minicrt.conformance.check_port` can run on the golden cases of operations"""

from minicrt.conformance.golden.operations import output_of

# Both frameworks' mean over no rows is NaN.
WITHOUT_TWIN = ("linear_cross_entropy-none-scored", "mean_squared_error-none-scored",
                "weighted_cross_entropy-none-scored", "binary_cross_entropy-none-scored",
                "adaptive_softmax-none-scored")


def twin_of(golden, twins):
    """A function of the case's inputs by keyword, made of the operations in `twins` (torch_ops or jax_ops)."""
    options = {name: value for name, value in golden.configuration.items() if name not in ("scale", "rate")}

    def dropped(x, uniform):
        return twins.dropout(x, uniform >= golden.configuration["rate"]) / (1 - golden.configuration["rate"])

    def self_attention(qkv):
        width = qkv.shape[-1] // 3
        return twins.attention(*(qkv[..., k * width:(k + 1) * width] for k in range(3)), **options)

    special = {
        "tanh": lambda x: twins.tanh(x),                     # JAX's takes no keyword
        "dropout": dropped, "locked_dropout": dropped, "path_dropout": dropped, "self_attention": self_attention,
        "embedding_dropout": lambda table, uniform: dropped(table, uniform),
        "embedding": lambda tokens, table: golden.configuration["scale"] * twins.embedding(tokens, table),
        "linear_activation": lambda x, weight, bias: getattr(twins, options["activation"])(
            twins.linear(x, weight, bias)),
    }
    return special.get(golden.subject) or (lambda **inputs: getattr(twins, golden.subject)(**inputs, **options))


def split_inputs(golden, arguments):
    """The arrays to differentiate, the other inputs, and the upstream gradient"""
    upstream = arguments.pop(f"d_{output_of(golden.subject)}")
    inputs = {name: value for name, value in arguments.items() if name not in golden.configuration}
    floats = {name: value for name, value in inputs.items() if value.dtype.kind == "f" and name != "uniform"}
    return floats, {name: value for name, value in inputs.items() if name not in floats}, upstream

"""The weights of a model, as its functions in C are handed them"""

import numpy as np

from minicrt.export.c_program.weights import Weights
from minicrt.export.design import Design
from minicrt.export.recurrences import Recurrence

Array = np.ndarray
TYPES = {"gru": "Gru", "gru_before": "GruBefore", "ncgru": "NcGru", "mingru": "MinGru", "lru": "Lru"}


def networks(made: Design) -> list[Recurrence]:
    return ([made.position_network] if made.recurrent_positions else []) + made.writers


def tables(made: Design, weights: Weights) -> str:
    """Hands all weights in, and gives what gathers those of each block and of each recurrent network."""
    alone(made, weights)
    layers = [block(made, f"blocks.{layer}.", weights) for layer in range(made.config.layers)]
    found = [table("Block", "block_weights[L]", layers)]
    if made.recurrent_positions:
        network = made.position_network
        found.append(f"static const {TYPES[network.kind]} position_network =\n    {fields(network, weights)};")
    if made.vectors:
        found.append(table(TYPES[made.writers[0].kind], "writers[M]", [fields(w, weights) for w in made.writers]))
    return "\n\n".join(found)


def alone(made: Design, weights: Weights) -> None:
    """The weights that functions name themselves"""
    vectors = ["embedding", "output.bias"] + ([] if made.config.tied else ["output.weight"])
    vectors += ["norm_final.gain", "norm_final.bias"] if made.pre_norm else []
    vectors += ["memory.start"] if made.vectors else []
    vectors += ["memory.norm.gain", "memory.norm.bias"] if made.normed_memory else []
    for name in vectors:
        weights.vector(name, made.weight(name))
    if made.position_table is not None:
        weights.vector("positions.table", made.position_table)
    for name in ("positions.w_out", "memory.read"):
        if name in made.parameters:
            weights.matrix(name, made.weight(name))


def block(made: Design, prefix: str, weights: Weights) -> str:
    """A Block of parts/block.c"""
    scope = [name.removeprefix(prefix) for name in made.parameters if name.startswith(prefix)]
    return initialiser({name.replace(".", "_"): given(weights, prefix + name, made.weight(prefix + name))
                        for name in scope})


def fields(network: Recurrence, weights: Weights) -> str:
    """The structure of the network's part"""
    arrays, n = dict(network.arrays), network.width
    if network.kind in ("gru_before", "ncgru"):              # the reset gate stands between the two products
        u = arrays.pop("u")
        arrays |= {"u_gates": u[:, :2 * n], "u_new": u[:, 2 * n:]}
    return initialiser({name: given(weights, f"{network.name}.{name}", array) for name, array in arrays.items()})


def given(weights: Weights, name: str, array: Array) -> str:
    return weights.matrix(name, array) if array.ndim == 2 else weights.vector(name, array)


def table(kind: str, name: str, rows: list[str]) -> str:
    return f"static const {kind} {name} = {{\n" + ",\n".join(f"    {row}" for row in rows) + "\n};"


def initialiser(members: dict[str, str]) -> str:
    return "{" + ",\n     ".join(f".{name} = {value}" for name, value in members.items()) + "}"

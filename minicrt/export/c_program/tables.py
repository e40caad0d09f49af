"""The weights of a model, as its functions in C are handed them"""

import numpy as np

from minicrt.export.c_program.weights import Weights
from minicrt.export.design import Design
from minicrt.export.recurrences import Recurrence
from minicrt.quantisation import Small

Array = np.ndarray
TYPES = {"gru": "Gru", "gru_before": "GruBefore", "ncgru": "NcGru", "mingru": "MinGru", "lru": "Lru",
         "gru_before_float_u": "GruBeforeFloatU", "ncgru_float_u": "NcGruFloatU"}


def networks(made: Design) -> list[Recurrence]:
    return ([made.position_network] if made.recurrent_positions else []) + made.writers


def tables(made: Design, weights: Weights) -> str:
    """Hands all weights in, and gives what gathers those of a matrix, of each block and of each recurrent network."""
    found = alone(made, weights)
    layers = [block(made, f"blocks.{layer}.", weights) for layer in range(made.config.layers)]
    found.append(table("Block", "block_weights[L]", layers))
    if made.recurrent_positions:
        network = made.position_network
        found.append(f"static const {TYPES[network.kind]} position_network =\n    {fields(network, weights)};")
    if made.vectors:
        found.append(table(TYPES[made.writers[0].kind], "writers[M]", [fields(w, weights) for w in made.writers]))
    return "\n\n".join(found)


def alone(made: Design, weights: Weights) -> list[str]:
    """The weights that functions name themselves; a small matrix has to be gathered first"""
    first = [] if made.senses else ["embedding"]
    for name in dict.fromkeys((*first, made.output)):        # a token's row stands in one piece
        weights.matrix(name, turned(made.matrix(name)))
    for name, array in made.scales.items() if made.senses else ():
        weights.vector(name, array)
    vectors = ["output.bias", *(["input.bias"] if made.senses else []),
               *(["norm_final.gain", "norm_final.bias"] if made.pre_norm else []),
               *(["memory.start"] if made.vectors else []),
               *(["memory.norm.gain", "memory.norm.bias"] if made.reads_normed else [])]
    for name in vectors:
        weights.vector(name, made.weight(name))
    if made.position_table is not None:
        weights.vector("positions.table", made.position_table)
    named = [name for name in ("input.weight", "positions.w_out", "memory.read") if name in made.parameters]
    values = {name: weights.matrix(name, made.matrix(name)) for name in named}
    return [f"static const Matrix {name.replace('.', '_')} =\n    {value};" for name, value in values.items()
            if made.small]


def block(made: Design, prefix: str, weights: Weights) -> str:
    """A Block of parts/block.c"""
    scope = [name.removeprefix(prefix) for name in made.parameters if name.startswith(prefix)]
    return initialiser({name.replace(".", "_"): weights.matrix(prefix + name, made.matrix(prefix + name))
                        for name in scope})


def fields(network: Recurrence, weights: Weights) -> str:
    """The structure of the network's part"""
    arrays, n = dict(network.arrays), network.width
    if network.kind.startswith(("gru_before", "ncgru")):     # the reset gate stands between the two products
        u = arrays.pop("u")
        arrays |= {"u_gates": columns(u, 0, 2 * n), "u_new": columns(u, 2 * n, 3 * n)}
    return initialiser({name: weights.matrix(f"{network.name}.{name}", array) for name, array in arrays.items()})


def turned(matrix: Array | Small) -> Array | Small:
    """A table (V, D): small ones are kept as (D, V)"""
    if isinstance(matrix, np.ndarray):
        return matrix
    return type(matrix)(*(part.T for part in matrix))


def columns(matrix: Array | Small, first: int, last: int) -> Array | Small:
    if isinstance(matrix, np.ndarray):
        return matrix[:, first:last]
    return type(matrix)(*(part[..., first:last] for part in matrix))


def table(kind: str, name: str, rows: list[str]) -> str:
    return f"static const {kind} {name} = {{\n" + ",\n".join(f"    {row}" for row in rows) + "\n};"


def initialiser(members: dict[str, str]) -> str:
    return "{" + ",\n     ".join(f".{name} = {value}" for name, value in members.items()) + "}"

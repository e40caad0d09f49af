"""A recurrent network's next state as operators: x (B, I), h (B, D) → h′ (B, D)"""

import numpy as np

from minicrt.conformance.conversions import to_onnx_gru
from minicrt.export.onnx_model.graph import Graph
from minicrt.export.onnx_model.small_weights import matrix
from minicrt.export.recurrences import Recurrence
from minicrt.quantisation import Small


def step(g: Graph, network: Recurrence, x: str, h: str) -> str:
    return STEPS[network.kind](g, network, x, h)


def gru(g: Graph, network: Recurrence, x: str, h: str) -> str:
    """The operator, whose gates stand in the order z, r, h"""
    D = network.width
    of_biases = {name: np.zeros((D, 3 * D), np.float32) if isinstance(array, Small) else array
                 for name, array in network.arrays.items()}
    arrays, attributes = to_onnx_gru(of_biases)              # b_hn makes it linear_before_reset = 1
    small = {theirs: network.arrays[ours] for theirs, ours in (("W", "w"), ("R", "u"))
             if isinstance(network.arrays[ours], Small)}
    weights = [turned(g, network, name, small[name]) if name in small else g.weight(f"{network.name}.{name}", array)
               for name, array in arrays.items()]
    one_step = g.node("Unsqueeze", x, g.integers(0))                                     # (1, B, I)
    start = g.node("Unsqueeze", h, g.integers(0))                                        # (1, B, D)
    _, last = g.nodes("GRU", one_step, *weights, "", start, names=["", f"{network.name}.h"], **attributes)
    return g.node("Squeeze", last, g.integers(0))


def turned(g: Graph, network: Recurrence, name: str, kept: Small) -> str:
    """(I, 3D), the blocks r, z, n -> (1, 3D, I), the blocks z, r, h"""
    D = network.width
    order = np.concatenate([np.arange(D, 2 * D), np.arange(D), np.arange(2 * D, 3 * D)])
    ordered = type(kept)(*(part[..., order] for part in kept))
    inputs = network.inputs if name == "W" else D
    made = matrix(g, f"{network.name}.{name}", ordered, inputs, True)
    return g.once(f"{network.name}.{name}.one", lambda top: top.node("Unsqueeze", made, top.integers(0)))


def ncgru(g: Graph, network: Recurrence, x: str, h: str) -> str:
    """r, z = σ(x W + h U + b),   n = modrelu(x W_n + (r ⊙ h) U_n, b_n),   h′ = (1 − z) ⊙ n + z ⊙ h"""
    D = network.width

    def weight(name: str, first: int, last: int) -> str:     # some of the blocks r, z, n
        kept, columns = network.arrays[name], slice(first * D, last * D)
        some = type(kept)(*(part[..., columns] for part in kept)) if isinstance(kept, Small) else kept[..., columns]
        known_as = f"{network.name}.{name}.{first}"
        return matrix(g, known_as, some, network.inputs) if isinstance(some, Small) else g.weight(known_as, some)

    gates = g.node("Add", g.node("MatMul", x, weight("w", 0, 2)), g.node("MatMul", h, weight("u", 0, 2)))
    gates = g.node("Sigmoid", g.node("Add", gates, weight("b", 0, 2)))
    r, z = g.nodes("Split", gates, names=[f"{network.name}.r", f"{network.name}.z"], axis=-1, num_outputs=2)
    v = g.node("Add", g.node("MatMul", x, weight("w", 2, 3)),
               g.node("MatMul", g.node("Mul", r, h), weight("u", 2, 3)))
    size = g.node("Relu", g.node("Add", g.node("Abs", v), weight("b", 2, 3)))
    return mixed(g, z, h, g.node("Mul", size, g.node("Sign", v)))


def mingru(g: Graph, network: Recurrence, x: str, h: str) -> str:
    """z = σ(x W_z + b_z),   c = x W_c + b_c,   h′ = (1 − z) ⊙ h + z ⊙ c"""
    w, b = first(g, network), g.weight(f"{network.name}.b", network.arrays["b"])
    a, c = g.nodes("Split", g.node("Add", g.node("MatMul", x, w), b), axis=-1, num_outputs=2,
                   names=[f"{network.name}.a", f"{network.name}.c"])
    return mixed(g, g.node("Sigmoid", a), c, h)


def first(g: Graph, network: Recurrence) -> str:
    return matrix(g, f"{network.name}.w", network.arrays["w"], network.inputs)


def mixed(g: Graph, z: str, one: str, other: str) -> str:
    """z ⊙ one + (1 − z) ⊙ other"""
    return g.node("Add", g.node("Mul", z, one), g.node("Mul", g.node("Sub", g.number(1.0), z), other))


def lru(g: Graph, network: Recurrence, x: str, h: str) -> str:
    """h′ = λ ⊙ h + x W on complex numbers, the real parts first"""
    re, im = (g.weight(f"{network.name}.{name}", network.arrays[name]) for name in ("re", "im"))
    w = first(g, network)
    h_re, h_im = g.nodes("Split", h, names=[f"{network.name}.h_re", f"{network.name}.h_im"], axis=-1, num_outputs=2)
    kept_re = g.node("Sub", g.node("Mul", re, h_re), g.node("Mul", im, h_im))
    kept_im = g.node("Add", g.node("Mul", im, h_re), g.node("Mul", re, h_im))
    return g.node("Add", g.node("Concat", kept_re, kept_im, axis=-1), g.node("MatMul", x, w))


STEPS = {"gru": gru, "gru_before": gru, "gru_before_float_u": gru, "ncgru": ncgru, "ncgru_float_u": ncgru,
         "mingru": mingru, "lru": lru}

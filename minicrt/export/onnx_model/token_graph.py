"""One token through the model: the graph from token and state to logits and next state (docs/spec.md, 2.2)"""

from minicrt import __version__
from minicrt.export.design import Design, summary
from minicrt.export.onnx_model import layers, readings, recurrences, words
from minicrt.export.onnx_model.graph import Axis, Graph

State = dict[str, str]                                       # the values of the state's entries


def token_graph(made: Design, opset: int) -> bytes:
    """The file that `export_onnx` describes"""
    ends = readings if made.senses else words
    g = Graph("token")
    given = ends.given(g, made)
    shapes = state_shapes(made)
    state = {name: g.input(name, shape) for name, shape in shapes.items()}
    z, after = step(g, made, ends.embedded(g, made, given), begin_if_due(g, made, state))
    name, dtype = ends.result_entry(made)
    g.output(ends.result(g, made, z), name, ["batch", made.config.vocabulary], dtype)
    for name, shape in shapes.items():
        g.output(after[name], f"next.{name}", ["next_rows" if axis == "rows" else axis for axis in shape])
    metadata = {"segment_length": str(made.config.segment_length), **ends.metadata(made)}
    return g.model(opset, __version__, f"minicrt: {summary(made)}", metadata)


def state_shapes(made: Design) -> dict[str, list[Axis]]:
    config = made.config
    cache: list[Axis] = ["batch", config.heads, "rows", config.width // config.heads]
    shapes = {f"{name}.{layer}": cache for layer in range(config.layers) for name in ("keys", "values")}
    row: list[Axis] = ["batch", config.width]
    if made.recurrent_positions:
        shapes["positions"] = ["batch", config.positions_width]
    shapes |= {f"memory.{i}": row for i in range(made.vectors)}
    return shapes | {name: row for name, there in (("read", made.reads), ("sum", made.per_segment)) if there}


# Where a segment begins.

def begin_if_due(g: Graph, made: Design, state: State) -> State:
    """The state as the next token finds it: begun anew where there are no rows, or all that a segment has"""
    rows = g.node("Shape", state["keys.0"], name="rows", start=2, end=3)
    due = g.node("Equal", g.node("Mod", rows, g.integers(made.rows)), g.integers(0), name="segment_begins")
    then, otherwise = g.branch("begin"), g.branch("go_on")
    changes = begun(then, made, state, rows)
    for name, value in changes.items():
        shape: list[Axis] = ["batch" if axis == "batch" else f"some_{axis}" if axis == "rows" else axis
                             for axis in state_shapes(made)[name]]
        then.output(value, name, shape)
        otherwise.output(state[name], name, shape)
    values = g.nodes("If", due, names=[f"now.{name}" for name in changes], then_branch=then.proto(),
                     else_branch=otherwise.proto())
    return state | dict(zip(changes, values))


def begun(g: Graph, made: Design, state: State, rows: str) -> State:
    """The entries that a segment's beginning changes: the memory's rows go through the blocks, m W_r is taken."""
    changes = {name: g.node("Slice", value, g.integers(0), g.integers(0), g.integers(2))
               for name, value in state.items() if name.startswith(("keys.", "values."))}
    if made.recurrent_positions and not made.config.position_carry:
        changes["positions"] = zeros_like(g, state["positions"])
    if not made.vectors:
        return changes
    m = recalled(g, made, state, rows)
    changes |= {f"memory.{i}": m_i for i, m_i in enumerate(m)}
    if made.per_segment:
        changes["sum"] = zeros_like(g, state["sum"])
    if made.reads:
        side_by_side = g.node("Concat", *m, axis=1)
        changes["read"] = layers.linear(g, made, side_by_side, "memory.read")            # m W_r
    if made.front:
        stacked = g.node("Concat", *(g.node("Unsqueeze", normed(g, made, m_i), g.integers(1)) for m_i in m), axis=1)
        _, caches = layers.blocks(g, made, stacked, None)
        for layer, (keys, values) in enumerate(caches):
            changes |= {f"keys.{layer}": keys, f"values.{layer}": values}
    return changes


def recalled(g: Graph, made: Design, state: State, rows: str) -> list[str]:
    """m_{N−1} of each memory vector: what the segment before has left, or the learned start"""
    first = g.node("Equal", rows, g.integers(0), name="text_begins")
    m = [state[f"memory.{i}"] for i in range(made.vectors)]
    if made.per_segment:
        mean = g.node("Div", state["sum"], g.number(float(made.config.segment_length)), name="mean")
        m = [recurrences.step(g, writer, mean, m_i) for writer, m_i in zip(made.writers, m)]
    starts = [g.weight(f"memory.start.{i}", row) for i, row in enumerate(made.weight("memory.start"))]
    return [g.node("Where", first, start, m_i) for start, m_i in zip(starts, m)]


def normed(g: Graph, made: Design, h: str) -> str:
    """The memory as it is read"""
    return layers.norm(g, made, h, "memory.norm.") if made.normed_memory else h


def zeros_like(g: Graph, value: str) -> str:
    return g.node("Mul", value, g.number(0.0))


# A token.

def step(g: Graph, made: Design, e: str, state: State) -> tuple[str, State]:
    """→ what the output reads, z, and the state behind the token"""
    config, after = made.config, dict(state)
    x = positioned(g, made, e, state, after)                                                      # (1)
    past = [(state[f"keys.{layer}"], state[f"values.{layer}"]) for layer in range(config.layers)]
    y, caches = layers.blocks(g, made, g.node("Unsqueeze", x, g.integers(1)), past)               # (2, 3)
    for layer, (keys, values) in enumerate(caches):
        after |= {f"keys.{layer}": keys, f"values.{layer}": values}
    y = g.node("Squeeze", layers.final_norm(g, made, y), g.integers(1), name="y")
    for i, writer in enumerate(made.writers if made.per_token else []):                           # (4)
        after[f"memory.{i}"] = recurrences.step(g, writer, y, state[f"memory.{i}"])
    if made.per_segment:
        after["sum"] = g.node("Add", state["sum"], y)
    return readout(g, made, y, after) if made.reads else y, after                                 # (5)


def positioned(g: Graph, made: Design, e: str, state: State, after: State) -> str:
    """x = e + p W_p, or e + the row's entry of a table"""
    if made.position_table is not None:
        row = g.node("Sub", g.node("Shape", state["keys.0"], start=2, end=3), g.integers(made.front), name="row")
        return g.node("Add", e, g.node("Gather", g.weight("positions.table", made.position_table), row), name="x")
    if not made.recurrent_positions:
        return e
    p = after["positions"] = recurrences.step(g, made.position_network, e, state["positions"])
    if "positions.w_out" in made.parameters:
        p = layers.linear(g, made, p, "positions.w_out")
    return g.node("Add", e, p, name="x")


def readout(g: Graph, made: Design, y: str, state: State) -> str:
    """z = y + h̄ + (1 + y) ⊙ m W_r, with h̄ the mean over memory vectors of (normed) h; per segment there is no h̄."""
    past = g.node("Mul", g.node("Add", y, g.number(1.0)), state["read"], name="past")
    z = g.node("Add", y, past)
    if made.per_segment:
        return z
    h = [normed(g, made, state[f"memory.{i}"]) for i in range(made.vectors)]
    return g.node("Add", z, h[0] if len(h) == 1 else g.node("Mean", *h), name="z")

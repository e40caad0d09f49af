"""What a model's equations are given by its configuration, and how they take and give the state of a golden case"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minicrt.conformance.golden.tensors import GoldenCase

MODELS = {"transformer": "transformer", "recurrent": "recurrent", "linear_recurrent": "linear_recurrent",
          "transformer_xl": "transformer_xl", "rmt": "rmt", "s4d": "s4d_model", "mamba": "mamba"}

# What the equations call what goes from segment to segment
CARRIED = {"m", "token", "m_next", "p_0", "p_last", "states", "start", "after", "last", "h_0", "c_0", "h0", "s0",
           "cache", "earlier", "old", "rows", "inputs", "windows", "window", "seen"}

WINDOW = ".inputs"                                           # of a layer's entries: what its convolution looks back to
WRITTEN = ("writer_inputs", "writer_start")                  # what is handed on for the memory to be written again


def model_equations(configuration: Mapping[str, Any]) -> str:
    """The name of a model's equations; empty where there are none for this configuration."""
    model = configuration.get("model", "")
    if "task" in configuration:                              # on readings in place of words
        return ""
    if model != "crt":
        return MODELS.get(model, "")
    if configuration["memory_position"] != "first":
        return ""
    if configuration["memory"] == "none":
        return "transformer"
    if configuration["memory_form"] != "vector":
        return f"crt_{configuration['memory_form']}"
    return "crt_by_writer" if configuration["memory_gradient"] == "writer" else "crt"


def options(configuration: Mapping[str, Any], parameters: Mapping[str, Any]) -> dict[str, Any]:
    """All that some model's equations take"""
    c = configuration
    gru = "gru_after" if c.get("reset_after", True) else "gru_before"
    cell = c.get("memory", c.get("cell", ""))
    negatives, kept = c.get("negatives", -1), c.get("cache_length", -1)
    return {"layers": c["layers"], "heads": c.get("heads"), "activation": c.get("activation"), "gru": gru,
            "pre": c.get("norm") == "pre", "positions": c.get("positions"), "tied": c["tied"],
            "cell": {"gru": gru, "ncgru": f"ncgru_{c.get('candidate')}"}.get(cell, cell),
            "negatives": c["width"] // 2 if negatives == -1 else negatives, "vectors": c.get("memory_vectors", 0),
            "per_segment": c.get("memory_update") == "per_segment", "reads": c.get("readout") == "memory",
            "normed": "memory.norm.gain" in parameters, "inner": c.get("inner", 0), "longest": c["segment_length"],
            "kept": c["segment_length"] if kept == -1 else kept, "same_length": c.get("same_length"),
            "clamp": c.get("clamp_length"), "shared": c.get("shared_biases"),
            "ssm_states": c.get("states", 0), "most": c.get("memory_top_k", 0)}


class States:
    """Of a case: the entries that go from segment to segment."""

    def __init__(self, case: GoldenCase) -> None:
        start = "segment0/state/"
        self.shapes = {tensor.name.removeprefix(start): tensor.value.shape for tensor in case.tensors
                       if tensor.name.startswith(start)}
        self.configuration, self.rows = case.configuration, case.configuration["batch"]

    def taken(self, w: Mapping[str, Any], state: Mapping[str, Any]) -> dict[str, Any]:
        """What a segment's equations take; at first zeros, or what is learned"""
        c = self.configuration
        m, width = state.get("memory"), c.get("position_width", 0) or c["width"]
        layers = {name: state.get(name, np.zeros(shape)) for name, shape in self.shapes.items()
                  if name.startswith("layer.")}
        m_0 = np.zeros((self.rows, 1, 1)) + w["memory.start"] if "memory.start" in w else None
        return {"m": m_0 if m is None else m, "m_0": m_0,
                "inputs": state.get("writer_inputs"), "start": state.get("writer_start"),
                "p_0": state.get("positions", np.zeros((self.rows, width))),
                "states": [value for name, value in layers.items() if not name.endswith(WINDOW)],
                "windows": [value for name, value in layers.items() if name.endswith(WINDOW)],
                "cache": state.get("cache", np.zeros((self.rows, c["layers"] + 1, 0, c["width"])))}

    def given(self, results: Sequence[Any]) -> dict[str, Any]:
        """The entries of what a segment gives beside its loss"""
        if any(name.startswith("layer.") for name in self.shapes):
            found = {f"layer.{layer}{ending}": value for ending, values in zip(("", WINDOW), results)
                     for layer, value in enumerate(values)}
            found |= {f"{name}.h": value for name, value in found.items()}
        else:
            memory, written, positions = results[0], results[1:-1], results[-1]
            found = {"positions": positions, "memory": memory, "cache": memory} | dict(zip(WRITTEN, written))
        return {name: value for name, value in found.items() if name in self.shapes}

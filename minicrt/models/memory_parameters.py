"""The parameters of a CRT's memory: its first value, its networks, its norm and its reading (docs/spec.md, 2.2)."""

import numpy as np

from minicrt.models import initialisers, retention
from minicrt.models.block import norm_specs
from minicrt.models.cells import cell
from minicrt.models.crt_config import CRTConfig
from minicrt.models.parameters import Parameters, ParameterSpec


def writer_prefixes(config: CRTConfig) -> list[str]:
    """The name prefix of each memory vector's network."""
    return [] if config.memory == "none" else [f"memory.{i}." for i in range(config.memory_vectors)]


def memory_specs(config: CRTConfig) -> list[ParameterSpec]:
    """m_0, the networks that write, the norm of what is read, and W_r, each where the configuration has it."""
    if config.memory == "none":
        return []
    D, inputs, writer = config.width, config.memory_vectors * config.width, cell(config.memory, config)
    specs = [ParameterSpec("memory.start", (config.memory_vectors, D), initialisers.normal(1.0), decay=False)]
    for prefix in writer_prefixes(config):
        specs += writer.specs(prefix, D, D)
    if config.normed_memory:
        specs += norm_specs("memory.norm.", D)
    if config.readout == "memory":
        specs.append(ParameterSpec("memory.read", (inputs, D), retention.reading(config.t_max, inputs)))
    return specs


def read_as_written(config: CRTConfig, p: Parameters) -> Parameters:
    """W_r = √(3/M) s [W_n^1ᵀ; … W_n^Mᵀ], of the size that `memory_specs` draws, where the M writers have the candidate
    n = tanh(y W_n + …) or NC-GRU's: y W_n W_nᵀ speaks for y, where a W_r of its own speaks as often against it."""
    if config.memory in ("gru", "ncgru") and config.readout == "memory":
        D = config.width
        candidates = np.concatenate([p[f"{prefix}w"][:, 2 * D:].T for prefix in writer_prefixes(config)])
        p["memory.read"] = (3 / config.memory_vectors) ** 0.5 * retention.reading_size(config.t_max) * candidates
    return p

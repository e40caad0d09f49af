"""No right port is rejected: models in PyTorch and in JAX, minicrt's fast operations, and the classes that wrong ports
are made from, in float64 and in float32. Operations in PyTorch and JAX are in test_golden.
"""

import functools
import importlib

import pytest

from minicrt import kernels
from minicrt.conformance import check_port, golden
from minicrt.conformance.golden.model_pass import segment_of
from minicrt.conformance.golden.models import MODEL_CASES
from minicrt.conformance.golden.operations import arguments, operation_cases, output_of
from tests.conformance.golden.case_models import model_of

DTYPES = ("float64", "float32")
case = functools.cache(golden.case)


def objective(net, p, start, given, segments):
    """The losses and states of every segment by name, and J; `net(p, tokens, targets, state)` is one segment."""
    computed, total, state = {}, 0, start
    for n in range(segments):
        loss, state = net(p, *segment_of(given, n), state)
        computed |= {f"segment{n}/state/{entry}": value for entry, value in state.items()}
        computed[f"segment{n}/loss"] = loss
        total = total + given["d_loss"][n] * loss
    return computed, total + sum((d * state[entry]).sum() for entry, d in below(given, "d_state/").items())


def below(named, prefix):
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}


def in_torch(given, configuration):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)                                 # tensors this small gain nothing from more
    from tests.ports import torch_models, torch_video

    model = model_of(configuration)

    def net(p, read, said, state):
        if "classes" in configuration:
            return torch_video.segment(model, p, read, said, state)
        return torch_models.segment(model, p, torch.as_tensor(read), torch.as_tensor(said), state)

    tensors = {name: torch.tensor(value) for name, value in given.items()}
    leaves = {name: value.requires_grad_() for name, value in tensors.items() if name.startswith(("param", "state/"))}
    p, start = below(tensors, "parameters/"), below(tensors, "state/")
    computed, total = objective(net, p, start, tensors, len(configuration["segments"]))
    found = torch.autograd.grad(total, list(leaves.values()), allow_unused=True)
    return computed | {f"d_{name}".replace("d_state", "d_initial_state"): torch.zeros_like(leaf) if d is None else d
                       for (name, leaf), d in zip(leaves.items(), found)}


def in_jax(given, configuration):
    jax = pytest.importorskip("jax")
    from benchmarks.twins import jax_crt

    jax.config.update("jax_disable_most_optimizations", True)            # compiling is what takes the time here
    config = model_of(configuration).config

    @jax.jit
    def net(p, tokens, targets, state):
        return jax_crt.Twin(config, p).segment(tokens, targets, state)[:2]

    def of_leaves(p, start):
        computed, total = objective(net, p, start, given, len(configuration["segments"]))
        return total, computed

    (d_p, d_start), computed = jax.grad(of_leaves, argnums=(0, 1), has_aux=True)(
        below(given, "parameters/"), below(given, "state/"))
    return computed | {f"d_parameters/{name}": d for name, d in d_p.items()} | {
        f"d_initial_state/{name}": d for name, d in d_start.items()}


class DrawnInto:
    """A generator whose random numbers are those of a case, as the dropouts call it, the fast ones with `out`."""

    def __init__(self, uniform):
        self.uniform = uniform

    def random(self, shape=None, dtype=None, out=None):
        if out is None:
            return self.uniform.reshape(shape).astype(dtype)
        out[...] = self.uniform
        return out


def accepted(port, name, dtype):
    report = check_port(port, case(name), dtype=dtype)
    report.raise_if_wrong()
    compared = report.comparison.compared
    assert {row.tensor.role for row in compared} >= {"output", "gradient"}
    assert all(row.theirs.dtype == dtype for row in compared)
    return report.comparison


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", MODEL_CASES)
def test_models_in_torch(name, dtype):
    comparison = accepted(in_torch, name, dtype)
    expected = {tensor.name for tensor in case(name).computed() if tensor.role in ("output", "gradient")}
    assert {row.name for row in comparison.compared} == expected
    assert not comparison.unknown


@pytest.mark.parametrize("name, dtype", [("crt-gru", "float64"), ("crt-gru", "float32"), ("crt-ncgru", "float32")])
def test_models_in_jax(name, dtype):
    accepted(in_jax, name, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name", operation_cases())
def test_the_fast_engine(name, dtype):
    operation = case(name).subject
    output = output_of(operation)

    def port(**given):
        inputs = arguments(operation, given)
        if "rng" in inputs:
            inputs["rng"] = DrawnInto(given["uniform"])
        y, cache = getattr(kernels, operation)(**inputs)
        d = getattr(kernels, f"{operation}_backward")(given[f"d_{output}"], cache)
        d = [g for g in (d if isinstance(d, tuple) else (d,)) if g is not None]
        names = [tensor.name for tensor in case(name).tensors if tensor.role == "gradient"]
        return {output: y} | dict(zip(names, d, strict=True))

    accepted(port, name, dtype)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("name, kind", [
    ("crt-gru", "crt_net.CRT"), ("crt-ncgru", "crt_net.NCGRU"), ("transformer", "comparator_nets.Transformer"),
    ("transformer-sinusoidal", "comparator_nets.Transformer"), ("transformer-xl", "comparator_nets.TransformerXL"),
    ("rmt", "comparator_nets.RMT"), ("rmt-two-vectors", "comparator_nets.RMT"), ("lstm-model", "comparator_nets.LSTM")])
def test_what_wrong_ports_are_made_from(name, kind, dtype):
    pytest.importorskip("torch")
    from tests.ports.wrong.net import differentiated_model

    module, _, net = kind.partition(".")
    accepted(differentiated_model(getattr(importlib.import_module(f"tests.ports.wrong.{module}"), net)), name, dtype)

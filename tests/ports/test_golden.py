"""Right ports in PyTorch and in JAX agree with the golden cases of operations, in float64 and in float32"""

import importlib

import pytest

from minicrt.conformance import check_port
from minicrt.conformance.golden import case
from minicrt.conformance.golden.operations import operation_cases, output_of
from tests.ports.golden_ports import WITHOUT_TWIN, split_inputs, twin_of

NAMES = [name for name in operation_cases() if name not in WITHOUT_TWIN]
# JAX compiles anew for every shape, which takes seconds: a case of each operation has to do.
FIRST = list({name.partition("-")[0]: name for name in reversed(NAMES)}.values())


def in_torch(golden):
    torch = pytest.importorskip("torch")
    twin = twin_of(golden, importlib.import_module("tests.ports.torch_ops"))

    def port(**arguments):
        floats, others, upstream = split_inputs(golden, arguments)
        leaves = {name: torch.tensor(value, requires_grad=True) for name, value in floats.items()}
        y = twin(**leaves, **{name: torch.tensor(value) for name, value in others.items()})
        gradients = torch.autograd.grad(y, list(leaves.values()), torch.tensor(upstream))
        return {output_of(golden.subject): y} | {f"d_{name}": value for name, value in zip(leaves, gradients)}

    return port


def in_jax(golden):
    jax = pytest.importorskip("jax")
    twin = twin_of(golden, importlib.import_module("benchmarks.twins.jax_ops"))

    def port(**arguments):
        floats, others, upstream = split_inputs(golden, arguments)
        y, pull = jax.vjp(lambda leaves: twin(**leaves, **others), floats)
        return {output_of(golden.subject): y} | {f"d_{name}": value for name, value in pull(upstream)[0].items()}

    return port


PORTS = [*((name, in_torch) for name in NAMES), *((name, in_jax) for name in FIRST)]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("name, framework", PORTS)
def test_a_right_port_agrees(name, framework, dtype):
    golden = case(name)
    report = check_port(framework(golden), golden, dtype=dtype)
    report.raise_if_wrong()
    assert {row.tensor.role for row in report.comparison.compared} == {"output", "gradient"}

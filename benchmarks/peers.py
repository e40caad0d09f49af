"""A training step, and a step of a stream, by each peer. What is imported here is imported in the peer's own process.

A training step is one segment forwards and backwards, the state carried on without its gradient, the gradient clipped
to norm 1, and AdamW; float32, no dropout. `training(name, size)` gives a function that takes one step and returns the
loss; `streaming(name, size)` one that reads one token, with the keys and values of the running segment kept.
"""

import importlib.util
import itertools
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.processor import bfloat16_units
from benchmarks.task import Size

BFLOAT16 = "torch-bfloat16"                                  # by autocast, eager
TRAINING = ("torch-eager", "torch-compile", BFLOAT16, "jax-jit", "minicrt-numpy", "minicrt-numba",
            "gemm-floor")
STREAMING = ("torch-eager", "torch-compile", "onnxruntime", "minicrt-numpy", "minicrt-numba", "minicrt-8-bits",
             "minicrt-4-bits", "weights-read")
BITS = {"minicrt-8-bits": 8, "minicrt-4-bits": 4}            # of quantised weights, on the engine numba
NEEDS = {"torch-eager": "torch", "torch-compile": "torch", BFLOAT16: "torch", "jax-jit": "jax",
         "onnxruntime": "onnxruntime", "minicrt-numba": "numba", **dict.fromkeys(BITS, "numba"),
         "weights-read": "numba"}
LEARNING_RATE, DECAY = 1e-3, 0.01
Step = Callable[[], float]


def missing(peer: str) -> str | None:
    """The package that the peer needs and that is not installed."""
    needed = NEEDS.get(peer)
    return needed if needed and importlib.util.find_spec(needed) is None else None


def why_not(peer: str) -> str | None:
    """Why the peer is not timed here; None if it is."""
    package = missing(peer)
    if package:
        return f"{package} is not installed"
    if peer == BFLOAT16 and not bfloat16_units():
        return "the processor has neither AMX nor AVX-512 for bfloat16"
    return None


def training(peer: str, size: Size) -> Step:
    if peer == "gemm-floor":
        from benchmarks.gemm_floor import products

        return products(size)
    if peer.startswith("torch"):
        return _torch_training(size, peer == "torch-compile", peer == BFLOAT16)
    return _jax_training(size) if peer == "jax-jit" else _minicrt_training(peer, size)


def streaming(peer: str, size: Size) -> Step:
    if peer == "weights-read":
        return _weights_read(size)
    if peer.startswith("torch"):
        return _torch_streaming(size, peer == "torch-compile")
    if peer == "onnxruntime":
        return _onnx_streaming(size)
    return _minicrt_streaming(peer, size)


def _minicrt_training(peer: str, size: Size) -> Step:
    from minicrt import engines
    from minicrt.training import AdamW, train_step

    engine = engines.get(peer.removeprefix("minicrt-"))
    model, parameters, segment = size.model(engine), size.parameters(engine), size.segment()
    gradients = parameters.zeros_like()
    optimizer = AdamW(parameters, LEARNING_RATE, DECAY, 0.9, 0.999, engine=engine)
    state: Any = {}

    def step() -> float:
        nonlocal state
        loss, state, _ = train_step(model, parameters, gradients, optimizer, [segment], state)
        return loss
    return step


def _minicrt_streaming(peer: str, size: Size) -> Step:
    from minicrt import engines
    from minicrt.inference import Stream
    from minicrt.quantisation import quantise

    engine = engines.get("numba" if peer in BITS else peer.removeprefix("minicrt-"))
    parameters = size.parameters(engine)
    if peer in BITS:
        parameters = quantise(parameters, BITS[peer])
    stream, tokens = Stream(size.model(engine), parameters), iter_tokens(size)
    return lambda: float(stream.step(next(tokens))[0])


def _weights_read(size: Size) -> Step:
    """Every weight read once, in order: no step takes less where the weights are not in the cache."""
    from benchmarks.weights_read import read_all
    from minicrt import ops

    weights = size.parameters(ops).flat
    return lambda: float(read_all(weights))


def _torch_model(size: Size, compiled: bool) -> tuple[Any, Any]:
    import torch

    from benchmarks.twins.torch_peer import CRT
    from minicrt import ops
    from minicrt.parallel import threads

    torch.set_num_threads(threads.count())
    model = CRT(size.model(ops).config)
    parameters = size.parameters(ops)
    model.load({name: parameters[name] for name in parameters})
    return model, torch.compile if compiled else lambda function: function


def _torch_training(size: Size, compiled: bool, bfloat16: bool) -> Step:
    import torch

    model, prepared = _torch_model(size, compiled)
    forward = prepared(model)
    optimizer = torch.optim.AdamW(model.parameters(), LEARNING_RATE, (0.9, 0.999), weight_decay=DECAY, fused=True)
    tokens, targets = (torch.tensor(array) for array in size.segment())
    memory, positions = model.memory_start.detach().expand(size.batch, -1), torch.zeros(size.batch, size.width)

    def step() -> float:
        nonlocal memory, positions
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            loss, memory, positions = forward(tokens, targets, memory, positions)
        loss.backward()
        memory, positions = memory.detach(), positions.detach()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        return float(loss.detach())
    return step


def _torch_streaming(size: Size, compiled: bool) -> Step:
    import torch

    from benchmarks.twins.torch_stream import Stream

    with torch.inference_mode():
        model, _ = _torch_model(size, False)
        stream, tokens = Stream(model, size.length, compiled), iter_tokens(size)

    def step() -> float:
        with torch.inference_mode():
            return float(stream.step(torch.tensor([next(tokens)]))[0, 0])
    return step


def _onnx_streaming(size: Size) -> Step:
    from benchmarks.twins.onnx_stream import Stream

    stream, tokens = Stream(size), iter_tokens(size)
    return lambda: float(stream.step(next(tokens))[0, 0])


def _jax_model(size: Size) -> tuple[Any, dict[str, Any]]:
    import jax.numpy as jnp

    from benchmarks.twins.jax_crt import Twin
    from minicrt import ops

    parameters, config = size.parameters(ops), size.model(ops).config
    return (lambda p: Twin(config, p)), {name: jnp.asarray(parameters[name]) for name in parameters}


def _jax_training(size: Size) -> Step:
    import jax
    import jax.numpy as jnp

    twin, parameters = _jax_model(size)
    tokens, targets = (jnp.asarray(array, jnp.int32) for array in size.segment())

    def loss_of(p: Any, state: Any) -> Any:
        loss, state, _ = twin(p).segment(tokens, targets, state)
        return loss, state

    def update(p: Any, m: Any, v: Any, t: Any, state: Any) -> Any:
        (loss, state), g = jax.value_and_grad(loss_of, has_aux=True)(p, state)
        norm = jnp.sqrt(sum(jnp.sum(x * x) for x in g.values()))
        g = {name: x * jnp.minimum(1, 1 / (norm + 1e-6)) for name, x in g.items()}
        m = {name: 0.9 * m[name] + 0.1 * x for name, x in g.items()}
        v = {name: 0.999 * v[name] + 0.001 * x * x for name, x in g.items()}
        p = {name: (1 - LEARNING_RATE * DECAY) * x - LEARNING_RATE * (m[name] / (1 - 0.9 ** t)) / (
            jnp.sqrt(v[name] / (1 - 0.999 ** t)) + 1e-8) for name, x in p.items()}
        return p, m, v, t + 1, state, loss

    jitted = jax.jit(update, donate_argnums=(0, 1, 2, 4))
    zeros = {name: jnp.zeros_like(x) for name, x in parameters.items()}
    carried: Any = (parameters, zeros, {name: jnp.zeros_like(x) for name, x in parameters.items()},
                    jnp.float32(1), first_state(parameters, size.batch))

    def step() -> float:
        nonlocal carried
        *carried, loss = jitted(*carried)
        return float(loss)
    return step


def first_state(parameters: dict[str, Any], batch: int) -> dict[str, Any]:
    """Of a text, in buffers of its own, since those that a step is given are taken over by it: m_0, and p_0 = 0"""
    import jax.numpy as jnp

    m_0 = parameters["memory.start"]                         # (1, D)
    return {"memory": jnp.tile(m_0, (batch, 1, 1)), "positions": jnp.zeros((batch, m_0.shape[1]), m_0.dtype)}


def iter_tokens(size: Size) -> Iterator[int]:
    """The segment's tokens, over and over"""
    return itertools.cycle(size.segment()[0].ravel().tolist())

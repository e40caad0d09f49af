"""The models of video against PyTorch's autograd in float64, over three clips with the memory carried"""

from dataclasses import fields

import numpy as np
import pytest

from minicrt.gradcheck.video_models import VIDEO, WRITER, small_clip, small_video
from minicrt.models.video import VideoTargets
from tests.models.windows import random_parameters, random_state
from tests.ports.cases import disagreement

torch = pytest.importorskip("torch")

from tests.ports import torch_video  # noqa: E402


def tensors(targets):
    if not isinstance(targets, VideoTargets):
        return torch.tensor(targets)
    return VideoTargets(*(torch.tensor(getattr(targets, field.name)) for field in fields(targets)))


def ours(model, p, clips, weights, state, d_state):
    caches, total, gradients = [], 0.0, p.zeros_like()
    for (clip, targets), weight in zip(clips, weights):
        loss, state, cache = model.forward(p, clip, targets, state)
        caches.append(cache)
        total += weight * loss
    total += sum((d * state[name]).sum() for name, d in d_state.items())
    d = d_state
    for cache, weight in zip(reversed(caches), reversed(weights)):
        d = model.backward(weight, d, cache, gradients)
    return total, state, gradients, d


def theirs(model, p, clips, weights, state, d_state):
    leaves = {name: torch.tensor(p[name], requires_grad=True) for name in p}
    first = {name: torch.tensor(value, requires_grad=True) for name, value in state.items()}
    after, total = first, 0.0
    for (clip, targets), weight in zip(clips, weights):
        loss, after = torch_video.segment(model, leaves, torch.tensor(clip), tensors(targets), after)
        total = total + weight * loss
    total = total + sum((torch.tensor(d) * after[name]).sum() for name, d in d_state.items())
    found = torch.autograd.grad(total, [*leaves.values(), *first.values()], allow_unused=True)
    found = [np.zeros(leaf.shape) if g is None else g.numpy() for leaf, g in
             zip([*leaves.values(), *first.values()], found)]
    return (total.item(), {name: value.detach().numpy() for name, value in after.items()}, dict(zip(leaves, found)),
            dict(zip(first, found[len(leaves):])))


@pytest.mark.parametrize("carried", [True, False])
@pytest.mark.parametrize("name", [*VIDEO, "writer"])
def test_video(name, carried):
    model = small_video(VIDEO.get(name, WRITER))
    rng = np.random.default_rng(sum(name.encode()))
    p = random_parameters(model, rng)
    clips, weights = [small_clip(model, rng) for _ in range(3)], rng.uniform(0.5, 1.5, 3).tolist()
    state = {n: v for n, v in random_state(model, rng, 2).items() if carried and n not in model.detached_entries}
    d_state = {n: rng.standard_normal([size or 1 for size in shape]) for n, shape in model.state_shapes(2).items()
               if n not in model.detached_entries}
    mine, reference = (run(model, p, clips, weights, state, d_state) for run in (ours, theirs))
    assert disagreement(mine[0], reference[0]) < 1e-9
    assert set(mine[1]) == set(reference[1])
    wrong = {n: e for n in mine[1] if not (e := disagreement(mine[1][n], reference[1][n])) < 1e-9}
    wrong |= {n: e for n in p if not (e := disagreement(mine[2][n], reference[2][n], 1.0)) < 1e-9}
    wrong |= {n: e for n in state if not (e := disagreement(mine[3].get(n, np.zeros_like(state[n])),
                                                            reference[3][n])) < 1e-9}
    assert not wrong

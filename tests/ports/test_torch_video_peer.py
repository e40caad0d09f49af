"""What the benchmark of video times computes what minicrt computes."""

import numpy as np
import pytest

from minicrt.models.video import create_video_model, run_video

torch = pytest.importorskip("torch")

from benchmarks.twins.torch_video import CRViT  # noqa: E402


def test_the_peer_has_the_loss_and_the_gradients():
    model = create_video_model(5, 2, width=8, heads=2, inner=12, layers=2, frame_size=8, patch_size=4)
    rng = np.random.default_rng(0)
    p = model.initialize(rng, np.float64)
    clips, labels = rng.random((3, 2, 2, 8, 8, 3)), rng.integers(0, 5, 2)
    peer = CRViT(model.config).double()
    peer.load(p)
    loss = peer.video_loss(torch.tensor(clips), torch.tensor(labels))
    loss.backward()
    g = p.zeros_like()
    assert run_video(model, p, clips, labels, gradients=g).loss == pytest.approx(loss.item(), rel=1e-12)
    for ours, theirs in (("patch.weight", peer.patches.weight.grad.T), ("memory.start", peer.memory_start.grad),
                         ("blocks.1.time.attention.w_qkv", peer.blocks[1].time.qkv.weight.grad.T),
                         ("memory.0.u", peer.memory.weight_hh_l0.grad.T)):
        np.testing.assert_allclose(g[ours], theirs.numpy(), rtol=1e-8, atol=1e-13)

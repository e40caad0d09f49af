"""The adaptive softmax against torch.nn.AdaptiveLogSoftmaxWithLoss as it comes: its own shapes and first values"""

import numpy as np
import pytest

from minicrt import ops

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("width, vocabulary, cutoffs, div_value, head_bias", [
    (9, 30, (6,), 1.0, True), (8, 40, (5, 11, 23), 2.0, True), (16, 50, (10, 30), 4.0, False)])
def test_loss_probabilities_and_all_gradients(width, vocabulary, cutoffs, div_value, head_bias):
    rng, S, K = np.random.default_rng(5), cutoffs[0], len(cutoffs)
    module = torch.nn.AdaptiveLogSoftmaxWithLoss(width, vocabulary, list(cutoffs), div_value, head_bias,
                                                 dtype=torch.float64)
    z, targets = rng.standard_normal((70, width)), rng.integers(0, vocabulary, 70)
    z_torch, targets_torch = torch.tensor(z, requires_grad=True), torch.tensor(targets)
    output, loss = module(z_torch, targets_torch)
    (2.5 * loss).backward()

    def arrays(read):
        """head, bias, projection, tails, as minicrt has them"""
        bias = read(module.head.bias) if head_bias else np.zeros(S + K)
        return (read(module.head.weight), np.concatenate([bias, np.zeros(vocabulary - S)]),
                np.concatenate([read(tail[0].weight).T for tail in module.tail], axis=1),
                np.concatenate([read(tail[1].weight).ravel() for tail in module.tail]))

    values = arrays(lambda parameter: parameter.detach().numpy())
    ours, cache = ops.adaptive_softmax(z, *values, targets, cutoffs, div_value, chunk=16)
    d_z, d_head, d_bias, d_projection, d_tails = ops.adaptive_softmax_backward(2.5, cache)
    log_p = ops.adaptive_log_probabilities(z, *values, cutoffs, div_value)
    d_head_torch, d_bias_torch, *rest = arrays(lambda parameter: parameter.grad.numpy())
    if head_bias:
        np.testing.assert_allclose(d_bias[:S + K], d_bias_torch[:S + K], rtol=1e-10, atol=1e-15)
    for a, b in zip((ours, d_z, d_head, d_projection, d_tails, log_p, log_p[np.arange(70), targets]),
                    (loss.item(), z_torch.grad.numpy(), d_head_torch, *rest,
                     module.log_prob(z_torch).detach().numpy(), output.detach().numpy()), strict=True):
        assert np.abs(a - b).max() <= 1e-10 * np.abs(b).max()

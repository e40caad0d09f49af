"""The adaptive softmax, made of the kernels of its parts: nearly all of its time is theirs"""

from minicrt import ops
from minicrt.kernels import pool
from minicrt.kernels.cluster_loss import cluster_loss, cluster_loss_backward
from minicrt.kernels.linear import linear, linear_backward
from minicrt.kernels.linear_cross_entropy import linear_cross_entropy, linear_cross_entropy_backward
from minicrt.kernels.twins import twin
from minicrt.ops.adaptive_softmax import Parts, backward_by, forward_by
from minicrt.ops.linear_cross_entropy import CHUNK

PARTS = Parts(linear, linear_backward, linear_cross_entropy, linear_cross_entropy_backward, cluster_loss,
              cluster_loss_backward, pool.zeros)


@twin(ops.adaptive_softmax)
def adaptive_softmax(z, head, bias, projection, tails, targets, cutoffs, div_value=1.0, chunk=CHUNK,
                     with_gradient=True):
    return forward_by(PARTS, z, head, bias, projection, tails, targets, cutoffs, div_value, chunk, with_gradient)


def adaptive_softmax_backward(d_loss, cache, into=None):
    """The cache of each part says which of its two backward passes it belongs to."""
    return backward_by(PARTS, d_loss, cache, into)

"""Chapter 12: porting"""

import numpy as np


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def read_tensor(data, dtype, shape, offset):    # the bytes of tensors.bin -> an array
    """A tensor of a golden case, by what its line in case.json says.

    Numbers are little-endian, the last index runs fastest; offset counts bytes
    """
    little = np.dtype(dtype).newbyteorder("<")
    count = int(np.prod(shape))
    values = np.frombuffer(data, little, count, offset)
    return values.reshape(shape)


def gru_from_torch(weight_ih, weight_hh, bias_ih, bias_hh):
    """The weights of PyTorch's GRU as this package has them: w, u, b, b_hn.

    weight_ih (3D, I), weight_hh (3D, D), both biases (3D,); the order is r, z, n
    """
    D = weight_hh.shape[1]
    w = weight_ih.T
    u = weight_hh.T
    b_r = bias_ih[:D] + bias_hh[:D]
    b_z = bias_ih[D:2 * D] + bias_hh[D:2 * D]
    b_n = bias_ih[2 * D:]
    b = np.concatenate([b_r, b_z, b_n])
    b_hn = bias_hh[2 * D:]
    return w, u, b, b_hn


def blocks_in_order(w, theirs, ours):           # (I, kD) -> (I, kD)
    """The k blocks of columns, which stand in the order `theirs`, in the order `ours`.

    Both are texts with a letter a block: "zrn" and "rzn", "iofg" and "ifgo"
    """
    blocks = np.split(w, len(theirs), axis=1)
    found = []
    for gate in ours:
        found.append(blocks[theirs.index(gate)])
    return np.concatenate(found, axis=1)


def gru_step_before(x_t, h, w, u, b):           # (B, I), (B, D), weights -> (B, D)
    """A step of the GRU whose reset gate acts before the product; z keeps the old.

    w (I, 3D), u (D, 3D) and b (3D,) hold the blocks of r, z, n in this order
    """
    w_r, w_z, w_n = np.split(w, 3, axis=-1)
    u_r, u_z, u_n = np.split(u, 3, axis=-1)
    b_r, b_z, b_n = np.split(b, 3)
    r = sigmoid(x_t @ w_r + h @ u_r + b_r)
    z = sigmoid(x_t @ w_z + h @ u_z + b_z)
    n = np.tanh(x_t @ w_n + (r * h) @ u_n + b_n)
    return (1 - z) * n + z * h


def rounding_bound(x, w, eps):                  # (B, I), (I, O), a number -> (B, O)
    """How far x @ w may be from the truth where it is computed with rounding.

    eps is the distance from 1 to the next number: np.finfo(dtype).eps
    """
    count = x.shape[1]
    unit = eps / 2
    size = np.abs(x) @ np.abs(w)
    return count * unit * size

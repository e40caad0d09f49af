"""What a teacher that has seen the skeleton alone would say of it"""

import numpy as np

from minicrt.arguments import check_whole
from minicrt.array_arguments import real_array

Array = np.ndarray


def teacher_features(joints: Array, width: int = 216, seed: int = 0, size: float = 32.0) -> Array:
    """A fixed random projection of a clip's joints (B, F, J, K): (B, width) float32.

        f = P q,  q = (joints − their mean over frames and joints)/size, as one vector of F J K numbers,
        P ~ N(0, 1)/√(J K), drawn once from `seed`

    It stands for the features of a trained skeleton model, and holds the whole motion where width ≥ F J K. `size` is
    the picture's side in pixels. Raises InputError for joints of another shape.
    """
    joints = real_array("joints", joints, "B F J K")
    check_whole("width", width, 1)
    check_whole("seed", seed, 0)
    B, _, J, K = joints.shape
    q = ((joints - joints.mean((1, 2), keepdims=True)) / size).reshape(B, -1)
    P = np.random.default_rng(seed).standard_normal((q.shape[1], width)) / np.sqrt(J * K)
    return (q @ P).astype(np.float32)

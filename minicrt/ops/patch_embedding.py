"""A clip cut into square patches, or into tubes of several frames, each made a vector by one linear layer"""

from typing import Any, NamedTuple

from minicrt.errors import InputError
from minicrt.ops.linear import linear, linear_backward
from minicrt.ops.shapes import Array, check_shapes


class PatchCache(NamedTuple):
    linear: Any                                              # of linear, over the patches
    grid: tuple[int, ...]                                    # (B, F/f, f, Y/s, s, X/s, s, C)


def patch_embedding(x: Array, weight: Array, bias: Array, size: int, frames: int = 1
                    ) -> tuple[Array, PatchCache]:           # (B, F, Y, X, C), (P, D), (D,) -> (B, F/f, N, D)
    """y[b, t, n] = vec(patch) W + b,  the patch being f frames of s × s pixels of C channels, P = f s s C

    size s, frames f: f = 1 is a patch of one frame, more is a tube. Patches do not overlap. n counts them row by row,
    N = (Y/s)(X/s). vec takes the patch's numbers in the order frame, row, column, channel. Raises InputError where
    shapes do not fit, or f does not divide F, or s not Y and X.
    Sources: Dosovitskiy et al. 2021 (arXiv 2010.11929), tubes: Arnab et al. 2021 (arXiv 2103.15691), section 3.2.
    """
    sizes = check_shapes("patch_embedding", x=(x, "B F Y X C"), weight=(weight, "P D"), bias=(bias, "D"))
    if size < 1 or frames < 1 or sizes["F"] % frames or sizes["Y"] % size or sizes["X"] % size:
        raise InputError(f"patch_embedding: patches of {frames} frames and {size} × {size} pixels do not divide clips "
                         f"of {sizes['F']} frames and {sizes['Y']} × {sizes['X']} pixels")
    if sizes["P"] != frames * size * size * sizes["C"]:
        raise InputError(f"patch_embedding: weight has {sizes['P']} rows, expected {frames * size * size * sizes['C']},"
                         f" a patch's numbers")
    grid = (sizes["B"], sizes["F"] // frames, frames, sizes["Y"] // size, size, sizes["X"] // size, size, sizes["C"])
    y, cache = linear(patches(x, grid), weight, bias)
    return y, PatchCache(cache, grid)


def patch_embedding_backward(d_y: Array, cache: PatchCache
                             ) -> tuple[Array, Array, Array]:  # (B, F/f, N, D) -> (B, F, Y, X, C), (P, D), (D,)
    """G_W = Σ vec(patch)ᵀ G_y, G_b = Σ G_y; G_x holds G_y Wᵀ at the places that the patch was cut from"""
    d_patches, d_weight, d_bias = linear_backward(d_y, cache.linear)
    return put_back(d_patches, cache.grid), d_weight, d_bias


def patches(x: Array, grid: tuple[int, ...]) -> Array:       # (B, F, Y, X, C) -> (B, F/f, N, P)
    B, T, _, rows, _, columns, _, _ = grid
    return x.reshape(grid).transpose(0, 1, 3, 5, 2, 4, 6, 7).reshape(B, T, rows * columns, -1)


def put_back(d_patches: Array, grid: tuple[int, ...]) -> Array:          # (B, F/f, N, P) -> (B, F, Y, X, C)
    """The inverse of `patches`"""
    B, T, f, rows, s, columns, _, C = grid
    apart = d_patches.reshape(B, T, rows, columns, f, s, s, C)
    return apart.transpose(0, 1, 4, 2, 5, 3, 6, 7).reshape(B, T * f, rows * s, columns * s, C)

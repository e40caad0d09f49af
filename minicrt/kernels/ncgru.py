"""NC-GRU by the scan with the reset before the product"""

from minicrt import ops
from minicrt.kernels import reset_before
from minicrt.kernels.twins import backward_twin, twin


@twin(ops.ncgru)
def ncgru(x, h0, w, u, b, activation="modrelu"):
    return reset_before.scan(x, h0, w, u, b, activation, "ncgru")


@backward_twin(ops.ncgru_backward)
def ncgru_backward(d_h, cache, d_last=None):
    return reset_before.scan_backward(d_h, cache, d_last)

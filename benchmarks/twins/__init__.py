"""The CRT in PyTorch and in JAX: what the benchmarks run beside it, and the tests of ports hold it to"""

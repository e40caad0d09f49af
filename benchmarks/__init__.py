"""How fast, next to what else there is, and what was measured of the models.

    python -m benchmarks.train_step     a training step of the CRT: two engines, PyTorch, JAX, the matrix products alone
    python -m benchmarks.streaming      one token after another at batch 1
    python -m benchmarks.operations     every kernel against the operation it stands for
    python -m benchmarks.scaling        time and memory against stream length, segment length, width and batch
    python -m benchmarks.memory_tasks   who can remember, and how far
    python -m benchmarks.tables         the tables of README.md and docs/results.md, from benchmarks/results

Each prints a table, and writes it as JSON (--json FILE) with a plot beside it. Peers are timed in their own processes,
some steps of each in turn, so that none disturbs another and what the machine does in between hits all alike.
"""

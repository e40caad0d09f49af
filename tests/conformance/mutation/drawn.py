"""Mutants drawn at random, one or two at once, as ports: what becomes of each

    python -m tests.conformance.mutation.drawn 2000        draws so many and prints a table
"""

import collections
import random
import sys
from dataclasses import dataclass

import numpy as np

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.golden.operations import operation_cases
from minicrt.conformance.golden.tensors import BACKWARD
from minicrt.conformance.mutation.mutants import Mutants, has_equations

MODELS = ("crt-gru", "crt-ncgru", "crt-lru", "crt-post-norm", "crt-three-memories", "transformer")
SMALL = 8
PAIRS = 0.25        # so many of the ports have two mistakes


@dataclass(frozen=True)
class Port:
    """A port with one or two edits, and what it computes, by the case's names."""

    case: str
    words: str
    trace: dict
    effort: int


def ports(number, seed, names):
    """Distinct from the reference in what is handed in: everything, or outputs and gradients alone."""
    rng, mutants, made = random.Random(seed), {}, 0
    while made < number:
        name = rng.choice(names)
        known = mutants.setdefault(name, Mutants(golden.case(name)))
        edits = rng.sample(known.forward, 2 if rng.random() < PAIRS else 1)
        if known.backward and rng.random() < 0.4:
            edits = rng.sample(known.backward, len(edits))
        trace = computed(known, edits)
        everything = rng.random() < 0.5
        if trace is None or not all(np.isfinite(value).all() for value in trace.values()):
            continue
        handed = {tensor.name: trace[tensor.name] for tensor in known.operation.case.computed()
                  if tensor.name in trace and (everything or tensor.role in ("output", "gradient"))}
        if differs(known.operation.case, handed):
            made += 1
            yield Port(name, "; ".join(f"{edit.line}: {edit.words}" for edit in edits), handed,
                       sum(edit.effort for edit in edits))


def computed(mutants, edits):
    """What the port computes; of a model no gradient with more than SMALL entries, which would take minutes."""
    changes = {number: new for edit in edits for number, new in edit.changes.items()}
    if edits[0] in mutants.backward:
        return mutants.by_hand(mutants.right, changes)
    forward = mutants.run_forward(changes)
    return forward and forward[0] | gradients(mutants, changes)


def gradients(mutants, changes):
    case, own = mutants.operation.case, mutants.own_gradients(changes)
    found = {tensor.name: own.whole(tensor.name, tensor.value.shape) for tensor in case.computed()
             if tensor.role in BACKWARD and (case.kind == "operation" or tensor.value.size <= SMALL)}
    return {name: value for name, value in found.items() if value is not None and np.isfinite(value).all()}


def differs(case, handed):
    """By more than a hundred times what passes, and not by less"""
    for tensor in case.computed():
        if tensor.name in handed:
            theirs, ours = np.asarray(handed[tensor.name]), tensor.value
            if theirs.shape != ours.shape:
                return True
            if np.abs(theirs - ours).max(initial=0) > 1e-7 * max(np.abs(ours).max(initial=0), tensor.scale, 1e-12):
                return True
    return False


def judged(port):
    """accepted; named, where one or two mistakes give all numbers; looks like, where they give the first; or less"""
    comparison = compare(golden.case(port.case), port.trace)
    if comparison.ok:
        return "accepted"
    diagnosis = diagnose(comparison)
    if diagnosis.method == "variant":
        return "named" if diagnosis.sentences[0].startswith("The port has") else "looks like"
    return diagnosis.method


def main():
    number = int(sys.argv[1])
    names = [name for name in operation_cases() if has_equations(golden.case(name)) and "saturated" not in name]
    table = collections.Counter()
    for k, port in enumerate(ports(number, 0, [*names, *MODELS * 3])):
        result = judged(port)
        table[("two" if ";" in port.words else "one", result)] += 1
        if result == "accepted":
            print("ACCEPTED", port.case, port.words, flush=True)
        if k % 50 == 49:
            print(k + 1, dict(table), flush=True)


if __name__ == "__main__":
    main()

"""Mutants drawn at random, one or two at once, as ports: what becomes of each

    python -m tests.conformance.mutation.drawn 2000        draws so many and prints a table
    python -m tests.conformance.mutation.drawn 500 7       with another seed
    python -m tests.conformance.mutation.drawn 100 7 models    of models alone; operations: of those alone
    python -m tests.conformance.mutation.drawn 2000 7 "" FILE       goes on where it stopped: FILE has a line a port

All ports are compared, which tells whether they are accepted. Of fifty ports one is diagnosed as a user's is, and nine
in short: their search goes the same ways and ends after SHORT of its effort, so that a crash shows nearly as well, and
a name less often. The other forty are not diagnosed. In the table the three kinds stand apart.
"""

import collections
import json
import os
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from minicrt.conformance import golden
from minicrt.conformance.checking import compare, diagnose
from minicrt.conformance.checking.catalogue import catalogue_of
from minicrt.conformance.checking.search import Experience
from minicrt.conformance.golden.operations import operation_cases
from minicrt.conformance.golden.tensors import BACKWARD
from minicrt.conformance.mutation.mutants import Mutants, has_equations

MODELS = ("crt-gru", "crt-ncgru", "crt-lru", "crt-post-norm", "crt-three-memories", "transformer")
SMALL = 8
PAIRS = 0.25        # so many of the ports have two mistakes
BY_HAND = 0.7       # so many of those of a wrong forward pass have the reference's backward pass, which is quicker
IN_FULL, IN_SHORT = 50, 5       # one of so many ports is diagnosed as a user's is, or its search cut short
SHORT = 8_000       # tensors are computed in a search that is cut short at most


@dataclass(frozen=True)
class Port:
    """A port with one or two edits, and what it computes, by the case's names."""

    case: str
    words: str
    trace: dict
    effort: int
    edits: tuple
    by_hand: bool


def ports(number, seed, names, first=0):
    """Those from the first on, each drawn by itself"""
    mutants = {}
    for k in range(first, number):
        rng, port = random.Random(f"{seed} {k}"), None
        while port is None:
            name = rng.choice(names)
            port = drawn_port(rng, mutants.setdefault(name, Mutants(golden.case(name))))
        yield port


def drawn_port(rng, known):
    """Distinct from the reference in what is handed in, everything or outputs and gradients alone; or None"""
    case = known.operation.case
    edits = rng.sample(known.forward, 2 if rng.random() < PAIRS else 1)
    if known.backward and rng.random() < 0.4:
        edits = rng.sample(known.backward, len(edits))
    by_hand = rng.random() < BY_HAND
    trace = computed(known, edits, by_hand)
    everything = rng.random() < 0.5
    if trace is None or not all(np.isfinite(value).all() for value in trace.values()):
        return None
    handed = {tensor.name: trace[tensor.name] for tensor in case.computed()
              if tensor.name in trace and (everything or tensor.role in ("output", "gradient"))}
    if not differs(case, handed):
        return None
    words = "; ".join(f"{edit.line}: {edit.words}" for edit in edits)
    return Port(case.name, words, handed, sum(edit.effort for edit in edits), tuple(edits), by_hand)


def computed(mutants, edits, by_hand=False):
    """What the port computes; of a model no gradient with more than SMALL entries, which would take minutes. `by_hand`:
    the backward pass of a wrong forward pass is the reference's, where there is one."""
    changes = {number: new for edit in edits for number, new in edit.changes.items()}
    if edits[0] in mutants.backward:
        return mutants.by_hand(mutants.right, changes)
    forward = mutants.run_forward(changes)
    if by_hand and mutants.operation.has_backward:
        return forward and mutants.by_hand(forward, {})
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


def judged(port, effort=None, diagnosed=True):
    """accepted; rejected, where it is not diagnosed; named, where one or two mistakes give all numbers; looks like,
    where they give the first; or less. misnamed, where it looks like a mistake that is none of those planted, nor has
    the numbers of one."""
    comparison = compare(golden.case(port.case), port.trace)
    if comparison.ok:
        return "accepted", ""
    if not diagnosed:
        return "rejected", ""
    diagnosis = diagnose(comparison, experience=Experience(effort_left=effort) if effort else None)
    said = diagnosis.sentences[0]
    if diagnosis.method == "precision":
        return "misnamed", said
    if diagnosis.method != "variant":
        return diagnosis.method, said
    if said.startswith("The port has"):
        return "named", said
    return ("looks like" if is_planted(port, diagnosis.mistakes) else "misnamed"), said


def is_planted(port, names):
    """Whether the mistakes of these names, one or two, have the numbers of some of the edits of the port."""
    case, mutants = golden.case(port.case), Mutants(golden.case(port.case))
    found = by_names(case, mutants, names, port.by_hand)
    some = [port.edits] if len(port.edits) == 1 else [port.edits, *((edit,) for edit in port.edits)]
    return any(same_numbers(found, computed(mutants, list(edits), port.by_hand)) for edits in some)


def by_names(case, mutants, names, by_hand):
    """The tensors of a port with mistakes of the catalogue, or with mutants"""
    known = {mistake.name for mistake in catalogue_of(case).known()}
    if known >= set(names):
        return catalogue_of(case).trace(names)
    edits = [edit for edit in (*mutants.forward, *mutants.backward) if any(edit.line in name for name in names)
             and mutants.named((edit,), False)[0].name in names]
    return computed(mutants, edits, by_hand) if edits else None


def same_numbers(one, other):
    if not one or not other:
        return False
    return all(np.shape(one[name]) == np.shape(other[name]) and np.allclose(
        one[name], other[name], rtol=1e-7, atol=1e-12, equal_nan=True) for name in one.keys() & other.keys())


def main():
    number, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 0
    names = [name for name in operation_cases() if has_equations(golden.case(name)) and "saturated" not in name]
    kinds = {"operations": names, "models": list(MODELS), "": [*names, *MODELS * 3]}
    log = Path(sys.argv[4] if len(sys.argv) > 4 else os.devnull)
    done = [json.loads(line) for line in log.read_text("utf-8").splitlines()] if log.is_file() else []
    table, spent = collections.Counter(tuple(line["result"]) for line in done), sum(line["seconds"] for line in done)
    drawn = ports(number, seed, kinds[sys.argv[3] if len(sys.argv) > 3 else ""], len(done))
    for k, port in enumerate(drawn, len(done)):
        start = time.process_time()
        search = "full" if k % IN_FULL == 0 else "short" if k % IN_SHORT == 0 else "compared"
        result, said = judged(port, SHORT if search == "short" else None, search != "compared")
        seconds, planted = time.process_time() - start, "two" if len(port.edits) > 1 else "one"
        kind = search, planted, result
        table[kind], spent = table[kind] + 1, spent + seconds
        with log.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"result": kind, "seconds": seconds, "case": port.case}) + "\n")
        print(f"{k} {port.case} {search} {planted} {result} {seconds:.1f} s\n"
              f"  planted: {port.words}\n  said: {said}", flush=True)
        if k % 25 == 24:
            print(f"{k + 1} ports, {spent:.0f} s: {dict(table)}", flush=True)
    print(f"{number} ports, {spent:.0f} s: {dict(table)}")


if __name__ == "__main__":
    main()

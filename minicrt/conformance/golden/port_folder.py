"""What a port wrote for a case: any of its tensors, in any of three kinds of files, under our names or its own"""

import difflib
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from minicrt.conformance.golden.containers import from_bin, from_npy, from_safetensors, read_bytes
from minicrt.conformance.golden.names import Names, read_names
from minicrt.conformance.golden.tensors import GoldenCase
from minicrt.errors import ConformanceError

Array = np.ndarray


def read_port(folder: Path, case: GoldenCase, names: Names | Path | None = None) -> dict[str, Array]:
    """The port's arrays in `folder`, by our names; those that the case does not have keep theirs.

    Read are tensors.safetensors, tensors.bin with case.json, and .npy files named after their tensors ('/' in a name
    written '__'); where there are several, no tensor may differ between them. `names`, or the TOML file of that path,
    says what the port calls the tensors. Raises ConformanceError, one line, for files that cannot be read, for integers
    in place of floats, and for names that lead nowhere.
    """
    names = read_names(names) if isinstance(names, Path) else names or Names()
    arrays = our_names(arrays_of(folder), case, names, folder)
    for name, array in arrays.items():
        if name in case and case[name].value.dtype.kind == "f" and array.dtype.kind != "f":
            raise ConformanceError(f"{folder}: {name} has dtype {array.dtype}, expected floating point")
    return arrays


def arrays_of(folder: Path) -> dict[str, Array]:
    """All arrays in the folder, by the names that they have there."""
    if not folder.is_dir():
        raise ConformanceError(f"there is no folder {folder}")
    sources: dict[str, dict[str, Array]] = {}
    if (folder / "tensors.safetensors").exists():
        path = folder / "tensors.safetensors"
        sources[path.name] = from_safetensors(read_bytes(path), str(path))
    if (folder / "tensors.bin").exists():
        if not (folder / "case.json").exists():
            raise ConformanceError(f"{folder} has tensors.bin but no case.json that says what is in it")
        sources["tensors.bin"] = from_bin(read_bytes(folder / "tensors.bin"), read_bytes(folder / "case.json"),
                                          str(folder))
    for path in sorted(folder.glob("*.npy")):
        sources[path.name] = {path.stem.replace("__", "/"): from_npy(read_bytes(path), str(path))}
    if not sources:
        there = sorted(path.name for path in folder.iterdir())
        raise ConformanceError(f"{folder} has no tensors.safetensors, no tensors.bin and no .npy file; it holds "
                               f"{', '.join(there[:4]) or 'nothing'}{', ...' if len(there) > 4 else ''}")
    return merged(sources, folder)


def merged(sources: Mapping[str, Mapping[str, Array]], folder: Path) -> dict[str, Array]:
    arrays: dict[str, Array] = {}
    origin: dict[str, str] = {}
    for source, own in sources.items():
        for name, array in own.items():
            if name in arrays and not same(arrays[name], array):
                raise ConformanceError(f"{folder}: {name} is in {origin[name]} and in {source}, and the two differ; "
                                       "delete the file that is out of date")
            arrays[name], origin[name] = array, source
    return arrays


def same(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


def our_names(arrays: Mapping[str, Array], case: GoldenCase, names: Names, folder: Path) -> dict[str, Array]:
    """The arrays under our names. A name of this case's own table must be ours on the left and theirs on the right."""
    own = names.cases.get(case.name, {})
    for ours, theirs in own.items():
        for name, known, words in ((ours, [tensor.name for tensor in case.tensors], f"no tensor of {case.name}"),
                                   (theirs, list(arrays), f"not in {folder}")):
            if name not in known:
                near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
                raise ConformanceError(f"the names map {ours} = {theirs} for {case.name}, but {name} is {words}"
                                       + (f"; did you mean {near[0]}?" if near else ""))
    chosen = {ours: theirs for ours, theirs in {**names.common, **own}.items() if ours in case and theirs in arrays}
    rest = {name: array for name, array in arrays.items() if name not in chosen.values()}
    for ours, theirs in chosen.items():
        if ours in rest:
            raise ConformanceError(f"{folder} has {theirs}, which the names map to {ours}, and also {ours} itself; "
                                   "keep one of them")
    return rest | {ours: arrays[theirs] for ours, theirs in chosen.items()}

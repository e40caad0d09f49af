"""Trained weights in files of limited size, and an ordinary run folder made of them.

A model is FOLDER/NAME.json, which says how it was trained and what it measures, and FOLDER/NAME.0.npy and so on: its
weights in the order of its parameter table, rounded to float16. The rounding changes a weight by at most one part in
2048; what it does to the perplexity is in the JSON, which has it with the weights before ("float32") and after.
"""

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from minicrt import __version__
from minicrt.atomic import write_atomically
from minicrt.data import load_corpus, unigram_perplexity, unknown_share
from minicrt.documents import DocumentError, json_document
from minicrt.errors import DataError
from minicrt.models import Parameters, create_model
from minicrt.strict_json import finite, to_json
from minicrt.training import RunFolder, check_corpus, write_checkpoint
from minicrt.training.position import Position

VALUES = 6 << 20                                             # in a file: 12 MiB
Described = dict[str, Any]


def write(folder: Path, name: str, parameters: Mapping[str, np.ndarray], described: Described) -> None:
    """The weights, by minicrt's names, and what is to be said of them, over what was there of an earlier moment"""
    table = create_model(described["configuration"]["model"]).layout
    flat = np.concatenate([parameters[key].ravel() for key, _ in table]).astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    count = -(-flat.size // VALUES)
    for number in range(count):
        np.save(folder / f"{name}.{number}.npy", flat[number * VALUES:(number + 1) * VALUES], allow_pickle=False)
    described = {**described, "parts": count, "sha256": hashlib.sha256(flat.tobytes()).hexdigest()}
    write_atomically(folder / f"{name}.json", (to_json(finite(described), indent=1) + "\n").encode())


def read(folder: Path, name: str) -> tuple[np.ndarray, Described]:
    """The weights, flat and in float32, and what is said of them. Raises DataError if they are not what was written."""
    path = folder / f"{name}.json"
    try:
        described = json_document(path.read_bytes())
        parts = [np.load(folder / f"{name}.{number}.npy", allow_pickle=False) for number in range(described["parts"])]
    except (OSError, DocumentError, ValueError, LookupError, TypeError) as error:
        raise DataError(f"{path} and its parts cannot be read: {error}; fetch them again") from error
    flat = np.concatenate(parts)
    if hashlib.sha256(flat.tobytes()).hexdigest() != described["sha256"]:
        raise DataError(f"the parts of {path} are not those that were written with it; fetch them again")
    return flat.astype(np.float32), described


def collect(folder: Path, name: str, run: Path, data_dir: Path | None = None) -> Described:
    """Make the run folder `run` of the parts; it is that of a run that is over. Returns what is said of the weights."""
    flat, described = read(folder, name)
    configuration = {**described["configuration"], "written_by": {"minicrt": __version__}}
    corpus = load_corpus(configuration["data"]["corpus"], data_dir=data_dir)
    check_corpus(corpus, configuration["data"])
    parameters = Parameters(create_model(configuration["model"]).specs(), flat=flat)
    made, last = RunFolder(run, configuration), described["records"][-1]
    made.create()
    digest = ""
    for record in described["records"]:
        digest = made.append_metrics(record)
    best = described["best_step"]
    position = Position(step=last["step"], total=described["steps"], evaluated=last["step"], best_step=best,
                        best_loss=next(record["valid_loss"] for record in described["records"]
                                       if record["step"] == best),
                        norm=last["gradient_norm"], tokens_seen=last["tokens"], seconds=last["seconds"],
                        step_seconds=last["seconds"], metrics=digest)
    write_checkpoint(made.checkpoint, {f"best.{key}": value for key, value in parameters.items()}, {
        "configuration": json.dumps(configuration), "position": position.to_json(),
        "vocabulary": json.dumps(corpus.vocabulary.to_mapping()), "circumstances": json.dumps({})})
    if "float16" in described:                               # it came to its end
        made.write_summary({**described["float16"], **shared_figures(described, corpus)})
    return described


def shared_figures(described: Described, corpus: Any) -> Described:
    """What a run's summary.json has beside the perplexities"""
    training, last = described["configuration"]["training"], described["records"][-1]
    size = corpus.vocabulary.size
    return {
        "unigram_perplexity": unigram_perplexity(corpus.train, corpus.valid, size),
        "unigram_perplexity_test": unigram_perplexity(corpus.train, corpus.test, size),
        "tokens_per_second": last["tokens_per_second"], "seconds": last["seconds"], "epochs": last["epoch"],
        "steps": last["step"], "best_step": described["best_step"], "parameters": described["parameters"],
        "seed": training["seed"], "corpus": corpus.name, "level": corpus.level,
        "tokenizer": corpus.vocabulary.tokenizer, "corpus_differences": list(corpus.differences),
        "valid_unknown": unknown_share(corpus.valid, corpus.vocabulary),
        "test_unknown": unknown_share(corpus.test, corpus.vocabulary),
        "valid_tokens": corpus.valid.size - 1, "test_tokens": corpus.test.size - 1,
        "batch": training["batch"], "bptt_segments": training["bptt_segments"],
        "evaluation_batch": training["evaluation_batch"],
        "segment_length": described["configuration"]["model"]["segment_length"],
        "state_carried": described["state_carried"], "precision": described["precision"], "engine": "torch",
        "threads": 1, "machine": described["machine"]}

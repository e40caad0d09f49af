"""The models of words whose input is damaged, or goes on and on (token_damage.py, long_streams.py), and their training

Penn Treebank, of whose words the 2,000 most frequent are kept, so that a model of two layers of width 64 sees all of
the training part in half a minute; the others are <unk>.
"""

import time
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks import report
from minicrt.atomic import write_atomically
from minicrt.data import TokenStream, load_corpus
from minicrt.data.token_damage import DamagedStream, mixed
from minicrt.data.tokenizers import UNKNOWN
from minicrt.errors import DataError
from minicrt.models import Parameters, SegmentModel, create_model
from minicrt.sealed import opened, sealed
from minicrt.training import AdamW, train_step
from minicrt.training.progress import Progress

Array = np.ndarray
WORDS, LENGTH, BATCH, BPTT, RATE = 2000, 35, 10, 2, 0.3
FORM = "minicrt benchmark weights 1"
SIZES: dict[str, Any] = {"vocabulary": WORDS, "segment_length": LENGTH, "width": 64, "layers": 2, "dropout": 0.0}
STACK: dict[str, Any] = {**SIZES, "heads": 4, "inner": 128}
ARMS: dict[str, dict[str, Any]] = {
    "CRT": {"model": "crt", "memory_span": 1, **STACK},
    "CRT-restarts": {"model": "crt", "memory_span": 1, **STACK},
    "Transformer-XL": {"model": "transformer_xl", **STACK},
    "RMT": {"model": "rmt", **STACK},
    "GRU": {"model": "recurrent", "cell": "gru", **SIZES},
    "minGRU": {"model": "linear_recurrent", "cell": "mingru", "inner": 128, **SIZES},
}
RESTARTS = {"CRT-restarts": 0.02}                            # of the steps of its training begin with no state
TRAINED = ("clean", "damaged")


class Text(NamedTuple):
    train: Array
    test: Array


@cache
def text() -> Text:
    """PTB's words by their frequency, the WORDS most frequent"""
    corpus = load_corpus("ptb")
    unknown = int(corpus.vocabulary.encode([UNKNOWN])[0])
    return Text(*(np.where(ids < WORDS, ids, unknown).astype(np.int32) for ids in (corpus.train, corpus.test)))


def parser(module: Any) -> Any:
    """The options that both benchmarks have"""
    made = report.parser(module)
    made.add_argument("--arms", action="append", choices=list(ARMS), help="may be given again (default: all)")
    made.add_argument("--seeds", "--seed", type=report.numbers, default=[0], metavar="S,…", help="(default: 0)")
    made.add_argument("--train-tokens", type=report.positive, metavar="N",
                      help="of the training part, once (default: all)")
    made.add_argument("--weights", type=Path, metavar="FOLDER", help="where weights are kept, and found again")
    return made


def trained(arm: str, on: str, seed: int, tokens: int | None, folder: Path | None, progress: Progress
            ) -> tuple[SegmentModel, Parameters, float]:
    """The model, its weights, and the seconds that their training took; from `folder` where they are kept"""
    model = create_model(ARMS[arm])
    parameters = model.initialize(np.random.default_rng([seed, 0]))
    size = text().train[:tokens].size
    file = folder and folder / f"{arm}-{on}-{size}-{seed}.safetensors"
    if file and file.exists():
        arrays, metadata = opened(file.read_bytes(), FORM, str(file), "weights of this benchmark")
        if arrays["flat"].shape != parameters.flat.shape:
            raise DataError(f"{file} holds weights of another model; remove it, or name another folder")
        parameters.flat[...] = arrays["flat"]
        return model, parameters, float(metadata["seconds"])
    start = time.perf_counter()
    learn(model, parameters, text().train[:tokens], on, seed, progress, RESTARTS.get(arm, 0.0))
    seconds = time.perf_counter() - start
    if file:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, sealed({"flat": parameters.flat}, {"seconds": f"{seconds:.1f}"}, FORM))
    return model, parameters, seconds


def learn(model: SegmentModel, parameters: Parameters, words: Array, on: str, seed: int, progress: Progress,
          restarts: float = 0.0) -> None:
    """One pass over `words` as they are, or damaged: each 1,024 in one of the ways, at a rate from 0 to RATE"""
    drawn, rng = np.random.default_rng([seed, 2]), np.random.default_rng([seed, 1])
    stream = TokenStream(words, BATCH, LENGTH) if on == "clean" else \
        DamagedStream(words, mixed(words, RATE, rng), BATCH, LENGTH)
    gradients, optimizer = parameters.zeros_like(), AdamW(parameters, learning_rate=3e-3)
    state: dict[str, Array] = {}
    steps = len(stream) // BPTT
    progress.begin(0, steps)
    for step in range(1, steps + 1):
        segments = [stream.segment(index) for index in range((step - 1) * BPTT, step * BPTT)]
        if drawn.random() < restarts:
            state = {}
        rate = min(1.0, step / 100, 1.05 * (1 - step / (steps + 1)))
        loss, state, _ = train_step(model, parameters, gradients, optimizer, segments, state, rate=rate)
        progress.step(step, loss, BPTT * BATCH * LENGTH)
    progress.end()

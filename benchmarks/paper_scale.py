"""The Transformer(70) and the CRT(70) of the paper, at its scale on word-level PTB: their perplexities.

Two models of about 24 million parameters, three layers and segments of 70 tokens are trained by one recipe, the same
number of passes over the text and no more than --minutes each, in PyTorch: on a GPU if there is one. The passes are
counted out from the time that the first steps of the slower model take. The best averaged weights on validation end in
the folder --out, rounded to float16 in parts of 12 MiB (benchmarks/weight_parts.py), with a JSON file beside them that
has the perplexities in float32 and after the rounding. Then

    python -m benchmarks.paper_scale --out DIR --collect RUNS

makes a run folder of each model in DIR, without PyTorch, and `minicrt eval RUNS/crt --split test` scores it in minicrt.

The paper (arXiv 2505.00929) has 67.0 and 58.3 on the test text; it does not give its recipe.
"""

import argparse
import importlib.util
import math
from typing import TYPE_CHECKING, Any

from benchmarks import report, weight_parts
from minicrt.configuration import to_mapping
from minicrt.data import load_corpus
from minicrt.errors import ConfigurationError, DataError
from minicrt.files import expanded
from minicrt.models import SegmentModel, create_model, model_mapping
from minicrt.settings import parse_assignments, settings
from minicrt.training import CUTS, TrainingConfig
from minicrt.training.run_corpus import fingerprint, where_found

if TYPE_CHECKING:
    from benchmarks.twins.torch_training import Training  # which imports PyTorch: it may not be there to collect

MODELS = ("crt", "transformer")
CORPUS = "ptb"
RECIPE: dict[str, Any] = {                                   # over the preset ptb
    "width": 640, "heads": 10, "layers": 3, "segment_length": 70, "dropout": 0.5, "embedding_dropout": 0.1,
    "batch": 48, "bptt_segments": 2, "learning_rate": 1e-3, "warmup_steps": 1000, "final_learning_rate": 0.01,
    "weight_decay": 0.15, "ema_decay": 0.999, "evaluations": 20, "checkpoint_seconds": 100}
OF_THE_CRT = {"memory": "gru", "memory_gradient": "unroll"}
FIXED = ("model", "corpus", "level", "tokenizer", "epochs", "steps", "minutes", "optimizer", "schedule", "precision",
         "threads")                                          # no change of the recipe
TIMED = 40                                                   # steps
SHARE = 0.95                                                 # of the minutes that are planned for


class Experiment:
    """What the two models share: the text, the recipe with its changes, the device"""

    def __init__(self, arguments: argparse.Namespace):
        if importlib.util.find_spec("torch") is None:
            raise ConfigurationError("PyTorch is not installed here, which the training needs; pip install torch")
        import torch

        self.size, self.out = arguments.size, arguments.out
        self.corpus = load_corpus(CORPUS, data_dir=arguments.data_dir)
        self.changes = parse_assignments(arguments.set)
        fixed = [key for key in self.changes if key in FIXED]
        if fixed:
            raise ConfigurationError(f"--set got {fixed[0]}, which is the same here for all; leave it out: --models, "
                                     "--minutes, --passes and --precision say what is to be done")
        for kind in arguments.models:
            self.configured(kind, 1)                         # what is wrong is found before anything is trained
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        on_gpu = self.device.type == "cuda"
        self.precision = arguments.precision or ("bfloat16" if on_gpu else "float32")
        self.machine = f"{torch.cuda.get_device_name() if on_gpu else 'a CPU'}, PyTorch {torch.__version__}"

    def configured(self, kind: str, passes: int) -> tuple[SegmentModel, TrainingConfig]:
        """The model, its inner width the multiple of 8 that brings it nearest to the size, and how it is trained"""
        chosen = settings("ptb", {**RECIPE, **(OF_THE_CRT if kind == "crt" else {}), "model": kind, "epochs": passes,
                                  **self.changes})

        def model(inner: int) -> SegmentModel:
            return create_model({**chosen.model, "inner": inner, "vocabulary": self.corpus.vocabulary.size}, "numpy")

        if "inner" in self.changes:
            return model(chosen.model["inner"]), chosen.training
        least, step = model(8).size, model(16).size - model(8).size
        return model(8 * max(1, 1 + round((self.size - least) / step))), chosen.training

    def prepared(self, kind: str, passes: int) -> "Training":
        from benchmarks.twins.torch_training import Training

        model, config = self.configured(kind, passes)
        return Training(model, self.corpus, config, self.device, self.precision)

    def passes(self, kinds: list[str], minutes: float) -> int:
        """As many as the slowest of the models can make in that time, its evaluations included"""
        from benchmarks.twins.torch_training import seconds_of

        found = []
        for kind in kinds:
            training = self.prepared(kind, 1)
            step, evaluation = seconds_of(training, TIMED)
            found.append((SHARE * 60 * minutes - training.config.evaluations * evaluation) / (step * training.windows))
            print(f"{kind}: {1000 * step:.1f} ms a step, {step * training.windows:.2f} s a pass, {evaluation:.2f} s an "
                  f"evaluation: {max(found[-1], 0):.1f} passes in {minutes:g} minutes", flush=True)
        return max(1, int(min(found)))

    def run(self, kind: str, passes: int) -> None:
        training = self.prepared(kind, passes)
        total = passes * training.windows

        def say(text: str) -> None:
            print(f"{kind}: {text}", flush=True)

        def save(measured: dict[str, Any]) -> None:
            weight_parts.write(self.out, kind, training.best_twin().minicrt(), {
                **self.described(training, passes), **measured})

        say(f"{training.model.size:,} parameters, inner width {training.model.config.inner}, {passes} passes of "
            f"{training.windows:,} steps, {self.precision} on {self.machine}")
        training.run(total, say, lambda: save({}))
        measured = {"float32": figures(training, False), "float16": figures(training, True)}
        save(measured)
        for name, shown in measured.items():
            say(f"weights in {name}: valid {shown['valid_perplexity']:.3f}, test {shown['test_perplexity']:.3f}; valid "
                f"with the memory cut {shown['valid_perplexity_memory_cut']:.3f}")

    def described(self, training: "Training", passes: int) -> dict[str, Any]:
        model, corpus = training.model, self.corpus
        return {
            "configuration": {
                "model": model_mapping(model), "training": to_mapping(training.config),
                "data": {"corpus": where_found(corpus), "level": corpus.level,
                         "tokenizer": corpus.vocabulary.tokenizer, "sha256": fingerprint(corpus)}},
            "parameters": model.size, "passes": passes, "steps": passes * training.windows,
            "best_step": training.best[1], "state_carried": sorted(model.state_shapes(1)), "machine": self.machine,
            "precision": f"{self.precision} in training, float32 in evaluation", "command": report.command(),
            "records": training.records}


def figures(training: "Training", rounded: bool) -> dict[str, float]:
    """Of the best averaged weights on validation, as the summary of a run has them"""
    from benchmarks.twins.torch_training import mean_loss

    twin = training.best_twin(rounded)
    losses = {"valid_perplexity": mean_loss(twin, training.valid), "test_perplexity": mean_loss(twin, training.test),
              **{f"valid_perplexity_{cut}_cut": mean_loss(twin, training.valid, cut) for cut in CUTS}}
    return {name: math.exp(loss) for name, loss in losses.items()}


def collect(arguments: argparse.Namespace) -> None:
    there = [kind for kind in arguments.models if (arguments.out / f"{kind}.json").exists()]
    if not there:
        raise DataError(f"{arguments.out} has none of {', '.join(f'{kind}.json' for kind in arguments.models)}; name "
                        "the folder that a training has written")
    for kind in there:
        described = weight_parts.collect(arguments.out, kind, arguments.collect / kind, arguments.data_dir)
        measured = described.get("float32")
        print(f"{arguments.collect / kind}: " + (
            f"before the rounding, on {described['machine']}, valid perplexity {measured['valid_perplexity']:.3f}, "
            f"test {measured['test_perplexity']:.3f}" if measured else "of a training that was stopped"))


def positive_number(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number above 0")
    return number


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.paper_scale", description=__doc__, allow_abbrev=False,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=expanded, required=True, metavar="DIR", help="where the parts are, or will be")
    parser.add_argument("--collect", type=expanded, metavar="RUNS", help="train nothing: make run folders of the parts")
    parser.add_argument("--models", type=report.one_of(MODELS), default=list(MODELS), help="(default: crt,transformer)")
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--minutes", type=positive_number, default=4.0, help="of training, for each (default: 4)")
    budget.add_argument("--passes", type=report.positive, metavar="N", help="over the text, instead of minutes")
    parser.add_argument("--size", type=report.positive, default=24_000_000, metavar="N", help="parameters, nearly")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="change the recipe")
    parser.add_argument("--precision", choices=("bfloat16", "float32"), help="of products in training (default: "
                        "bfloat16 on a GPU)")
    parser.add_argument("--data-dir", type=expanded, metavar="DIR", help="where the corpus is looked for first")
    arguments = parser.parse_args()
    if arguments.collect:
        collect(arguments)
        return
    experiment = Experiment(arguments)
    passes = arguments.passes or experiment.passes(arguments.models, arguments.minutes)
    for kind in arguments.models:
        experiment.run(kind, passes)
    print(f"each made {passes} passes; the weights are in {arguments.out}")


if __name__ == "__main__":
    report.run(main)

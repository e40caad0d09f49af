"""From training in PyTorch to `minicrt eval`: the parts, the run folder, and the same perplexity at both ends."""

import json
import re
import sys

import numpy as np
import pytest

from benchmarks import paper_scale, weight_parts
from minicrt.cli import main
from minicrt.data import load_corpus
from minicrt.errors import ConfigurationError, DataError
from minicrt.models import create_model
from minicrt.settings import parse_assignments, settings
from minicrt.training import load_run, train

SMALL = ["width=8", "heads=2", "layers=1", "segment_length=5", "batch=2", "evaluation_batch=2", "warmup_steps=2",
         "evaluations=3"]


def benchmark(monkeypatch, *arguments):
    monkeypatch.setattr(sys, "argv", ["paper_scale.py", *map(str, arguments)])
    paper_scale.main()


@pytest.fixture
def text(tmp_path):
    rng, folder = np.random.default_rng(0), tmp_path / "ptb"
    folder.mkdir()
    for part, lines in (("train", 30), ("valid", 8), ("test", 8)):
        words = [" ".join(["<unk>", *rng.choice(["red", "green", "blue", "N"], 6)]) for _ in range(lines)]
        (folder / f"ptb.{part}.txt").write_text("\n".join(words) + "\n", encoding="utf-8")
    return tmp_path


def test_from_pytorch_to_a_run_folder(text, tmp_path, monkeypatch, capsys):
    pytest.importorskip("torch")
    monkeypatch.setattr(weight_parts, "VALUES", 500)
    small = [option for key in SMALL for option in ("--set", key)]
    common = ["--out", tmp_path / "parts", "--data-dir", text]
    benchmark(monkeypatch, *common, "--size", 1400, "--passes", 2, "--precision", "bfloat16", *small)
    benchmark(monkeypatch, *common, "--collect", tmp_path / "runs")
    sizes = []
    for kind in ("crt", "transformer"):
        described = json.loads((tmp_path / "parts" / f"{kind}.json").read_text(encoding="utf-8"))
        run = load_run(tmp_path / "runs" / kind)
        sizes.append(run.parameters.size)
        assert described["parts"] == 3 and described["passes"] == run.training.epochs == 2
        assert run.summary["test_perplexity"] == described["float16"]["test_perplexity"]
        assert run.summary["steps"] == 2 * 12 == described["steps"] and run.metrics == described["records"]
        assert (run.parameters.flat.astype(np.float16) == run.parameters.flat).all()
        first = run.model.initialize(np.random.default_rng([0, 0]))
        assert abs(run.parameters.flat - first.flat).max() > 1e-3                              # it was trained
        for split in ("valid", "test"):
            capsys.readouterr()
            assert main(["eval", str(tmp_path / "runs" / kind), "--split", split, "--data-dir", str(text)]) == 0
            found = float(re.search(r"perplexity ([\d.]+)", capsys.readouterr().out).group(1))
            assert found == pytest.approx(described["float16"][f"{split}_perplexity"], abs=6e-4)
            assert found == pytest.approx(described["float32"][f"{split}_perplexity"], rel=1e-2)
        assert described["float16"]["valid_perplexity_memory_cut"] == pytest.approx(
            described["float16"]["valid_perplexity"], rel=1e-6) or kind == "crt"
    assert max(sizes) - min(sizes) < 100                     # of as many parameters


def test_nonsense(text, tmp_path, monkeypatch):
    with pytest.raises(DataError, match="has none of crt.json, transformer.json"):
        benchmark(monkeypatch, "--out", tmp_path, "--collect", tmp_path / "runs")
    pytest.importorskip("torch")
    for setting in ("epochs=3", "optimizer=sgd"):
        with pytest.raises(ConfigurationError, match="which is the same here for all"):
            benchmark(monkeypatch, "--out", tmp_path, "--data-dir", text, "--set", setting)


def test_parts_that_are_missing_or_damaged(tmp_path):
    settings = {"model": "transformer", "vocabulary": 5, "width": 4, "layers": 1, "heads": 1, "inner": 4}
    parameters = create_model(settings).initialize(np.random.default_rng(0))
    weight_parts.write(tmp_path, "a", parameters, {"configuration": {"model": settings}, "records": []})
    flat, _ = weight_parts.read(tmp_path, "a")
    np.testing.assert_allclose(flat, parameters.flat, rtol=2 ** -11, atol=1e-7)
    part = tmp_path / "a.0.npy"
    np.save(part, np.load(part)[::-1])
    with pytest.raises(DataError, match="not those that were written"):
        weight_parts.read(tmp_path, "a")
    part.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        weight_parts.read(tmp_path, "a")


@pytest.mark.parametrize("kind", ["crt", "transformer"])
def test_without_dropout_training_is_that_of_minicrt(kind, text, tmp_path):
    """Windows, where epochs are cut, schedule, clipping, weight decay and the average: every evaluation is the same."""
    torch = pytest.importorskip("torch")
    from benchmarks.twins.torch_training import Training

    chosen = settings("ptb", {**paper_scale.RECIPE, **parse_assignments(SMALL), "model": kind, "epochs": 3, "clip": 0.5,
                              "dropout": 0, "embedding_dropout": 0, "learning_rate": 0.02, "evaluations": 4, "inner": 8,
                              **(paper_scale.OF_THE_CRT if kind == "crt" else {})})
    corpus = load_corpus("ptb", data_dir=text)
    model = create_model({**chosen.model, "vocabulary": corpus.vocabulary.size}, "numpy")
    run = train(tmp_path / "run", model, corpus, chosen.training, progress=False)
    training = Training(model, corpus, chosen.training, torch.device("cpu"), "float32")
    training.run(3 * training.windows, lambda text: None, lambda: None)
    assert len(run.metrics) == len(training.records) == 4
    for ours, theirs in zip(training.records, run.metrics):
        for key in ("step", "epoch", "tokens", "best"):
            assert ours[key] == theirs[key]
        for key in ("train_loss", "valid_loss", "learning_rate"):
            assert ours[key] == pytest.approx(theirs[key], rel=1e-4), key
    for name, value in training.best_twin().minicrt().items():
        if name.endswith("b_qkv"):                           # the gradient of its keys is 0 but for rounding
            continue
        np.testing.assert_allclose(value, run.parameters[name], rtol=0, atol=1e-3, err_msg=name)

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from minicrt.data import TokenStream, unigram_perplexity
from minicrt.errors import CheckpointError, ConfigurationError, DataError, TrainingError
from minicrt.training import Evaluation, RunFolder, Trainer, evaluate, load_run, read_checkpoint, train, train_step
from minicrt.training.epoch_stream import restarts
from minicrt.training.optimizers import make_optimizer
from tests.training import tiny


@pytest.fixture(scope="module")
def corpus():
    return tiny.corpus()


def test_a_run_and_what_it_leaves(tmp_path, corpus):
    watcher = tiny.Meddler()
    model, config = tiny.model(), tiny.config(steps=40, seed=3)
    run = train(tmp_path / "run", model, corpus, config, watcher)
    summary = json.loads((tmp_path / "run" / "summary.json").read_text(encoding="utf-8"))
    summary.pop("sha256")
    assert summary == run.summary
    assert {"valid_perplexity", "test_perplexity", "valid_perplexity_memory_cut", "valid_perplexity_positions_cut",
            "valid_perplexity_state_cut", "unigram_perplexity", "tokens_per_second", "parameters", "seconds",
            "epochs", "seed", "corpus"} <= summary.keys()
    assert summary["seed"] == 3 and summary["corpus"] == "tiny" and summary["steps"] == 40
    assert summary["parameters"] == run.parameters.size
    assert summary["epochs"] == 40 / math.ceil(25 / 2)                # 489 predictions in 4 rows: 25 segments
    assert summary["unigram_perplexity"] == unigram_perplexity(corpus.train, corpus.valid, tiny.TOKENS)
    assert summary["valid_perplexity"] < 0.9 * tiny.TOKENS            # of a model that has learned nothing
    valid, test = (TokenStream(part, 3, 5) for part in (corpus.valid, corpus.test))
    assert evaluate(model, run.parameters, valid).perplexity == summary["valid_perplexity"]
    assert evaluate(model, run.parameters, test).perplexity == summary["test_perplexity"]
    assert evaluate(model, run.parameters, valid, "memory").perplexity == summary["valid_perplexity_memory_cut"]
    assert len({summary[f"valid_perplexity{cut}"] for cut in ("", "_memory_cut", "_positions_cut", "_state_cut")}) == 4

    lines = (tmp_path / "run" / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line) for line in lines] == watcher.records
    assert [record["step"] for record in watcher.records] == [10, 20, 30, 40]
    assert min(record["valid_perplexity"] for record in watcher.records) == summary["valid_perplexity"]
    assert [entry.name for entry in tmp_path.iterdir()] == ["run"]
    assert {entry.name for entry in (tmp_path / "run").iterdir()} == {
        "config.toml", "metrics.jsonl", "checkpoint.safetensors", "summary.json"}


def test_train_loss_of_the_metrics_is_the_mean_over_tokens(tmp_path, corpus):
    watcher = tiny.Meddler()
    train(tmp_path / "run", tiny.model(), corpus, tiny.config(steps=13, evaluations=1), watcher)       # one epoch
    stream = TokenStream(corpus.train, 4, 5)
    tokens = [sum(int((stream.segment(i)[1] >= 0).sum()) for i in range(2 * w, min(2 * w + 2, 25))) for w in range(13)]
    assert sum(tokens) == len(corpus.train) - 1 == watcher.records[0]["tokens"]
    assert watcher.records[0]["train_loss"] == pytest.approx(np.average(watcher.losses, weights=tokens), rel=1e-12)


def test_the_trainer_is_the_plain_loop(tmp_path, corpus):
    """State carried from window to window and begun anew with the epoch, the schedule, dropout made of the step."""
    config, model = tiny.config(steps=16, evaluations=1, seed=2), tiny.model()
    run = train(tmp_path / "run", model, corpus, config)
    parameters = model.initialize(np.random.default_rng([2, 0]), np.float32)
    gradients, optimizer = parameters.zeros_like(), make_optimizer(config, parameters)
    stream, state = TokenStream(corpus.train, 4, 5), {}
    for step in range(16):
        window = step % 13
        state = {} if window == 0 else state
        segments = [stream.segment(i) for i in range(2 * window, min(2 * window + 2, 25))]
        u = (step + 1 - 4) / (16 - 4)
        rate = (step + 1) / 4 if step < 4 else 0.05 + 0.95 * (1 + math.cos(math.pi * u)) / 2
        _, state, _ = train_step(model, parameters, gradients, optimizer, segments, state,
                                 np.random.default_rng([2, 1, step]), 1.0, rate)
    assert np.array_equal(run.parameters.flat, parameters.flat)


def test_random_start_reads_the_text_as_a_circle(tmp_path, corpus):
    trainer = Trainer(RunFolder(tmp_path / "run", {}), tiny.model(), corpus, tiny.config(random_start=True))
    circles = [read_through(trainer.training_stream(epoch)) for epoch in range(3)]
    starts = [[i for i in range(len(corpus.train)) if np.array_equal(np.roll(corpus.train, -i), circle)]
              for circle in circles]
    assert all(len(start) == 1 for start in starts) and len(np.unique(starts)) == 3
    plain = Trainer(RunFolder(tmp_path / "run", {}), tiny.model(), corpus, tiny.config())
    assert np.array_equal(read_through(plain.training_stream(1)), corpus.train)


def read_through(stream):
    """The tokens of a stream, row after row, and the last target."""
    tokens, targets = (np.concatenate(parts, axis=1).ravel() for parts in zip(*stream))
    scored = targets >= 0
    return np.append(tokens[scored], targets[scored][-1])


def test_every_epoch_of_a_random_start_is_read_from_its_start(tmp_path, corpus):
    """Two epochs of the run are the plain loop over two streams."""
    config, model = tiny.config(epochs=2, evaluations=1, random_start=True), tiny.model(dropout=0.0)
    trainer = Trainer(RunFolder(tmp_path / "other", {}), model, corpus, config)
    run = train(tmp_path / "run", model, corpus, config)
    parameters = model.initialize(np.random.default_rng([0, 0]), np.float32)
    gradients, optimizer = parameters.zeros_like(), make_optimizer(config, parameters)
    for epoch in range(2):
        segments, state = list(trainer.training_stream(epoch)), {}
        for window in range(13):
            step = 13 * epoch + window
            _, state, _ = train_step(model, parameters, gradients, optimizer, segments[2 * window:2 * window + 2],
                                     state, None, 1.0, trainer.rate(step))
    assert np.array_equal(run.parameters.flat, parameters.flat)


def test_restarts_are_steps_that_carry_no_state_on(tmp_path, corpus):
    config, model = tiny.config(evaluations=1, restart_rate=0.3), tiny.model(dropout=0.0)
    trainer = Trainer(RunFolder(tmp_path / "other", {}), model, corpus, config)
    run = train(tmp_path / "run", model, corpus, config)
    parameters = model.initialize(np.random.default_rng([0, 0]), np.float32)
    gradients, optimizer = parameters.zeros_like(), make_optimizer(config, parameters)
    drawn = [step for step in range(30) if restarts(config, step)]
    assert 3 <= len(drawn) <= 15 and drawn != [step for step in range(30) if restarts(replace(config, seed=1), step)]
    segments, state = list(trainer.train_stream), {}
    for step in range(30):
        window = step % 13
        state = {} if window == 0 or step in drawn else state
        _, state, _ = train_step(model, parameters, gradients, optimizer, segments[2 * window:2 * window + 2], state,
                                 None, 1.0, trainer.rate(step))
    assert np.array_equal(run.parameters.flat, parameters.flat)
    assert not any(restarts(tiny.config(restart_rate=0.0), step) for step in range(100))
    assert 10 <= sum(restarts(tiny.config(), step) for step in range(1000)) <= 35


def test_the_best_weights_are_kept_and_loaded(tmp_path, corpus, monkeypatch):
    """What validation says is scripted: the second of four evaluations is the best, whatever the machine computes."""
    script, known = iter([3.0, 2.0, 2.5, 2.25]), {}

    def scripted(model, parameters, stream, *_):
        weights = parameters.flat.tobytes()
        if weights not in known:
            known[weights] = next(script)
        return Evaluation(known[weights] * 100, 100)

    monkeypatch.setattr("minicrt.training.trainer.evaluate", scripted)
    watcher, config = tiny.Meddler(), tiny.config(steps=40)
    run = train(tmp_path / "run", tiny.model(), corpus, config, watcher)
    assert [(record["step"], record["valid_loss"], record["best"]) for record in watcher.records] == [
        (10, 3.0, True), (20, 2.0, True), (30, 2.5, False), (40, 2.25, False)]
    assert run.step == run.summary["best_step"] == 20
    assert run.summary["valid_perplexity"] == math.exp(2.0)
    assert known[run.parameters.flat.tobytes()] == 2.0
    for path in (tmp_path / "run", tmp_path / "run" / "checkpoint.safetensors"):
        loaded = load_run(path)
        assert np.array_equal(loaded.parameters.flat, run.parameters.flat)
        assert loaded.step == 20 and loaded.vocabulary == corpus.vocabulary
        assert loaded.model.config == run.model.config and loaded.training == config
    assert load_run(tmp_path / "run").summary == run.summary


def test_the_average_is_what_is_evaluated(tmp_path, corpus):
    watcher = tiny.Meddler()
    run = train(tmp_path / "run", tiny.model(), corpus, tiny.config(ema_decay=0.9, evaluations=1), watcher)
    checkpoint = read_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    live = run.parameters.zeros_like()
    checkpoint.fill("parameters.", live)
    assert np.array_equal(run.parameters.flat, checkpoint.arrays["average"])
    assert not np.array_equal(run.parameters.flat, live.flat)
    averaged = evaluate(run.model, run.parameters, TokenStream(corpus.valid, 3, 5))
    assert averaged.perplexity == watcher.records[0]["valid_perplexity"]


def test_the_same_seed_gives_the_same_bits_and_another_does_not(tmp_path, corpus):
    runs = [train(tmp_path / name, tiny.model(), corpus, tiny.config(steps=8, seed=seed))
            for name, seed in (("a", 1), ("b", 1), ("c", 2))]
    assert np.array_equal(runs[0].parameters.flat, runs[1].parameters.flat)
    assert not np.array_equal(runs[0].parameters.flat, runs[2].parameters.flat)


def test_orthogonality_is_reported(tmp_path, corpus):
    watcher = tiny.Meddler()
    model = tiny.model(memory="ncgru", orthogonal="candidate+reset")
    train(tmp_path / "run", model, corpus, tiny.config(), watcher)
    for record in watcher.records:
        assert record["orthogonality"].keys() == {"memory.0.skew_candidate", "memory.0.skew_reset"}
        assert 0 < max(record["orthogonality"].values()) < 1e-3


def poison(trainer_model, at, name, value):
    """Let `backward` spoil the gradient `name` in its call number `at`."""
    backward, calls = trainer_model.backward, []

    def poisoned(d_loss, d_state, cache, gradients):
        d_state = backward(d_loss, d_state, cache, gradients)
        calls.append(1)
        if len(calls) == at:
            gradients[name].flat[0] = value
        return d_state

    trainer_model.backward = poisoned


def test_a_bad_gradient_stops_the_run_and_keeps_the_last_good_checkpoint(tmp_path, corpus):
    model = tiny.model()
    poison(model, at=2 * 18 - 1, name="positions.w", value=np.nan)     # step 18: windows of two segments, one of one
    with pytest.raises(TrainingError) as caught:
        train(tmp_path / "run", model, corpus, tiny.config(steps=24))
    message = str(caught.value)
    assert message.startswith("step 18: the gradient of positions.w is not finite")
    assert str(tmp_path / "run" / "checkpoint.safetensors") in message and "\n" not in message
    kept = read_checkpoint(tmp_path / "run" / "checkpoint.safetensors")
    assert json.loads(kept.metadata["position"])["step"] == 12
    assert all(np.isfinite(array).all() for array in kept.arrays.values())
    assert not (tmp_path / "run" / "summary.json").exists()


def test_a_bad_loss_stops_the_run(tmp_path, corpus):
    model = tiny.model()
    forward, calls = model.forward, []

    def poisoned(*arguments, **named):
        loss, state, cache = forward(*arguments, **named)
        calls.append(1)
        return (math.inf if len(calls) == 5 else loss), state, cache

    model.forward = poisoned
    with pytest.raises(TrainingError, match="step 3: the loss is inf.*no checkpoint was written yet"):
        train(tmp_path / "run", model, corpus, tiny.config())


def test_what_is_not_finite_is_never_saved(tmp_path, corpus):
    class Spoiler(tiny.Meddler):
        def step(self, step, loss, tokens):
            if step == 6:
                trainer.state.parameters["output.bias"][0] = np.nan

    folder = RunFolder(tmp_path / "run", {})
    folder.create()
    trainer = Trainer(folder, tiny.model(), corpus, tiny.config(checkpoint_seconds=0.0), Spoiler())
    with pytest.raises(TrainingError, match=r"step 6: parameters\.output\.bias is not finite"):
        trainer.run()
    kept = read_checkpoint(folder.checkpoint)
    assert json.loads(kept.metadata["position"])["step"] == 5


def test_refusals_leave_no_folder(tmp_path, corpus):
    with pytest.raises(ConfigurationError, match="make the model with vocabulary=11"):
        train(tmp_path / "run", tiny.model(vocabulary=12), corpus, tiny.config())
    with pytest.raises(DataError, match="the validation part"):
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(evaluation_batch=90))
    assert not (tmp_path / "run").exists()


def test_a_folder_with_another_run_is_refused_and_left_alone(tmp_path, corpus):
    train(tmp_path / "run", tiny.model(), corpus, tiny.config(steps=5))
    before = {entry.name: entry.read_bytes() for entry in (tmp_path / "run").iterdir()}
    with pytest.raises(CheckpointError, match="another run"):
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(steps=6))
    assert {entry.name: entry.read_bytes() for entry in (tmp_path / "run").iterdir()} == before


def test_threads_are_limited_while_training(tmp_path, corpus):
    seen = []
    meddler = tiny.Meddler(1, lambda: seen.extend(pool["num_threads"] for pool in threadpool_info()
                                                     if pool["user_api"] == "blas"))
    with threadpool_limits(3, "blas"):
        meddler.action()
        train(tmp_path / "run", tiny.model(), corpus, tiny.config(steps=2, threads=1), meddler)
    assert seen[-1] == 1 and set(seen) == {3, 1}

"""Clients on this machine, by Flower: what travels, what is left out, and that the average is Flower's own"""

import json

import numpy as np
import pytest

from minicrt.cli import main
from minicrt.cli.federated import OPTIONS
from minicrt.configuration import field_types
from minicrt.data import Corpus, Vocabulary
from minicrt.errors import CheckpointError, ConfigurationError, DataError, InputError, TrainingError
from minicrt.models import create_model
from minicrt.ops import scaled_cayley
from minicrt.training import Interrupted, Progress, TrainingConfig, load_run, resume
from minicrt.training.schedules import warmup_cosine

flwr = pytest.importorskip("flwr")

from flwr.app import Error, Message, MetricRecord, RecordDict  # noqa: E402

from minicrt.federated import FederatedConfig, client, resume_federated, server, train_federated, wire  # noqa: E402
from minicrt.federated.run import FederatedTrainer  # noqa: E402

RNG = np.random.default_rng(0)
V = 9
CORPUS = Corpus("made up", Vocabulary("abcdefgh\n"), *(RNG.integers(0, V, n).astype(np.int32)
                                                     for n in (400, 60, 60)), "word", "nowhere")
SETTINGS = {"vocabulary": V, "width": 6, "layers": 1, "heads": 2, "inner": 6, "segment_length": 5, "memory": "ncgru"}
TRAINING = TrainingConfig(steps=1, batch=4, evaluation_batch=2, learning_rate=0.02, precision="float64")
TWO = FederatedConfig(clients=2, rounds=2)


class Said(Progress):
    def __init__(self):
        self.lines = []

    def say(self, text):
        self.lines.append(text)


def model():
    return create_model(SETTINGS, "numpy")


def trained(folder, federated=TWO, progress=False, **settings):
    return train_federated(folder, model(), CORPUS, federated, TRAINING, progress, "process", **settings)


def test_a_round_is_the_mean_of_what_the_clients_learn(tmp_path):
    run = trained(tmp_path / "run", FederatedConfig(clients=2, rounds=1))
    start = model().initialize(np.random.default_rng([TRAINING.seed, 0]), np.float64)
    described = json.dumps({name: run.configuration[name] for name in ("model", "training", "federated", "data")})
    client.make_clients(described, model(), CORPUS)
    mean, total, rate = np.zeros_like(start.flat), 0, warmup_cosine(0, 1, 0, TRAINING.final_learning_rate)
    for number in range(2):
        weights = start.copy()
        _, tokens = client.client_of(described, number).round(weights, RecordDict(), 1, rate, 0.0)
        mean, total = mean + tokens * weights.flat, total + tokens
    np.testing.assert_allclose(run.parameters.flat, mean / total, rtol=1e-13)
    assert total == 398 and np.abs(run.parameters.flat - start.flat).max() > 0.001


def test_the_same_bits_again_and_a_run_like_any_other(tmp_path):
    one, other = (trained(tmp_path / name) for name in ("one", "other"))
    np.testing.assert_array_equal(one.parameters.flat, other.parameters.flat)
    again = load_run(tmp_path / "one", "numpy")
    np.testing.assert_array_equal(again.parameters.flat, one.parameters.flat)
    assert again.summary["clients"] == 2 and again.summary["epochs"] == 2.0 and again.summary["steps"] == 2


def test_weights_alone_travel_and_the_memory_stays(tmp_path, monkeypatch):
    replies, contexts = [], {}
    answer = client.app.__class__.__call__

    def watched(app, message, context):
        replies.append(answer(app, message, context))
        contexts[context.node_id] = context
        return replies[-1]
    monkeypatch.setattr(client.app.__class__, "__call__", watched)
    run = trained(tmp_path / "run", FederatedConfig(clients=2, rounds=1, local_epochs=0.5, moments="kept"))
    for reply in replies:
        assert list(reply.content["arrays"]) == list(run.parameters)
        assert set(reply.content["metrics"]) == {"num-examples", "loss", "client"}
    for context in contexts.values():
        assert "memory" in context.state["carried"] and context.state["place"]["window"] > 0
        assert set(context.state["moments"]) == {"first", "second"} and context.state["place"]["steps"] > 0


def test_a_client_goes_on_where_it_was():
    """Two rounds of half a pass see what one round of a pass sees, and carry the state."""
    described = json.dumps({"model": SETTINGS, "training": {"steps": 1, "batch": 2, "precision": "float64"},
                            "federated": {"clients": 2, "local_epochs": 0.5}, "data": {}})
    client.make_clients(described, model(), CORPUS)
    one, seen = client.client_of(described, 1), []
    one.stream.segment, segment = lambda index: seen.append(index) or segment(index), one.stream.segment
    kept, weights = RecordDict(), one.model.initialize(np.random.default_rng(0), np.float64)
    for number in (1, 2):
        one.round(weights, kept, number, 1.0, 0.0)
    assert seen == list(range(len(one.stream))) and int(kept["place"]["window"]) == 0


@pytest.mark.parametrize("optimizer", ["adamw", "sgd"])
def test_with_kept_moments_two_halves_are_a_whole(optimizer):
    """Two rounds of half a pass on the same weights end where one of a pass does; with new ones they do not."""
    found = {}
    for moments, parts in (("kept", 2), ("kept", 1), ("new", 2)):
        described = json.dumps({"model": {**SETTINGS, "dropout": 0.0}, "data": {}, "training": {
            "steps": 1, "batch": 2, "precision": "float64", "optimizer": optimizer}, "federated": {
            "clients": 2, "local_epochs": 1 / parts, "moments": moments}})
        client.make_clients(described, create_model({**SETTINGS, "dropout": 0.0}, "numpy"), CORPUS)
        one, kept = client.client_of(described, 1), RecordDict()
        weights = one.model.initialize(np.random.default_rng(0), np.float64)
        for number in range(parts):
            one.round(weights, kept, number + 1, 1.0, 0.0)
        assert ("moments" in kept) == (moments == "kept")
        found[moments, parts] = weights.flat
    np.testing.assert_array_equal(found["kept", 2], found["kept", 1])
    assert np.abs(found["new", 2] - found["kept", 1]).max() > 1e-6


def test_the_average_of_orthogonal_matrices_is_orthogonal(tmp_path):
    """U(mean of A) is; the mean of U is not."""
    run = trained(tmp_path / "run")
    skew, = run.model.skew_parameters()
    U = scaled_cayley(run.parameters[skew.name], skew.negatives, skew.width)[0]
    np.testing.assert_allclose(U.T @ U, np.eye(6), atol=1e-13)
    As = RNG.standard_normal((2, run.parameters[skew.name].size))
    mean, naive = scaled_cayley(As.mean(0), skew.negatives, skew.width)[0], np.mean(
        [scaled_cayley(A, skew.negatives, skew.width)[0] for A in As], axis=0)
    np.testing.assert_allclose(mean.T @ mean, np.eye(6), atol=1e-13)
    assert np.abs(naive.T @ naive - np.eye(6)).max() > 0.1


def test_a_change_in_eight_bits():
    before = model().initialize(np.random.default_rng(0), np.float32)
    after = before.with_flat(before.flat + 0.01 * RNG.standard_normal(before.size).astype(np.float32))
    sent = wire.in_eight_bits(after, before)
    got = wire.from_eight_bits(sent, before)
    for name, change in after.items():
        largest = np.abs(change - before[name]).max()
        assert np.abs(got[name] - change).max() <= largest / 127 * 0.51 + 1e-6
    wide = create_model({**SETTINGS, "width": 64, "inner": 256}, "numpy").initialize(np.random.default_rng(0))
    assert wire.size_of(wire.in_eight_bits(wide, wide)) < 0.45 * wire.size_of(wire.as_record(wide))


def reply_of(number, arrays, **metrics):
    asked = Message(RecordDict({}), number + 1, "train")
    return Message(RecordDict({"arrays": wire.as_record(arrays), "metrics": MetricRecord(
        {"num-examples": 10, "loss": 1.0, "client": number} | metrics)}), reply_to=asked)


@pytest.fixture(autouse=True)
def identity():
    from minicrt.federated.local_grid import LocalGrid
    LocalGrid(client.app, 1)


@pytest.mark.parametrize("damage, words", [
    (lambda w: {**w, "memory.read": np.full_like(w["memory.read"], np.nan)}, "'memory.read' is not finite"),
    (lambda w: {**w, "memory.read": w["memory.read"][:2]}, r"'memory.read' is float32 \(2, 6\), expected"),
    (lambda w: {**w, "memory.read": w["memory.read"].astype(int)}, "'memory.read' is int64"),
    (lambda w: {name: w[name] for name in list(w)[1:]}, "'embedding' is missing"),
    (lambda w: {**w, "more": np.zeros(2)}, "'more' is not the model")])
def test_what_is_no_set_of_weights_is_left_out_with_a_line(damage, words):
    weights, said = model().initialize(RNG), Said()
    replies = [reply_of(1, weights), reply_of(0, damage(dict(weights)))]
    assert server.usable(replies, 3, weights, TWO, said.say) == replies[:1]
    with pytest.raises(InputError, match=words):
        server.checked(replies[1], weights, TWO)
    assert len(said.lines) == 2 and said.lines[0].startswith("left out: node 1: ")
    assert said.lines[1] == "left out: 1 of 3 clients, which did not answer within 600 s"


@pytest.mark.parametrize("metrics, words", [
    ({"loss": float("nan")}, "loss is nan"), ({"num-examples": 0}, "num-examples is 0"), ({"more": 1}, "the metrics"),
    ({"num-examples": -3}, "num-examples is -3"), ({"loss": [1.0]}, "loss is")])
def test_figures_that_are_none(metrics, words):
    with pytest.raises(InputError, match=words):
        server.checked(reply_of(0, dict(model().initialize(RNG)), **metrics), model().initialize(RNG), TWO)


def test_an_error_and_a_second_answer_are_left_out():
    weights, said = model().initialize(RNG), Said()
    failed = Message(Error(1, "the disk is full"), reply_to=Message(RecordDict({}), 3, "train"))
    assert len(server.usable([reply_of(0, weights), failed, reply_of(0, weights)], 3, weights, TWO, said.say)) == 1
    assert said.lines == ["left out: node 3: the disk is full", "left out: node 1: client 0 has answered already"]


def test_a_round_goes_on_without_the_client_that_drops_out(tmp_path, monkeypatch):
    learn = client.Client.round

    def dropping(self, parameters, kept, number, rate, mu):
        if (self.number, number) == (1, 2):
            raise TrainingError("a power cut")
        return learn(self, parameters, kept, number, rate, mu)
    monkeypatch.setattr(client.Client, "round", dropping)
    said = Said()
    assert trained(tmp_path / "run", progress=said).summary["steps"] == 2
    assert said.lines[-1] == "round 2: left out: node 2: a power cut"
    monkeypatch.setattr(client.Client, "round", lambda *_: (_ for _ in ()).throw(TrainingError("no")))
    with pytest.raises(TrainingError, match="no client sent weights that can be used; left out: node [12]: no"):
        trained(tmp_path / "other")


def test_with_noise_all_clients_have_to_answer(tmp_path, monkeypatch):
    private = FederatedConfig(clients=2, rounds=1, clip_update=1.0, noise=1.0)
    trained(tmp_path / "all", private)
    line, = (tmp_path / "all" / "metrics.jsonl").read_text("utf-8").splitlines()
    assert json.loads(line)["tokens"] == 398                 # though all clients count alike
    learn = client.Client.round

    def dropping(self, *rest):
        if self.number == 0:
            raise TrainingError("a power cut")
        return learn(self, *rest)
    monkeypatch.setattr(client.Client, "round", dropping)
    with pytest.raises(TrainingError, match="round 1: 1 of 2 clients .* all have to, for epsilon to hold"):
        trained(tmp_path / "one", private)


def test_an_interrupted_run_goes_on(tmp_path, monkeypatch):
    learn = FederatedTrainer.learn

    def interrupted(self, rng):
        found = learn(self, rng)
        self._flag.number = 2
        return found
    monkeypatch.setattr(FederatedTrainer, "learn", interrupted)
    with pytest.raises(Interrupted):
        trained(tmp_path / "run")
    monkeypatch.setattr(FederatedTrainer, "learn", learn)
    with pytest.raises(CheckpointError, match="minicrt federated --resume"):
        resume(tmp_path / "run", corpus=CORPUS, progress=False)
    monkeypatch.setattr("minicrt.federated.run.corpus_of_run", lambda *_: CORPUS)
    run = resume_federated(tmp_path / "run", progress=False, backend="process")
    assert run.summary["rounds"] == 2 and len((tmp_path / "run" / "metrics.jsonl").read_text("utf-8").splitlines()) == 2
    np.testing.assert_array_equal(resume_federated(tmp_path / "run").parameters.flat, run.parameters.flat)


@pytest.mark.parametrize("settings", [{"strategy": "fedprox", "proximal_mu": 5.0}, {"strategy": "fedadam"},
                                      {"split": "iid"}, {"update_bits": 8}, {"moments": "kept"}, {"clip_update": 0.1},
                                      {"clip_update": 1.0, "noise": 0.3}], ids=str)
def test_each_setting_changes_what_is_learned(tmp_path, settings):
    usual = trained(tmp_path / "usual").parameters.flat
    other = trained(tmp_path / "other", FederatedConfig(clients=2, rounds=2, **settings))
    assert np.isfinite(other.parameters.flat).all() and not np.array_equal(other.parameters.flat, usual)
    assert ("epsilon" in other.summary) == ("noise" in settings)


def test_the_proximal_term_holds_the_weights_back():
    described = json.dumps({"model": SETTINGS, "training": {"steps": 1, "batch": 2, "precision": "float64",
                                                            "optimizer": "sgd", "clip": 0.1},
                            "federated": {"clients": 2}, "data": {}})
    client.make_clients(described, model(), CORPUS)
    one, start = client.client_of(described, 0), model().initialize(np.random.default_rng(0), np.float64)
    moved = []
    for mu in (0.0, 1.0, 100.0):
        weights = start.copy()
        one.round(weights, RecordDict(), 1, 1.0, mu)
        moved.append(np.linalg.norm(weights.flat - start.flat))
    assert moved[0] > moved[1] > moved[2] > 0


def test_epsilon():
    assert server.epsilon(10, FederatedConfig(clip_update=1.0), 1e-5) == np.inf
    rho = 10 / (2 * 4.0)
    assert server.epsilon(10, FederatedConfig(clip_update=1.0, noise=2.0), 1e-5) == pytest.approx(
        rho + 2 * np.sqrt(rho * np.log(1e5)))


def test_more_clients_than_text(tmp_path):
    with pytest.raises(DataError, match="client 0 of 100 has 4 tokens, fewer than a segment of 5"):
        trained(tmp_path / "run", FederatedConfig(clients=100))
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("arguments, words", [
    (["--clients", "1"], "clients is 1, expected 2"), (["--clients", "two"], "invalid int value"),
    (["--rounds", "0"], "rounds is 0"), (["--local-epochs", "nan"], "local_epochs is nan"),
    (["--local-epochs", "-1"], "local_epochs is -1"), (["--split", "random"], "invalid choice"),
    (["--noise", "1"], "noise without clip_update"), (["--clip-update", "1", "--update-bits", "8"], "update_bits 8"),
    (["--clip-update", "1", "--strategy", "fedadam"], "use fedavg"), (["--set", "epochs=3"], "say --rounds"),
    (["--set", "warmup_steps=3"], "warmup_steps says nothing here"), (["--set", "ema_decay=0.9"], "leave it out"),
    (["--proximal-mu", "0.1"], "proximal_mu is for fedprox"), (["--strategy", "fedprox", "--server-learning-rate", "1"],
                                                              "server_learning_rate is for fedadam"),
    (["--preset", "tinny"], "did you mean"), (["--resume", "nowhere"], "no run in nowhere"),
    (["--resume", "nowhere", "--clients", "3"], "got --clients as well")])
def test_nonsense_on_the_command_line(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["federated", *arguments]) == 2
    error = capsys.readouterr().err
    assert words in error and error.count("\n") == 1 and not list(tmp_path.iterdir())


def test_every_setting_is_an_option_whose_help_has_its_default():
    assert list(OPTIONS) == list(field_types(FederatedConfig))
    for key, (kind, text) in OPTIONS.items():
        default = getattr(FederatedConfig(), key)
        assert f"(default: {default:g}" in text if not isinstance(default, str) else f"(default: {default})" in text
        assert isinstance(kind, tuple) or field_types(FederatedConfig)[key] is kind


def test_without_flower(monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(__import__("sys").modules, "flwr.app", None)
    assert main(["federated", "--out", str(tmp_path / "run")]) == 2
    assert "pip install 'minicrt[federated]'" in capsys.readouterr().err and not (tmp_path / "run").exists()
    with pytest.raises(ConfigurationError, match="needs Flower"):
        trained(tmp_path / "run")

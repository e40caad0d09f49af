"""What is measured of streams without end: facts that take each other's place, and the same text again and again"""

import json

import numpy as np
import pytest

from benchmarks import long_streams, token_models
from benchmarks.long_stream_tables import DISTANCES, by_pass, memories, recalled, starts
from benchmarks.long_streams import LENGTH, ROWS, SEGMENT, STREAMS, Reader, cosine, facts, figures, memory_of, passes
from benchmarks.token_models import ARMS, Text
from minicrt.models import State, create_model
from minicrt.training.progress import Progress
from tests.benchmarks.running import run


class Remembering:
    """A reader whose memory is the value last read, and the segments since, up to which it answers with the value"""

    def __init__(self, span):
        self.span, self.now = span, np.zeros((STREAMS, 2))

    def read(self, tokens):
        assert tokens.shape[0] == STREAMS and tokens.shape[1] % SEGMENT == 0
        values = np.where(tokens < 8, tokens, -1).max(1)
        known, later = values >= 0, self.now[:, 1] + tokens.shape[1] // SEGMENT
        self.now = np.stack([np.where(known, values + 1, self.now[:, 0]), np.where(known, 0, later)], 1)

    def answers(self, asked):
        assert asked.shape == (STREAMS, SEGMENT) and 8 <= asked[:, -1].min() <= asked[:, -1].max() < 10
        return np.where(self.now[:, 1] <= self.span, self.now[:, 0] - 1, 13)

    def memory(self):
        return self.now


def test_facts_are_asked_for_where_they_should_be():
    found = facts(Remembering(1003 // SEGMENT), 0, 102_000, Progress())
    asked = {answer["distance"]: answer for answer in found["answers"]}
    assert list(asked) == list(DISTANCES) and found["facts"] == asked[100]["asked"] > 2
    assert [asked[distance]["asked"] for distance in DISTANCES[1:]] == [2, 1, 1]
    assert asked[100]["accuracy"] == asked[1000]["accuracy"] == asked[100]["first"] == asked[100]["last"] == 1
    assert asked[10_000]["accuracy"] == asked[100_000]["accuracy"] == 0
    assert asked[10_000]["saturated"] == 1 and asked[10_000]["cosine"] < asked[100]["cosine"] < 1
    row = {"part": "facts", "arm": "CRT", "trained": "anew", "seed": 0, **found}
    assert recalled([row])[0] == ["model", "trained", "fact", "100", "1,000", "10,000", "100,000"]
    assert recalled([row])[1][1] == ["CRT", "anew", "all", "1.00", "1.00", "0.00", "0.00"]
    assert len(memories([row])[1]) == 4


def test_a_fact_takes_the_place_of_the_one_before(monkeypatch):
    monkeypatch.setattr(long_streams, "DISTANCES", (100, 1000))
    found = facts(Remembering(10 ** 9), 0, 9000, Progress())
    assert [(answer["accuracy"], answer["first"], answer["last"]) for answer in found["answers"]] == 2 * [(1, 1, 1)]
    assert [answer["asked"] for answer in found["answers"]] == [found["facts"], 8] and found["facts"] > 8


def test_the_figures_of_a_memory():
    m = np.array([[3.0, 4.0], [0.0, 0.5]])
    of = memory_of(frozenset({"m", "none"}), {"m": m[:, None], "positions": 9 * m})
    assert figures(of) == {"size": pytest.approx(np.sqrt(25.25 / 4)), "saturated": 0.5}
    assert cosine(m, np.array([[4.0, 3.0], [1.0, 0.0]])) == pytest.approx(0.48)


def test_a_reader_is_asked_aside_and_its_memory_is_that_of_the_model():
    model = create_model(model="crt", vocabulary=14, width=8, layers=1, heads=1, inner=8, segment_length=SEGMENT,
                         engine="numpy")
    parameters = model.initialize(np.random.default_rng(0))
    tokens = np.random.default_rng(1).integers(0, 14, (STREAMS, 4 * SEGMENT))
    reader, state = Reader(model, parameters), State()
    reader.read(tokens[:, :2 * SEGMENT])
    for number in range(3):
        logits, after = model.logits(parameters, tokens[:, number * SEGMENT:(number + 1) * SEGMENT], state)
        if number == 1:
            np.testing.assert_allclose(reader.memory(), state["memory"].reshape(STREAMS, 8), atol=1e-5)
        state = after
    for _ in range(2):
        np.testing.assert_array_equal(reader.answers(tokens[:, 2 * SEGMENT:3 * SEGMENT]), logits[:, -1].argmax(-1))


def test_passes_over_the_same_text_are_alike_for_a_model_that_forgets():
    words = np.random.default_rng(0).integers(0, 40, 40 * LENGTH + 3).astype(np.int32)
    model = create_model(ARMS["GRU"] | {"width": 8, "vocabulary": 40}, "numpy")
    parameters = model.initialize(np.random.default_rng(0))
    found = passes(model, parameters, words, 100 * LENGTH, Progress())
    assert [of["tokens"] for of in found["passes"]] == [40 * LENGTH, 80 * LENGTH]
    assert found["passes"][0]["drift"] == 0 and found["passes"][1]["drift"] < 1e-5
    assert found["passes"][1]["perplexity"] == pytest.approx(found["passes"][0]["perplexity"], rel=1e-4)
    assert [of["tokens"] for of in found["start"]] == [35, 70, 140, 350, 700]
    assert found["start"][-1]["perplexity"] == pytest.approx(found["start"][-1]["later"], rel=1e-5)
    row = {"part": "text", "arm": "GRU", "trained": "carried", "seed": 0, **found}
    head, lines = starts([row])
    assert head[1] == "0–35" and lines[0][-1] in ("+0.0", "-0.0") and len(lines[0]) == len(head)
    assert len(by_pass([row])[1][0]) == len(by_pass([row])[0])


def test_rows_are_kept_and_not_measured_again(tmp_path, monkeypatch):
    text = np.random.default_rng(0).integers(0, 40, 1200).astype(np.int32)
    monkeypatch.setattr(token_models, "text", lambda: Text(text, text))
    monkeypatch.setattr(long_streams, "text", lambda: Text(text, text))
    monkeypatch.setitem(ARMS, "GRU", ARMS["GRU"] | {"width": 8, "vocabulary": 40})
    file = tmp_path / "long.json"
    arguments = ["long_streams", "--steps", 2, "--tokens", 2500, "--train-tokens", 1000, "--threads", 1, "--json", file,
                 "--arms", "GRU"]
    first = run(*arguments)
    assert first.returncode == 0, first.stderr
    rows = json.loads(file.read_text(encoding="utf-8"))["rows"]
    assert [(row["part"], row["trained"]) for row in rows] == [("facts", "anew"), ("facts", "carried"),
                                                               ("text", "carried")]
    assert rows[0]["streams"] == STREAMS
    assert [answer["asked"] for answer in rows[0]["answers"]] == [6, 2, 0, 0] and rows[2]["rows"] == ROWS
    assert rows[2]["command"] == ('python -m benchmarks.long_streams --parts text --arms "GRU" --seed 0 --train-tokens '
                                  "1000 --tokens 2500")
    assert file.with_suffix(".png").stat().st_size > 1000 and run(*arguments).stdout == ""

"""A run and its corpus: where it was, where it is now, and how it was split into tokens."""

import tomllib

import numpy as np
import pytest

from minicrt.data import load_corpus
from minicrt.errors import CheckpointError, DataError
from minicrt.training import corpus_of_run, fitted, is_corpus_of, resume, train
from minicrt.training.run_corpus import fingerprint
from tests.training import tiny

SENTENCES = ["Red, green and blue.", "Green or red?", "Blue!", "", "", "Red and (blue) or green;"]


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("\n".join(np.random.default_rng(0).choice(SENTENCES, 200)), encoding="utf-8")
    return path


def start(folder, corpus, after=3):
    """A run that was stopped after some steps."""
    with pytest.raises(KeyboardInterrupt):
        train(folder, tiny.model(vocabulary=corpus.vocabulary.size), corpus, tiny.config(), tiny.Meddler(after, stop))


def stop():
    raise KeyboardInterrupt


def table(folder):
    return tomllib.loads((folder / "config.toml").read_text(encoding="utf-8"))["data"]


def test_a_run_names_its_tokenizer(tmp_path, text):
    for tokenizer in ("punctuation", "lines", "blanks"):
        corpus = load_corpus(text, tokenizer=tokenizer)
        train(tmp_path / tokenizer, tiny.model(vocabulary=corpus.vocabulary.size), corpus, tiny.config(steps=1))
        data = table(tmp_path / tokenizer)
        assert data["tokenizer"] == tokenizer
        assert fingerprint(corpus_of_run(data)) == data["sha256"]


@pytest.mark.parametrize("level", ["word", "character"])
def test_a_run_of_earlier_days_is_read_as_it_was_then(tmp_path, text, level):
    """Its config.toml names no tokenizer: the words of a text of one's own were split at blanks."""
    corpus = load_corpus(text, level, tokenizer="blanks" if level == "word" else "auto")
    earlier = {"corpus": str(text), "level": level, "sha256": fingerprint(corpus)}
    again = corpus_of_run(earlier)
    assert is_corpus_of(again, earlier)
    assert again.vocabulary.tokenizer == ("blanks" if level == "word" else "characters")


def test_the_default_corpus_of_a_run_of_earlier_days():
    earlier = {"corpus": "python-docs", "level": "word", "sha256": fingerprint(load_corpus("python-docs"))}
    assert is_corpus_of(corpus_of_run(earlier), earlier)


def test_a_corpus_that_was_moved(tmp_path, text):
    corpus = load_corpus(text)
    whole = train(tmp_path / "whole", tiny.model(vocabulary=corpus.vocabulary.size), corpus, tiny.config())
    start(tmp_path / "run", corpus)
    moved = text.rename(tmp_path / "elsewhere.txt")
    with pytest.raises(DataError, match="no file .*text.txt.*; if the run's corpus was moved, say with --corpus"):
        resume(tmp_path / "run")
    moved.with_name("other.txt").write_text("Another text. " * 50, encoding="utf-8")
    with pytest.raises(CheckpointError, match="other.txt is not the one that the run was trained on"):
        resume(tmp_path / "run", corpus=moved.with_name("other.txt"))
    resumed = resume(tmp_path / "run", corpus=moved)
    np.testing.assert_array_equal(resumed.parameters.flat, whole.parameters.flat)


def test_a_file_named_like_a_corpus_is_found_again(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ptb").write_text("Red and blue or green. " * 50, encoding="utf-8")
    corpus = load_corpus("./ptb")
    train("run", tiny.model(vocabulary=corpus.vocabulary.size), corpus, tiny.config(steps=1))
    assert is_corpus_of(corpus_of_run(table(tmp_path / "run")), table(tmp_path / "run"))


def test_other_files_of_a_published_corpus_are_noted_in_the_summary(tmp_path, monkeypatch):
    from minicrt.data import locations
    monkeypatch.setattr(locations, "cache_directory", lambda: tmp_path / "cache")
    (tmp_path / "ptb").mkdir()
    for part in ("train", "valid", "test"):
        (tmp_path / f"ptb/ptb.{part}.txt").write_text("red and blue <unk>\n" * 50, encoding="utf-8")
    corpus = load_corpus("ptb", data_dir=tmp_path)
    summary = train(tmp_path / "run", tiny.model(vocabulary=5), corpus, tiny.config(steps=1)).summary
    assert summary["corpus_differences"] == list(corpus.differences) and len(corpus.differences) == 4
    assert summary["valid_unknown"] == summary["test_unknown"] == 0.2


@pytest.mark.parametrize(("size", "expected"), [(60, (13, 1)), (700, (20, 8)), (20_000, (20, 10))])
def test_a_batch_that_a_short_text_can_fill(tmp_path, size, expected):
    path = tmp_path / "text"
    path.write_text("ab" * (size // 2), encoding="utf-8")
    corpus = load_corpus(path, "character")
    config = fitted(tiny.config(batch=20, evaluation_batch=10, steps=2), corpus, 5)
    assert (config.batch, config.evaluation_batch) == expected
    train(tmp_path / "run", tiny.model(vocabulary=corpus.vocabulary.size), corpus, config)
    kept = tiny.config(batch=20, evaluation_batch=10)
    assert fitted(kept, corpus, 5, {"batch", "evaluation_batch"}) == kept


def test_the_message_names_the_batch_that_is_too_large(tmp_path):
    corpus = tiny.corpus(200)
    for key in ("batch", "evaluation_batch"):
        with pytest.raises(DataError, match=f"set {key} to at most "):
            train(tmp_path / "run", tiny.model(), corpus, tiny.config(**{key: 70}))
    assert not (tmp_path / "run").exists()


def test_settings_by_name_choose_a_batch_that_a_short_text_can_fill(tmp_path):
    corpus = tiny.corpus(200)
    run = train(tmp_path / "run", tiny.model(), corpus, progress=False, steps=1)
    assert (run.training.batch, run.training.evaluation_batch) == (20, 7)
    with pytest.raises(DataError, match="set evaluation_batch to at most 7"):
        train(tmp_path / "other", tiny.model(), corpus, progress=False, steps=1, evaluation_batch=8)

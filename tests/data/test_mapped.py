"""A text in a memory-mapped file is read as the same text in memory is"""

import numpy as np
import pytest

from minicrt.data import Corpus, TokenStream, Vocabulary, unigram_perplexity, unknown_share
from minicrt.data import mapped as mapped_module
from minicrt.training.run_corpus import fingerprint

SIZES = (4001, 203, 150)                                     # of the three parts
VOCABULARY = Vocabulary(["<unk>", *(f"word{n}" for n in range(299))])


def in_memory():
    rng = np.random.default_rng(3)
    return [rng.integers(0, VOCABULARY.size, size).astype(np.int32) for size in SIZES]


def in_file(folder, ids, dtype="<u2"):
    """The ids in a file, mapped read-only"""
    path = folder / f"{ids.size}-{dtype[1:]}.bin"
    path.write_bytes(ids.astype(dtype).tobytes())
    return np.memmap(path, dtype, "r")


@pytest.fixture(params=["<u2", "<u4"])
def parts(request, tmp_path):
    """The same three texts in memory and in files"""
    texts = in_memory()
    return texts, [in_file(tmp_path, text, request.param) for text in texts]


def corpus(parts):
    return Corpus("made up", VOCABULARY, *parts, "word", "nowhere")


@pytest.mark.parametrize("first", [0, 1, 4000])
def test_segments_are_the_same_and_wide(parts, first):
    (text, *_), (mapped, *_) = parts
    streams = [TokenStream(ids, 7, 11, first=first) for ids in (text, mapped)]
    assert len(streams[0]) == len(streams[1])
    for one, other in zip(*streams, strict=True):
        for a, b in zip(one, other, strict=True):
            assert type(b) is np.ndarray and b.dtype == np.int32
            assert np.array_equal(a, b)


@pytest.mark.parametrize("first", [0, 1, 2000, 4000])
def test_a_first_token_is_a_circle_cut_open(first):
    text = in_memory()[0]
    pairs = zip(TokenStream(text, 6, 9, first=first), TokenStream(np.roll(text, -first), 6, 9), strict=True)
    assert all(np.array_equal(a, b) for one, other in pairs for a, b in zip(one, other, strict=True))


def test_no_copy_is_made_of_a_mapped_text(parts):
    _, mapped = parts
    there = corpus(mapped)
    for part, file in zip((there.train, there.valid, there.test), mapped, strict=True):
        assert np.shares_memory(part, file)
    assert np.shares_memory(TokenStream(there.train, 5, 7)._ids, mapped[0])


def test_what_is_counted_in_blocks_is_the_same(parts, monkeypatch):
    text, mapped = (corpus(one) for one in parts)
    whole = [fingerprint(text), unigram_perplexity(text.train, text.valid, VOCABULARY.size),
             unknown_share(text.train, VOCABULARY)]
    monkeypatch.setattr(mapped_module.in_blocks, "__defaults__", (64,))
    assert whole[0] == fingerprint(mapped)
    assert whole[1] == pytest.approx(unigram_perplexity(mapped.train, mapped.valid, VOCABULARY.size), rel=1e-13)
    assert whole[2] == unknown_share(mapped.train, VOCABULARY)

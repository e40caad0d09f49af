"""A large text becomes a token file once; from it the corpus is that of the text in memory"""

import errno
import os

import numpy as np
import pytest

from minicrt.data import Vocabulary, load_corpus, own_part, token_cache, token_file
from minicrt.data import text_pieces as pieces_module
from minicrt.data.draft import Draft
from minicrt.errors import DataError
from tests.data.corpus_files import message, names, small_ptb, write

TEXT = "".join(f" the cat {n % 7} sat on <unk> mat {n % 5} \n" + "\n" * (n % 3) for n in range(60)) + " a last line"


@pytest.fixture(autouse=True)
def small(monkeypatch, nowhere):
    """Every text is a large one, and blocks are small."""
    monkeypatch.delenv("MINICRT_TOKENS", raising=False)
    monkeypatch.setattr(token_cache, "LARGE", 1)
    monkeypatch.setattr(pieces_module, "BLOCK", 64)


def own(folder):
    """A text of one's own, a while old"""
    path = write(folder / "own.txt", TEXT)
    os.utime(path, (1e9, 1e9))
    return path


def three(folder):
    for part, text in (("train", TEXT), ("valid", "the cat and a dog\n"), ("test", "mat")):
        write(folder / "three" / f"{part}.txt", text)
    return folder / "three"


def in_memory(*arguments, **options):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(token_cache, "LARGE", 1 << 40)
        return load_corpus(*arguments, **options)


def the_file(folder):
    return next((folder / "cache/tokens").glob("*.tokens"))


def same(one, other):
    assert one.vocabulary == other.vocabulary
    for part in ("train", "valid", "test"):
        assert np.array_equal(getattr(one, part), getattr(other, part))
    for fact in ("name", "level", "undivided", "address"):
        assert getattr(one, fact) == getattr(other, fact)


@pytest.mark.parametrize("options", [{}, {"tokenizer": "blanks"}, {"tokenizer": "lines"}, {"level": "character"}],
                         ids=["punctuation", "blanks", "lines", "characters"])
@pytest.mark.parametrize("make", [own, three])
def test_the_corpus_is_that_of_the_text_in_memory(nowhere, make, options):
    path = make(nowhere)
    mapped = load_corpus(path, **options)
    assert isinstance(mapped.train, np.memmap) and mapped.train.dtype == np.uint16
    same(mapped, in_memory(path, **options))
    same(load_corpus(path, **options), mapped)
    assert len(names(nowhere / "cache/tokens")) == 1


def test_a_published_corpus_keeps_its_words(nowhere):
    same(load_corpus("ptb", data_dir=small_ptb(nowhere)), in_memory("ptb", data_dir=nowhere))


@pytest.mark.parametrize("size, dtype", [(1 << 16, np.uint16), ((1 << 16) + 1, np.uint32)])
def test_ids_take_two_bytes_where_they_fit(tmp_path, size, dtype):
    ids = np.array([0, size - 1, 7])
    token_file.write_token_file(tmp_path / "a.tokens", Vocabulary(map(str, range(size))), [1, 0, 2], [ids], {}, [])
    parts = token_file.read_token_file(tmp_path / "a.tokens").parts
    assert [part.tolist() for part in parts] == [[0], [], [size - 1, 7]] and parts[0].dtype == dtype


@pytest.mark.parametrize("torn", [0, 1, 40])
def test_what_was_interrupted_goes_on(nowhere, monkeypatch, torn):
    path, usual, numbered = three(nowhere), Draft.add, []

    def add(self, part, end, tokens):
        tokens = list(tokens)
        numbered.append(len(tokens))
        if len(numbered) == 12:
            raise KeyboardInterrupt
        usual(self, part, end, tokens)

    monkeypatch.setattr(Draft, "add", add)
    with pytest.raises(KeyboardInterrupt):
        load_corpus(path, tokenizer="blanks")
    [draft] = (nowhere / "cache/tokens").iterdir()
    assert draft.name.endswith(".tokens.part")
    draft.write_bytes(draft.read_bytes()[:-torn or None])
    corpus, kept = load_corpus(path, tokenizer="blanks"), numbered[:11 - bool(torn)]
    same(corpus, in_memory(path, tokenizer="blanks"))
    assert sum(kept) + sum(numbered[12:]) == corpus.train.size + corpus.valid.size + corpus.test.size
    assert names(nowhere / "cache/tokens") == [the_file(nowhere).name]


@pytest.mark.skipif(os.name == "nt", reason="there no file is locked in any case")
def test_without_locks_what_another_process_has_made_meanwhile_is_taken(nowhere, monkeypatch):
    """The first file is not replaced: others have it open by then."""
    def no_locks(*_):
        raise OSError(errno.ENOLCK, "No locks available")
    monkeypatch.setattr(own_part.fcntl, "flock", no_locks)
    path, add, seen, pieces = own(nowhere), Draft.add, [], []

    def meanwhile(self, *arguments):
        if not pieces:
            monkeypatch.setattr(Draft, "add", add)
            seen.append((load_corpus(path), the_file(nowhere).stat()))
            monkeypatch.setattr(Draft, "add", meanwhile)
        pieces.append(arguments)
        add(self, *arguments)
    monkeypatch.setattr(Draft, "add", meanwhile)
    corpus = load_corpus(path)
    (theirs, before), after = seen[0], the_file(nowhere).stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns) and len(pieces) == 1
    same(corpus, theirs)
    assert len(names(nowhere / "cache/tokens")) == 1


def test_the_draft_of_another_text_is_not_gone_on_with(nowhere, monkeypatch):
    path = own(nowhere)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pieces_module, "refuse_null", lambda *_: patch.setattr(pieces_module, "refuse_zeros", stop))
        with pytest.raises(KeyboardInterrupt):
            load_corpus(path)
    write(path, TEXT.replace("cat", "cow"))
    same(load_corpus(path), in_memory(path))


def stop(*_):
    raise KeyboardInterrupt


def test_a_token_file_that_is_damaged_is_named_and_kept(nowhere):
    path = own(nowhere)
    corpus = load_corpus(path)
    file = the_file(nowhere)
    good = file.read_bytes()
    wrong = [good[:length] for length in (0, 10, 23, 100, len(good) - 1)] + [good + b"\0"]
    wrong += [good[:at] + bytes([good[at] ^ 1]) + good[at + 1:] for at in range(0, len(good), 97)]
    for data in wrong:
        file.write_bytes(data)
        said = message(path)
        assert f"the token file {file} is damaged: " in said
        assert said.endswith(f"; remove it, and it is built again from {path}")
        assert file.read_bytes() == data
    file.unlink()
    same(load_corpus(path), corpus)
    assert file.read_bytes() == good


def test_a_source_that_changed_is_read_anew_and_one_that_was_touched_is_not(nowhere):
    path = own(nowhere)
    load_corpus(path)
    before = the_file(nowhere).stat().st_ino, the_file(nowhere).stat().st_mtime_ns
    os.utime(path, (2e9, 2e9))
    load_corpus(path)
    assert before == (the_file(nowhere).stat().st_ino, the_file(nowhere).stat().st_mtime_ns)
    write(path, TEXT.replace("cat", "cow"))                  # of the same size
    same(load_corpus(path), in_memory(path))
    assert "cow" in load_corpus(path).vocabulary.tokens


def test_a_token_file_of_another_tokenizer_in_its_place_is_built_anew(nowhere):
    load_corpus(own(nowhere), tokenizer="blanks")
    wrong = the_file(nowhere)
    load_corpus(nowhere / "own.txt", tokenizer="lines")
    right = next(path for path in wrong.parent.glob("*.tokens") if path != wrong)
    right.write_bytes(wrong.read_bytes())
    same(load_corpus(nowhere / "own.txt", tokenizer="lines"), in_memory(nowhere / "own.txt", tokenizer="lines"))


def test_a_source_that_changes_while_it_is_read_is_told_of(nowhere, monkeypatch):
    path, usual = own(nowhere), Draft.add

    def add(self, *arguments):
        write(path, TEXT + " more")
        usual(self, *arguments)

    monkeypatch.setattr(Draft, "add", add)
    assert f"{path} changed while it was read; run this again" in message(path)
    monkeypatch.setattr(Draft, "add", usual)
    same(load_corpus(path), in_memory(path))


def test_a_full_disk_is_told_of_and_leaves_no_token_file(nowhere, monkeypatch):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    path = own(nowhere)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert "cannot be made or read: No space left on device; $MINICRT_TOKENS names another folder" in message(path)
    assert [name.split(".")[-1] for name in names(nowhere / "cache/tokens")] == ["part"]
    same(load_corpus(path), in_memory(path))


def test_folders_for_token_files(nowhere, monkeypatch):
    path = own(nowhere)
    load_corpus(path, token_dir=nowhere / "named")
    monkeypatch.setenv("MINICRT_TOKENS", str(nowhere / "variable"))
    load_corpus(path)
    assert names(nowhere / "named") == names(nowhere / "variable") and not (nowhere / "cache").exists()
    (nowhere / "taken").write_bytes(b"")
    assert "cannot be made or read: " in message(path, token_dir=nowhere / "taken")


def test_a_short_or_empty_or_wrong_text_is_told_of_as_in_memory(nowhere):
    for text in (b"too short", b"", TEXT.encode() + b"\xff", TEXT.encode() + b"\0"):
        path = write(nowhere / "wrong.txt", text)
        with pytest.raises(DataError) as caught:
            in_memory(path)
        assert message(path) == str(caught.value)
    assert "there is no file" in message(nowhere / "nothing.txt")

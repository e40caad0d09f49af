import numpy as np
import pytest

from minicrt.data import Vocabulary, cautions, load_corpus, unknown_share


def test_the_share_of_unknown_tokens():
    vocabulary = Vocabulary(["a", "<unk>"])
    assert unknown_share(np.array([1, 0, 0, 1, 0]), vocabulary) == 0.4
    assert unknown_share(np.array([], int), vocabulary) == unknown_share(np.array([0]), Vocabulary(["a"])) == 0


def words(rng, number):
    return " ".join(f"word{i}" for i in rng.integers(0, number, 4000))


@pytest.mark.parametrize(("text", "level", "said"), [
    (lambda rng: words(rng, 100), "word", []),
    (lambda rng: words(rng, 30), "word", ["the vocabulary has only 31 words; --level character"]),
    (lambda rng: words(rng, 8000), "word", [" % of the validation part is <unk>, which"]),
    (lambda rng: "\n".join(chr(0x4E00 + i) * 9 for i in rng.permutation(4000)), "word",
     ["100 % of the validation part is <unk>, which is easy to predict and says nothing; --level character"]),
    (lambda rng: words(rng, 100) + " <unk> and <unk> " + words(rng, 100), "word", ["--tokenizer lines keeps"]),
    (lambda rng: "abc " * 1000, "character", []),
    (lambda rng: "".join(map(chr, 0x4E00 + rng.permutation(4000))), "character",
     ["100 % of the validation part is <unk>, which is easy to predict and says nothing"]),
])
def test_cautions(tmp_path, text, level, said):
    path = tmp_path / "text"
    path.write_text(text(np.random.default_rng(0)), encoding="utf-8")
    found = cautions(load_corpus(path, level))
    assert len(found) == len(said) and all(part in line for part, line in zip(said, found, strict=True))
    assert not any("--level character" in line for line in found if level == "character")

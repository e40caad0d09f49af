"""What the files of the published corpora are known to be."""

from pathlib import Path

from minicrt.data.remembered import facts

# By the names of the files; WikiText-2 and -103 have the same validation and test text.
_WIKITEXT = {
    "wiki.valid.tokens": "f0737ed31fc1329026e95cb8b98e19c2a182c39c240ab909dc31abf2f8af58e8",
    "wiki.test.tokens": "d790b833ef8cf03a90db7bf1271b7520b83c45ce07ba3c1a9699df81e239eca0",
}
SHA256 = {
    "ptb": {
        "ptb.train.txt": "fcea919f6cf83f35d4d00c6cbf08040d13d4155226340912e2fef9c9c4102cbf",
        "ptb.valid.txt": "c9fe6985fe0d4ccb578183407d7668fc6066c20700cb4cf87d8ff1cc34df1bf2",
        "ptb.test.txt": "dd65dff31e70846b2a6030a87482edcd5d199130cdcfa1f3dccbb033728deee0",
    },
    "wikitext-2": _WIKITEXT,
    "wikitext-103": _WIKITEXT,
    "wikitext-articles": _WIKITEXT,
}

# <eos> included. Of PTB as counted by the tests; of WikiText as published (Merity et al. 2016, arXiv 1609.07843).
TRAINING_TOKENS = {"ptb": 929_589, "wikitext-2": 2_088_628, "wikitext-103": 103_227_021}
TYPES = {"ptb": 10_000, "wikitext-2": 33_278, "wikitext-103": 267_735}


def differences(name: str, paths: tuple[Path, ...], training_tokens: int | None = None) -> tuple[str, ...]:
    """How the files found for the corpus `name` differ from the published ones: a sentence each, none if they do not.

    A file's SHA-256 is compared where it is known; the number of training tokens where it is given.
    """
    found = []
    for path in paths:
        published = SHA256[name].get(path.name)
        if published is not None and (digest := facts(path).sha256) != published:
            found.append(f"{path.name} has the SHA-256 {digest[:12]}..., that of the published {name} "
                         f"{published[:12]}...")
    if training_tokens is not None and training_tokens != TRAINING_TOKENS[name]:
        found.append(f"{paths[0].name} has {training_tokens:,} tokens, that of the published {name} "
                     f"{TRAINING_TOKENS[name]:,}")
    return tuple(found)

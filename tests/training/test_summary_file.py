"""summary.json: the figures come back as they were written, or not at all"""

import json
import math

import pytest

from minicrt.errors import CheckpointError
from minicrt.training.summary_file import read_summary, write_summary

SUMMARY = {"valid_perplexity": 12.5, "test_perplexity": None, "valid_perplexity_memory_cut": 1 / 3,
           "valid_perplexity_positions_cut": 2.0, "valid_perplexity_state_cut": 3.0, "unigram_perplexity": 30.25,
           "unigram_perplexity_test": 31.0, "tokens_per_second": 1e5, "seconds": 2.5, "epochs": 0.1, "parameters": 60,
           "steps": 4, "best_step": 2, "segment_length": 5, "state_carried": ["memory"], "corpus": "é"}


@pytest.fixture
def path(tmp_path):
    return tmp_path / "summary.json"


def refused(path):
    with pytest.raises(CheckpointError, match=r"summary\.json is damaged: .*; remove it and resume") as caught:
        read_summary(path)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_it_comes_back_as_it_was_written(path):
    assert read_summary(path) is None
    write_summary(path, SUMMARY | {"test_perplexity": math.inf})
    assert read_summary(path) == SUMMARY


def test_every_character_counts(path):
    write_summary(path, SUMMARY)
    good = path.read_bytes()
    for place, byte in enumerate(good):
        path.write_bytes(good[:place] + bytes([byte ^ 1]) + good[place + 1:])
        if not chr(byte).isspace():
            refused(path)


def test_one_of_an_earlier_version_has_no_seal(path):
    text = json.dumps(SUMMARY | {"test_perplexity": math.inf})
    assert "Infinity" in text
    path.write_text(text, encoding="utf-8")
    assert read_summary(path) == SUMMARY


@pytest.mark.parametrize("text", ["", "5", "null", "[]", "{}", '{"valid_perplexity": 1}', "[" * 100_000,
                                  '{"valid_perplexity": ' + "9" * 5000 + "}", r'{"a": "\ud800"}'])
def test_nonsense(path, text):
    path.write_text(text, encoding="utf-8")
    refused(path)


@pytest.mark.parametrize("key", [key for key in SUMMARY if key != "corpus"])
@pytest.mark.parametrize("value", ["text", [5], {}, True, None, 10 ** 30])
def test_what_is_made_from_it_has_its_type(path, key, value):
    path.write_text(json.dumps(SUMMARY | {key: value}), encoding="utf-8")
    takes_any_number = value == 10 ** 30 and key != "state_carried"
    if takes_any_number or value is None and "unigram" not in key and key.endswith(("perplexity", "_cut")):
        assert read_summary(path) == SUMMARY | {key: value}
    else:
        assert key in refused(path)

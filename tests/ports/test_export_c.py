"""Exported C compiles without a warning, is clean under the sanitizers, and computes what a stream does."""

import shutil
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from minicrt.data import Vocabulary
from minicrt.export import export_c
from minicrt.inference import surprisal
from tests.export.exported_models import (
    SETTINGS,
    VOCABULARY,
    V,
    model_and_weights,
    small_model_and_weights,
    streamed,
    tokens,
    worst,
)
from tests.ports.c_compiler import c_compiler

DUMP = Path(__file__).parent / "c" / "dump_logits.c"
FLAGS = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"]
STRICTER = ["-Wshadow", "-Wconversion", "-Wdouble-promotion"]
STEPS = 200                                                  # 50 segments
SANITIZED = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]


@pytest.fixture(scope="module", params=["gcc", "clang"])
def compiler(request, tmp_path_factory):
    c_compiler()                                             # one there must be, in CI
    found = shutil.which(request.param) or pytest.skip(f"there is no {request.param} on PATH")
    probe = tmp_path_factory.mktemp("probe") / "probe.c"
    probe.write_text("int main(void) { return 0; }\n", encoding="utf-8")
    if subprocess.run([found, *SANITIZED, "-o", probe.with_suffix(""), probe], capture_output=True).returncode:
        pytest.skip(f"{request.param} is here without the libraries of its sanitizers")
    return found


def compiled(compiler, folder, main, *flags):
    level = "-O0" if "clang" in compiler else "-O1"          # some of gcc's warnings come with optimisation
    command = [compiler, level, *FLAGS, *STRICTER, *flags, "-I", folder, "-o", folder / main.stem, main,
               folder / "model.c", "-lm"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return folder / main.stem


def put(folder, files):
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def written(folder, model, parameters, vocabulary=VOCABULARY):
    return put(folder, export_c(model, parameters, vocabulary))


@cache
def exported(name, bits=None):
    """The files of a model, and what a stream of it gives: the same for every compiler"""
    model, parameters = model_and_weights(name) if bits is None else small_model_and_weights(name, bits)
    return export_c(model, parameters, VOCABULARY), streamed(model, parameters, tokens(STEPS, 1))


@pytest.mark.parametrize("name", SETTINGS)
def test_it_computes_what_a_stream_does_and_touches_nothing_else(name, compiler, tmp_path):
    hold(compiler, tmp_path, *exported(name))


@pytest.mark.parametrize("bits", [8, 4])
@pytest.mark.parametrize("name", ["default", "post-norm, relu, untied", "reset before", "mingru", "lru", "learned",
                                  "three vectors, normed", "narrow positions", "wide", "odd width", "transformer",
                                  "ncgru", "ncgru, tanh", "ncgru, tanh, reset before"])
def test_so_do_small_weights(name, bits, compiler, tmp_path):
    hold(compiler, tmp_path, *exported(name, bits))


def hold(compiler, folder, files, expected):
    program = compiled(compiler, put(folder, files), DUMP, *SANITIZED)
    texts = tokens(STEPS, 1)
    done = subprocess.run([program], input=" ".join(map(str, texts[:, 0])).encode(), capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    logits = np.frombuffer(done.stdout, np.float32).reshape(STEPS, 1, V)
    assert worst(logits, expected) < 1e-4


@pytest.mark.parametrize("token", [-1, V, 2 ** 31 - 1, -2 ** 31])
def test_what_is_no_token_is_refused(token, compiler, tmp_path):
    program = compiled(compiler, written(tmp_path, *model_and_weights("default")), DUMP, *SANITIZED)
    done = subprocess.run([program], input=f"1 {token}".encode(), capture_output=True)
    assert done.returncode == 3 and len(done.stdout) == 4 * V


def printed(compiler, folder, text):
    done = subprocess.run([compiled(compiler, folder, folder / "main.c", "-O2")], input=text.encode(),
                          capture_output=True)
    return done.returncode, [line.split("\t") for line in done.stdout.decode().splitlines()], done.stderr.decode()


@pytest.mark.parametrize("split", [" ", "\n", " \r\n\t "])
def test_its_main_program_streams_a_text(split, compiler, tmp_path):
    model, parameters = model_and_weights("default")
    words = [VOCABULARY.tokens[token] for token in tokens(60, 1)[:, 0]]
    words[7] = "unheard-of"
    code, lines, _ = printed(compiler, written(tmp_path, model, parameters), split.join(words))
    ids = VOCABULARY.encode(words)
    _, *bits = surprisal(model, parameters, ids)
    best = streamed(model, parameters, ids[:, None])[:, 0].argmax(1)
    assert code == 0 and [line[0] for line in lines] == VOCABULARY.decode(ids)
    np.testing.assert_allclose([float(line[1]) for line in lines], [0, *bits], atol=2e-3)
    assert [line[2] for line in lines] == VOCABULARY.decode(best)


def test_characters_are_read_as_they_stand(compiler, tmp_path):
    vocabulary = Vocabulary([*"ab é", "\U0001f600", "?", '"', "\\", "%", "c", "d"], "characters")
    text = 'a é\U0001f600?b"\\%'
    code, lines, _ = printed(compiler, written(tmp_path, *model_and_weights("default"), vocabulary), text)
    assert code == 0 and [line[0] for line in lines] == list(text)
    code, lines, message = printed(compiler, tmp_path, "abx")
    assert code == 2 and len(lines) == 2 and message == "not in the vocabulary: x\n"

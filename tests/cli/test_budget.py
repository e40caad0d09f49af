"""`minicrt budget`: what it prints, its verdict and exit code, and units that it does not take"""

import re

import pytest

from minicrt import accounting
from minicrt.cli import main
from minicrt.cli.units import bandwidth, in_bytes, rate, size
from minicrt.training import load_run
from tests.cli.running import refused


@pytest.fixture(autouse=True)
def a_short_measurement(monkeypatch):
    for name in ("WARM", "LONG"):
        monkeypatch.setattr(f"minicrt.accounting.measured.{name}", 0.0)


def budget(capsys, *arguments):
    """The exit code, and what is printed"""
    code = main(["budget", *map(str, arguments), "--engine", "numpy"])
    return code, capsys.readouterr().out


def test_it_prints_what_the_accountant_counts(trained, capsys):
    run = load_run(trained[1])
    code, out = budget(capsys, trained[1], "--bandwidth", "1MB/s")
    assert code == 0 and "fit" not in out
    moved = sum(accounting.token_bytes(run.model, run.parameters).values())
    parts = accounting.stream_memory(run.model)
    for row, count in {"weights": 4 * run.model.size, **parts, "all but the weights": sum(parts.values()),
                       "bytes moved per token": moved}.items():
        assert re.search(rf"^  {row} +{re.escape(in_bytes(count))}$", out, re.MULTILINE), row
    multiply_adds = sum(accounting.token_multiply_adds(run.model).values())
    assert f"multiply-adds per token{multiply_adds / 1000:>11.3g} k\n" in out
    assert re.search(rf"a token takes at least +{moved / 1000:.3g} ms   [\d.,]+/s at 1 MB/s\n", out)
    assert re.search(r"a token takes here +[\d.]+ (µs|ms)   [\d.,]+/s, engine numpy\n", out)


@pytest.mark.parametrize("limits, words", [
    (["--flash", "1kB"], "the weights take 5.75 kB, flash is 1 kB"),
    (["--ram", "5kB"], "is needed with the weights, for which no --flash is given, there is 5 kB"),
    (["--ram", "100B", "--flash", "1MB"], r"RAM of [\d.]+ kB is needed, there is 100 B"),
    (["--rate", "20/s", "--bandwidth", "1kB/s"], r"20/s are asked for, 1 kB/s allows 0\.1\d+/s"),
    (["--rate", "999999999/s"], "999,999,999/s are asked for, this machine allows"),
    (["--flash", "1kB", "--ram", "1kB"], "flash is 1 kB; RAM of"),
])
def test_what_does_not_fit_is_said_and_the_exit_code_is_1(trained, capsys, limits, words):
    code, out = budget(capsys, trained[1], *limits)
    assert code == 1 and re.search("^does not fit: .*" + words, out.splitlines()[-1])


def test_what_fits_ends_with_0(trained, capsys):
    code, out = budget(capsys, trained[1], "--flash", "1MB", "--ram", "256kB", "--rate", "20/s", "--bandwidth", "1GB/s")
    assert code == 0 and out.endswith("\nfits\n")
    assert budget(capsys, trained[1], "--ram", "1MB")[0] == 0


def test_small_weights_fit_where_those_in_float32_do_not(trained, capsys, tmp_path):
    options = ["--bits", "8", "--out", str(tmp_path / "small"), "--engine", "numpy"]
    assert main(["quantize", str(trained[1]), *options]) == 0
    capsys.readouterr()
    assert budget(capsys, trained[1], "--flash", "4kB")[0] == 1
    code, out = budget(capsys, tmp_path / "small", "--flash", "4kB")
    assert code == 0 and out.startswith(f"{tmp_path / 'small'}: CRT of 1,438 parameters, 8 bits\n")


@pytest.mark.parametrize("text, expected", [
    ("1B", 1), ("256kB", 256_000), ("1.5MB", 1_500_000), ("2GB", 2e9), ("1KiB", 1024), ("3MiB", 3 * 2 ** 20),
    ("1GiB", 2 ** 30)])
def test_units(text, expected):
    assert size(text) == expected and bandwidth(text + "/s") == expected


def test_rates():
    assert (rate("20/s"), rate("0.5/s")) == (20, 0.5)


@pytest.mark.parametrize("option, text", [
    *(("--flash", text) for text in ("", "1", "MB", "1mb", "1KB", "1 MB", "-1MB", "0MB", "1e3kB", "nanB", "infMB",
                                     "1MB/s", "1,5MB", "١MB", "1MBMB", "0x1MB", "1_000kB", "9" * 13 + "B", "1TB")),
    *(("--ram", text) for text in ("256", "kB256", "256K")),
    *(("--rate", text) for text in ("20", "20/", "/s", "0/s", "-1/s", "20/m", "20kB/s", "many/s", "1e9/s")),
    *(("--bandwidth", text) for text in ("1GB", "1/s", "1GB/h", "1Gb/s", "0GB/s", "1GBps"))])
def test_nonsense_is_answered_in_a_line(trained, capsys, option, text):
    message = refused(capsys, "budget", trained[1], f"{option}={text}")
    assert f"argument {option}: {text!r} is not" in message and "such as" in message


@pytest.mark.parametrize("option, text", [("--flash", "-1MB"), ("--rate", "-20/s"), ("--bandwidth", "-.5GB/s")])
def test_a_negative_amount_with_a_unit_is_a_value_and_no_option(trained, capsys, option, text):
    assert f"argument {option}: {text!r} is not" in refused(capsys, "budget", trained[1], option, text)


@pytest.mark.parametrize("count, expected", [(0, "0 B"), (999, "999 B"), (999.9, "1 kB"), (1000, "1 kB"),
                                             (633_864, "634 kB"), (2.4e6, "2.4 MB"), (5e12, "5e+03 GB")])
def test_bytes_as_they_are_read(count, expected):
    assert in_bytes(count) == expected


def test_a_run_that_is_not_there(capsys):
    assert "no run in" in refused(capsys, "budget", "no-such-run")

"""`minicrt flops`, as a user meets it."""

from minicrt.cli import main
from tests.cli.running import assignments, refused


def test_flops_of_every_model_and_of_the_parts_of_one(capsys):
    assert main(["flops", "--segment-lengths", "70"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 13 and lines[1].split()[:3] == ["transformer", "70", "269.3"]
    assert main(["flops", "--set", "model=crt", "--segment-lengths", "35", "70"]) == 0
    printed = capsys.readouterr().out
    assert all(printed.count(part) == 2 for part in ("memory", "readout", "positions", "output"))
    assert main(["flops", "--segment-lengths", "5", "--set", "memory_form=slots"]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 12 and printed[-1].endswith("does not go with --set: crt per_segment, crt none")
    assert "wdith" in refused(capsys, "flops", "--set", "wdith=3")
    assert main(["flops", "--set", "model=rmt", "--set", "memory_vectors=0"]) == 2
    seen = capsys.readouterr()
    assert "memory_vectors is 0" in seen.err and not seen.out
    assert "--segment-lengths" in refused(capsys, "flops", "--set", "segment_length=5")
    assert "model=recurrent" in refused(capsys, "flops", "--set", "cell=gru")
    for kind in (["model=linear_recurrent"], ["model=linear_recurrent", "cell=lru"], ["model=crt"],
                 ["model=crt", "memory=lru"], ["model=s4d"], ["model=mamba"]):
        huge = assignments(*kind, "width=99999999996")
        assert "make it smaller" in refused(capsys, "flops", *huge, "--segment-lengths", "5")

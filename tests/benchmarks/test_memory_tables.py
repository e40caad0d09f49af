"""Two sets of cells, before and after"""

from typing import Any

from benchmarks.memory_tables import WITH_THE_CUT, compared


def cell(label: str, length: int, seed: int, test: float) -> dict[str, Any]:
    return {"label": label, "summary": {"segment_length": length, "seed": seed, "test_perplexity": test,
                                        "valid_perplexity": test + 5,
                                        "valid_perplexity_memory_cut": 2 * test}}


FORMER = [cell("crt-gru", 17, 0, 120.0), cell("crt-gru", 17, 1, 121.0), cell("crt-gru", 35, 0, 122.0)]


def test_both_forms_are_compared_over_the_seeds_that_both_have():
    present = [cell("crt-gru", 17, 1, 118.0), cell("crt-gru", 17, 2, 90.0), cell("crt-gru", 35, 0, 119.0)]
    assert compared(FORMER, present, lambda figures: f"{sum(figures):.0f}/{len(figures)}") == [
        ["memory and positions, GRU", 17, 1, "126/1", "121/1", "123/1", "118/1"],
        ["memory and positions, GRU", 35, 1, "127/1", "122/1", "124/1", "119/1"]]
    assert compared(FORMER, present, lambda figures: f"{sum(figures):.0f}", WITH_THE_CUT)[1][3:] == [
        "127", "122", "244", "124", "119", "238"]

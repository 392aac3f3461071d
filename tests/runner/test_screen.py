"""What a run shows where the terminal is narrow."""

from dataclasses import replace

import pytest

from runner import screen
from runner.record import NotebookResult
from series import chain


@pytest.mark.parametrize("columns", [40, 60])
def test_a_narrow_terminal_crops_no_number_and_drops_no_column(capsys, monkeypatch, columns):
    monkeypatch.setattr(screen, "WIDTH", columns)
    result = NotebookResult(
        "ok", reused=True, seconds=12345.6, peak_memory_mb=1340, images_per_second=98765.4
    )
    rows = [screen.row_of(notebook.name, result) for notebook in chain.NOTEBOOKS]
    rows.append(screen.row_of("07_improving", replace(result, outcome="a very long outcome")))
    screen.print_table(screen.COLUMNS, rows, screen.MEASURES)
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert " ".join(screen.COLUMNS) in lines
    for notebook in chain.NOTEBOOKS:
        assert f"{notebook.name} ok, reused 12,345.6 1.34 GB 98,765" in lines
    assert "07_improving a very long outcome, reused 12,345.6 1.34 GB 98,765" in lines


def test_a_long_word_is_folded_where_there_is_no_room(capsys, monkeypatch):
    monkeypatch.setattr(screen, "WIDTH", 40)
    path = "/".join(["a-long-path"] * 9)
    screen.print_table(["notebook", "would", "why"], [["02_dataset", "run", path]])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 40
    assert path in "".join(line.split()[-1] for line in lines if line.strip())

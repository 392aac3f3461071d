"""`precision = "auto"`: bfloat16 only where the machine says that it computes in it."""

from pathlib import Path

import pytest
import tensorflow as tf

from helpers import precision, runs


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Make the functions see another machine: its flags and its card."""

    def make(flags: str | None = None, card: dict | None = None) -> None:
        info = tmp_path / "cpuinfo"
        if flags is not None:
            info.write_text(f"processor\t: 0\nflags\t\t: {flags}\n\nprocessor\t: 1\nflags\t\t: {flags}\n")
        monkeypatch.setattr(precision, "CPU_INFO", info)
        monkeypatch.setattr(tf.config, "list_physical_devices", lambda kind: [] if card is None else ["card"])
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: card)

    return make


@pytest.fixture
def folder(tmp_path: Path) -> runs.RunFolder:
    return runs.RunFolder("03_model", tmp_path / "mine", {})


@pytest.mark.parametrize(
    ("seen", "policy", "why"),
    [
        ({"flags": "fpu avx512f avx512_bf16 avx512vl"}, "mixed_bfloat16", "the processor computes"),
        ({"flags": "fpu amx_bf16"}, "mixed_bfloat16", "the processor computes"),
        ({"flags": "fpu avx2 my_avx512_bf16x"}, "float32", "the processor isn't known"),
        ({}, "float32", "the processor isn't known"),  # macOS, Windows
        ({"card": {"compute_capability": (8, 0)}}, "mixed_bfloat16", "the graphics card computes"),
        ({"card": {"compute_capability": (7, 5)}, "flags": "amx_bf16"}, "float32", "the graphics card isn't known"),
        ({"card": {}}, "float32", "the graphics card isn't known"),
    ],
)
def test_the_machine_decides(machine, folder, seen: dict, policy: str, why: str) -> None:
    machine(**seen)
    found, reason = precision.choose_precision(folder, "auto")
    assert found == policy
    assert reason.startswith(why)


def test_the_choice_of_a_run_is_kept_and_a_named_format_is_used_as_it_is(machine, folder) -> None:
    machine("amx_bf16")
    assert precision.choose_precision(folder, "mixed_float16")[0] == "mixed_float16"
    assert not folder.path.exists()
    first = precision.choose_precision(folder, "auto")
    machine("avx2")
    assert precision.choose_precision(folder, "auto") == first

"""`precision = "auto"`: bfloat16 only where the machine says, or a measurement shows, that it is
faster.
"""

from pathlib import Path

import keras
import pytest
import tensorflow as tf

from helpers import precision


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Make the functions see another machine: its flags, its card, and how much faster bfloat16 is."""

    def make(flags: str | None = None, card: dict | None = None, ratio: float = 1.0) -> None:
        info = tmp_path / "cpuinfo"
        if flags is not None:
            info.write_text(f"processor\t: 0\n{flags}\n\nprocessor\t: 1\n{flags}\n")
        monkeypatch.setattr(precision, "CPU_INFO", info)
        monkeypatch.setattr(
            precision, "_seconds", lambda dtype: 1.0 if dtype == "bfloat16" else ratio
        )
        monkeypatch.setattr(
            tf.config, "list_physical_devices", lambda kind: [] if card is None else ["card"]
        )
        monkeypatch.setattr(tf.config.experimental, "get_device_details", lambda _: card)

    return make


@pytest.mark.parametrize(
    ("seen", "policy", "why"),
    [
        (
            {"flags": "flags\t\t: fpu avx512f avx512_bf16", "ratio": 0.5},
            "mixed_bfloat16",
            "the processor computes",
        ),
        ({"flags": "flags\t\t: fpu amx_bf16"}, "mixed_bfloat16", "the processor computes"),
        (
            {"flags": "flags\t\t: fpu avx2 my_avx512_bf16x", "ratio": 9.0},
            "float32",
            "the processor doesn't",
        ),
        ({"ratio": 2.0}, "mixed_bfloat16", "measured: bfloat16 is 2.0 times as fast"),
        ({"ratio": 1.2}, "float32", "measured: bfloat16 is 1.2 times as fast"),
        ({"flags": "Features\t: fp asimd bf16", "ratio": 0.3}, "float32", "measured"),
        ({"card": {"compute_capability": (8, 0)}}, "mixed_bfloat16", "the graphics card computes"),
        (
            {"card": {"compute_capability": (7, 5)}, "ratio": 9.0},
            "float32",
            "the graphics card doesn't",
        ),
        ({"card": {}, "flags": "flags: avx512_bf16", "ratio": 0.9}, "float32", "measured"),
    ],
)
def test_the_machine_decides(machine, seen: dict, policy: str, why: str) -> None:
    machine(**seen)
    found, reason = precision.fastest_format()
    assert found == policy
    assert reason.startswith(why)


def test_the_layers_compute_in_the_chosen_format(machine) -> None:
    machine(flags="flags: avx512_bf16")
    try:
        said = precision.set_number_format("auto")
        assert said == "mixed_bfloat16: the processor computes in bfloat16"
        layer = keras.layers.Dense(1)
        assert (layer.compute_dtype, layer.variable_dtype) == ("bfloat16", "float32")
        assert precision.set_number_format("float32").startswith("float32")
    finally:
        keras.config.set_dtype_policy("float32")


@pytest.mark.slow
def test_both_formats_can_be_measured() -> None:
    assert all(precision._seconds(dtype) > 0 for dtype in ("float32", "bfloat16"))

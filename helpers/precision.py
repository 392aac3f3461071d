"""The number format that this machine computes fastest with: what `precision = "auto"` stands for.

`mixed_bfloat16` halves the time of a training where processor or card compute in bfloat16, and multiplies it where they
don't (tensorflow issues 42422 and 45441). So it is `float32` wherever the machine doesn't say.
"""

import re
from pathlib import Path

from helpers.runs import RunFolder, read_record, update_record

CPU_INFO = Path("/proc/cpuinfo")
BFLOAT16_CAPABILITY = (8, 0)  # NVIDIA's Ampere, the first cards that compute in bfloat16


def choose_precision(folder: RunFolder, precision: str) -> tuple[str, str]:
    """The dtype policy to build a network with, and why.

    What `auto` came to is kept in the run's record, so that the same run makes the same choice again.

    Args:
        folder: the run's folder.
        precision: a policy's name, which is returned as it is, or `auto`.

    Returns:
        `float32`, `mixed_bfloat16` or `mixed_float16`; and the reason, in a few words.
    """
    if precision != "auto":
        return precision, "the parameter says so"
    policy, why = read_record(folder.path).get("auto_precision") or _fastest()
    update_record(folder.path, lambda record: record.update(auto_precision=[policy, why]))
    return policy, why


def _fastest() -> tuple[str, str]:
    import tensorflow as tf

    if cards := tf.config.list_physical_devices("GPU"):
        device, details = "graphics card", tf.config.experimental.get_device_details(cards[0])
        able = details.get("compute_capability", (0, 0)) >= BFLOAT16_CAPABILITY
    else:
        device, flags = "processor", CPU_INFO.read_text(encoding="utf-8") if CPU_INFO.is_file() else ""
        able = re.search(r"\b(avx512_bf16|amx_bf16)\b", flags) is not None
    if able:
        return "mixed_bfloat16", f"the {device} computes in bfloat16"
    return "float32", f"the {device} isn't known to compute in bfloat16"

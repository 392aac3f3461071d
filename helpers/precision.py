"""The number format that this machine computes fastest with: what `precision = "auto"` stands for.

`mixed_bfloat16` halves the time of a training where processor or card compute in bfloat16, and
multiplies it where they don't (tensorflow issues 42422 and 45441), so in doubt it is `float32`.
"""

import re
import timeit
from pathlib import Path

import keras
import tensorflow as tf

CPU_INFO = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
BFLOAT16_CAPABILITY = (8, 0)  # NVIDIA's Ampere, the first cards that compute in bfloat16
MARGIN = 1.3  # how many times as fast bfloat16 must be where only a measurement can tell


def set_number_format(precision: str) -> str:
    """Set the number format in which Keras' layers compute from here on.

    Args:
        precision: the name of a dtype policy, `float32` or `mixed_bfloat16`; or `auto`, which
            chooses one for this machine.

    Returns:
        The format, and in a few words why it was chosen.
    """
    policy, why = precision, "the parameter says so"
    if precision == "auto":
        policy, why = fastest_format()
    keras.config.set_dtype_policy(policy)
    return f"{policy}: {why}"


def fastest_format() -> tuple[str, str]:
    """The dtype policy to build a network with on this machine, and why, in a few words."""
    if cards := tf.config.list_physical_devices("GPU"):
        device = "the graphics card"
        details = tf.config.experimental.get_device_details(cards[0])
        capability = details.get("compute_capability")  # of NVIDIA's cards
        able = None if capability is None else capability >= BFLOAT16_CAPABILITY
    else:
        device, flags = "the processor", _processor_flags()
        able = None if flags is None else bool(flags & BFLOAT16_FLAGS)
    if able is None:
        ratio = _seconds("float32") / _seconds("bfloat16")
        policy = "mixed_bfloat16" if ratio >= MARGIN else "float32"
        return policy, f"measured: bfloat16 is {ratio:.1f} times as fast"
    if able:
        return "mixed_bfloat16", f"{device} computes in bfloat16"
    return "float32", f"{device} doesn't compute in bfloat16"


def _processor_flags() -> set[str] | None:
    """The flags of an x86 processor, or None where the system doesn't show them."""
    if not CPU_INFO.is_file():
        return None
    found = re.search(r"^flags\s*:(.*)$", CPU_INFO.read_text(encoding="utf-8"), re.MULTILINE)
    return set(found[1].split()) if found else None


def _seconds(dtype: str) -> float:
    """How long the second convolution takes, with its gradients, for 16 images; the best of three
    times.
    """
    images = tf.ones([16, 26, 26, 64], dtype)
    kernel = tf.Variable(tf.ones([3, 3, 64, 128], dtype))

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            result = tf.reduce_mean(tf.nn.conv2d(images, kernel, 1, "SAME"))
        return tape.gradient(result, kernel)

    seconds = timeit.repeat(lambda: step().numpy(), number=1, repeat=4)
    return min(seconds[1:])  # the first one also builds the graph

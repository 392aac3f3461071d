"""The number format that this machine computes fastest with: what `precision = "auto"` stands for.

`mixed_bfloat16` halves the time of a training where processor or card compute in bfloat16, and
multiplies it where they don't (tensorflow issues 42422 and 45441), so in doubt it is `float32`.
"""

import re
import timeit
from pathlib import Path

from series.runs import RunFolder, read_record, update_record

CPU_INFO = Path("/proc/cpuinfo")
BFLOAT16_FLAGS = {"avx512_bf16", "amx_bf16"}
BFLOAT16_CAPABILITY = (8, 0)  # NVIDIA's Ampere, the first cards that compute in bfloat16
MARGIN = 1.3  # how many times as fast bfloat16 must be where only a measurement can tell


def choose_precision(folder: RunFolder, precision: str) -> tuple[str, str]:
    """The dtype policy to build a network with, and why.

    What `auto` came to is kept in the run's record, so that the same run makes the same choice
    again.

    Args:
        folder: the run's folder.
        precision: a policy's name, which is returned as it is, or `auto`.

    Returns:
        `float32` or `mixed_bfloat16`; and the reason, in a few words.
    """
    if precision != "auto":
        return precision, "the parameter says so"
    kept = read_record(folder.path).get("precision")
    if kept is None:
        policy, why = _fastest()
        kept = {"policy": policy, "why": why}
        update_record(folder.path, lambda record: record.update(precision=kept))
    return kept["policy"], kept["why"]


def set_number_format(folder: RunFolder, precision: str) -> str:
    """Set the number format in which Keras' layers compute from here on.

    Args:
        folder: the run's folder.
        precision: as `choose_precision` takes it.

    Returns:
        The format, and in a few words why it was chosen.
    """
    import keras

    policy, why = choose_precision(folder, precision)
    keras.config.set_dtype_policy(policy)
    return f"{policy}: {why}"


def _fastest() -> tuple[str, str]:
    import tensorflow as tf

    if cards := tf.config.list_physical_devices("GPU"):
        capability = tf.config.experimental.get_device_details(cards[0]).get("compute_capability")
        if capability is not None:
            if capability >= BFLOAT16_CAPABILITY:
                return "mixed_bfloat16", "the graphics card computes in bfloat16"
            return "float32", "the graphics card doesn't compute in bfloat16"
    elif (flags := _processor_flags()) is not None:
        if flags & BFLOAT16_FLAGS:
            return "mixed_bfloat16", "the processor computes in bfloat16"
        return "float32", "the processor doesn't compute in bfloat16"
    ratio = _seconds("float32") / _seconds("bfloat16")
    policy = "mixed_bfloat16" if ratio >= MARGIN else "float32"
    return policy, f"measured: bfloat16 is {ratio:.1f} times as fast"


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
    import tensorflow as tf

    images = tf.ones([16, 26, 26, 64], dtype)
    kernel = tf.Variable(tf.ones([3, 3, 64, 128], dtype))

    @tf.function
    def step() -> tf.Tensor:
        with tf.GradientTape() as tape:
            result = tf.reduce_mean(tf.nn.conv2d(images, kernel, 1, "SAME"))
        return tape.gradient(result, kernel)

    seconds = timeit.repeat(lambda: step().numpy(), number=1, repeat=4)
    return min(seconds[1:])  # the first one also builds the graph

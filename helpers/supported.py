"""Which Pythons and systems TensorFlow 2.21 can be installed on, before anything is installed.

`python helpers/supported.py` prints one sentence and exits with 1 where it cannot. It needs nothing but a Python from
3.6 on, so that an old one gets the sentence and not a syntax error.
"""

import platform
import shutil
import subprocess
import sys

OLDEST, NEWEST = (3, 11), (3, 13)
# The wheels that tensorflow 2.21.0 comes as: system, its machine names.
WHEELS = {"Linux": ("x86_64", "aarch64"), "Darwin": ("arm64",), "Windows": ("AMD64",)}


def problem() -> "str | None":
    """Why TensorFlow 2.21 cannot be installed here and what to use instead, in one sentence, or None."""
    return python_problem(sys.version_info[:2]) or system_problem(
        platform.system(), platform.machine(), platform.libc_ver(), platform.mac_ver()[0], sys.maxsize > 2**32
    )


def python_problem(version: "tuple[int, ...]") -> "str | None":
    """The sentence for a Python of this (major, minor) version, or None."""
    if OLDEST <= version <= NEWEST:
        return None
    names = ["python3.{}".format(minor) for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    here = [name for name in names if shutil.which(name) and _runs(name)]
    advice = "make run PYTHON={}".format(here[0]) if here else "install Python 3.12, then make run PYTHON=python3.12"
    return "This is Python {}.{}, and the project needs 3.11, 3.12 or 3.13: {}".format(version[0], version[1], advice)


def _runs(name: str) -> bool:
    # A name on the path may be a version manager's stub for a Python that is not switched on.
    return subprocess.call([name, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


def system_problem(
    system: str, machine: str, libc: "tuple[str, str]" = ("glibc", "2.27"), macos: str = "", wide: bool = True
) -> "str | None":
    """The sentence for a system as `platform` names it, or None.

    Args:
        system: Linux, Darwin or Windows.
        machine: the processor's name, such as x86_64.
        libc: the C library's name and version, where Linux has one that Python can name.
        macos: the version of macOS.
        wide: whether this Python is a 64-bit one.
    """
    if system == "Darwin" and machine == "x86_64":
        return (
            "TensorFlow 2.21 has no wheel for Macs with an Intel processor: use Linux, Windows or an Apple silicon Mac"
        )
    if system == "Darwin" and macos and int(macos.split(".")[0]) < 12:
        return "TensorFlow 2.21 needs macOS 12 or newer, and this is {}: update macOS".format(macos)
    if not wide or machine not in WHEELS.get(system, ()):
        what = "{} on {}{}".format(system, machine, "" if wide else " (a 32-bit Python)")
        return "TensorFlow 2.21 has no wheel for {}: use 64-bit Linux, Windows or an Apple silicon Mac".format(what)
    if system == "Linux" and (libc[0] != "glibc" or tuple(int(part) for part in libc[1].split(".")) < (2, 27)):
        return "TensorFlow 2.21 needs Linux with glibc 2.27 or newer (Debian 10, Ubuntu 18.04 and later; not Alpine)"
    return None


if __name__ == "__main__":
    sentence = problem()
    if sentence:
        print(sentence, file=sys.stderr)
        sys.exit(1)

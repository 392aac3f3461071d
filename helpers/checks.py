"""Looking at the machine before a lesson or a run: each check says what it found and, where that
fails, how to fix it.

No TensorFlow here: the runner asks for these checks and must answer in seconds.
"""

import math
import os
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import psutil
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from helpers import data, pictures
from helpers.folders import look_at_folder
from series import chain
from series.errors import INSTALL, LessonError, listed
from series.files import display_path, user_path

# What Keras keeps of its downloads, and where it gets them.
KERAS_FILES = {
    "fashion_mnist": (
        "fashion-mnist/train-images-idx3-ubyte.gz", "fashion-mnist/train-labels-idx1-ubyte.gz",
        "fashion-mnist/t10k-images-idx3-ubyte.gz", "fashion-mnist/t10k-labels-idx1-ubyte.gz",
    ),
    "cifar10": ("cifar-10*/**/data_batch_5", "cifar-10*/**/test_batch"),
}  # fmt: skip
KERAS_ADDRESSES = {
    "fashion_mnist": "https://storage.googleapis.com/tensorflow/tf-keras-datasets/",
    "cifar10": "https://www.cs.toronto.edu/",
}
# For `memory_needed`: gigabytes of a kernel with TensorFlow; images of 04's small networks; images
# that 05 and 06 predict at once; the parameters of the profile classic that matter.
TENSORFLOW, SMALL_NETWORKS, TEST_BATCH = 0.75, 12_800, 256
# Bytes for each pixel of a batch: of 04's small convolutional networks, which learn from 64 images
# at once, with all that their seeds leave behind; of the outputs of 07's network with 16 filters.
SMALL_CONVOLUTIONS, READER = 270, 230
CLASSIC = {
    "dataset": "mnist", "image_size": 28, "test_share": 0.2, "filters": 64, "batch_size": 256,
    "train_images": 0, "compare_images": 6000,
}  # fmt: skip


@dataclass(frozen=True)
class Check:
    """One thing looked at: its name, whether it is as the lesson needs it, what was found, and how
    to fix a failure.
    """

    name: str
    ok: bool
    found: str
    fix: str = ""


def machine_checks(dataset: str = "mnist", disk: float = 1, memory: float = 2) -> list[Check]:
    """Everything that the lesson asks of a machine, in the order in which failures are best fixed.

    Args:
        dataset: `mnist`, or the path of an `.npz` file, as `helpers.data.load_data` takes it.
        disk: gigabytes that must be free where the runs are kept.
        memory: gigabytes that must be available.
    """
    software = [check_packages(), check_kernel(), check_data(dataset)]
    return [*software, check_disk(chain.runs_folder(), disk), check_memory(memory)]


def check_packages(lock: Path = chain.ROOT / "requirements.txt") -> Check:
    """Whether the packages of the lock that this machine needs are installed, in the locked
    versions.
    """
    lines = (line.split("#")[0].strip() for line in lock.read_text(encoding="utf-8").splitlines())
    pins = [
        pin
        for pin in map(Requirement, filter(None, lines))
        if pin.marker is None or pin.marker.evaluate()
    ]
    installed: dict[str, str] = {
        canonicalize_name(str(one.name)): one.version for one in metadata.distributions()
    }
    wrong = [
        str(pin)
        for pin in pins
        if not pin.specifier.contains(installed.get(pin.name, "0"), prereleases=True)
    ]
    found = (
        f"missing, or in another version: {listed(wrong, 3)}"
        if wrong
        else f"{len(pins)}, as locked"
    )
    return Check("packages", not wrong, found, INSTALL)


def check_kernel() -> Check:
    """Whether the kernel that the notebooks name is this interpreter."""
    from jupyter_client.kernelspec import KernelSpecManager

    # ipykernel sees to it that there is one.
    start = Path(KernelSpecManager().get_kernel_spec("python3").argv[0])
    # A bare `python` is this interpreter: jupyter_client sees to that. Symbolic links are not
    # followed, since all virtual environments of one Python lead to the same file.
    if start.parent not in (Path(), Path(sys.executable).parent):
        fix = "remove the kernel of that name: python -m jupyter kernelspec remove python3"
        return Check(
            "kernel", False, f"the kernel python3 starts {start}, not {sys.executable}", fix
        )
    return Check("kernel", True, "is the Python of this environment")


def check_data(dataset: str = "mnist") -> Check:
    """Whether the data that `dataset` names is there and fit to be learned from, as far as seconds
    can tell.

    Arrays are looked at as a whole, of a folder only its layout, and of what Keras downloads
    whether it is here or can be had.
    """
    try:
        if dataset in data.KERAS_CLASSES:
            return _check_download(dataset)
        path = user_path(dataset)
        if dataset != "mnist" and dataset and path.is_dir():
            layout = look_at_folder(path)
            return Check("data", True, f"a folder of {len(layout.classes)} classes")
        (x_train, _), (x_test, _) = data.load_data(dataset)
    except LessonError as error:
        return Check("data", False, error.what, error.fix)
    return Check("data", True, f"{len(x_train):,} + {len(x_test):,} images, whole")


def _check_download(name: str) -> Check:
    folder = Path(os.environ.get("KERAS_HOME") or Path("~/.keras").expanduser()) / "datasets"
    marks = KERAS_FILES[name]
    if all(any(folder.glob(mark)) for mark in marks):
        return Check("data", True, f"{name}, which Keras keeps in {folder}")
    address = KERAS_ADDRESSES[name]
    try:
        with urlopen(Request(address, method="HEAD"), timeout=3):
            return Check("data", True, f"{name}, which Keras will download from {address}")
    except (OSError, ValueError) as error:
        what = f"Keras has no copy of {name} on this machine, and {address} can't be reached"
        return Check("data", False, f"{what} ({error})", data.download_command(name))


def check_picture(picture: str) -> Check:
    """Whether the parameter `picture` of 06 names a picture that can be read; empty is our own."""
    if not picture:
        return Check("picture", True, "ours")
    try:
        pictures.picture_to_image(picture)
    except LessonError as error:
        return Check("picture", False, error.what, error.fix)
    return Check("picture", True, f"{picture} can be read")


def check_disk(folder: Path, gigabytes: float) -> Check:
    """Whether `gigabytes` (of 10⁹ bytes) are free on the disk where `folder` is or will be."""
    # Not place.is_dir(), which raises for names that are too long.
    places = (folder, *folder.parents)
    place = next((place for place in places if os.path.isdir(place)), None)  # noqa: PTH112
    if place is None:
        return Check(
            "disk",
            False,
            f"there is no drive {folder.anchor}",
            "set DIGITS_RUNS to a folder that exists",
        )
    usage = shutil.disk_usage(place)
    if not usage.total:  # such as Linux' /proc
        fix = "set DIGITS_RUNS to a folder on a disk"
        return Check("disk", False, f"{display_path(place)} is no place for files", fix)
    free = usage.free / 1e9
    found = f"{free:.1f} GB free, {gigabytes:g} GB needed"
    return Check(
        "disk",
        free >= gigabytes,
        found,
        f"free some space, or delete old runs in {display_path(folder)}",
    )


def memory_needed(parameters: Mapping[str, Any], improving: bool = False) -> float:
    """Gigabytes (of 10⁹ bytes) of memory that a run takes at its peak.

    Measured at a dozen sizes: TensorFlow with a kernel 0.75; while images are prepared, 13 bytes
    for each of their bytes, and 8 more for the part that the small networks of 04 learn from; the
    outputs of the convolutions and their gradients, 2.4 times the outputs of a batch. Real peaks
    were up to a fifth lower.

    Args:
        parameters: values of the notebooks' parameters; classic's hold for those left out.
        improving: whether 07 runs too, which learns in networks of its own, whatever the parameters
            say.
    """
    values = {**CLASSIC, **parameters}
    try:
        dataset, size = str(values["dataset"]), int(values["image_size"])
        share = float(values["test_share"])
        train, test, height, width, channels = data.expected_shape(dataset, size, share)
    except (LessonError, OSError, ValueError):  # `check_data` says what is wrong with it
        train, test, height, width, channels = data.expected_shape("mnist", 28)
    used = min(int(values["train_images"]) or train, train)
    small = min(train, SMALL_NETWORKS)  # the images that 04's small networks learn from
    image = height * width * channels
    outputs = int(values["filters"]) * _outputs_of_a_filter(height, width)
    batch = min(int(values["batch_size"]), used)
    small_networks = SMALL_CONVOLUTIONS * height * width * min(64, small)
    learning = max(2.4 * outputs * batch, small_networks)
    training = image * (13 * max(used, small) + 8 * small) + learning
    learned = int(used * (1 - chain.VALIDATION_SHARE))
    held_out = used - learned if improving else 0
    at_once = max(min(TEST_BATCH, max(test, held_out)), covered_copies(height, width))
    testing = image * 21 * test + 2.1 * outputs * at_once
    peaks = [training, testing]
    if improving:
        few = min(learned, int(values["compare_images"]))
        eight_filters = 8 * _outputs_of_a_filter(height, width) * min(256, few)
        reader = READER * height * width * min(64, learned)
        peaks.append(image * 13 * used + 2.4 * max(eight_filters, reader))
    return round(TENSORFLOW + max(peaks) / 1e9, 1)


def _outputs_of_a_filter(height: int, width: int) -> float:
    """The bytes of what the tutorial's convolutions give for an image, by filters of the first."""
    # Twice as many at full size, then 4 a quarter.
    return 4 * (height - 2) * (width - 2) * (1 + 2 + 2 / 4 + 4 / 4 + 1 / 4)


def covered_copies(height: int, width: int) -> int:
    """How many copies of an image 05_testing covers and reads at once: a row of places."""
    patch = min(height, width) // 4
    step = min(patch, max(2, max(height, width) // 14))
    return (width - patch) // step + 1


def check_memory(gigabytes: float) -> Check:
    """Whether `gigabytes` (of 10⁹ bytes) of memory are available without swapping, within a
    container's limit too.
    """
    available = min(psutil.virtual_memory().available, _container_memory()) / 1e9
    found = f"{available:.1f} GB available, {gigabytes:g} GB needed"
    fix = (
        "close other programs, shut down notebooks you don't need, or take smaller images, "
        "fewer of them, or smaller batches"
    )
    return Check("memory", available >= gigabytes, found, fix)


def _container_memory(
    mounted: Path = Path("/sys/fs/cgroup"), membership: Path = Path("/proc/self/cgroup")
) -> float:
    """The bytes that the limits of Linux' control groups leave, of both versions and of each group
    above this process; infinite without a limit.

    What the kernel keeps of files and can drop at once (`inactive_file`) counts as left.
    """
    return min((_left(*names) for names in _memory_groups(mounted, membership)), default=math.inf)


def _memory_groups(mounted: Path, membership: Path) -> Iterator[tuple[Path, str, str, str]]:
    """For each group: its folder, and the names of its limit, its use and its cache."""
    try:
        lines = membership.read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    for line in ["0::/", "0:memory:/", *lines]:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, names = mounted, ("memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            root = mounted / "memory"
            names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
        else:
            continue
        inside = Path(path.lstrip("/"))  # as the host sees it, so it may not be there
        for place in (inside, *inside.parents):
            yield root / place, *names


def _left(group: Path, limit: str, used: str, cache: str) -> float:
    try:
        left = int((group / limit).read_text()) - int((group / used).read_text())
    except (OSError, ValueError):  # no such file, or `max`: no limit
        return math.inf
    try:
        stat = dict(line.split() for line in (group / "memory.stat").read_text().splitlines())
        return left + int(stat.get(cache, 0))
    except (OSError, ValueError):
        return left


def table(checks: Sequence[Check]) -> str:
    """The checks as text, a line each: pass or FAIL, the name, what was found; under a failure, how
    to fix it.
    """
    rows = []
    for check in checks:
        rows.append(f"{'pass' if check.ok else 'FAIL'}  {check.name:<9} {check.found}")
        if not check.ok:
            rows.append(f"{'':16}to fix it: {check.fix}")
    return "\n".join(rows)

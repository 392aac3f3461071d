"""The check of the machine: what is wrong is found, and named together with what fixes it."""

import math
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from helpers import checks, data


def test_here_everything_passes() -> None:
    found = checks.machine_checks(disk=0.001, memory=0.001)
    assert [check.found for check in found if not check.ok] == []
    assert [check.name for check in found] == ["packages", "kernel", "data", "disk", "memory"]


def test_packages_in_another_version_or_missing_are_named_and_other_systems_pins_are_not(
    tmp_path: Path,
) -> None:
    lock = tmp_path / "requirements.txt"
    pins = [
        f"papermill=={metadata.version('papermill')}",
        "numpy==1.0 ; sys_platform == 'no-such-system'  # why",
    ]
    lock.write_text("\n".join(["# a comment", *pins]))
    assert checks.check_packages(lock).ok
    lock.write_text("papermill==0.0.1\nno-such-package==1.0\n")
    check = checks.check_packages(lock)
    assert not check.ok
    assert check.found.endswith("papermill==0.0.1, no-such-package==1.0")


def test_the_kernel_must_be_this_interpreter(monkeypatch: pytest.MonkeyPatch) -> None:
    for command, ok in {
        "python": True,
        sys.executable: True,
        "/another environment/bin/python": False,
    }.items():
        spec = SimpleNamespace(argv=[command])
        monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_, spec=spec: spec)
        check = checks.check_kernel()
        assert check.ok == ok
    assert command in check.found
    assert "kernelspec remove" in check.fix


def test_missing_data_and_a_damaged_mnist_fail_with_their_own_fix(
    monkeypatch, tmp_path: Path
) -> None:
    assert "is missing" in checks.check_data("no/such/file.npz").found
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(data.MNIST_FILE.read_bytes()[:5000])
    monkeypatch.setattr(data.load_mnist, "__defaults__", (damaged,))
    assert checks.check_data().fix.startswith("restore it: git checkout")


def test_too_little_disk_and_a_missing_drive_are_found_for_a_folder_that_is_not_made_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "not" / "made" / "yet"
    assert checks.check_disk(folder, 0.0).ok
    assert not checks.check_disk(folder, 1e9).ok
    assert not folder.exists()
    monkeypatch.setattr("os.path.isdir", lambda _: False)  # as on a Windows drive that isn't there
    assert "DIGITS_RUNS" in checks.check_disk(folder, 0.0).fix


def test_too_little_memory_is_found_within_a_containers_limit_too(monkeypatch) -> None:
    assert not checks.check_memory(1e9).ok
    monkeypatch.setattr(checks, "_container_memory", lambda: 7e8)
    assert checks.check_memory(2.0).found == "0.7 GB available, 2 GB needed"


V1 = {"limit": "limit_in_bytes", "used": "usage_in_bytes", "cache": "total_inactive_file"}
V2 = {"limit": "max", "used": "current", "cache": "inactive_file"}


def group(folder: Path, names: dict[str, str], limit: str, used: int, cache: int | None) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"memory.{names['limit']}").write_text(f"{limit}\n")
    (folder / f"memory.{names['used']}").write_text(f"{used}\n")
    if cache is not None:
        (folder / "memory.stat").write_text(f"anon 7\n{names['cache']} {cache}\nfile 9\n")


@pytest.mark.parametrize(("names", "root"), [(V1, "memory"), (V2, "")])
@pytest.mark.parametrize(
    ("limit", "used", "cache", "left"),
    [
        ("max", 5, 0, math.inf),
        ("1000", 300, None, 700),
        ("1000", 900, 600, 700),  # what was read from files lately can be dropped at once
    ],
)
def test_the_limit_of_a_container_is_read_in_both_versions(
    tmp_path: Path, names: dict, root: str, limit: str, used: int, cache: int | None, left: float
) -> None:
    group(tmp_path / root, names, limit, used, cache)
    assert checks._container_memory(tmp_path, tmp_path / "no such file") == left


@pytest.mark.parametrize(("names", "line"), [(V1, "4:memory:/a/b"), (V2, "0::/a/b")])
def test_the_tightest_of_a_group_and_those_above_it_counts(
    tmp_path: Path, names: dict, line: str
) -> None:
    membership = tmp_path / "cgroup"
    membership.write_text(f"9:cpuset,cpu:/a\n{line}\n")
    root = tmp_path / ("memory" if names is V1 else "")
    group(root / "a" / "b", names, "900", 100, 0)
    group(root / "a", names, "500", 100, 50)
    assert checks._container_memory(tmp_path, membership) == 450
    assert checks._container_memory(tmp_path / "none", membership) == math.inf


def test_a_run_is_asked_for_the_memory_that_it_needs() -> None:
    quick = checks.memory_needed({"filters": 8, "batch_size": 64})
    classic = checks.memory_needed({})
    smoke = checks.memory_needed({"batch_size": 32, "train_images": 2000})
    # Measured peaks: 1.2, 1.7 and 1.2 GB.
    assert 1.2 <= quick <= 1.6
    assert 1.65 <= classic <= 2.0
    assert 1.1 <= smoke <= 1.5
    assert checks.memory_needed({"dataset": "no/such.npz"}) == classic


@pytest.mark.parametrize(
    ("values", "least"),
    [
        ({"image_size": 64}, 2.3),
        ({"image_size": 64, "batch_size": 64}, 1.5),
        ({"image_size": 128, "batch_size": 32}, 2.2),
    ],
)
def test_larger_images_need_more_memory_as_was_measured(values: dict, least: float) -> None:
    needed = checks.memory_needed({"dataset": "data/doodles", **values})
    assert least * 0.9 <= needed <= 1.6 * least + 0.8


def test_the_images_that_05_reads_at_once_are_counted() -> None:
    few = {"dataset": "data/doodles", "image_size": 256, "filters": 16, "batch_size": 1}
    # A third more test images, up to 256, and those that 05 covers of one.
    small, large = (checks.memory_needed({**few, "test_share": share}) for share in (0.3, 0.6))
    assert small - 0.75 == pytest.approx((large - 0.75) / 2, rel=0.02)
    one_image = 2.1 * 4 * 16 * 254**2 * 4.75 / 1e9
    assert small >= 0.75 + 0.3 * 240 * one_image
    assert checks.memory_needed({**few, "test_share": 0.01}) >= 0.75 + 11 * one_image


def test_large_pictures_in_a_small_network_need_what_was_measured(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(10):
            (tmp_path / name / f"{number}.png").touch()
    values = {"dataset": str(tmp_path), "image_size": 512, "filters": 1, "batch_size": 4}
    assert 2.10 <= checks.memory_needed(values) <= 2.5  # 2.10 in 04
    # Of four test images, 05 covers one in eleven places at once.
    wider = {**values, "filters": 16, "batch_size": 1}
    assert checks.memory_needed(wider) >= 0.7 + 11 * 2.1 * 4 * 16 * 510**2 * 4.75 / 1e9
    assert 2.60 <= checks.memory_needed(values, improving=True) <= 3.1
    values |= {"dataset": "data/doodles", "image_size": 256}
    assert 2.28 <= checks.memory_needed(values) <= 2.8  # 2.28 in 04


def test_07_is_asked_for_where_it_runs_and_needs_more() -> None:
    small = {"filters": 1, "batch_size": 4, "dataset": "data/doodles"}
    assert checks.memory_needed(small) == checks.memory_needed(small, improving=True) < 1.2
    large = {**small, "image_size": 256}
    six, seven = checks.memory_needed(large), checks.memory_needed(large, improving=True)
    # Its network with 8 filters learns from 153 of 192 images at once.
    assert seven - 0.75 >= 2.4 * 153 * 4 * 8 * 254**2 * 4.75 / 1e9 > six
    assert checks.memory_needed({**large, "compare_images": 100}, improving=True) < seven


def test_a_folder_is_looked_at_without_opening_its_pictures(tmp_path: Path) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_text("no picture")
    assert checks.check_data(str(tmp_path)).found == "a folder of 2 classes"
    (tmp_path / "dog").rename(tmp_path / "cat" / "dog")
    assert "it holds one folder only, cat" in checks.check_data(str(tmp_path)).found


@pytest.mark.parametrize("place", [".", "cat", "own.npz"])
def test_what_may_not_be_read_is_named(place: str, tmp_path: Path, monkeypatch) -> None:
    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_text("no picture")
    closed = tmp_path / place
    refusal = PermissionError(13, "Permission denied")
    iterdir = Path.iterdir

    def refuse(path: Path, *_: object) -> list[Path]:
        if path == closed:
            raise refusal
        return list(iterdir(path))

    monkeypatch.setattr(Path, "iterdir", refuse)
    monkeypatch.setattr("helpers.arrays.unzip", refuse)
    check = checks.check_data(str(closed if place == "own.npz" else tmp_path))
    assert check.found == f"{closed} can't be read (Permission denied)"
    assert "may read" in check.fix


def test_what_keras_would_download_is_there_or_can_be_had(monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(checks, "KERAS_ADDRESSES", {"cifar10": "http://127.0.0.1:9/"})
    check = checks.check_data("cifar10")
    assert not check.ok
    assert "no copy of cifar10 on this machine, and http://127.0.0.1:9/ can't be" in check.found
    assert "keras.datasets.cifar10.load_data()" in check.fix
    batches = tmp_path / "datasets" / "cifar-10-batches-py-target" / "cifar-10-batches-py"
    batches.mkdir(parents=True)
    assert not checks.check_data("cifar10").ok, "a folder without its files is no copy"
    for name in ("data_batch_5", "test_batch"):
        (batches / name).touch()
    assert checks.check_data("cifar10").ok
    for file in checks.KERAS_FILES["fashion_mnist"]:
        (tmp_path / "datasets" / file).parent.mkdir(exist_ok=True)
        (tmp_path / "datasets" / file).touch()
    assert checks.check_data("fashion_mnist").ok


def test_a_picture_is_looked_at_as_06_will_look_at_it(tmp_path: Path) -> None:
    assert checks.check_picture("").ok
    assert checks.check_picture("data/drawings/3.jpg").ok
    assert "there is no file" in checks.check_picture("no/such.png").found
    assert "nothing in it stands out" in checks.check_picture("data/drawings/empty.jpg").found
    assert "is an address" in checks.check_picture("https://example.org/a.png").found


def test_the_table_gives_each_failure_its_fix() -> None:
    text = checks.table(
        [
            checks.Check("one", True, "fine", "not shown"),
            checks.Check("two", False, "bad", "do this"),
        ]
    )
    assert text.splitlines() == [
        "pass  one       fine",
        "FAIL  two       bad",
        "                to fix it: do this",
    ]

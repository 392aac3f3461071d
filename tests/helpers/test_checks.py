"""The check of the machine: what is wrong is found, and named together with what fixes it."""

import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_client.kernelspec import KernelSpecManager

from helpers import checks, data


def test_here_everything_passes() -> None:
    found = checks.machine_checks()
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
    monkeypatch.setattr(data, "MNIST_FILE", damaged)
    assert checks.check_data("mnist").fix.startswith("restore it: git checkout")


def test_too_little_disk_and_a_missing_drive_are_found_for_a_folder_that_is_not_made_yet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "not" / "made" / "yet"
    assert checks.check_disk(folder, 0.0).ok
    assert not checks.check_disk(folder, 1e9).ok
    assert not folder.exists()
    monkeypatch.setattr(Path, "is_dir", lambda _: False)  # as on a Windows drive that isn't there
    assert "DIGITS_RUNS" in checks.check_disk(folder, 0.0).fix


def test_a_picture_is_looked_at_as_06_will_look_at_it(tmp_path: Path) -> None:
    assert checks.check_picture("").ok
    assert checks.check_picture("data/drawings/3.jpg").ok
    assert "there is no file" in checks.check_picture("no/such.png").found


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

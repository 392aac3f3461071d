"""The check of the machine: what is wrong is found, and named together with what fixes it."""

import math
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers import checks, data


def test_here_everything_passes() -> None:
    found = checks.machine_checks(disk=0.001, memory=0.001)
    assert [check.found for check in found if not check.ok] == []
    assert [check.name for check in found] == ["packages", "kernel", "data", "disk", "memory"]


def test_packages_in_another_version_or_missing_are_named_and_other_systems_pins_are_not(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    pins = [f"papermill=={metadata.version('papermill')}", "numpy==1.0 ; sys_platform == 'no-such-system'  # why"]
    lock.write_text("\n".join(["# a comment", *pins]))
    assert checks.check_packages(lock).ok
    lock.write_text("papermill==0.0.1\nno-such-package==1.0\n")
    check = checks.check_packages(lock)
    assert not check.ok
    assert check.found.endswith("papermill==0.0.1, no-such-package==1.0")
    assert "pip install -r requirements.txt" in check.fix


def start_kernel_with(monkeypatch: pytest.MonkeyPatch, command: str | None) -> None:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def spec(*_: object) -> SimpleNamespace:
        if command is None:
            raise NoSuchKernel("python3")
        return SimpleNamespace(argv=[command])

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", spec)


@pytest.mark.parametrize(
    ("command", "fix"),
    [("python", ""), ("/another environment/bin/python", "kernelspec remove"), (None, "pip install -r")],
)
def test_the_kernel_must_be_this_interpreter(monkeypatch: pytest.MonkeyPatch, command: str | None, fix: str) -> None:
    start_kernel_with(monkeypatch, command)
    check = checks.check_kernel()
    assert check.ok == (command == "python")
    assert fix in check.fix
    assert check.ok or (command or "no kernel") in check.found


def test_an_interpreter_without_the_project_is_told_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    start_kernel_with(monkeypatch, sys.executable)
    monkeypatch.setattr(metadata, "distributions", lambda **_: [])
    check = checks.check_kernel()
    assert not check.ok
    assert "pip install --no-deps -e ." in check.fix


def test_missing_data_and_a_damaged_mnist_fail_with_their_own_fix(monkeypatch, tmp_path: Path) -> None:
    check = checks.check_data("no/such/file.npz")
    assert not check.ok
    assert "is missing" in check.found
    assert check.fix
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(data.MNIST_FILE.read_bytes()[:5000])
    monkeypatch.setattr(data.load_mnist, "__defaults__", (damaged,))
    assert checks.check_data().fix.startswith("restore it: git checkout")


class OnAMissingDrive(type(Path())):  # type: ignore[misc]
    """A path on a Windows drive that isn't there: none of the folders above it exists."""

    def is_dir(self) -> bool:
        return False


def test_too_little_disk_and_a_missing_drive_are_found_for_a_folder_that_is_not_made_yet(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "made" / "yet"
    assert checks.check_disk(folder, 0.0).ok
    check = checks.check_disk(folder, 1e9)
    assert not check.ok
    assert str(folder) in check.fix
    assert not folder.exists()
    check = checks.check_disk(OnAMissingDrive("/runs"), 0.0)
    assert not check.ok
    assert "DIGITS_RUNS" in check.fix


def test_too_little_memory_is_found_within_a_containers_limit_too(monkeypatch, tmp_path: Path) -> None:
    assert checks.check_memory(0.0).ok
    check = checks.check_memory(1e9)
    assert not check.ok
    assert "shut down notebooks" in check.fix
    monkeypatch.setattr(checks, "_container_memory", lambda: 7e8)
    assert checks.check_memory(2.0).found == "0.7 GB available, 2 GB needed"


@pytest.mark.parametrize(
    ("written", "left"),
    [
        ({}, math.inf),
        ({"memory.max": "max\n", "memory.current": "5"}, math.inf),
        ({"memory.max": "1000\n", "memory.current": "300\n"}, 700),
        ({"memory/memory.limit_in_bytes": "1000\n", "memory/memory.usage_in_bytes": "400\n"}, 600),
    ],
)
def test_the_limit_of_a_container_is_read_in_both_of_linux_forms(tmp_path: Path, written: dict, left: float) -> None:
    (tmp_path / "memory").mkdir()
    for name, content in written.items():
        (tmp_path / name).write_text(content)
    assert checks._container_memory(tmp_path) == left


def test_the_table_gives_each_failure_its_fix() -> None:
    assert checks.check_devices(["CPU", "GPU", "GPU"]).found.count("GPU") == 2, "once as seen, and none is needed"
    text = checks.table([checks.Check("one", True, "fine", "not shown"), checks.Check("two", False, "bad", "do this")])
    assert text.splitlines() == ["pass  one       fine", "FAIL  two       bad", "                to fix it: do this"]


def test_the_checks_need_no_tensorflow() -> None:
    code = "import sys; from helpers import checks; checks.machine_checks(); assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path.home(), check=False).returncode == 0

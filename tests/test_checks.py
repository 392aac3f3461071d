"""The check of the machine: what is wrong is found, and said together with what mends it."""

import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest

from helpers import chain, checks, data, supported


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with copies of the two files that the check of the packages reads."""
    for name in ("pyproject.toml", "requirements.txt"):
        shutil.copy(chain.ROOT / name, tmp_path)
    return tmp_path


def change_lock(project: Path, old: str, new: str) -> None:
    lock = project / "requirements.txt"
    text = lock.read_text(encoding="utf-8")
    assert old in text
    lock.write_text(text.replace(old, new), encoding="utf-8")


def test_here_everything_passes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIGITS_RUNS", str(tmp_path))
    found = checks.machine_checks(disk=0.001, memory=0.001)
    assert [check.name for check in found if not check.ok] == []
    assert [check.name for check in found] == ["python", "packages", "kernel", "helpers", "data", "disk", "memory"]


def test_a_python_without_a_wheel_fails_with_the_sentence_of_supported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supported, "problem", lambda: "no wheel for this Python: use 3.12")
    check = checks.check_python()
    assert not check.ok
    assert check.found == "no wheel for this Python: use 3.12"
    assert check.mend


def test_packages_pass_whatever_else_the_lock_says_for_other_systems(project: Path) -> None:
    with (project / "requirements.txt").open("a", encoding="utf-8") as lock:
        lock.write("\n# a comment\nnumpy==1.0 ; sys_platform == 'no-such-system'  # not for here\n")
    assert checks.check_packages(project).ok


def test_another_version_is_named_with_the_one_that_is_wanted(project: Path) -> None:
    version = metadata.version("papermill")
    change_lock(project, f"papermill=={version}", "papermill==0.0.1")
    check = checks.check_packages(project)
    assert not check.ok
    assert check.found == f"papermill is {version}, not ==0.0.1"
    assert "pip install -r requirements.txt" in check.mend


def test_missing_packages_are_all_named(project: Path) -> None:
    change_lock(project, "papermill==", "unpinned==")
    text = (project / "pyproject.toml").read_text(encoding="utf-8")
    (project / "pyproject.toml").write_text(text.replace('"click>', '"no-such-package>'), encoding="utf-8")
    with (project / "requirements.txt").open("a", encoding="utf-8") as lock:
        lock.write("no-such-package==1.0\n")
    check = checks.check_packages(project)
    assert not check.ok
    assert "papermill is not in the lock" in check.found
    assert "no-such-package is missing, not ==1.0" in check.found


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.txt"])
@pytest.mark.parametrize("content", [b"<<<<<<< HEAD\n", b"\xff\xfe\x00", None])
def test_a_damaged_or_missing_file_is_restored(project: Path, name: str, content: bytes | None) -> None:
    if content is None:
        (project / name).unlink()
    else:
        (project / name).write_bytes(content)
    check = checks.check_packages(project)
    assert not check.ok
    assert "damaged or missing" in check.found
    assert "git checkout" in check.mend


def kernel_that_starts(monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    from jupyter_client.kernelspec import KernelSpecManager

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", lambda *_: SimpleNamespace(argv=[command]))


def test_a_kernel_of_another_interpreter_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    other = tmp_path / "another environment" / "bin" / "python"
    kernel_that_starts(monkeypatch, str(other))
    check = checks.check_kernel()
    assert not check.ok
    assert str(other) in check.found
    assert "kernelspec remove" in check.mend


def test_a_kernel_that_starts_whatever_python_is_running_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_that_starts(monkeypatch, "python")
    assert checks.check_kernel().ok


def test_no_kernel_at_all_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    def fails(*_: object) -> None:
        raise NoSuchKernel("python3")

    monkeypatch.setattr(KernelSpecManager, "get_kernel_spec", fails)
    check = checks.check_kernel()
    assert not check.ok
    assert "pip install" in check.mend


def test_an_interpreter_without_the_project_is_told_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel_that_starts(monkeypatch, sys.executable)
    monkeypatch.setattr(metadata, "distributions", lambda **_: [])
    check = checks.check_kernel()
    assert not check.ok
    assert "pip install --no-deps -e ." in check.mend


def test_helpers_of_another_checkout_are_noticed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "helpers").mkdir()
    (tmp_path / "helpers" / "chain.py").touch()
    (tmp_path / "notebooks").mkdir()
    monkeypatch.chdir(tmp_path / "notebooks")
    check = checks.check_helpers()
    assert not check.ok
    assert str(chain.ROOT) in check.found


@pytest.mark.parametrize("folder", [chain.ROOT, chain.NOTEBOOKS_FOLDER, Path.home()])
def test_helpers_pass_from_any_folder_that_is_no_other_checkout(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.chdir(folder)
    assert checks.check_helpers().ok


def test_data_that_is_missing_fails_with_its_own_sentence() -> None:
    check = checks.check_data("no/such/file.npz")
    assert not check.ok
    assert "is missing" in check.found
    assert check.mend


def test_a_damaged_mnist_fails_with_the_command_that_restores_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    damaged = tmp_path / "mnist.npz"
    damaged.write_bytes(data.MNIST_FILE.read_bytes()[:5000])
    monkeypatch.setattr(data.load_mnist, "__defaults__", (damaged,))
    check = checks.check_data("mnist")
    assert not check.ok
    assert "mnist.npz is damaged" in check.found
    assert check.mend.startswith("restore it: git checkout")


def test_too_little_disk_is_said_for_a_folder_that_is_not_there_yet(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "made" / "yet"
    assert checks.check_disk(folder, 0.0).ok
    check = checks.check_disk(folder, 1e9)
    assert not check.ok
    assert "1e+09 GB needed" in check.found
    assert str(folder) in check.mend
    assert not folder.exists()


def test_too_little_memory_is_said() -> None:
    assert checks.check_memory(0.0).ok
    assert not checks.check_memory(1e9).ok


@pytest.mark.parametrize("devices", [[], ["CPU"], ["CPU", "GPU", "GPU"]])
def test_devices_inform_and_never_fail(devices: list[str]) -> None:
    check = checks.check_devices(devices)
    assert check.ok
    assert all(kind in check.found for kind in devices)


def test_the_table_gives_each_failure_its_mending_and_passes_none() -> None:
    text = checks.table([checks.Check("one", True, "fine", "not shown"), checks.Check("two", False, "bad", "do this")])
    assert text.splitlines() == ["pass  one       fine", "FAIL  two       bad", "                to mend it: do this"]
    assert checks.table([]) == ""


def test_the_checks_need_no_tensorflow() -> None:
    code = "import sys; from helpers import checks; checks.machine_checks(); assert 'tensorflow' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path.home(), check=False).returncode == 0

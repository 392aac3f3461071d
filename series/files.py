"""Writing files so that none is ever half-written, and digests of what a file holds."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from series.chain import ROOT, runs_folder
from series.errors import LessonError

FULL = (errno.ENOSPC, errno.EDQUOT)
NOT_WRITABLE = (errno.EACCES, errno.EPERM, errno.EROFS)


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, else
    delete it.

    Raises:
        LessonError: there is no space left, or the folder can't be written.
    """
    make_folder(path.parent)
    # It keeps the ending, which Keras looks at.
    temporary = path.with_name(f".{os.getpid()}.partial.{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    except OSError as error:
        # h5py raises its own OSError without a number when the disk is full, so look at the disk as
        # well.
        unsaid = error.errno is None and shutil.disk_usage(path.parent).free < 1_000_000
        if unsaid or error.errno in FULL:
            what = f"no space is left on the disk while saving {display_path(path)}"
            what += "; nothing half-written was kept"
            fix = "free some space (python -m runner clean deletes old runs), then run this again"
            raise LessonError(what, fix) from error
        if error.errno in NOT_WRITABLE:
            raise not_writable(path, error, path.parent) from error
        raise
    finally:
        with contextlib.suppress(OSError):  # never written, already renamed, or still open
            temporary.unlink()


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, if they are not there yet.

    Raises:
        LessonError: the folder can't be made or can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise not_writable(folder, error, folder) from error


def not_writable(path: Path, error: OSError, folder: Path) -> LessonError:
    """The error for a path that can't be written into `folder`."""
    fix = f"make the folder {folder} writable"
    if folder.is_relative_to(runs_folder()):
        fix += ", or set the variable DIGITS_RUNS to one that is"
    return LessonError(f"{display_path(path)} can't be written ({error.strerror})", fix)


def is_link(path: Path) -> bool:
    """Whether a path is a symbolic link, or what Windows has for folders, a junction."""
    return path.is_symlink() or (sys.version_info >= (3, 12) and path.is_junction())


def display_path(path: Path) -> str:
    """A path as messages show it: relative to the project's folder where it is inside, else in
    full.
    """
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def user_path(words: str | Path) -> Path:
    """A path that a reader typed: absolute, relative to the project, or beginning with ~."""
    # Path's own function raises where there is no such user.
    return (ROOT / os.path.expanduser(words)).resolve()  # noqa: PTH111


def write_json(path: Path, content: object) -> None:
    """Write `content` as readable JSON, all of it or nothing."""
    with atomic_write(path) as temporary:
        temporary.write_text(
            json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8"
        )


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        LessonError: the file is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        fix = f"restore {display_path(path)}, or run again what makes it"
        raise LessonError(f"{display_path(path)} is damaged: {error}", fix) from error


def unzip(path: Path) -> Iterator[tuple[str, bytes]]:
    """The parts of a zip archive, which `.npz` and `.keras` files are: name and content, checksums
    compared.

    Raises:
        OSError, ValueError: the file is missing or damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                yield name, archive.read(name)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise ValueError(f"it is incomplete: {error}") from error


def digest(path: Path) -> str:
    """A digest of what the file at `path` holds, not of its bytes.

    For a `.keras` file, which is an archive: the name and content of each part, without the date
    when it was saved. For anything else: its bytes.

    Raises:
        OSError, ValueError: the file is missing or damaged.
    """
    if path.suffix != ".keras":
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    parts, content = dict(unzip(path)), hashlib.sha256()
    if not parts.keys() >= {"config.json", "model.weights.h5"}:
        raise ValueError("it is incomplete: a part is missing")
    config = json.loads(parts["config.json"], object_hook=_without_addresses)
    parts["config.json"] = json.dumps(config, sort_keys=True).encode()
    for name in sorted(parts.keys() - {"metadata.json"}):
        content.update(f"{name} {len(parts[name])} ".encode() + parts[name])
    return content.hexdigest()


def _without_addresses(part: dict[str, Any]) -> dict[str, Any]:
    # Keras numbers an object that several layers share by its address in memory, which is another
    # one each time.
    return {name: value for name, value in part.items() if name != "shared_object_id"}

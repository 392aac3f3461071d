"""Writing files so that none is ever half-written, and digests of what a file holds."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from helpers.chain import ROOT
from helpers.errors import LessonError


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`; rename it to `path` when the block ends well, else delete it.

    Raises:
        LessonError: there is no space left, or the folder can't be written.
    """
    temporary = path.with_name(f".{os.getpid()}.partial.{path.name}")  # keeps the ending, which Keras looks at
    try:
        make_folder(path.parent)
        yield temporary
        temporary.replace(path)
    except OSError as error:
        if fixable := _fixable(error, path):
            raise fixable from error
        raise
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary)
        else:
            with contextlib.suppress(OSError):  # never written, or already renamed
                temporary.unlink()


def make_folder(folder: Path) -> None:
    """Make `folder` and those above it, if they are not there yet.

    Raises:
        LessonError: the folder can't be made or can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        fix = "move that file away, or set the variable DIGITS_RUNS to another folder"
        raise LessonError(f"the folder {shown(folder)} can't be made: a file is in its place", fix) from error
    except OSError as error:
        raise _fixable(error, folder / "files") or error from error
    if not os.access(folder, os.W_OK):
        raise _cannot_write(folder, "permission denied")


def _cannot_write(path: Path, why: str | None) -> LessonError:
    folder = path if path.is_dir() else path.parent
    return LessonError(
        f"{shown(path)} can't be written ({why})",
        f"make the folder {shown(folder)} writable, or set the variable DIGITS_RUNS to a folder that is",
    )


def shown(path: Path) -> str:
    """A path as messages show it: relative to the project's folder where it is inside, else in full."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def user_path(words: str | Path) -> Path:
    """A path that a reader typed: absolute, relative to the project's folder, or beginning with ~."""
    expanded = os.path.expanduser(words)  # noqa: PTH111 (Path's own raises where there is no such user)
    return (ROOT / expanded).resolve()


def _fixable(error: OSError, path: Path) -> LessonError | None:
    # h5py raises its own OSError without a number when the disk is full, so look at the disk as well.
    folder = next((parent for parent in path.parents if parent.exists()), path.parent)
    full = error.errno in (errno.ENOSPC, errno.EDQUOT) or (
        error.errno is None and shutil.disk_usage(folder).free < 1_000_000
    )
    if full:
        return LessonError(
            f"no space is left on the disk while saving {shown(path)}; nothing half-written was kept",
            "free some space (python -m runner clean deletes old runs), then run this again",
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR):
        return _cannot_write(path, error.strerror)
    return None


def write_json(path: Path, content: object) -> None:
    """Write `content` as readable JSON, all of it or nothing."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        LessonError: the file is no JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise LessonError(
            f"{shown(path)} is damaged: {error}", f"delete {shown(path)} and run again what makes it"
        ) from error


def digest(path: Path) -> str:
    """A digest of what the file at `path` holds, not of its bytes.

    For a `.keras` file, which is an archive: the name and content of each part, without the date when it was saved. For
    anything else: its bytes.

    Raises:
        OSError, ValueError: the file is missing or damaged.
    """
    if path.suffix != ".keras":
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    content = hashlib.sha256()
    try:
        with zipfile.ZipFile(path) as archive:
            names = set(archive.namelist()) - {"metadata.json"}
            if not names >= {"config.json", "model.weights.h5"}:
                raise zipfile.BadZipFile("it lacks a part")
            for name in sorted(names):
                part = archive.read(name)
                if name == "config.json":
                    part = json.dumps(json.loads(part, object_hook=_without_addresses), sort_keys=True).encode()
                content.update(f"{name} {len(part)} ".encode() + part)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError) as error:
        raise ValueError(f"{path.name} is not a complete Keras file: {error}") from error
    return content.hexdigest()


def _without_addresses(part: dict[str, Any]) -> dict[str, Any]:
    # Keras numbers an object that several layers share by its address in memory, which is another one each time.
    return {name: value for name, value in part.items() if name != "shared_object_id"}

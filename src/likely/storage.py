"""Models on disk: a folder of JSON and arrays, checked before anything in it is believed.

    bikes.likely/
      model.json              format, version, checksum, content
      arrays-1f0c….npz        the arrays, named by their checksum

``model.json`` names its arrays and is written last, by one ``os.replace``: whoever reads the
folder sees the old model or the new one, whatever happens in between. Nothing is pickled, so a
foreign file cannot run code.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FORMAT = "likely-model"
VERSION = 1
MANIFEST = "model.json"
_TEMPORARY = ".likely-"


class ModelFileError(ValueError):
    """The folder is no model of this library, or was damaged; the message says what helps."""


def write_folder(
    path: str | os.PathLike[str],
    manifest: Mapping[str, Any],
    arrays: Mapping[str, NDArray[Any]],
    *,
    overwrite: bool = True,
) -> Path:
    """Write a model folder, or replace the model in one, atomically.

    ``manifest`` is JSON; ``arrays`` hold numbers, booleans or fixed-width text. An existing folder
    that holds anything but a model is refused, and so is any with ``overwrite=False``. OSError is
    passed on, and leaves what was there before.
    """
    path = Path(path)
    refuse_foreign(path, overwrite=overwrite)
    packed = _pack(arrays)
    digest = hashlib.sha256(packed).hexdigest()
    name = f"arrays-{digest[:16]}.npz"
    content = json.dumps(manifest, ensure_ascii=False, sort_keys=True)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "sha256": _checksum(content, digest),
        "arrays": {"file": name, "sha256": digest},
        "content": json.loads(content),
    }
    text = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    if path.exists():
        write_file(path / name, packed)
        write_file(path / MANIFEST, text)
        _tidy(path, keep=name)
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=path.parent))
    try:
        folder.chmod(0o777 & ~_umask())
        write_file(folder / name, packed)
        write_file(folder / MANIFEST, text)
        os.replace(folder, path)
    finally:
        # After the rename there is nothing left; after Ctrl-C or a full disk there is, and it goes.
        shutil.rmtree(folder, ignore_errors=True)
    return path


def read_folder(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and the arrays of a model folder.

    FileNotFoundError where there is none; ModelFileError for one that is foreign, truncated,
    altered, or written by a later version.
    """
    path = Path(path)
    document = _document(path)
    named = document["arrays"]
    content = json.dumps(document["content"], ensure_ascii=False, sort_keys=True)
    if document["sha256"] != _checksum(content, named["sha256"]):
        raise ModelFileError(
            f"{path / MANIFEST} was altered after it was written (its checksum differs); fit "
            f"again, or "
            "restore the file"
        )
    try:
        packed = (path / named["file"]).read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"{path} lacks {named['file']}, which {MANIFEST} names") from None
    if hashlib.sha256(packed).hexdigest() != named["sha256"]:
        raise ModelFileError(
            f"{path / named['file']} is truncated or was altered (its checksum differs); fit "
            f"again, or "
            "restore the file"
        )
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
            arrays = {key: stored[key] for key in stored.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path / named['file']} holds no plain arrays ({error})") from None
    return document["content"], arrays


def refuse_foreign(path: str | os.PathLike[str], *, overwrite: bool = True) -> None:
    """ModelFileError where ``path`` holds something that a model must not replace."""
    path = Path(path)
    if not path.exists():
        return
    if not path.is_dir():
        raise ModelFileError(f"{path} is a file; a model is saved as a folder")
    if not any(path.iterdir()):
        return
    try:
        _document(path, any_version=True)
    except (ModelFileError, FileNotFoundError):
        raise ModelFileError(
            f"{path} holds something that is not a likely model and will not be overwritten; "
            "choose another folder"
        ) from None
    if not overwrite:
        raise ModelFileError(f"{path} holds a model already")


def write_file(path: Path, data: bytes) -> None:
    """Write a file atomically: all of it, or nothing and no trace. An OSError names ``path``."""
    try:
        _write_and_rename(path, data)
    except OSError as error:
        error.filename = str(path)
        raise


def _write_and_rename(path: Path, data: bytes) -> None:
    handle, temporary = tempfile.mkstemp(prefix=_TEMPORARY, dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _document(path: Path, *, any_version: bool = False) -> dict[str, Any]:
    """``model.json``, its frame checked."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: no such model")
    if not path.is_dir():
        raise ModelFileError(f"{path} is not a likely model: a model is a folder with {MANIFEST}")
    try:
        document = json.loads((path / MANIFEST).read_bytes())
    except FileNotFoundError:
        raise ModelFileError(f"{path} is not a likely model: it has no {MANIFEST}") from None
    except (ValueError, RecursionError):
        raise ModelFileError(f"{path / MANIFEST} is truncated or not JSON") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ModelFileError(f"{path / MANIFEST} was not written by likely")
    version = document.get("version")
    if not isinstance(version, int) or version < 1:
        raise ModelFileError(f"{path / MANIFEST} has no valid format version ({version!r})")
    if version > VERSION and not any_version:
        raise ModelFileError(
            f"{path} was written by a later likely (format {version}; this one reads up to "
            f"{VERSION}): "
            "upgrade with pip install --upgrade likely"
        )
    named = document.get("arrays")
    if not (
        isinstance(named, dict)
        and isinstance(named.get("file"), str)
        and isinstance(named.get("sha256"), str)
        and isinstance(document.get("content"), dict)
        and Path(named["file"]).name == named["file"]
    ):
        raise ModelFileError(f"{path / MANIFEST} is damaged: parts of it are missing")
    return document


def _pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    for key, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise TypeError(f"array {key!r} holds Python objects; give numbers, booleans or text")
    buffer = io.BytesIO()
    np.savez(buffer, **{key: np.asarray(array) for key, array in arrays.items()})  # type: ignore[arg-type]
    return buffer.getvalue()


def _checksum(content: str, arrays: str) -> str:
    return hashlib.sha256(f"{FORMAT} {arrays}\n{content}".encode()).hexdigest()


def _tidy(path: Path, keep: str) -> None:
    """Remove the arrays of the model before, and what an interrupted write may have left."""
    for file in path.iterdir():
        old = file.name.startswith("arrays-") and file.suffix == ".npz" and file.name != keep
        if old or file.name.startswith(_TEMPORARY):
            file.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

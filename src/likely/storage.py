"""Models on disk: a folder of JSON and arrays, checked before anything in it is believed.

    bikes.likely/
      model.json              format, version, checksum, content
      arrays-1f0c….npz        the arrays, named by their checksum
      trees.loc-77ab….txt     a text, such as a learner's own model file

``model.json`` names its arrays and is written last, by one ``os.replace``: whoever reads the
folder sees the old model or the new one, whatever happens in between. Nothing is pickled, so a
foreign file cannot run code.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
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
#: How the names of a model's other files end.
_CHECKSUM = re.compile(r"-[0-9a-f]{16}\.(npz|txt)$")


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

    ``manifest`` is JSON; ``arrays`` hold numbers, booleans or fixed-width text. A text alone, of shape
    (), becomes a file of its own that other programs can read. An existing folder
    that holds anything but a model is refused, and so is any with ``overwrite=False``. OSError is
    passed on, and leaves what was there before.
    """
    path = Path(path)
    refuse_foreign(path, overwrite=overwrite)
    texts = {key: str(array) for key, array in arrays.items() if _is_text(array)}
    files: dict[str, bytes] = {}
    named = {key: _name_file(files, key, ".txt", text.encode()) for key, text in texts.items()}
    packed = _pack({key: array for key, array in arrays.items() if key not in texts})
    stored = _name_file(files, "arrays", ".npz", packed)
    content = json.dumps(manifest, ensure_ascii=False, sort_keys=True)
    document = {
        "format": FORMAT,
        "version": VERSION,
        "sha256": _checksum(content, _digests(stored, named)),
        "arrays": stored,
        **({"texts": named} if named else {}),
        "content": json.loads(content),
    }
    text = (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()
    if path.exists():
        _write_all(path, files, text)
        _tidy(path, keep=set(files))
        return path
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_new(path, files, text)
    except FileExistsError as error:  # of the folders above, one is a file
        raise ModelFileError(
            f"{path} cannot be a folder, because {error.filename} is a file"
        ) from None
    except OSError as error:
        error.filename = os.fspath(path)  # not that of a folder which is gone in a moment
        raise
    return path


def _write_new(path: Path, files: Mapping[str, bytes], text: bytes) -> None:
    folder = Path(tempfile.mkdtemp(prefix=_TEMPORARY, dir=path.parent))
    try:
        folder.chmod(0o777 & ~_umask())
        _write_all(folder, files, text)
        os.replace(folder, path)
    finally:
        # After the rename there is nothing left; after Ctrl-C or a full disk there is, and it goes.
        shutil.rmtree(folder, ignore_errors=True)


def read_folder(path: str | os.PathLike[str]) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """The manifest and the arrays of a model folder.

    FileNotFoundError where there is none; ModelFileError for one that is foreign, truncated,
    altered, or written by a later version.
    """
    path = Path(path)
    document = _document(path)
    stored, named = document["arrays"], document.get("texts", {})
    content = json.dumps(document["content"], ensure_ascii=False, sort_keys=True)
    if document["sha256"] != _checksum(content, _digests(stored, named)):
        raise ModelFileError(
            f"{path / MANIFEST} was altered after it was written (its checksum differs); fit "
            f"again, or "
            "restore the file"
        )
    packed = _read_file(path, stored)
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as opened:
            arrays = {key: opened[key] for key in opened.files}
    except (ValueError, OSError, EOFError, zipfile.BadZipFile) as error:
        raise ModelFileError(f"{path / stored['file']} holds no plain arrays ({error})") from None
    texts = {key: np.array(_read_file(path, one).decode()) for key, one in named.items()}
    return document["content"], {**arrays, **texts}


def _read_file(path: Path, named: Mapping[str, str]) -> bytes:
    """A file that the manifest names, as it was when it was written."""
    try:
        data = (path / named["file"]).read_bytes()
    except FileNotFoundError:
        raise ModelFileError(f"{path} lacks {named['file']}, which {MANIFEST} names") from None
    if hashlib.sha256(data).hexdigest() != named["sha256"]:
        raise ModelFileError(
            f"{path / named['file']} is truncated or was altered (its checksum differs); fit "
            f"again, or "
            "restore the file"
        )
    return data


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
    texts = document.get("texts", {})
    if not (
        isinstance(document.get("sha256"), str)
        and _names_a_file(document.get("arrays"))
        and isinstance(texts, dict)
        and all(_names_a_file(one) for one in texts.values())
        and isinstance(document.get("content"), dict)
    ):
        raise ModelFileError(f"{path / MANIFEST} is damaged: parts of it are missing")
    return document


def _names_a_file(named: Any) -> bool:
    """Whether this is a file of the folder itself, with its checksum."""
    return (
        isinstance(named, dict)
        and isinstance(named.get("file"), str)
        and isinstance(named.get("sha256"), str)
        and Path(named["file"]).name == named["file"]
    )


def _is_text(array: Any) -> bool:
    found = np.asarray(array)
    return found.dtype.kind == "U" and found.ndim == 0


def _name_file(files: dict[str, bytes], name: str, suffix: str, data: bytes) -> dict[str, str]:
    """Add ``data`` to the files to write, named by its checksum; how the manifest names it."""
    digest = hashlib.sha256(data).hexdigest()
    plain = "".join(c if c.isascii() and (c.isalnum() or c in ".-_") else "_" for c in name)
    file = f"{plain}-{digest[:16]}{suffix}"
    files[file] = data
    return {"file": file, "sha256": digest}


def _digests(stored: Mapping[str, str], texts: Mapping[str, Mapping[str, str]]) -> str:
    return " ".join([stored["sha256"], *(f"{k} {v['sha256']}" for k, v in sorted(texts.items()))])


def _write_all(folder: Path, files: Mapping[str, bytes], manifest: bytes) -> None:
    for name, data in files.items():
        write_file(folder / name, data)
    write_file(folder / MANIFEST, manifest)


def _pack(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    for key, array in arrays.items():
        if np.asarray(array).dtype.hasobject:
            raise TypeError(f"array {key!r} holds Python objects; give numbers, booleans or text")
    buffer = io.BytesIO()
    np.savez(buffer, **{key: np.asarray(array) for key, array in arrays.items()})  # type: ignore[arg-type]
    return buffer.getvalue()


def _checksum(content: str, arrays: str) -> str:
    return hashlib.sha256(f"{FORMAT} {arrays}\n{content}".encode()).hexdigest()


def _tidy(path: Path, keep: set[str]) -> None:
    """Remove the arrays and texts of the model before, and what an interrupted write may have left."""
    for file in path.iterdir():
        old = _CHECKSUM.search(file.name) is not None and file.name not in keep
        if old or file.name.startswith(_TEMPORARY):
            file.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask

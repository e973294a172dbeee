"""Model folders: whole or refused, replaced in one step, and never run."""

import errno
import json
import pickle
import shutil

import numpy as np
import pytest

from likely import storage
from likely.storage import ModelFileError, read_folder, write_folder

ARRAYS = {"coef": np.linspace(0, 1, 7), "names": np.array(["a", "bc"]), "flag": np.array(True)}
MANIFEST = {"estimator": "Linear", "x": 0.1, "labels": ["ä", "b"], "nested": {"n": [1, 2]}}


@pytest.fixture
def model(tmp_path):
    return write_folder(tmp_path / "m.likely", MANIFEST, ARRAYS)


def leftovers(folder):
    return [p.name for p in folder.iterdir() if p.name.startswith(".likely-")]


def test_round_trip(model):
    manifest, arrays = read_folder(model)
    assert manifest == MANIFEST
    assert arrays.keys() == ARRAYS.keys()
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        assert np.array_equal(arrays[name], array)


def test_replacing_leaves_one_model(model):
    write_folder(model, {"second": True}, {"a": np.zeros(3)})
    assert read_folder(model)[0] == {"second": True}
    assert len(list(model.iterdir())) == 2
    with pytest.raises(ModelFileError, match="holds a model already"):
        write_folder(model, MANIFEST, ARRAYS, overwrite=False)


def test_what_is_not_a_model_is_never_overwritten(tmp_path):
    folder = tmp_path / "thesis"
    folder.mkdir()
    (folder / "chapter.tex").write_text("years of work")
    (tmp_path / "file").write_text("also mine")
    for path in (folder, tmp_path / "file"):
        with pytest.raises(ModelFileError):
            write_folder(path, MANIFEST, ARRAYS)
    assert [p.name for p in folder.iterdir()] == ["chapter.tex"]
    empty = tmp_path / "empty"
    empty.mkdir()
    write_folder(empty, MANIFEST, ARRAYS)
    assert read_folder(empty)[0] == MANIFEST


def arrays_file(model):
    return next(model.glob("arrays-*.npz"))


def change(model, **values):
    file = model / "model.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), **values}))


def truncate(path):
    path.write_bytes(path.read_bytes()[:-20])


def flip(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


DAMAGE = {
    "arrays truncated": (lambda m: truncate(arrays_file(m)), "truncated or was altered"),
    "arrays altered": (lambda m: flip(arrays_file(m)), "truncated or was altered"),
    "arrays gone": (lambda m: arrays_file(m).unlink(), "lacks arrays-"),
    "manifest truncated": (lambda m: truncate(m / "model.json"), "truncated or not JSON"),
    "manifest gone": (lambda m: (m / "model.json").unlink(), "it has no model.json"),
    "content altered": (lambda m: change(m, content={"x": 0.2}), "altered after it was written"),
    "foreign": (lambda m: change(m, format="keras"), "was not written by likely"),
    "from the future": (lambda m: change(m, version=2), "pip install --upgrade likely"),
    "no version": (lambda m: change(m, version="1"), "no valid format version"),
    "no checksum": (lambda m: change(m, sha256=None), "is damaged"),
    "no arrays named": (lambda m: change(m, arrays=None), "is damaged"),
    "arrays elsewhere": (
        lambda m: change(m, arrays={"file": "../x.npz", "sha256": "0"}),
        "is damaged",
    ),
    "a list": (lambda m: (m / "model.json").write_text("[1]"), "was not written by likely"),
    "deeply nested": (lambda m: (m / "model.json").write_text("[" * 100_000), "not JSON"),
}


@pytest.mark.parametrize("case", DAMAGE)
def test_damage_is_refused(model, case):
    damage, words = DAMAGE[case]
    damage(model)
    with pytest.raises(ModelFileError) as caught:
        read_folder(model)
    assert words in str(caught.value)
    assert "m.likely" in str(caught.value)


def test_what_is_no_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match="no such model"):
        read_folder(tmp_path / "nothing")
    (tmp_path / "file").write_text("{}")
    with pytest.raises(ModelFileError, match="a model is a folder"):
        read_folder(tmp_path / "file")


class Bomb:
    def __reduce__(self):
        return (open, ("/nonexistent/executed", "w"))


def test_a_pickle_is_not_run(model):
    # A consistent forgery, checksums and all: arrays that are a pickle.
    np.savez(model / "evil.npz", coef=np.array([Bomb()], dtype=object))
    for packed in ((model / "evil.npz").read_bytes(), pickle.dumps(Bomb())):
        digest = storage.hashlib.sha256(packed).hexdigest()
        (model / "evil.npz").write_bytes(packed)
        content = json.dumps(MANIFEST, ensure_ascii=False, sort_keys=True)
        change(
            model,
            arrays={"file": "evil.npz", "sha256": digest},
            sha256=storage._checksum(content, digest),
        )
        with pytest.raises(ModelFileError, match="holds no plain arrays"):
            read_folder(model)


def test_objects_are_not_written(tmp_path):
    with pytest.raises(TypeError, match="Python objects"):
        write_folder(tmp_path / "m", {}, {"a": np.array([None])})
    with pytest.raises(TypeError):
        write_folder(tmp_path / "m", {"a": object()}, {})
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("call", [1, 2])
@pytest.mark.parametrize(
    "error", [OSError(errno.ENOSPC, "No space left on device"), KeyboardInterrupt()]
)
@pytest.mark.parametrize("existing", [True, False])
def test_an_interrupted_write_leaves_what_was_there(model, monkeypatch, call, error, existing):
    if not existing:
        shutil.rmtree(model)
    calls = 0

    def fsync(handle):
        nonlocal calls
        calls += 1
        if calls == call:
            raise error

    monkeypatch.setattr(storage.os, "fsync", fsync)
    with pytest.raises(type(error)) as caught:
        write_folder(model, {"second": True}, {"a": np.zeros(3)})
    monkeypatch.undo()
    if isinstance(error, OSError):
        assert caught.value.filename.startswith(str(model))  # where the user wanted it
    if existing:
        assert read_folder(model)[0] == MANIFEST
        assert not leftovers(model)
    assert model.exists() == existing
    assert not leftovers(model.parent)
    write_folder(model, {"third": True}, {})
    assert read_folder(model)[0] == {"third": True}


def test_a_place_where_nothing_can_be_written_is_named(tmp_path):
    """Not the temporary folder beside it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelFileError, match=r"m cannot be a folder, because \S*file is a file$"):
        write_folder(tmp_path / "file" / "m", MANIFEST, ARRAYS)
    with pytest.raises(OSError, match="x" * 300) as caught:
        write_folder(tmp_path / ("x" * 300), MANIFEST, ARRAYS)
    assert caught.value.filename == str(tmp_path / ("x" * 300))


def test_files_get_ordinary_permissions(model):
    (model.parent / "plain").write_text("")
    expected = (model.parent / "plain").stat().st_mode
    assert {p.stat().st_mode for p in model.iterdir()} == {expected}


# --- Texts -----------------------------------------------------------------------------------------


def test_a_text_is_a_file_of_its_own(tmp_path):
    text = "tree\nversion=v4\nGröße\n"
    path = write_folder(tmp_path / "m", MANIFEST, {**ARRAYS, "trees.loc[0]/..": np.array(text)})
    (file,) = path.glob("*.txt")
    assert file.parent == path
    assert file.read_text(encoding="utf-8") == text
    manifest, arrays = read_folder(path)
    assert manifest == MANIFEST
    assert str(arrays["trees.loc[0]/.."]) == text
    assert set(arrays) == {*ARRAYS, "trees.loc[0]/.."}
    write_folder(path, MANIFEST, ARRAYS)
    assert not list(path.glob("*.txt"))


def test_texts_are_checked(tmp_path):
    path = write_folder(tmp_path / "m", MANIFEST, {"one": np.array("abc"), "two": np.array("def")})
    one, _ = sorted(path.glob("*.txt"))
    one.write_text("abd")
    with pytest.raises(ModelFileError, match="truncated or was altered"):
        read_folder(path)
    one.unlink()
    with pytest.raises(ModelFileError, match="lacks one-"):
        read_folder(path)
    one.write_text("abc")
    read_folder(path)
    document = json.loads((path / "model.json").read_text())
    texts = document["texts"]
    texts["one"], texts["two"] = texts["two"], texts["one"]  # exchanged, each whole by itself
    (path / "model.json").write_text(json.dumps(document))
    with pytest.raises(ModelFileError, match="was altered after"):
        read_folder(path)
    document["texts"] = {"one": {"file": "../m/one.txt", "sha256": "0"}}
    (path / "model.json").write_text(json.dumps(document))
    with pytest.raises(ModelFileError, match="is damaged"):
        read_folder(path)

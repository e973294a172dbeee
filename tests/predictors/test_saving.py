"""save and load: the same predictions to the bit, no pickle, and nothing believed unchecked."""

import json
import pickle
import shutil

import numpy as np
import pandas as pd
import pytest

from likely import (
    Bernoulli,
    Categorical,
    Constant,
    ConvergenceWarning,
    Family,
    Gamma,
    Linear,
    Mixture,
    Normal,
    Parameter,
    Poisson,
    StudentT,
    load,
    positive,
    predicted,
    real,
    shared,
)
from likely.families.registry import public_names, specification
from likely.math import exp
from likely.storage import ModelFileError

N = 60
RNG = np.random.default_rng(0)
X = RNG.normal(size=(N, 2))
TARGETS = {
    "real": X[:, 0] + RNG.standard_t(1.5, N),
    "positive": RNG.gamma(2.0, 1.0, N),
    "nonnegative": RNG.gamma(2.0, 1.0, N),
    "unit_interval": RNG.beta(2.0, 3.0, N),
    "circular": RNG.vonmises(2.5, 1.5, N),
    "counts": RNG.negative_binomial(2, 0.4, N).astype(float),
    "positive_counts": np.random.default_rng(1).geometric(0.4, N).astype(float),
    "binary": np.array(["no", "yes"])[RNG.integers(0, 2, N)],
    "classes": np.array(["red", "green", "blue"])[RNG.integers(0, 3, N)],
    "vectors": X @ [[1.0, 0.5], [0.0, 1.0]] + RNG.normal(size=(N, 2)),
    "rankings": np.argsort(np.argsort(RNG.normal(size=(N, 3)), axis=1), axis=1) + 1.0,
    "ordered_classes": np.digitize(X[:, 0] + RNG.logistic(size=N), [-0.5, 1.0]),
}


class Peaks(Family):
    """Largest values."""

    support = real
    loc = Parameter(real)
    scale = Parameter(positive)

    def log_density(y, loc, scale):
        z = (y - loc) / scale
        return -z - exp(-z) - scale.log


def same(model, twin, given=X, y=None, **offsets):
    """Everything that a fitted model answers, bit for bit."""
    assert type(twin) is type(model)
    assert twin.family_ == model.family_
    assert twin.n_features_in_ == model.n_features_in_
    one, other = model.predict_dist(given, **offsets), twin.predict_dist(given, **offsets)
    for name, value in one.parameters.items():
        np.testing.assert_array_equal(other.parameters[name], value)
    np.testing.assert_array_equal(
        model.predict(given, point="mode", **offsets), twin.predict(given, point="mode", **offsets)
    )
    for name in model.coef_:
        np.testing.assert_array_equal(twin.coef_[name], model.coef_[name])
    assert twin.log_likelihood_ == model.log_likelihood_
    assert (twin.aic_, twin.bic_) == (model.aic_, model.bic_)
    assert twin.result_.status is model.result_.status
    assert str(twin.summary()).splitlines()[1:] == str(model.summary()).splitlines()[1:]
    if y is not None:
        assert twin.score(given, y, **offsets) == model.score(given, y, **offsets)


# What did not converge is kept as faithfully: a density with a pole where the support ends.
@pytest.mark.filterwarnings("ignore::likely.fitting.result.ConvergenceWarning")
@pytest.mark.parametrize("estimator", [Constant, Linear])
@pytest.mark.parametrize("name", public_names())
def test_round_trip(name, estimator, tmp_path):
    y = TARGETS[specification(public_names()[name]).support.name]
    model = estimator(name).fit(X, y)
    model.save(tmp_path / "model")
    twin = load(tmp_path / "model")
    same(model, twin, y=y)
    if hasattr(model, "classes_"):
        np.testing.assert_array_equal(twin.classes_, model.classes_)
        assert twin.classes_.dtype == model.classes_.dtype
        np.testing.assert_array_equal(twin.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(
    "model",
    [
        Linear(Normal(scale=shared("softplus")), alpha=2.0, point=0.9),
        Linear(Normal(scale=2.5), columns={"loc": [1]}),
        Linear(Normal(variance=predicted("square")), alpha={"loc": 1.0}, max_iter=50, n_jobs=1),
        Linear(StudentT(df=4.0), columns={"scale": []}),
        Constant(Gamma(shape=predicted), point="mean"),
    ],
    ids=str,
)
def test_parameters_of_the_estimator_are_kept(model, tmp_path):
    y = TARGETS[model.family.specification.support.name]
    model.fit(X, y).save(tmp_path / "model")
    twin = load(tmp_path / "model")
    same(model, twin, y=y)
    assert twin.get_params() == model.get_params()
    twin.fit(X, y)  # an estimator like any other
    same(model, twin, y=y)


LABELS = {
    "bool": np.array([False, True]),
    "int": np.array([-3, 7]),
    "float": np.array([0.5, 1.5]) * 2,
    "text": np.array(["größer", "kleiner"]),
    "object": np.array(["no", "yes"], dtype=object),
    "small": np.array([1, 2], dtype=np.int8),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
@pytest.mark.parametrize("family", [Bernoulli(), Categorical()], ids=str)
def test_labels_keep_their_type(family, labels, tmp_path):
    y = labels[(TARGETS["binary"] == "yes").astype(int)]
    model = Linear(family).fit(X, y)
    model.save(tmp_path / "model")
    twin = load(tmp_path / "model")
    assert twin.classes_.dtype == model.classes_.dtype
    assert [type(v) for v in twin.classes_.tolist()] == [type(v) for v in model.classes_.tolist()]
    np.testing.assert_array_equal(twin.predict(X), model.predict(X))
    assert twin.score(X, y) == model.score(X, y)


def test_feature_names_are_kept(tmp_path):
    frame = pd.DataFrame(X, columns=["Größe", "age [y]"])
    model = Linear(columns={"scale": ["age [y]"]}).fit(frame, TARGETS["real"])
    model.save(tmp_path / "model")
    twin = load(tmp_path / "model")
    assert list(twin.feature_names_in_) == ["Größe", "age [y]"]
    same(model, twin, frame, TARGETS["real"])
    with pytest.raises(ValueError, match="yet now missing:\n- age"):
        twin.predict(frame[["Größe"]])


def test_offset_is_remembered(tmp_path):
    offset = np.linspace(-1.0, 1.0, N)
    model = Linear(Poisson()).fit(X, TARGETS["counts"], offset=offset)
    model.save(tmp_path / "model")
    twin = load(tmp_path / "model")
    same(model, twin, y=TARGETS["counts"], offset=offset)
    with pytest.raises(ValueError, match="fitted with an offset or exposure"):
        twin.predict(X)


def test_a_fit_without_a_maximum_is_kept(tmp_path):
    model = Linear(Bernoulli())
    with pytest.warns(ConvergenceWarning, match="separated"):
        model.fit(X, X[:, 0] > 0)
    model.save(tmp_path / "model")
    twin = load(tmp_path / "model")
    same(model, twin)
    assert twin.result_.message == model.result_.message


def test_numpy_numbers_as_arguments(tmp_path):
    """What came as NumPy numbers is written as numbers."""
    model = Linear(alpha=np.float64(2.0), columns={"scale": np.array([1])}, point=np.float64(0.5))
    model.fit(X, TARGETS["real"]).save(tmp_path / "model")
    twin = load(tmp_path / "model")
    same(model, twin, y=TARGETS["real"])
    assert twin.alpha == 2.0
    assert list(twin.columns["scale"]) == [1]


# --- Families of the user --------------------------------------------------------------------------


@pytest.mark.parametrize("estimator", [Constant, Linear])
def test_user_family(estimator, tmp_path):
    family = Peaks(scale=shared("softplus"))
    model = estimator(family).fit(X, TARGETS["real"])
    model.save(tmp_path / "model")
    same(model, load(tmp_path / "model", families=[Peaks]), y=TARGETS["real"])
    with pytest.raises(ModelFileError, match=r"'Peaks' does not come .*families=\[Peaks\]\)"):
        load(tmp_path / "model")


def test_a_user_family_is_not_taken_for_one_of_the_library_of_that_name(tmp_path):
    """Gumbel's of the smallest of many has the names, the parameters and the links of the library's."""

    class Gumbel(Family):
        support = real
        loc = Parameter(real)
        scale = Parameter(positive)

        def log_density(y, loc, scale):
            z = (y - loc) / scale
            return z - exp(z) - scale.log

    for family in (Gumbel(), Mixture(Gumbel(), 2)):
        model = Constant(family).fit(X, TARGETS["real"])
        model.save(tmp_path / "model")
        same(model, load(tmp_path / "model", families=[Gumbel]), y=TARGETS["real"])
        with pytest.raises(ModelFileError, match=r"'Gumbel' .* your own: .*families=\[Gumbel\]\)"):
            load(tmp_path / "model")


def test_user_family_with_other_parameters(tmp_path):
    class Other(Family):
        support = real
        location = Parameter(real)

        def log_density(y, location):
            return -((y - location) ** 2)

    Linear(Peaks(scale=2.0)).fit(X, TARGETS["real"]).save(tmp_path / "model")
    Other.__name__ = "Peaks"
    with pytest.raises(ModelFileError, match="has no parameter 'scale'"):
        load(tmp_path / "model", families=[Other])


# --- What is not believed --------------------------------------------------------------------------


@pytest.fixture
def saved(tmp_path):
    path = tmp_path / "model"
    Linear().fit(X, TARGETS["real"]).save(path)
    return path


def test_nothing_is_pickled(saved):
    names = sorted(p.suffix for p in saved.iterdir())
    assert names == [".json", ".npz"]
    document = json.loads((saved / "model.json").read_text(encoding="utf-8"))
    assert document["format"] == "likely-model"
    (arrays,) = saved.glob("*.npz")
    with np.load(arrays, allow_pickle=False) as stored:
        assert all(stored[key].dtype.kind in "fiub" for key in stored.files)


def test_a_pickle_in_its_place_is_not_run(saved, tmp_path):
    class Trap:
        def __reduce__(self):
            return (tmp_path / "sprung").touch, ()

    for file in saved.iterdir():
        backup = file.read_bytes()
        file.write_bytes(pickle.dumps(Trap()))
        with pytest.raises(ModelFileError):
            load(saved)
        assert not (tmp_path / "sprung").exists()
        file.write_bytes(backup)
    load(saved)


@pytest.mark.parametrize("keep", [0, 1, 100, -1])
def test_truncated(saved, keep):
    for file in list(saved.iterdir()):
        whole = file.read_bytes()
        file.write_bytes(whole[:keep])
        if file.suffix == ".json" and keep == -1:
            load(saved)  # only the last line break is gone
        else:
            with pytest.raises(ModelFileError, match=r"truncated|altered|not JSON"):
                load(saved)
        file.write_bytes(whole)


def test_altered(saved):
    manifest = saved / "model.json"
    text = manifest.read_text(encoding="utf-8")
    assert '"Normal"' in text
    manifest.write_text(text.replace('"Normal"', '"Laplace"'), encoding="utf-8")
    with pytest.raises(ModelFileError, match=r"was altered after it was written"):
        load(saved)


def test_one_bit_of_the_arrays(saved):
    (arrays,) = saved.glob("*.npz")
    data = bytearray(arrays.read_bytes())
    data[len(data) // 2] ^= 1
    arrays.write_bytes(bytes(data))
    with pytest.raises(ModelFileError, match=r"truncated or was altered"):
        load(saved)


def test_foreign(saved, tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    with pytest.raises(ModelFileError, match="is not a likely model"):
        load(folder)
    (folder / "model.json").write_text('{"format": "other"}')
    with pytest.raises(ModelFileError, match="was not written by likely"):
        load(folder)
    with pytest.raises(ModelFileError, match="will not be overwritten"):
        Linear().fit(X, TARGETS["real"]).save(folder)
    shutil.rmtree(folder)
    folder.write_text("a file")
    with pytest.raises(ModelFileError, match="a model is a folder"):
        load(folder)


def forged(saved, change):
    """The model with its content changed by one who also mends the checksums."""
    from likely.storage import read_folder, write_folder

    manifest, arrays = read_folder(saved)
    change(manifest, arrays)
    write_folder(saved, manifest, arrays)
    return saved


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m, a: m.update(estimator="Forest"), "'Forest', which this version does not know"),
        (lambda m, a: m.update(estimator="os.system"), "which this version does not know"),
        (lambda m, a: m["family"].update(name="Nobody"), "'Nobody' does not come with the library"),
        (lambda m, a: m["family"]["roles"].update(size=1.0), "has no parameter 'size'"),
        (
            lambda m, a: m["family"]["roles"].update(scale={"kind": "eval", "link": None}),
            "not 'eval'",
        ),
        (
            lambda m, a: m["family"]["roles"].update(scale={"kind": "shared", "link": "x"}),
            "unknown link 'x'",
        ),
        (lambda m, a: m.pop("fit"), "lacks or garbles"),
        (lambda m, a: m["fit"].update(status="done"), "lacks or garbles"),
        (lambda m, a: m["parameters"].update(depth=3), "lacks or garbles"),
        (lambda m, a: a.pop("fit.parameters"), "lacks or garbles"),
        (lambda m, a: a.update({"fit.parameters": np.zeros(2)}), "lacks or garbles"),
        (lambda m, a: m.update(n_features_in=7), "lacks or garbles"),
        (lambda m, a: m.update(family="normal"), "lacks or garbles"),
        (lambda m, a: m.clear(), "lacks or garbles"),
    ],
)
def test_content_that_makes_no_sense(saved, change, message):
    with pytest.raises(ModelFileError, match=message):
        load(forged(saved, change))


def test_saving_again_replaces_the_model(saved):
    Linear(StudentT(df=4.0)).fit(X, TARGETS["real"]).save(saved)
    assert load(saved).family_ == StudentT(df=4.0)
    assert len(list(saved.iterdir())) == 2

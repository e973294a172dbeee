"""``likely.torch``: the module beside PyTorch's own, shared parameters, and the head."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from likely import (
    Bernoulli,
    Binomial,
    Categorical,
    Censored,
    Independent,
    Laplace,
    NegativeBinomial,
    Normal,
    Poisson,
    Truncated,
    Weibull,
    predicted,
    shared,
)
from likely.catalogue import family_class
from likely.torch import Head, NLLLoss

pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

N = 200


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


def normal(generator, *shape):
    return torch.randn(*shape, generator=generator, dtype=torch.float64)


# --- Beside PyTorch's own losses ------------------------------------------------------------------


def gaussian(raw, y):
    return nn.GaussianNLLLoss(reduction="none")(raw[..., 0], y, raw[..., 1].exp())


HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)
#: Ours; theirs; theirs as ours: factor and constant; how to draw y.
BESIDE = {
    "MSELoss": (Normal(scale=1.0), nn.MSELoss(reduction="none"), 0.5, HALF_LOG_2PI, "real"),
    "L1Loss": (Laplace(scale=1.0), nn.L1Loss(reduction="none"), 1.0, math.log(2.0), "real"),
    "GaussianNLLLoss": (Normal(variance=predicted("log")), gaussian, 1.0, HALF_LOG_2PI, "real"),
    "BCEWithLogitsLoss": (Bernoulli(), nn.BCEWithLogitsLoss(reduction="none"), 1.0, 0.0, "binary"),
    "CrossEntropyLoss": (Categorical(), nn.CrossEntropyLoss(reduction="none"), 1.0, 0.0, "classes"),
    "PoissonNLLLoss": (Poisson(), nn.PoissonNLLLoss(reduction="none"), 1.0, "log y!", "counts"),
}  # fmt: skip


@pytest.mark.parametrize("name", BESIDE)
def test_equals_the_loss_of_pytorch_up_to_its_constant(name, generator):
    family, theirs, factor, constant, kind = BESIDE[name]
    width = 4 if kind == "classes" else len(NLLLoss(family).predicted)
    raw = normal(generator, N, width)
    if width == 1:
        raw = raw[:, 0]
    y = {
        "real": lambda: normal(generator, N),
        "binary": lambda: torch.randint(0, 2, (N,), generator=generator).double(),
        "counts": lambda: torch.randint(0, 9, (N,), generator=generator).double(),
        "classes": lambda: torch.randint(0, 4, (N,), generator=generator),
    }[kind]()
    if constant == "log y!":
        constant = torch.lgamma(y + 1.0)
    ours, other = raw.clone().requires_grad_(), raw.clone().requires_grad_()
    rows = NLLLoss(family, reduction="none")(ours, y)
    torch.testing.assert_close(rows, factor * theirs(other, y) + constant, rtol=1e-12, atol=1e-12)
    NLLLoss(family)(ours, y).backward()
    (factor * theirs(other, y)).mean().backward()
    torch.testing.assert_close(ours.grad, other.grad, rtol=1e-11, atol=1e-14)


# --- The family's own loss, for every family ------------------------------------------------------


def test_rows_are_those_of_the_family(case):
    loss = NLLLoss(case.family, reduction="none")
    raw, y = torch.tensor(case.raw), torch.tensor(case.y)
    columns = [j for j, role in enumerate(loss._roles) if role != "shared"]
    if loss.shared:
        with torch.no_grad():
            for name, value in zip(loss._columns(), case.raw[0], strict=True):
                if name in loss.shared:
                    loss.shared[name].data = torch.tensor(value)
        raw = raw[:1].expand(raw.shape)
        given = raw[:, columns] if len(columns) > 1 else raw[:, columns[0]]
    else:
        given = raw
    torch.testing.assert_close(loss(given, y), case.family.nll(y, raw), rtol=0.0, atol=0.0)


def test_reductions_and_weights(generator):
    raw, y = normal(generator, N, 2), normal(generator, N)
    rows = NLLLoss(Normal(), "none")(raw, y)
    weight = torch.rand(N, generator=generator, dtype=torch.float64)
    assert NLLLoss("normal")(raw, y) == rows.mean()
    assert NLLLoss(Normal(), "sum")(raw, y) == rows.sum()
    weighted = (rows * weight).sum() / weight.sum()
    torch.testing.assert_close(NLLLoss(Normal)(raw, y, weight), weighted)
    repeated = torch.arange(N).repeat_interleave(2)
    torch.testing.assert_close(
        NLLLoss(Normal())(raw, y, torch.full((N,), 2.0)),
        NLLLoss(Normal())(raw[repeated], y[repeated]),
    )


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
@pytest.mark.parametrize(
    ("name", "columns"),
    [("Poisson", 1), ("Normal", 2), ("Laplace", 2), ("StudentT", 2), ("Categorical", 3)],
)
def test_the_mean_of_many_rows_is_differentiated_as_the_rows_are(name, columns, dtype, generator):
    """Enough rows for a kernel: both derivatives, and forward mode, as of the loss of each row."""
    family, many = family_class(name)(), 1300
    rough = 2e-6 if dtype == torch.float32 else 1e-12
    y = torch.randint(0, 3, (many,), generator=generator).to(dtype)
    raw = normal(generator, many, columns).to(dtype).requires_grad_()
    direction = normal(generator, many, columns).to(dtype)
    found = []
    for loss in (NLLLoss(family), lambda r, t: NLLLoss(family, "none")(r, t).mean()):
        mean = loss(raw, y)
        (slope,) = torch.autograd.grad(mean, raw, create_graph=True)
        (bend,) = torch.autograd.grad((slope * direction).sum(), raw)
        (twice,) = torch.autograd.grad(2.0 * loss(raw, y), raw)
        torch.testing.assert_close(twice, 2.0 * slope)
        along = torch.func.jvp(lambda r, loss=loss: loss(r, y), (raw.detach(),), (direction,))[1]
        with torch.no_grad():
            torch.testing.assert_close(loss(raw, y), mean.detach(), rtol=rough / 50, atol=0.0)
        found.append((mean, slope, bend, along))
    for ours, rows in zip(*found, strict=True):
        assert ours.dtype == dtype
        torch.testing.assert_close(ours, rows, rtol=rough, atol=rough / many)


# --- Shared parameters ----------------------------------------------------------------------------


def test_shared_parameters_are_learned_and_saved():
    rng = np.random.default_rng(0)
    y = torch.tensor(rng.gamma(3.0, 2.0, 400))
    loss = NLLLoss("gamma")
    assert loss.predicted == ("mean",)
    assert [name for name, _ in loss.named_parameters()] == ["shared.shape"]
    raw = torch.zeros(400, 1, dtype=torch.float64, requires_grad=True)
    loss(raw, y).backward()
    assert loss.shared["shape"].grad.abs() > 0.0
    start = loss.start(y)
    best = loss.family.fit(y.numpy()).parameters
    assert float(start.exp()) == pytest.approx(best["mean"], rel=1e-6)
    assert float(loss.shared["shape"].detach().exp()) == pytest.approx(best["shape"], rel=1e-6)
    twin = NLLLoss("gamma")
    twin.load_state_dict(loss.state_dict())
    assert twin(raw, y) == loss(raw, y)
    assert copy.deepcopy(loss)(raw, y) == loss(raw, y)


@pytest.mark.parametrize(
    ("family", "y"),
    [
        (Binomial(), [[1.0, 3.0], [2.0, 5.0], [0.0, 4.0]]),
        (Censored(Weibull()), [[1.0, 1.0], [2.0, math.inf], [1.0, 3.0]]),
        (Independent(Normal(), Weibull()), [[1.0, 1.0], [2.0, 3.0], [1.5, 3.0]]),
    ],
    ids=["trials", "bounds", "two targets"],
)
def test_a_row_of_y_may_have_columns(family, y):
    y = torch.tensor(y, dtype=torch.float64)
    loss = NLLLoss(family, "none", validate=True)
    start = loss.start(y).to(torch.float64).expand(3, -1)
    values = {**dict(zip(loss.predicted, start[0], strict=True)), **loss.state_dict()}
    names = [name if name in values else f"shared.{name}" for name in family.loss().column_names]
    raw = np.array([float(values[name]) for name in names])
    expected = family.nll(y.numpy(), np.tile(raw, (3, 1)))
    np.testing.assert_allclose(loss(start, y).detach(), expected, rtol=1e-12)


def test_everything_may_be_shared():
    loss = NLLLoss(Normal(loc=shared, scale=shared))
    y = torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64)
    assert loss.predicted == ()
    assert loss.start(y).numel() == 0
    value = loss(torch.empty(3, 0, dtype=torch.float64), y)
    best = Normal().fit(y.numpy()).log_prob(y.numpy()).mean()
    assert value.item() == pytest.approx(-best, rel=1e-6)


def test_head_starts_at_the_best_constant(generator):
    y = 1e6 + 50.0 * normal(generator, N)
    loss = NLLLoss(Normal())
    head = Head(5, loss).double()
    assert head.out_features == 2
    head.start(y)
    value = loss(head(normal(generator, N, 5)), y)
    best = Normal().fit(y.numpy())
    assert value.item() == pytest.approx(-best.log_prob(y.numpy()).mean(), abs=1e-3)
    assert not [name for name, _ in head.named_parameters() if name.startswith("_loss")]
    with pytest.raises(ValueError, match="without bias"):
        Head(5, loss, bias=False).start(y)


def test_predictive_of_raw_predictions(generator):
    raw = normal(generator, 7, 2)
    found = NLLLoss(Normal()).predict_dist(raw)
    np.testing.assert_allclose(found.mean(), raw[:, 0].numpy())
    classes = NLLLoss(Categorical(3)).predict_dist(normal(generator, 7, 3))
    assert classes.probabilities().shape == (7, 3)


# --- What PyTorch does with modules ---------------------------------------------------------------


def test_under_transforms_and_compile(generator):
    loss = NLLLoss("negativebinomial")
    raw = normal(generator, 6, 1)
    y = torch.tensor([0.0, 1.0, 2.0, 5.0, 0.0, 9.0], dtype=torch.float64)
    each = torch.func.vmap(lambda r, t: loss(r, t))(raw, y)
    torch.testing.assert_close(each, NLLLoss.forward(loss, raw, y) * 0 + each)
    torch.testing.assert_close(each.mean(), loss(raw, y))
    raw.requires_grad_()
    (slope,) = torch.autograd.grad(loss(raw, y), raw, create_graph=True)
    (bend,) = torch.autograd.grad(slope.sum(), raw)
    assert bool((bend != 0.0).any())
    compiled = torch.compile(loss, backend="aot_eager")
    torch.testing.assert_close(compiled(raw, y), loss(raw, y))


def test_mistakes():
    with pytest.raises(ValueError, match="reduction must be one of mean, sum, none, got 'average'"):
        NLLLoss(Normal(), "average")
    with pytest.raises(TypeError, match="family must be"):
        NLLLoss(3)
    with pytest.raises(ValueError, match=r"raw has shape \(4, 3\)"):
        NLLLoss(Normal())(torch.zeros(4, 3), torch.zeros(4))
    with pytest.raises(ValueError, match=r"shape is shared"):
        NLLLoss("gamma")(torch.zeros(4, 2), torch.ones(4))
    with pytest.raises(ValueError, match=r"outside the support .* row 1 \(value -1.0\)"):
        NLLLoss(Poisson(), validate=True)(torch.zeros(2), torch.tensor([1.0, -1.0]))
    for family in (Categorical(), Categorical(reference=0)):
        columns = 3 if family.reference is None else 2
        with pytest.raises(ValueError, match=r"row 1 \(value 3.0\); each must be a class 0, …, 2"):
            NLLLoss(family, validate=True)(torch.zeros(2, columns), torch.tensor([0, 3]))


def test_what_is_no_tensor_no_loss_and_not_real():
    loss, y = NLLLoss(Normal()), torch.zeros(3)
    with pytest.raises(
        TypeError, match=r"raw must be a tensor, got ndarray: the order is loss\(raw"
    ):
        loss(np.zeros((3, 2)), y)
    with pytest.raises(TypeError, match=r"y must be real, got torch.complex64"):
        loss(torch.zeros(3, 2), y + 0j)
    with pytest.raises(TypeError, match=r"loss must be an NLLLoss, .*got 'normal'"):
        Head(16, "normal")


def test_weights_are_one_number_a_row():
    loss = NLLLoss(Normal(), reduction="sum")
    with pytest.raises(ValueError, match=r"weight has shape \(5, 1\), but the rows have \(5,\)"):
        loss(torch.zeros(5, 2), torch.zeros(5), torch.ones(5, 1))  # would be 25 products


def test_y_of_one_column_for_a_family_of_intervals():
    loss = NLLLoss(Censored(Weibull()))
    with pytest.raises(ValueError, match=r"y must have 2 columns, low and high.*got shape \(5,\)"):
        loss(torch.zeros(5), torch.ones(5))


@pytest.mark.parametrize("low", [1, 3])
@pytest.mark.parametrize("inside", [Poisson(), NegativeBinomial()], ids=repr)
def test_counts_above_a_bound(inside, low):
    """A condition on the bound alone is a number beside others that are tensors."""
    family = Truncated(inside, low=low)
    raw = np.linspace(-1.0, 2.0, 3 * len(family.raw_columns)).reshape(3, -1)
    y = np.array([4.0, 5.0, 90.0])
    value, gradient = family.nll_and_gradient(y, raw)
    ours = torch.tensor(raw, requires_grad=True)
    nll = family.nll(torch.tensor(y), ours)
    nll.sum().backward()
    np.testing.assert_allclose(nll.detach(), value, rtol=1e-12)
    np.testing.assert_allclose(ours.grad, gradient, rtol=1e-11)

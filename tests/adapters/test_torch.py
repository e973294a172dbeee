"""Losses on PyTorch tensors: NumPy's values and derivatives, whatever PyTorch does with them."""

import numpy as np
import pytest
import torch
from torch.func import grad, hessian, jacrev, vmap

from likely import Bernoulli, Categorical, Normal, Poisson, StudentT

# PyTorch's forward mode and its compiler meet their own deprecated parts.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")

RTOL = 1e-11  # the order of a sum, and exp and log of another library


def tensors(case, dtype=torch.float64):
    raw = torch.tensor(case.raw, dtype=dtype, requires_grad=True)
    return torch.tensor(case.y), raw


def agree(tensor, array, rtol=RTOL):
    np.testing.assert_allclose(tensor.detach().numpy(), array, rtol=rtol, atol=1e-13)


# --- Value and derivatives ------------------------------------------------------------------------


def test_value_and_gradient_are_those_of_numpy(case):
    value, gradient = case.family.nll_and_gradient(case.y, case.raw)
    y, raw = tensors(case)
    ours = case.family.nll(y, raw)
    agree(ours, value)
    ours.sum().backward()
    agree(raw.grad, gradient)
    both = case.family.nll_and_gradient(y, raw.detach())
    agree(both[0], value)
    agree(both[1], gradient)
    agree(case.family.nll(y, raw.detach()), value)  # nothing to differentiate
    assert both[1].shape == raw.shape


def test_autograd_agrees_with_differences(case):
    y, raw = (t.detach() for t in tensors(case))
    finite = torch.isfinite(case.family.nll(y, raw))  # a support may end before y
    y, raw = y[finite][:3], raw[finite][:3]
    raw.requires_grad_()
    assert torch.autograd.gradcheck(lambda r: case.family.nll(y, r), raw, check_forward_ad=True)
    assert torch.autograd.gradgradcheck(lambda r: case.family.nll(y, r), raw)


def test_hessian_is_the_observed_curvature(case):
    wanted = case.family.curvature(case.y, case.raw, kind="observed")
    y, raw = tensors(case)
    y, raw = y.double(), raw.detach()

    def row(r, t):
        return case.family.nll(t, r)

    agree(vmap(hessian(row))(raw, y), wanted, 1e-9)
    agree(vmap(jacrev(grad(row)))(raw, y), wanted, 1e-9)


@pytest.mark.parametrize("kind", ["observed", "expected", "complete"])
def test_curvature_is_numpys(case, kind):
    loss = case.family.loss()
    y, raw = (t.detach() for t in tensors(case))
    if kind not in loss.curvature_kinds:
        with pytest.raises(ValueError, match=f"declares no {kind}_information"):
            case.family.curvature(y, raw, kind)
        return
    if kind == "expected" and loss.by_hand is not None and not getattr(loss, "canonical", False):
        with pytest.raises(NotImplementedError, match="is computed on NumPy arrays"):
            case.family.curvature(y, raw, kind)
        return
    found = case.family.curvature(y, raw, kind)
    assert isinstance(found, torch.Tensor)
    assert found.dtype == raw.dtype
    wanted = case.family.curvature(case.y, case.raw, kind)
    agree(found, wanted, 1e-9)
    one = vmap(lambda r, t: case.family.curvature(t, r, kind))(raw, y.double())
    agree(one, wanted, 1e-9)
    assert case.family.curvature(y[:0], raw[:0], kind).shape == (0, *wanted.shape[1:])


def test_curvature_compiles_and_has_derivatives():
    y, raw = torch.tensor([0.0, 3.0]), torch.tensor([0.5, 1.0], requires_grad=True)
    found = Poisson().curvature(y, raw)
    assert found.shape == (2, 1, 1)
    found.sum().backward()  # the curvature of exp is exp
    torch.testing.assert_close(raw.grad, raw.detach().exp())
    torch.testing.assert_close(
        torch.compile(Poisson().curvature, backend="aot_eager", fullgraph=True)(y, raw), found
    )


def test_extreme_raws_give_no_nan(extreme):
    value, gradient = extreme.family.nll_and_gradient(extreme.y, extreme.raw)
    y, raw = tensors(extreme)
    ours = extreme.family.nll(y, raw)
    ours.sum().backward()
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    agree(ours, value)
    agree(raw.grad, gradient)


def test_a_gradient_can_be_part_of_the_loss():
    y = torch.tensor([0.3, -1.0], dtype=torch.float64)
    raw = torch.tensor([[0.1, 0.2], [0.5, -0.4]], dtype=torch.float64, requires_grad=True)

    def penalised(r):
        value, gradient = Normal().nll_and_gradient(y, r)
        return (value + gradient.square().sum(dim=-1)).sum()

    assert torch.autograd.gradcheck(penalised, raw)


def test_y_has_a_gradient_too():
    raw = torch.randn(3, 3, dtype=torch.float64, requires_grad=True)
    y = torch.randn(3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(StudentT().nll, (y, raw), check_forward_ad=True)
    assert torch.autograd.gradgradcheck(StudentT().nll, (y, raw))


# --- Categorical ----------------------------------------------------------------------------------


def test_a_class_that_is_nearly_certain_keeps_its_digits():
    raw = torch.tensor([[40.0, 0.0]], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([0])
    value = Categorical(2).nll(y, raw)
    (gradient,) = torch.autograd.grad(value.sum(), raw, create_graph=True)
    small = np.exp(-40.0)
    np.testing.assert_allclose(value.item(), small, rtol=1e-14)
    np.testing.assert_allclose(gradient.detach().numpy(), [[-small, small]], rtol=1e-14)
    (second,) = torch.autograd.grad(gradient[0, 0], raw)
    np.testing.assert_allclose(second.numpy(), [[small, -small]], rtol=1e-14)


def test_certain_and_wrong():
    raw = torch.tensor([[700.0, 0.0, -700.0]], dtype=torch.float64, requires_grad=True)
    Categorical(3).nll(torch.tensor([2]), raw).sum().backward()
    assert torch.isfinite(raw.grad).all()
    np.testing.assert_allclose(raw.grad[0, [0, 2]], [1.0, -1.0])


# --- Types, shapes, devices -----------------------------------------------------------------------


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_the_type_of_raw_is_kept(case, dtype):
    y, raw = tensors(case, dtype)
    raw = (raw / 4).detach().requires_grad_()  # float16 ends at 65504
    value, gradient = case.family.nll_and_gradient(case.y, raw.detach().double().numpy())
    ours = case.family.nll(y, raw)
    assert ours.dtype == dtype
    ours.sum().backward()
    assert raw.grad.dtype == dtype
    tolerance = 4 * torch.finfo(dtype).eps
    np.testing.assert_allclose(ours.detach().double(), value, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(raw.grad.double(), gradient, rtol=tolerance, atol=tolerance)


def test_one_column_needs_no_axis():
    y = torch.tensor([0.0, 1.0, 1.0])
    raw = torch.tensor([0.3, -0.2, 1.0], requires_grad=True)
    flat = Bernoulli().nll(y, raw)
    assert torch.equal(flat, Bernoulli().nll(y, raw[:, None]))
    assert Bernoulli().nll_and_gradient(y, raw)[1].shape == (3,)
    assert Bernoulli().nll_and_gradient(y, raw[:, None])[1].shape == (3, 1)


@pytest.mark.parametrize("convert", [np.asarray, lambda y: torch.tensor(y, dtype=torch.int64)])
def test_y_may_be_numpy_or_integers(convert):
    raw = torch.randn(4, dtype=torch.float64)
    y = [0, 3, 1, 7]
    agree(Poisson().nll(convert(y), raw), Poisson().nll(np.array(y), raw.numpy()))


def test_zero_rows():
    raw = torch.zeros(0, 2, requires_grad=True)
    value = Normal().nll(torch.zeros(0), raw)
    value.sum().backward()
    assert value.shape == (0,)
    assert raw.grad.shape == (0, 2)


def test_shapes_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"raw has shape \(4,\).*needs \(4, 2\).*loc, scale"):
        Normal().nll(torch.zeros(4), torch.zeros(4))
    with pytest.raises(TypeError, match=r"floating-point tensor, got torch.int64"):
        Bernoulli().nll(torch.zeros(2), torch.zeros(2, dtype=torch.int64))


def test_many_rows_take_the_kernel():
    rng = np.random.default_rng(0)
    for dtype, rtol in ((torch.float64, RTOL), (torch.float32, 1e-6)):
        y = torch.tensor(rng.normal(size=3000), dtype=dtype)
        raw = torch.tensor(rng.normal(size=(3000, 2)), dtype=dtype, requires_grad=True)
        value, gradient = Normal().nll_and_gradient(
            y.double().numpy(), raw.detach().double().numpy()
        )
        ours = Normal().nll(y, raw)
        assert ours.dtype == dtype
        agree(ours, value, rtol)
        (first,) = torch.autograd.grad(ours.sum(), raw, create_graph=True)
        agree(first, gradient, rtol)
        agree(Normal().nll(y, raw.detach()), value, rtol)
        first.sum().backward()
        assert torch.isfinite(raw.grad).all()


def test_a_fake_tensor_is_never_read():
    from torch._subclasses.fake_tensor import FakeTensorMode

    with FakeTensorMode():
        raw = torch.empty(5000, 2, requires_grad=True)
        value = Normal().nll(torch.empty(5000), raw)
        assert value.shape == (5000,)


# --- Programs that use it -------------------------------------------------------------------------


@pytest.mark.parametrize("family", [Bernoulli(), Normal(), Categorical(3)], ids=repr)
def test_compiles_in_one_piece(family):
    def loss(y, raw):
        return family.nll(y, raw).mean()

    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    y = torch.tensor([0.0, 1.0, 1.0, 0.0])
    raw = torch.randn(4, len(family.raw_columns), requires_grad=True)
    compiled(y, raw).backward()
    wanted = torch.autograd.grad(loss(y, raw), raw)[0]
    torch.testing.assert_close(raw.grad, wanted)
    torch.testing.assert_close(compiled(y, raw), loss(y, raw))


def test_per_example_gradients_of_a_network():
    network = torch.nn.Linear(3, 2).double()
    x, y = torch.randn(6, 3).double(), torch.randn(6).double()

    def loss(parameters, one_x, one_y):
        return Normal().nll(one_y, torch.func.functional_call(network, parameters, (one_x,)))

    parameters = {k: v.detach() for k, v in network.named_parameters()}
    each = vmap(grad(loss), in_dims=(None, 0, 0))(parameters, x, y)
    Normal().nll(y, network(x)).sum().backward()
    torch.testing.assert_close(each["weight"].sum(dim=0), network.weight.grad)


def test_a_linear_layer_reaches_least_squares():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(200, 2))
    y = x @ [1.5, -0.5] + 0.7 + 0.3 * rng.normal(size=200)
    design = np.c_[x, np.ones(200)]
    wanted, rss = np.linalg.lstsq(design, y, rcond=None)[:2]
    layer = torch.nn.Linear(2, 1).double()
    log_scale = torch.zeros((), dtype=torch.float64, requires_grad=True)
    tx, ty = torch.tensor(x), torch.tensor(y)
    optimiser = torch.optim.LBFGS(
        [*layer.parameters(), log_scale],
        max_iter=200,
        tolerance_grad=1e-12,
        tolerance_change=1e-16,
        line_search_fn="strong_wolfe",
    )

    def closure():
        optimiser.zero_grad()
        raw = torch.cat([layer(tx), log_scale.expand(200, 1)], dim=1)
        loss = Normal().nll(ty, raw).mean()
        loss.backward()
        return loss

    optimiser.step(closure)
    found = [*layer.weight[0].tolist(), layer.bias.item()]
    np.testing.assert_allclose(found, wanted, rtol=1e-6)
    np.testing.assert_allclose(log_scale.exp().item(), np.sqrt(rss[0] / 200), rtol=1e-6)

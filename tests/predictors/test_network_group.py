"""Two processes that train together find what one finds: the same script, started by torchrun."""

import os
import runpy
import subprocess
import sys

import numpy as np
import pytest

SCRIPT = """
import os
import numpy as np
from likely import Network, Normal, shared

rng = np.random.default_rng(0)
X = rng.uniform(-1.0, 1.0, size=(300, 3))
y = 3.0 * X[:, 0] + rng.normal(size=300)
weight, offset = rng.uniform(0.5, 2.0, 300), X[:, 1]
model = Network(
    Normal(scale=shared), members=2, hidden=(16,), max_epochs=6, validation=3, batch_size=33,
    max_norm=1.0, random_state=0,
)
model.fit(X, y, weight, offset)
parameters = model.predict_params(X, offset=offset)
rank = os.environ.get("RANK", "alone")
said = ""
if rank == "1":
    y[0] += 1.0
try:
    if rank != "alone":
        model.fit(X, y, weight, offset)
except ValueError as error:
    said = str(error)
np.savez(rank, **parameters, losses=model.losses_, said=np.array(said))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What the script found alone, and in each of two processes."""
    folder = tmp_path_factory.mktemp("group")
    (folder / "script.py").write_text(SCRIPT)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    done = subprocess.run(
        [sys.executable, *launch, "script.py"],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        runpy.run_path("script.py")
    return {rank: dict(np.load(folder / f"{rank}.npz")) for rank in ("alone", "0", "1")}


@pytest.mark.parametrize("rank", ["0", "1"])
def test_two_processes_find_what_one_finds(found, rank):
    """With dropout, uneven shares, weights, offsets, clipping, a shared parameter, folds and members."""
    for name in ("loc", "scale", "losses"):
        np.testing.assert_allclose(found[rank][name], found["alone"][name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_processes_with_different_rows_are_told(found, rank):
    assert "1 of 2 processes were given other rows or settings" in str(found[rank]["said"])

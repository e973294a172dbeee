"""Two processes that train together find what one finds: the same script, started by torchrun."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SCRIPT = """
import atexit
import os
from pathlib import Path
import numpy as np
from likely import Network, Normal, shared

def threads():
    names = [name.read_text().strip() for name in Path("/proc/self/task").glob("*/comm")]
    Path(f"{rank}.threads").write_text(" ".join(names))

rank = os.environ.get("RANK", "alone")
if rank != "alone":
    atexit.register(threads)  # the last to be called
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
    results = {rank: dict(np.load(folder / f"{rank}.npz")) for rank in ("alone", "0", "1")}
    for rank in ("0", "1"):
        results[rank]["threads"] = (folder / f"{rank}.threads").read_text()
    return results


@pytest.mark.parametrize("rank", ["0", "1"])
def test_two_processes_find_what_one_finds(found, rank):
    """With dropout, uneven shares, weights, offsets, clipping, a shared parameter, folds and members."""
    for name in ("loc", "scale", "losses"):
        np.testing.assert_allclose(found[rank][name], found["alone"][name], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("rank", ["0", "1"])
def test_processes_with_different_rows_are_told(found, rank):
    assert "1 of 2 processes were given other rows or settings" in str(found[rank]["said"])


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads the threads from /proc")
@pytest.mark.parametrize("rank", ["0", "1"])
def test_no_thread_of_the_group_is_left_when_the_process_ends(found, rank):
    """One that is left may abort the process while the interpreter is taken down."""
    assert "gloo" not in found[rank]["threads"]

"""Work dealt to threads: every unit once, errors arrive, and nobody waits for what has not begun."""

import os
import subprocess
import sys
from threading import Barrier, Event, get_ident

import pytest

from likely._math.pool import deal


@pytest.mark.parametrize("count", [1, 2, 5])
def test_every_unit_is_done_once(count):
    done = []
    deal(lambda unit, worker: done.append((unit, worker)), 50, count)
    assert sorted(unit for unit, _ in done) == list(range(50))
    assert {worker for _, worker in done} <= set(range(count))


def test_units_are_done_at_the_same_time():
    meeting, seen = Barrier(3), set()

    def work(unit, worker):
        meeting.wait(timeout=10)
        seen.add(get_ident())

    deal(work, 3, 3)
    assert len(seen) == 3


def test_an_error_of_another_thread_is_raised_after_all_have_stopped():
    meeting, ended = Barrier(2), Event()

    def work(unit, worker):
        meeting.wait(timeout=10)
        if worker == 1:
            raise KeyError("unit")
        ended.set()

    with pytest.raises(KeyError, match="unit"):
        deal(work, 2, 2)
    assert ended.is_set()


def test_work_within_work_is_not_waited_for_by_itself():
    """All threads are busy with the outer units, so none comes for the inner ones."""
    done = []

    def outer(unit, _):
        deal(lambda inner, _: done.append((unit, inner)), 4, 4)

    deal(outer, 8, 4)
    assert len(done) == len(set(done)) == 32


FORK = """
import os
import subprocess
import sys
from threading import Barrier
from likely._math.pool import deal

deal(lambda unit, worker: None, 4, 4)
child = os.fork()
meeting = Barrier(2)
deal(lambda unit, worker: meeting.wait(timeout=10), 2, 2)
if child:
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_threads_of_its_own():
    """In a process of its own: other libraries here do not take a fork well."""
    subprocess.run([sys.executable, "-W", "ignore", "-c", FORK], check=True, timeout=60)

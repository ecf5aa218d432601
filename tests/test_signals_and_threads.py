"""A signal waits until all steps are handed out, also where another thread runs: the one that renews a lock."""

import os
import signal
import threading
import time

from accessctl.apply.run import _no_signal


def test_a_signal_waits_beside_a_thread_that_renews_the_lock():
    over = threading.Event()
    thread = threading.Thread(target=over.wait, daemon=True)
    thread.start()
    came_inside = False
    is_inside = True

    def note(*_):
        nonlocal came_inside
        came_inside = came_inside or is_inside

    before = signal.signal(signal.SIGINT, note)
    try:
        with _no_signal():
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
            is_inside = False
    finally:
        over.set()
        thread.join()
        signal.signal(signal.SIGINT, before)
    assert not came_inside

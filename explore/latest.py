"""`Latest`: a worker for jobs of which only the latest matters."""

from __future__ import annotations

import threading
from collections.abc import Callable

# Whether a job is still wanted: it asks again and again, and stops where it is not.
Wanted = Callable[[], bool]
Job = Callable[[Wanted], None]


class Latest:
    """A thread that does the last job that it was given; those before are dropped, and one that is under way is told.

    Nothing queues: while a job runs, at most one waits.
    """

    def __init__(self, name: str, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._changed = threading.Condition()
        self._job: Job | None = None
        self._number = self._done = 0
        self._stopped = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, job: Job) -> None:
        """Do a job next, and give up the one before."""
        with self._changed:
            self._job = job
            self._number += 1
            self._changed.notify()

    @property
    def busy(self) -> bool:
        """Whether a job is under way, or waits."""
        return self._done < self._number

    def stop(self) -> None:
        """Give up what is under way, and end the thread."""
        with self._changed:
            self._stopped = True
            self._job = None
            self._number += 1
            self._changed.notify()

    def join(self, timeout: float) -> bool:
        """Wait until the thread has ended; whether it has."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopped or self._job is not None)
                if self._stopped:
                    return
                job, number = self._job, self._number
                self._job = None
            assert job is not None
            try:
                job(lambda number=number: number == self._number)
            except Exception as error:
                self._failed(error)
            self._done = number

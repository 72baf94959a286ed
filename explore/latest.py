"""`Latest`: a worker for jobs of which only the latest matters."""

from __future__ import annotations

import threading
from collections.abc import Callable

# Whether a job is still wanted: it asks again and again, and stops where it is not.
Wanted = Callable[[], bool]
Job = Callable[[Wanted], None]


class Latest:
    """Does the last job that it was given; those before are dropped, and one that is under way is asked to stop.

    Nothing queues: while a job runs, at most one waits. There is a thread, of the given name, only while there is
    something to do.
    """

    def __init__(self, name: str, failed: Callable[[Exception], None]) -> None:
        self._name, self._failed = name, failed
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._job: Job | None = None
        self._number = 0
        self._stopped = False

    def submit(self, job: Job) -> None:
        """Do a job next, and give up the one before."""
        with self._lock:
            if self._stopped:
                return
            self._job = job
            self._number += 1
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name=self._name, daemon=True)
                self._thread.start()

    @property
    def busy(self) -> bool:
        """Whether a job is under way, or waits."""
        return self._thread is not None

    def stop(self) -> None:
        """Give up what is under way and what waits, and take no more jobs."""
        with self._lock:
            self._stopped = True
            self._job = None
            self._number += 1

    def join(self, timeout: float) -> bool:
        """Wait until nothing is under way; whether it is so."""
        thread = self._thread
        if thread is not None:
            thread.join(timeout)
        return thread is None or not thread.is_alive()

    def _work(self) -> None:
        while (taken := self._next()) is not None:
            job, number = taken
            try:
                job(lambda number=number: number == self._number)
            except Exception as error:
                self._failed(error)

    def _next(self) -> tuple[Job, int] | None:
        with self._lock:
            job, self._job = self._job, None
            if job is None:
                self._thread = None
                return None
            return job, self._number

"""`Latest`: of all jobs the last one is done."""

import threading
import time

import pytest

from gatednet.explore.latest import Latest

# No test waits so long, unless it fails.
PATIENCE = 10.0


class Told:
    """Jobs that say when they begin and end, each under way until it is released or not wanted any more."""

    def __init__(self):
        self.begun, self.ended, self.lost = [], [], []
        self._events = {}

    def event(self, name):
        return self._events.setdefault(name, threading.Event())

    def job(self, name):
        begun, release, ended = (self.event((name, what)) for what in ("begun", "release", "ended"))

        def work(wanted):
            self.begun.append(name)
            begun.set()
            while wanted() and not release.wait(0.001):
                pass
            if not wanted():
                self.lost.append(name)
            self.ended.append(name)
            ended.set()

        return work

    def release(self, name):
        self.event((name, "release")).set()

    def wait(self, name, what):
        assert self.event((name, what)).wait(PATIENCE), f"{name} has not {what}"


@pytest.fixture
def failures():
    return []


@pytest.fixture
def latest(failures):
    worker = Latest("explore-test", failures.append)
    yield worker
    worker.stop()
    assert worker.join(PATIENCE)


def stubborn(told, name):
    """A job that does not ask whether it is wanted."""

    def work(wanted):
        del wanted
        told.begun.append(name)
        told.event((name, "begun")).set()
        assert told.event((name, "release")).wait(PATIENCE)
        told.ended.append(name)

    return work


def test_a_job_is_wanted_until_another_one_comes(latest):
    told = Told()
    latest.submit(told.job("only"))
    told.wait("only", "begun")
    told.release("only")
    told.wait("only", "ended")
    assert told.lost == []


def test_a_worker_is_busy_until_the_last_job_has_ended(latest):
    told = Told()
    assert not latest.busy
    latest.submit(stubborn(told, "first"))
    assert latest.busy
    told.wait("first", "begun")
    latest.submit(stubborn(told, "second"))
    told.release("first")
    told.wait("second", "begun")
    assert latest.busy
    told.release("second")
    end = time.monotonic() + PATIENCE
    while latest.busy and time.monotonic() < end:
        time.sleep(0.001)
    assert not latest.busy


def test_the_running_job_is_told_that_it_is_not_wanted(latest):
    told = Told()
    latest.submit(told.job("old"))
    told.wait("old", "begun")
    latest.submit(told.job("new"))
    # Nothing releases the old one: that it ends shows that it was told.
    told.wait("old", "ended")
    told.wait("new", "begun")
    told.release("new")
    told.wait("new", "ended")
    assert (told.ended, told.lost) == (["old", "new"], ["old"])


def test_of_many_jobs_that_come_meanwhile_the_last_one_alone_is_done(latest):
    told = Told()
    latest.submit(stubborn(told, "first"))
    told.wait("first", "begun")
    for number in range(100):
        latest.submit(told.job(number))
    told.release("first")
    told.wait(99, "begun")
    told.release(99)
    told.wait(99, "ended")
    assert told.begun == ["first", 99]
    assert told.lost == []


def test_a_job_that_is_done_does_not_come_again(latest):
    told = Told()
    for name in ("one", "two"):
        told.release(name)
        latest.submit(told.job(name))
        told.wait(name, "ended")
    assert told.begun == ["one", "two"]


def test_jobs_run_one_at_a_time_in_the_thread_of_the_name(latest):
    seen = []
    done = threading.Event()

    def work(wanted):
        del wanted
        seen.append(threading.current_thread().name)
        done.set()

    latest.submit(work)
    assert done.wait(PATIENCE)
    assert seen == ["explore-test"]


def test_stop_gives_up_what_is_under_way_and_what_waits():
    told = Told()
    worker = Latest("explore-test", lambda error: None)
    worker.submit(stubborn(told, "running"))
    told.wait("running", "begun")
    worker.submit(told.job("waiting"))
    worker.stop()
    # The job has not ended, and so the thread has not.
    assert not worker.join(0.01)
    told.release("running")
    assert worker.join(PATIENCE)
    assert told.begun == ["running"]


def test_stop_tells_the_running_job():
    told = Told()
    worker = Latest("explore-test", lambda error: None)
    worker.submit(told.job("running"))
    told.wait("running", "begun")
    worker.stop()
    assert worker.join(PATIENCE)
    assert told.lost == ["running"]


def test_an_idle_worker_stops_and_takes_no_more_jobs():
    told = Told()
    worker = Latest("explore-test", lambda error: None)
    worker.stop()
    assert worker.join(PATIENCE)
    worker.submit(told.job("late"))
    assert worker.join(0.05)
    assert told.begun == []


def test_a_failure_is_reported_and_the_worker_goes_on(latest, failures):
    told = Told()
    error = ValueError("no such thing")

    def fails(wanted):
        del wanted
        told.event(("bad", "begun")).set()
        raise error

    latest.submit(fails)
    told.wait("bad", "begun")
    # Whether or not the failed one had ended when the next one came.
    told.release("good")
    latest.submit(told.job("good"))
    told.wait("good", "ended")
    assert failures == [error]

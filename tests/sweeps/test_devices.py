"""The cores that a process may use, on systems that can say it and on those that cannot."""

import os

from sweeps.devices import usable_cores


def test_cores_are_those_of_this_process_where_the_system_can_say(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert usable_cores() == 3


def test_cores_are_those_of_the_machine_where_it_cannot(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert usable_cores() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1

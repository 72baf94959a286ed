"""The cores that a process may use, on systems that can say it and on those that cannot."""

import os

from gatednet import Gaussian
from sweeps.devices import devices_for, usable_cores
from tests.sweeps.tools import grid, small


def test_cores_are_those_of_this_process_where_the_system_can_say(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 2, 5}, raising=False)
    assert usable_cores() == 3


def test_cores_are_those_of_the_machine_where_it_cannot(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert usable_cores() == 8
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert usable_cores() == 1


def test_a_sweep_that_takes_less_than_its_compilation_gets_one_device(monkeypatch):
    monkeypatch.setattr("sweeps.devices.usable_devices", lambda: ["first", "second"])
    assert devices_for(grid()) == ["first"]
    assert devices_for(grid(small(steps=2_000_000_000, inputs=Gaussian(batch=5)))) == ["first", "second"]

"""The cores that a process may use, on systems that can say it and on those that cannot."""

import os

import jax
import pytest

from gatednet import Gaussian
from sweeps.devices import POOL, devices_for, usable_cores, use_all_cores, use_one_core
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


@pytest.mark.parametrize(
    ("cores", "given", "devices", "pool"),
    [
        (1, {}, 1, "1"),
        (1, {POOL: "3"}, 1, "3"),
        (1, {"JAX_NUM_CPU_DEVICES": "2"}, 2, "4"),
        (4, {}, 4, "8"),
        (4, {POOL: "9"}, 4, "9"),
        (4, {POOL: "4"}, 4, "8"),
        (4, {"JAX_NUM_CPU_DEVICES": "1"}, 1, "1"),
    ],
)
def test_the_pool_has_a_thread_for_all_or_more_than_there_are_devices(monkeypatch, cores, given, devices, pool):
    chosen = {}
    for name in (POOL, "JAX_NUM_CPU_DEVICES"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(jax.config, "update", chosen.__setitem__)
    monkeypatch.setattr("sweeps.devices.usable_cores", lambda: 4)
    (use_one_core if cores == 1 else use_all_cores)()
    assert chosen == {"jax_num_cpu_devices": devices}
    assert os.environ[POOL] == pool


def test_a_sweep_that_takes_less_than_its_compilation_gets_one_device(monkeypatch):
    monkeypatch.setattr("sweeps.devices.usable_devices", lambda: ["first", "second"])
    assert devices_for(grid()) == ["first"]
    assert devices_for(grid(small(steps=2_000_000_000, inputs=Gaussian(batch=5)))) == ["first", "second"]

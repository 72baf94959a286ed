"""The cores that a process may use, on systems that can say it and on those that cannot."""

import os
import subprocess
from types import SimpleNamespace

import jax
import pytest

from gatednet import Gaussian, SettingError
from gatednet.sweeps.devices import CORES, FLAGS, POOL, usable_cores, usable_devices, use_all_cores, use_one_core
from gatednet.sweeps.planning.devices import devices_for
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
    monkeypatch.setattr("gatednet.sweeps.devices.usable_cores", lambda: 4)
    (use_one_core if cores == 1 else use_all_cores)()
    assert chosen == {"jax_num_cpu_devices": devices}
    assert os.environ[POOL] == pool


@pytest.mark.parametrize(("platform", "few"), [("gpu", 1), ("cpu", 2)])
def test_a_sweep_that_takes_less_than_its_compilation_gets_one_device_but_all_cores(platform, few, monkeypatch):
    devices = [SimpleNamespace(platform=platform) for _ in range(2)]
    monkeypatch.setattr("gatednet.sweeps.planning.devices.usable_devices", lambda: devices)
    assert devices_for(grid()) == devices[:few]
    assert devices_for(grid(small(steps=1_000_000_000, inputs=Gaussian(batch=5)))) == devices


@pytest.mark.parametrize("name", [POOL, CORES])
@pytest.mark.parametrize("text", ["0", "-3", "abc", "2.5", " 2", "٢", "1000000001", "9" * 400])
def test_a_number_of_devices_or_threads_that_is_none_is_refused(name, text, monkeypatch):
    monkeypatch.setattr(jax.config, "update", lambda *_: None)
    for each in (POOL, CORES):
        monkeypatch.delenv(each, raising=False)
    monkeypatch.setenv(name, text)
    with pytest.raises(SettingError, match=rf"^{name} is {text!r}, allowed is a whole number from 1 to \d+$"):
        use_all_cores()


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (RuntimeError("Unable to initialize backend 'nonsense'"), "Unable to initialize backend 'nonsense'"),
        (AssertionError(), "JAX_PLATFORMS is 'cuda'"),
    ],
)
def test_a_machine_without_the_devices_that_are_asked_for_is_told(error, said, monkeypatch):
    def fail():
        raise error

    monkeypatch.setenv("JAX_PLATFORMS", "cuda")
    monkeypatch.setattr(jax, "local_devices", fail)
    with pytest.raises(SettingError, match=f"^JAX finds no devices: {said}$"):
        usable_devices()


def test_options_over_which_xla_stops_are_told_and_others_are_not(monkeypatch):
    asked = []

    def run(command, *, env, **_):
        asked.append(env["JAX_PLATFORMS"])
        said = b"F1129 00:00:00.0 1 parse.cc:1] Unknown flag in XLA_FLAGS: --nonsense\n"
        return subprocess.CompletedProcess(command, -6 if "nonsense" in env[FLAGS] else 0, b"", said)

    monkeypatch.setattr(subprocess, "run", run)
    for flags in ("", "--xla_cpu_enable_fast_math=false", "--xla_cpu_enable_fast_math=false"):
        monkeypatch.setenv(FLAGS, flags)
        assert usable_devices()
    # Asked once, and only where there are options.
    assert asked == ["cpu"]
    monkeypatch.setenv(FLAGS, "--nonsense")
    with pytest.raises(SettingError, match=r"^XLA_FLAGS is '--nonsense': XLA does not start with it: Unknown flag in"):
        usable_devices()

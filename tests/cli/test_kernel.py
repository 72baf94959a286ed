"""The option `--kernel` of commands: what it refuses, and that stores keep to what began them."""

from tests.cli.tools import contents, together

SPEC = """\
base = "fig2-flexible"
save = ["loss"]
every = 10
[set]
inputs = { kind = "Population" }
"network.inputs" = 4
"network.outputs" = 2
"curriculum.block_length" = 0.01
steps = 20
[axes]
tau = { path = "timescales.gates", values = [0.1, 0.2] }
"""
ALLOWED = "allowed here are 'auto' and 'xla': inputs are Gaussian, and not exact"


def test_kernels_are_refused_in_one_line_and_stores_keep_theirs(tmp_path):
    (tmp_path / "mine.toml").write_text(SPEC)
    before = contents(tmp_path)
    refused = {
        ("sweep", "mine.toml", "--kernel", "fast"): "kernel is 'fast', allowed is one of 'auto', 'xla', 'vector'",
        ("reproduce", "fig2", "--quick", "--kernel", "pallas"): f"kernel is 'pallas', {ALLOWED}",
        ("simulate", "fig2-flexible", "--kernel", "pallas"): f"kernel is 'pallas', {ALLOWED}",
        ("explore", "--kernel", "fast"): "kernel is 'fast', allowed is one of 'auto', 'xla', 'vector'",
        ("explore", "--kernel", "xla", "--store", "runs/mine"): "--kernel is for runs that are computed",
    }
    for (call, said), answer in zip(refused.items(), together([(tmp_path, call) for call in refused]), strict=True):
        assert (call, answer.code, answer.out) == (call, 2, "")
        assert answer.err.startswith(f"gatednet: {said}")
        assert answer.err.count("\n") == 1
    assert contents(tmp_path) == before
    calls = [
        ("sweep", "mine.toml", "--kernel", "xla"),
        ("sweep", "mine.toml"),
        ("sweep", "mine.toml", "--kernel", "xla"),
    ]
    first, other, again = together([(tmp_path, call) for call in calls])
    assert (first.code, first.out) == (0, "runs/mine: done, 2 runs\n")
    assert other.code == 2
    assert "another plan: kernel is 'xla' there and missing here" in other.err
    assert (again.code, again.out) == (0, "runs/mine: was finished already, 2 runs\n")

"""``onionskin watch SCRIPT``: finds what trains, and the script does not notice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest

import onionskin as osk

EXAMPLES = Path(__file__).parents[2] / "examples"
SCRIPTS = sorted(path.stem for path in EXAMPLES.glob("*.py"))

#: What each example should leave: the model's class, scalars, probes, and whether the classes of the probes are known.
EXPECTED = {
    "accumulate_amp": ("Tabular", {"loss", "lr", "time"}, 8, False),
    "batch_norm": ("Net", {"loss", "lr", "time"}, 8, True),
    "char_rnn": ("CharRNN", {"loss", "lr", "time"}, 8, False),
    "compiled": ("Sequential", {"loss", "lr", "time"}, 8, True),
    "digits_loop": ("Sequential", {"loss", "lr", "time"}, 8, True),
    "gan_ring": ("Sequential + Sequential", {"loss/netD", "loss/netG", "lr", "lr/1", "time"}, 8, False),
    "line_search": ("Sequential", {"loss", "lr", "time"}, 8, False),
    "raw_tensors": ("Tensors", {"loss", "lr", "time"}, 0, False),
    "spiral": ("Sequential", {"loss", "lr", "time"}, 8, False),
    "tiny_gpt": ("GPT", {"loss", "lr", "time"}, 8, False),
    "trainer_class": ("Net", {"loss", "lr", "time"}, 8, True),
}


def _run(arguments: list[str], folder: Path, *, watched: bool = True) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "onionskin", "watch"] if watched else [sys.executable]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run([*command, *arguments], cwd=folder, capture_output=True, text=True, env=environment)


@pytest.mark.parametrize("name", SCRIPTS)
def test_examples_of_strangers(name: str, tmp_path: Path) -> None:
    script = str(EXAMPLES / f"{name}.py")
    assert "onionskin" not in Path(script).read_text()
    plain = _run([script], tmp_path, watched=False)
    watched = _run([script], tmp_path)
    assert (watched.returncode, watched.stdout) == (plain.returncode, plain.stdout)
    if name == "no_training":
        assert watched.returncode == 3
        assert "nothing was recorded: no PyTorch optimizer made a step" in watched.stderr
        assert not (tmp_path / "runs").exists()
        return
    assert f"look at it with: onionskin view runs/{name}-1" in watched.stderr
    assert watched.stderr.count("\n") == plain.stderr.count("\n") + 1  # one line of ours, and nothing else
    run = osk.open_run(tmp_path / "runs" / f"{name}-1")
    model, scalars, probes, is_labelled = EXPECTED[name]
    assert run.manifest.model.type == model
    assert set(run.scalars) == scalars
    assert (len(run.probes), bool(run.probes.labels)) == (probes, is_labelled)
    assert len(run.frames) >= 3
    assert run.frames[0].step == 0
    assert run.status.ended == "finished"
    assert not run.warnings
    assert (run.space is not None) == (name in ("spiral", "gan_ring"))
    assert run.graph.partial == ("" if probes else run.graph.partial)
    for scalar in scalars - {"time", "lr"}:
        values = run.scalars[scalar]
        assert np.isfinite(values[1:]).mean() > 0.95


def _script(folder: Path, text: str) -> str:
    (folder / "train.py").write_text(textwrap.dedent(text))
    return "train.py"


TRAINS = """
import sys, torch
torch.manual_seed(0)
model = torch.nn.Linear(4, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
def step():
    loss = model(torch.randn(8, 4)).square().mean()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    return loss.item()
"""


def test_the_losses_are_those_of_the_script(tmp_path: Path) -> None:
    script = _script(tmp_path, TRAINS + "print([step() for _ in range(20)])")
    done = _run([script], tmp_path)
    np.testing.assert_array_equal(osk.open_run(tmp_path / "runs/train-1").scalars["loss"][1:], json.loads(done.stdout))


def test_accumulated_losses_add_up_and_a_scaled_one_is_unscaled(tmp_path: Path) -> None:
    text = """
    import torch
    model = torch.nn.Linear(3, 1)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    scaler = torch.amp.GradScaler("cpu")
    sums = []
    for step in range(5):
        losses = [model(torch.randn(4, 3)).square().mean() / 2 for _ in range(2)]
        for loss in losses:
            scaler.scale(loss).backward()
        scaler.step(optimizer); scaler.update(); optimizer.zero_grad()
        sums.append(losses[0].item() + losses[1].item())
    print(sums)
    """
    done = _run([_script(tmp_path, text)], tmp_path)
    assert done.returncode == 0, done.stderr
    recorded = osk.open_run(tmp_path / "runs/train-1").scalars["loss"][1:]
    np.testing.assert_allclose(recorded, json.loads(done.stdout), rtol=1e-6)


@pytest.mark.parametrize("ending", ["sys.exit(7)", "raise ValueError('my own')", "sys.exit('a message')", "pass"])
def test_exit_codes_and_exceptions_are_the_scripts_own(ending: str, tmp_path: Path) -> None:
    script = _script(tmp_path, TRAINS + f"step()\nstep()\nprint('here')\n{ending}\n")
    plain, watched = _run([script], tmp_path, watched=False), _run([script], tmp_path)
    assert (watched.returncode, watched.stdout) == (plain.returncode, plain.stdout)
    lines = [line for line in watched.stderr.splitlines() if not line.startswith("onionskin: recorded")]
    assert lines == plain.stderr.splitlines()  # the traceback too, line by line
    assert len(osk.open_run(tmp_path / "runs/train-1").frames) == 3


def test_ctrl_c_is_the_scripts_own(tmp_path: Path) -> None:
    text = TRAINS + "import time\nprint('ready', flush=True)\nwhile True:\n    step(); time.sleep(0.01)\n"
    script = _script(tmp_path, text)
    codes = []
    for command in ([sys.executable], [sys.executable, "-m", "onionskin", "watch"]):
        process = subprocess.Popen(
            [*command, script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
        codes.append(process.returncode)
        assert said.splitlines()[-1].startswith("KeyboardInterrupt")
    assert codes[0] == codes[1] == -signal.SIGINT
    run = osk.open_run(tmp_path / "runs/train-1")
    assert (run.status.state, run.status.ended) == ("closed", "KeyboardInterrupt")


def test_a_script_sees_itself_as_main(tmp_path: Path) -> None:
    text = """
    import os, pickle, sys
    from pathlib import Path
    class Thing: pass
    import beside
    print(__name__, __file__, sys.argv, __spec__, __builtins__.__name__)
    print(pickle.loads(pickle.dumps(Thing())).__class__.__module__, sys.modules["__main__"].Thing is Thing)
    print(sys.path[0], "torch" in sys.modules, Path(sys.argv[0]).name)
    if __name__ == "__main__":
        print("main")
    """
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "beside.py").write_text("print('beside')")
    (tmp_path / "inner" / "train.py").write_text(textwrap.dedent(text))
    arguments = ["inner/train.py", "--lr", "0.1", "-m", "--run", "x"]
    plain, watched = _run(arguments, tmp_path, watched=False), _run(arguments, tmp_path)
    assert watched.stdout == plain.stdout
    assert "PyTorch was never imported" in watched.stderr


def test_a_script_may_set_its_threads_before_it_imports_torch(tmp_path: Path) -> None:
    text = "import os\nos.environ['OMP_NUM_THREADS'] = '1'\nimport torch\nprint(torch.get_num_threads())\n"
    script = _script(tmp_path, text)
    environment = {key: value for key, value in os.environ.items() if key != "OMP_NUM_THREADS"}
    command = [sys.executable, "-m", "onionskin", "watch", script]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, env=environment)
    assert done.stdout == "1\n"


def test_a_module_and_a_package_run_by_name(tmp_path: Path) -> None:
    package = tmp_path / "bears"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "data.py").write_text("WIDTH = 4\n")
    (package / "__main__.py").write_text(TRAINS + "from .data import WIDTH\nstep()\nprint(sys.argv[1:], __package__)\n")
    done = _run(["--run", "here", "-m", "bears", "--fast"], tmp_path)
    assert (done.returncode, done.stdout) == (0, "['--fast'] bears\n"), done.stderr
    assert len(osk.open_run(tmp_path / "here").frames) == 2
    assert "there is no module cubs" in _run(["-m", "cubs"], tmp_path).stderr


def test_models_trained_one_after_another_get_a_run_each(tmp_path: Path) -> None:
    text = """
    import torch
    for width in (3, 5, 7):
        model = torch.nn.Linear(4, width)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):
            model(torch.randn(2, 4)).sum().backward(); optimizer.step(); optimizer.zero_grad()
    """
    done = _run([_script(tmp_path, text)], tmp_path)
    assert done.returncode == 0, done.stderr
    runs = [osk.open_run(tmp_path / f"runs/train-{n}") for n in (1, 2, 3)]
    assert [run.tensors["weight/weight"].entry.shape for run in runs] == [(3, 4), (5, 4), (7, 4)]
    assert done.stderr.count("look at it with") == 3


def test_parts_of_a_model_that_is_never_called_itself(tmp_path: Path) -> None:
    """As in many trainers: the system holds the parts, and calls them one by one."""
    text = """
    import torch
    from torch import nn
    class System(nn.Module):
        def __init__(self):
            super().__init__()
            self.encoder = nn.Sequential(nn.Linear(4, 3), nn.ReLU())
            self.decoder = nn.Linear(3, 4)
        def training_step(self, x):
            return (self.decoder(self.encoder(x)) - x).square().mean()
    system = System()
    optimizer = torch.optim.SGD(system.parameters(), lr=0.1)
    for _ in range(5):
        loss = system.training_step(torch.randn(6, 4))
        optimizer.zero_grad(); loss.backward(); optimizer.step()
    """
    done = _run([_script(tmp_path, text)], tmp_path)
    run = osk.open_run(tmp_path / "runs/train-1")
    assert done.returncode == 0, done.stderr
    assert {"weight/encoder.0.weight", "weight/decoder.weight", "activation/decoder"} <= set(run.tensors)
    assert np.isfinite(run.scalars["loss"][1:]).all()


def test_a_script_that_compiles_in_other_ways(tmp_path: Path) -> None:
    text = """
    import torch
    from torch import nn
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = nn.Linear(4, 2)
        def forward(self, x):
            return self.fc(x).relu()
    for how in ("before", "in place", "function"):
        torch._dynamo.reset(); torch._dynamo.utils.counters.clear()
        net = Net()
        forward = torch.compile(net, backend="eager") if how == "before" else net
        optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        if how == "in place":
            net.compile(backend="eager")
        if how == "function":
            forward = torch.compile(lambda x: net(x), backend="eager")
        for _ in range(4):
            loss = forward(torch.randn(3, 4)).sum()
            optimizer.zero_grad(); loss.backward(); optimizer.step()
        counted = torch._dynamo.utils.counters
        print(how, counted["stats"]["unique_graphs"], sum(counted["graph_break"].values()), dict(counted["recompiles"]))
    """
    script = _script(tmp_path, text)
    plain, watched = _run([script], tmp_path, watched=False), _run([script], tmp_path)
    assert watched.returncode == 0, watched.stderr
    assert watched.stdout == plain.stdout
    runs = [osk.open_run(tmp_path / f"runs/train-{n}") for n in (1, 2, 3)]
    assert all(len(run.frames) == 5 for run in runs)
    assert len(runs[0].probes) == 3


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tarin.py"], "did you mean 'train.py'"),
        (["--budget", "7", "train.py"], "no share of wall time"),
        (["nothing/here.py"], "there is no script"),
    ],
)
def test_what_cannot_be_run_is_said_before_anything_is_written(arguments: list[str], said: str, tmp_path: Path) -> None:
    _script(tmp_path, "print('ran')")
    done = _run(arguments, tmp_path)
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["train.py"]


def test_a_syntax_error_is_the_scripts_own(tmp_path: Path) -> None:
    done = _run([_script(tmp_path, "def broken(:\n    pass\n")], tmp_path)
    assert done.returncode == 1
    assert "SyntaxError" in done.stderr
    assert "train.py" in done.stderr

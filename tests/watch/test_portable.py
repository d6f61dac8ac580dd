"""The model that is kept at the end of a training: anyone runs it at any frame, and it says what was recorded."""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pytest
import torch
from torch import nn

import onionskin as osk
from onionskin.errors import OnionskinError, OnionskinWarning
from onionskin.recording.reader import Run
from onionskin.recording.status import MODEL_FILE
from onionskin.watch import portable
from onionskin.watch.camera import Camera
from tests.watch.zoo import CASES

#: What is not kept, and what the run says of it; the others have nothing to keep: no exact weights, or no forward.
NOT_KEPT = {
    "bfloat16": "is bfloat16",
    "float16": "is float16",
    "scalar_empty_and_complex": "is complex",
    "randomness_in_the_forward": "Generator",
    "reparametrized": "aten::vdot",
}
NOTHING = {"sparse_weights", "scripted", "module_behind_an_object"}

#: What a training moves that is not among the weights: the page says at which frames it differs.
OWN_STATE = {"state_outside_buffers"}

Arrays = dict[str, npt.NDArray[Any]]


def _fed(session: onnxruntime.InferenceSession, run: Run, frame: int) -> Arrays:
    exact = run.exact(frame)
    inputs = dict(zip((entry.name for entry in run.manifest.probes.inputs), run.probes.inputs(), strict=True))
    fed = {}
    for wanted in session.get_inputs():
        kind, _, name = wanted.name.partition("/")
        fed[wanted.name] = {"exact": exact, "input": inputs}[kind][name]
        if wanted.type == "tensor(bool)":
            fed[wanted.name] = fed[wanted.name].astype(bool)
    return fed


def _said(session: onnxruntime.InferenceSession, fed: Arrays) -> Arrays:
    return dict(zip((output.name for output in session.get_outputs()), session.run(None, fed), strict=True))


def _difference(run: Run) -> float:
    """Return how far the kept model is from the recording: of all outputs and activations, at all frames."""
    session = onnxruntime.InferenceSession(run.onnx())
    worst = 0.0
    for frame in range(len(run.frames)):
        said = _said(session, _fed(session, run, frame))
        for entry, recorded in zip(run.manifest.probes.outputs, run.probes.outputs(frame), strict=True):
            found = said[f"output/{entry.name}"].reshape(recorded.shape)
            worst = max(worst, float(np.abs(found - recorded).max()))
        for name, tensor in run.tensors.items():
            picture = tensor.picture(frame)
            if tensor.entry.role == "activation" and picture is not None and picture.size:
                half_a_code = 0.51 * float(tensor.statistic("scale")[frame])
                off = float(np.abs(said[name].reshape(picture.shape) - picture).max())
                worst = max(worst, off - half_a_code)
    return worst


def _recorded(model: nn.Module, probes: Any, path: Path, steps: int = 4, **options: Any) -> Run:
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], lr=0.05)
    with osk.watch(model, optimizer, probes=probes, run=path, budget=1, **options) as recorder:
        for _ in range(steps):
            out = model(*probes) if isinstance(probes, tuple) else model(probes)
            out.square().mean().backward()
            optimizer.step()
            optimizer.zero_grad()
    return osk.open_run(recorder.path)


@pytest.mark.parametrize("name", CASES)
def test_it_says_what_was_recorded(name: str, tmp_path: Path) -> None:
    """Of every kind of model: it is kept and agrees at every frame, or the run says why it is not kept."""
    torch.manual_seed(0)
    case = CASES[name]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", OnionskinWarning)
        recorder = osk.watch(case.model, case.optimizer, probes=case.batch(), run=tmp_path / "run", budget=1, every=1)
        for _ in range(3):
            case.optimizer.zero_grad()
            case.loss(case.model(*case.batch())).backward()  # type: ignore[no-untyped-call]  # PyTorch's
            case.optimizer.step()
        recorder.close()
    run = osk.open_run(tmp_path / "run")
    if run.status.model is None:
        assert name in NOT_KEPT or name in NOTHING
        said = " ".join(warned.what for warned in run.warnings if MODEL_FILE in warned.what)
        assert NOT_KEPT.get(name, "") in said
        assert bool(said) == (name in NOT_KEPT)
        assert not (recorder.path / MODEL_FILE).exists()
        return
    assert run.status.model.bytes == len(run.onnx()) == (recorder.path / MODEL_FILE).stat().st_size
    assert run.status.model.seconds > 0
    if name == "float64":  # of its soft plus, this runtime has no such kernel
        with pytest.raises(Exception, match="Softplus"):
            onnxruntime.InferenceSession(run.onnx())
        return
    assert (_difference(run) < 1e-5) == (name not in OWN_STATE)


def test_any_number_of_inputs_and_other_ones(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(108, 4))
    run = _recorded(model, torch.randn(5, 1, 8, 8), tmp_path / "run")
    session = onnxruntime.InferenceSession(run.onnx())
    fed = _fed(session, run, -1)
    for count in (1, 2, 9):
        own = torch.randn(count, 1, 8, 8)
        said = _said(session, {**fed, "input/input": own.numpy()})
        wanted = model(own).detach().numpy()
        np.testing.assert_allclose(said["output/output"], wanted, atol=1e-5)
        assert said["activation/0"].shape == (count, 108)


def test_several_models_are_one_file(tmp_path: Path) -> None:
    models = {"generator": nn.Linear(2, 3), "critic": nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))}
    optimizers = [torch.optim.SGD(model.parameters(), lr=0.1) for model in models.values()]
    probes = {"generator": torch.randn(4, 2), "critic": torch.randn(4, 3)}
    with osk.watch(models, optimizers, probes=probes, run=tmp_path / "run", budget=1) as recorder:
        for _ in range(3):
            loss = models["critic"](models["generator"](torch.randn(6, 2))).mean()
            loss.backward()
            for optimizer in optimizers:
                optimizer.step()
                optimizer.zero_grad()
    run = osk.open_run(recorder.path)
    assert _difference(run) < 1e-5
    names = {wanted.name for wanted in onnxruntime.InferenceSession(run.onnx()).get_inputs()}
    assert {"input/generator.input", "exact/critic.2.bias"} <= names


def test_a_compiled_model(tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(3, 5), nn.Tanh(), nn.Linear(5, 2))
    compiled: Any = torch.compile(model, backend="eager")
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with osk.watch(compiled, optimizer, probes=torch.randn(4, 3), run=tmp_path / "run", budget=1) as recorder:
        for _ in range(3):
            compiled(torch.randn(8, 3)).square().mean().backward()
            optimizer.step()
    assert _difference(osk.open_run(recorder.path)) < 1e-5


def test_a_packed_and_a_zipped_run_carry_it(tmp_path: Path) -> None:
    run = _recorded(nn.Linear(3, 2), torch.randn(4, 3), tmp_path / "run")
    zipped = osk.open_run(osk.pack(tmp_path / "run", zipped=True))
    assert zipped.onnx() == run.onnx()
    assert _difference(zipped) < 1e-5


def test_without_onnx_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    run = _recorded(nn.Linear(3, 2), torch.randn(4, 3), tmp_path / "run")
    assert run.warnings == ()
    assert run.status.model is None
    with pytest.raises(OnionskinError, match=r"onionskin\[try\]"):
        run.onnx()


def test_a_long_loop_is_given_up_soon(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(portable, "MOST_NODES", 20)

    class Loop(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(3, 3)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            for _ in range(30):
                x = x + self.layer(x)
            return x

    with pytest.warns(OnionskinWarning, match="more than 20 nodes"):
        run = _recorded(Loop(), torch.randn(4, 3), tmp_path / "run")
    assert run.status.model is None
    assert len(run.frames) > 1


@pytest.mark.parametrize("error", [RuntimeError("no such operator"), MemoryError(), OSError(28, "No space left")])
def test_whatever_goes_wrong_is_one_warning(error: Exception, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Camera) -> bytes:
        raise error

    monkeypatch.setattr(Camera, "model", fail)
    with pytest.warns(OnionskinWarning, match="the page cannot run it"):
        run = _recorded(nn.Linear(3, 2), torch.randn(4, 3), tmp_path / "run")
    assert run.status.state == "closed"
    assert [warned.what for warned in run.warnings if MODEL_FILE in warned.what]


def test_ctrl_c_meanwhile_leaves_a_whole_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: Camera) -> bytes:
        raise KeyboardInterrupt

    monkeypatch.setattr(Camera, "model", interrupt)
    with pytest.raises(KeyboardInterrupt):
        _recorded(nn.Linear(3, 2), torch.randn(4, 3), tmp_path / "run")
    assert osk.open_run(tmp_path / "run").status.state == "closed"


def test_what_it_takes_is_no_part_of_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def slow(_: Camera) -> bytes:
        time.sleep(0.5)
        return b"model"

    monkeypatch.setattr(Camera, "model", slow)
    began = time.perf_counter()
    run = _recorded(nn.Linear(3, 2), torch.randn(4, 3), tmp_path / "run")
    assert run.status.model is not None
    assert run.status.model.seconds >= 0.5
    assert run.overhead.wall <= time.perf_counter() - began - 0.5
    assert run.overhead.frames + run.overhead.steps < 0.5  # no bound by the wall: the writer's thread runs beside it

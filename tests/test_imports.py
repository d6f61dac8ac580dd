"""``import onionskin`` is instant and needs no PyTorch; neither does opening, checking, showing or serving a run."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def _python(code: str, *options: str) -> str:
    done = subprocess.run([sys.executable, *options, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_importing_takes_less_than_150_ms() -> None:
    """The best of five: the machine may be busy, the import may not be slow."""
    code = "import time; t = time.perf_counter(); import onionskin; print(time.perf_counter() - t)"
    assert min(float(_python(code)) for _ in range(5)) < 0.150


@pytest.mark.parametrize(
    "module",
    [
        "onionskin",
        "onionskin.cli",
        "onionskin.recording",
        "onionskin.recording.reader",
        "onionskin.health",
        "onionskin.view",
        "onionskin.watch",
        "onionskin.watch.script",
    ],
)
def test_no_torch_is_imported(module: str) -> None:
    assert _python(f"import sys, {module}; print('torch' in sys.modules)") == "False\n"


def test_names_are_found_and_others_are_not() -> None:
    code = """
import onionskin as osk
assert len(osk.__all__) <= 15 and set(osk.__all__) == set(dir(osk))
assert all(getattr(osk, name) is not None for name in osk.__all__)
assert callable(osk.watch) and osk.watch.__module__ == 'onionskin.watch.start'
try:
    osk.wacth
except AttributeError as error:
    print(error)
"""
    assert _python(code) == "module 'onionskin' has no attribute 'wacth'\n"


#: Makes ``import torch`` fail as it does where PyTorch is not installed.
WITHOUT_TORCH = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name == 'torch' or name.startswith('torch.'):
            raise ModuleNotFoundError("No module named 'torch'", name='torch')
sys.meta_path.insert(0, Absent())
"""


def test_a_run_is_opened_checked_and_packed_without_torch(tmp_path: Path) -> None:
    fixture = ROOT / "fixtures" / "format1" / "packed"
    code = f"""{WITHOUT_TORCH}
import onionskin as osk
from onionskin.health import check_all, history_of
run = osk.open_run({str(fixture)!r})
assert run.tensors['weight/fc.weight'].picture(3).shape and run.exact(2)['fc.bias'].shape == (10,)
check_all(history_of(run))
for broken in (lambda: run.weights(0), lambda: osk.watch(None)):
    try:
        broken()
    except osk.OnionskinError as error:
        print(error.fix)
"""
    assert _python(code).splitlines() == [
        "pip install 'onionskin[torch]', or use run.exact(frame) for NumPy",
        "pip install 'onionskin[torch]'",
    ]


def test_commands_that_need_torch_say_so() -> None:
    code = f"{WITHOUT_TORCH}\nfrom onionskin.cli import main\nmain(['train', 'digits'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "needs PyTorch" in done.stderr
    assert "pip install 'onionskin[torch]'" in done.stderr
    assert "Traceback" not in done.stderr

"""The worksheet: every printed formula with its numbers gives the printed result, and the key is the training."""

from __future__ import annotations

import html
import math
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from onionskin.errors import OnionskinError
from onionskin.models import xor
from onionskin.peel.levels import paper
from onionskin.peel.plan import Plan, plan, plan_example

_KNOWN: dict[str, Any] = {name: getattr(math, name) for name in ("tanh", "exp", "erf", "sqrt")}
_KNOWN |= {"ln": math.log, "max": max, "abs": abs, "__builtins__": {}}


def xor_plan(optimizer: str | None = None) -> Plan:
    return plan_example(xor.example(), name="xor", optimizer=optimizer)


def scores(activation: nn.Module, loss: str, optimizer: str) -> Plan:
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(2, 2), activation, nn.Linear(2, 2))
    targets = torch.tensor([1, 0]) if loss == "cross_entropy" else torch.rand(2, 2)
    return plan(net, (torch.randn(2, 2), targets), loss=loss, optimizer=optimizer, name="scores")


SHEETS = {
    "xor": lambda: xor_plan(),
    "xor with momentum": lambda: xor_plan("sgd:lr=0.5,momentum=0.5,weight_decay=0.25"),
    "relu and cross-entropy": lambda: scores(nn.ReLU(), "cross_entropy", "sgd:lr=0.125"),
    "sigmoid and squares": lambda: scores(nn.Sigmoid(), "mse", "sgd:lr=0.125"),
    "gelu and distances": lambda: scores(nn.GELU(), "l1", "sgd:lr=0.125,momentum=0.5,nesterov=True"),
}


def plain(text: str) -> str:
    """Return a printed formula as Python."""
    text = html.unescape(re.sub(r"<[^>]+>", "", text))
    return text.replace("−", "-").replace("·", "*").replace("≤", "<=").replace("≥", ">=").replace(" = ", " == ")


def rounded(value: float) -> float:
    return float(Decimal(f"{value:.12f}").quantize(Decimal("0.0001"), rounding=ROUND_HALF_UP))


@pytest.mark.parametrize("name", SHEETS)
def test_every_printed_formula_gives_its_printed_result(name: str) -> None:
    sheet = paper.write(SHEETS[name](), steps=2).html
    rows = re.findall(r"<td class=filled>(.*?)</td>\s*<td class=result>(.*?)</td>", sheet)
    assert len(rows) >= 2 * 20
    for formula, result in rows:
        assert rounded(eval(plain(formula), _KNOWN)) == float(plain(result)), formula


@pytest.mark.parametrize("name", SHEETS)
def test_unrounded_it_is_the_training_itself(name: str) -> None:
    made = SHEETS[name]()
    sheet = paper.write(made, steps=2)
    stage, batch = made.stages[0], made.batches[0]
    model = made.model
    chosen = stage.recipe.optimizer
    optimizer = chosen.as_torch()(model.parameters(), **chosen.settings)
    for step in sheet.steps:
        given = [value for symbol, value in step.example if "<i>x</i>" in symbol]
        inputs = next(iter(batch.values()))
        at = next(i for i, x in enumerate(inputs.tolist()) if x == pytest.approx(given, abs=1e-4))
        optimizer.zero_grad()
        loss = stage.step(model, {n: t[at : at + 1] for n, t in batch.items()})
        loss.backward()  # type: ignore[no-untyped-call]  # PyTorch's method has no types here
        worked = next(row for part in step.forward for row in part.rows if row.symbol == "<i>L</i>")
        assert worked.exact == pytest.approx(loss.item(), rel=1e-12, abs=1e-12)
        optimizer.step()
        for parameter, weight in model.named_parameters():
            assert step.exact[parameter] == pytest.approx(weight.detach().ravel().tolist(), rel=1e-12, abs=1e-12)


def test_the_worksheet_gives_no_answer_away() -> None:
    sheet = paper.write(xor_plan(), steps=2).html
    work, _, key = sheet.partition("the answers")
    blanks, answers = work.count("<td class=blank>"), key.count("<td class=result>")
    assert blanks == answers > 2 * 25
    assert "<td class=result>" not in work
    given = set(re.findall(r"\d+\.\d{3,}", "".join(re.findall(r"<td class=given>.*?</td>", work))))
    assert not given, "only what one begins with is printed, and XOR begins with quarters"


def test_the_first_example_is_one_that_every_weight_learns_from() -> None:
    step = paper.write(xor_plan()).steps[0]
    assert [value for _, value in step.example] == [1.0, 1.0, 0.0]
    assert all(row.result for part in step.backward for row in part.rows)


def test_it_is_one_file_and_draws_the_network(tmp_path: Path) -> None:
    place = paper.write(xor_plan()).save(tmp_path / "sheet.html")
    text = place.read_text(encoding="utf-8")
    assert text.count("<circle") == 5
    assert text.count("<polygon") == 6
    assert not re.search(r"(src|href)=|url\(", text)


def test_it_is_printed_by_chromium(tmp_path: Path) -> None:
    place = paper.write(xor_plan()).save(tmp_path / "sheet.pdf")
    assert place.read_bytes().startswith(b"%PDF")
    assert len(re.findall(rb"/Type\s*/Page\b", place.read_bytes())) == 4


# ---------------------------------------------------------------------- what is refused


def _mixing(outputs: Tensor, targets: Tensor) -> Tensor:
    return ((outputs - targets) ** 2).mean() ** 0.5


def one_layer(inputs: int, loss: Any = "mse") -> Plan:
    return plan(nn.Linear(inputs, 1), (torch.randn(2, inputs), torch.rand(2, 1)), loss=loss)


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda: paper.write(xor_plan(), steps=3), "3 steps"),
        (lambda: paper.write(one_layer(20)), "21 parameters"),
        (lambda: paper.write(one_layer(2, loss=_mixing)), "examples"),
        (lambda: paper.write(xor_plan("adam:lr=0.125")), "adam"),
        (lambda: paper.write(xor_plan()).save("sheet.docx"), "docx"),
    ],
)
def test_what_cannot_be_done_is_refused(make: Any, what: str) -> None:
    with pytest.raises(OnionskinError, match=what) as error:
        make()
    assert error.value.fix

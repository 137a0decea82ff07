"""The choice of a device, with faked reports of PyTorch; and training on a real one."""

import numpy as np
import pytest
import torch

from lxmls_nb.device import available_devices, describe_device, select_device
from lxmls_nb.models import PytorchMLP


@pytest.fixture(autouse=True)
def no_wish(monkeypatch):
    monkeypatch.delenv("LXMLS_NB_DEVICE", raising=False)


@pytest.fixture
def machine(monkeypatch):
    """Let PyTorch report an accelerator of a kind, or none."""

    def fake(kind=None, count=0):
        accelerator = torch.accelerator
        device = torch.device(kind) if kind else None
        monkeypatch.setattr(accelerator, "is_available", lambda: device is not None)
        monkeypatch.setattr(accelerator, "current_accelerator", lambda *_, **__: device)
        monkeypatch.setattr(accelerator, "device_count", lambda: count)

    return fake


def test_without_accelerator(machine):
    machine()
    assert available_devices() == ["cpu"]
    assert select_device() == torch.device("cpu")


@pytest.mark.parametrize("kind", ["cuda", "mps", "xpu"])
def test_accelerator_is_preferred(machine, kind):
    machine(kind, 1)
    assert available_devices() == [kind, f"{kind}:0", "cpu"]
    assert select_device() == torch.device(kind)
    assert select_device("cpu") == torch.device("cpu")


def test_environment_variable(machine, monkeypatch):
    machine("cuda", 2)
    monkeypatch.setenv("LXMLS_NB_DEVICE", "cuda:1")
    assert select_device() == torch.device("cuda:1")
    assert select_device("cpu") == torch.device("cpu")  # what code asks for comes first
    monkeypatch.setenv("LXMLS_NB_DEVICE", "")
    assert select_device() == torch.device("cuda")


@pytest.mark.parametrize("wish", ["cuda:1", torch.device("cuda:1")])
def test_preferred(machine, wish):
    machine("cuda", 2)
    assert select_device(wish) == torch.device("cuda:1")


@pytest.mark.parametrize("wish", ["cuda:2", torch.device("cuda:2"), "mps", "abacus"])
def test_missing_device(machine, wish):
    machine("cuda", 2)
    message = f"^there is no device '{wish}'; there is: cuda, cuda:0, cuda:1, cpu$"
    with pytest.raises(ValueError, match=message):
        select_device(wish)


def test_missing_device_of_the_environment(machine, monkeypatch):
    machine()
    monkeypatch.setenv("LXMLS_NB_DEVICE", "cuda")
    with pytest.raises(ValueError, match=r"'cuda' \(LXMLS_NB_DEVICE asks for it\); there is: cpu$"):
        select_device()


def test_a_model_goes_where_it_is_told(machine, monkeypatch):
    machine()
    monkeypatch.setenv("LXMLS_NB_DEVICE", "cuda")
    with pytest.raises(ValueError, match="there is no device 'cuda'"):
        PytorchMLP([4, 2], ["softmax"])
    assert PytorchMLP([4, 2], ["softmax"], device="cpu").device == torch.device("cpu")


def test_descriptions(machine, monkeypatch):
    machine("cuda", 2)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda device: f"Model {device.index}")
    assert describe_device("cuda:1") == "cuda:1 (Model 1)"
    assert describe_device("cpu").startswith("cpu (")
    machine("mps", 1)
    assert describe_device() == "mps"  # PyTorch has no name for it
    with pytest.raises(ValueError, match="there is no device 'cuda'; there is: mps, mps:0, cpu"):
        describe_device("cuda")


class LogLinear(PytorchMLP):
    """A network of one layer, so that no answer to an exercise stands here."""

    def log_forward(self, input):
        weight, bias = self.parameters[0]
        return torch.log_softmax(self.to_tensor(input) @ weight.T + bias, dim=1)


def test_training_on_the_accelerator():
    if not torch.accelerator.is_available():
        pytest.skip("PyTorch finds no accelerator on this machine")
    random = np.random.RandomState(0)
    input, output = random.normal(size=(30, 6)), random.randint(3, size=30)
    models = [LogLinear([6, 3], ["softmax"], device=device) for device in (None, "cpu")]
    assert models[0].device.type == torch.accelerator.current_accelerator().type
    losses = [[model.update(input, output) for _ in range(5)] for model in models]
    assert losses[0][-1] < losses[0][0]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-3)
    for there, here in zip(*(model.parameters[0] for model in models), strict=True):
        assert there.device.type == models[0].device.type
        np.testing.assert_allclose(there.detach().cpu(), here.detach(), atol=1e-3)
    assert isinstance(describe_device(), str)

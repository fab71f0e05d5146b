"""Writes torch_zip.pt and torch_old.pt, which TorchFileTest reads. Run with Debian's python3-torch."""

from collections import OrderedDict

import torch
from torch import nn

torch.manual_seed(3)
base = torch.arange(24, dtype=torch.float32).reshape(4, 6)
state = OrderedDict(
    weight=base,
    transposed=base.t(),
    part=base[1:3, ::2],
    half=torch.tensor([1.5, -2.25], dtype=torch.float16),
    brain=torch.tensor([1.5, -3.0], dtype=torch.bfloat16),
    double=torch.tensor([0.1], dtype=torch.float64),
    count=torch.tensor(2**40 + 1),
    small=torch.tensor([-1, 7], dtype=torch.int8),
    byte=torch.tensor([255, 1], dtype=torch.uint8),
    truth=torch.tensor([True, False]),
    empty=torch.zeros(0, 3),
    parameter=nn.Parameter(torch.tensor([1.0, 2.0])),
)
state._metadata = OrderedDict(version=1)
torch.save(state, "torch_zip.pt")
checkpoint = {"epoch": 7, "lr": 0.1, "names": ["a", "b"], "state_dict": {"layer": {"weight": base}}, "done": None}
torch.save(checkpoint, "torch_checkpoint.pt")
torch.save(state, "torch_old.pt", _use_new_zipfile_serialization=False)

"""Writes the files torch_*.pt, which TorchFileTest reads. Run with Debian's python3-torch."""

from argparse import Namespace
from collections import Counter, OrderedDict, defaultdict

import numpy
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

# What recipes of training save beside the weights.
training = {
    "model": OrderedDict(weight=base[:2]),
    "optimizer": {"state": {0: {"exp_avg": base}}, "param_groups": [{"lr": 0.1, "params": [0]}]},
    "lr_scheduler": {"milestones": Counter({3: 1}), "base_lrs": [0.1]},
    "args": Namespace(lr=0.1, device=torch.device("cpu")),
    "best": numpy.float64(0.5),
    "seen": {1, 2},
    "by_class": defaultdict(list, {0: [1]}),
    "dtype": torch.float32,
}
torch.save(training, "torch_training.pt")
torch.save([base[0], {"b": (base[1], base[2])}], "torch_list.pt")

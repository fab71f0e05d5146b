"""Writes golden.safetensors: what PyTorch computes for the layers, losses, optimisers, schedules and training curves that
the tests of this module compare with. Run with Debian's python3-torch: python3 make_golden.py
Names: CASE/state/NAME (state dict), CASE/in/NAME, CASE/out/NAME, CASE/grad/NAME (of <output, CASE/in/weight>).
"""

import json
import struct
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

VERSION = "1"
torch.set_num_threads(1)
golden = OrderedDict()


def put(name, tensor):
    golden[name] = tensor.detach().clone().contiguous()


def layer(case, module, *inputs, call=None, train=True):
    """Output and gradients of a module in float64; the state is taken before the call."""
    module = module.double().train(train)
    with torch.no_grad():  # move norms away from 1 and 0, where mistakes hide
        for name, p in module.named_parameters():
            if p.dim() == 1:
                p.add_(torch.randn_like(p) * 0.3)
    for name, value in module.state_dict().items():
        put(f"{case}/state/{name}", value)
    leaves = [i.clone().requires_grad_(i.is_floating_point()) for i in inputs]
    for i, leaf in enumerate(leaves):
        put(f"{case}/in/{i}", leaf)
    out = call(module, *leaves) if call else module(*leaves)
    outs = out if isinstance(out, tuple) else (out,)
    loss = 0
    for i, o in enumerate(outs):
        weight = torch.randn_like(o)
        put(f"{case}/in/weight{i}", weight)
        put(f"{case}/out/{i}", o)
        loss = loss + (o * weight).sum()
    loss.backward()
    for i, leaf in enumerate(leaves):
        if leaf.grad is not None:
            put(f"{case}/grad/{i}", leaf.grad)
    for name, p in module.named_parameters():
        if p.grad is not None:
            put(f"{case}/grad/{name}", p.grad)
    for name, b in module.named_buffers():
        put(f"{case}/after/{name}", b)


def layers():
    x = torch.randn(3, 4, 5, 6, dtype=torch.float64)
    layer("linear", nn.Linear(6, 5), x)
    layer("conv2d", nn.Conv2d(4, 6, 3, stride=2, padding=1, groups=2), x)
    layer("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2), x[:, :, 0])
    layer("conv_transpose2d", nn.ConvTranspose2d(4, 3, 3, stride=2, padding=1, output_padding=1), x)
    layer("batch_norm", nn.BatchNorm2d(4), x)
    layer("batch_norm_1d", nn.BatchNorm1d(4, eps=1e-3, momentum=0.3), x[:, :, 0, 0])
    layer("batch_norm_eval", nn.BatchNorm2d(4), x, train=False)
    layer("layer_norm", nn.LayerNorm(6), x)
    layer("layer_norm_2", nn.LayerNorm([5, 6], eps=1e-3), x)
    layer("group_norm", nn.GroupNorm(2, 4), x)
    layer("instance_norm", nn.InstanceNorm2d(4), x)
    layer("embedding", nn.Embedding(7, 3, padding_idx=2), torch.tensor([[0, 2, 5], [5, 6, 2]]))
    activations = {
        "relu": nn.ReLU(), "leaky_relu": nn.LeakyReLU(), "elu": nn.ELU(), "gelu": nn.GELU(),
        "gelu_tanh": nn.GELU(approximate="tanh"), "silu": nn.SiLU(), "mish": nn.Mish(), "hardswish": nn.Hardswish(),
        "softplus": nn.Softplus(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(),
    }
    for name, activation in activations.items():
        layer(name, activation, torch.randn(4, 7, dtype=torch.float64) * 3)
    layer("max_pool", nn.MaxPool2d(3, 2, 1), x)
    layer("avg_pool", nn.AvgPool2d(3, 2, 1, count_include_pad=False), x)
    layer("adaptive_pool", nn.AdaptiveAvgPool2d((2, 3)), x)
    recurrent()
    attention()


def recurrent():
    sequence = torch.randn(2, 4, 3, dtype=torch.float64)
    layer("lstm", nn.LSTM(3, 5, num_layers=2, bidirectional=True, batch_first=True), sequence,
          call=lambda m, s: (lambda r: (r[0], r[1][0], r[1][1]))(m(s)))
    layer("gru", nn.GRU(3, 5, num_layers=2, bidirectional=True, batch_first=True), sequence)
    h, c = torch.randn(1, 2, 5, dtype=torch.float64), torch.randn(1, 2, 5, dtype=torch.float64)
    layer("lstm_from", nn.LSTM(3, 5, batch_first=True), sequence, h, c,
          call=lambda m, s, a, b: (lambda r: (r[0], r[1][0], r[1][1]))(m(s, (a, b))))


def attention():
    q = torch.randn(2, 4, 6, dtype=torch.float64)
    k = torch.randn(2, 5, 6, dtype=torch.float64)
    causal = torch.triu(torch.ones(4, 4, dtype=torch.bool), 1)
    layer("attention_self", nn.MultiheadAttention(6, 3, batch_first=True), q,
          call=lambda m, x: m(x, x, x, attn_mask=causal)[0])
    layer("attention_cross", nn.MultiheadAttention(6, 2, batch_first=True), q, k,
          call=lambda m, a, b: m(a, b, b)[0])


def loss(case, function, *inputs):
    leaves = [i.clone().requires_grad_(i.is_floating_point()) for i in inputs]
    value = function(*leaves)
    value.backward()
    for i, leaf in enumerate(leaves):
        put(f"{case}/in/{i}", leaf)
    put(f"{case}/grad/0", leaves[0].grad)
    put(f"{case}/out/0", value)


def losses():
    z = torch.randn(6, 5, dtype=torch.float64) * 2
    y = torch.tensor([0, 4, -100, 2, 2, 1])
    p = torch.softmax(torch.randn(6, 5, dtype=torch.float64), 1)
    w = torch.tensor([0.5, 1.0, 2.0, 0.25, 1.5], dtype=torch.float64)
    put("loss_weights", w)
    loss("cross_entropy", lambda a, b: F.cross_entropy(a, b), z, y)
    loss("cross_entropy_all", lambda a, b: F.cross_entropy(a, b, weight=w, label_smoothing=0.1), z, y)
    loss("cross_entropy_soft", lambda a, b: F.cross_entropy(a, b, weight=w, label_smoothing=0.1), z, p)
    spatial = torch.randn(2, 5, 3, 2, dtype=torch.float64)
    loss("cross_entropy_spatial", lambda a, b: F.cross_entropy(a, b), spatial, torch.randint(0, 5, (2, 3, 2)))
    loss("kl_div", lambda a, b: F.kl_div(F.log_softmax(a, 1), b, reduction="batchmean"), z, p)
    loss("mse", F.mse_loss, z, p)
    loss("l1", F.l1_loss, z, p)
    loss("smooth_l1", lambda a, b: F.smooth_l1_loss(a, b, beta=0.5), z, p)
    loss("bce", F.binary_cross_entropy_with_logits, z, p)


def optimizers():
    start = torch.randn(3, 4)
    gradients = torch.randn(6, 3, 4)
    put("optim/in/start", start)
    put("optim/in/gradients", gradients)
    makers = {
        "sgd": lambda p: torch.optim.SGD(p, 0.1),
        "sgd_momentum": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, dampening=0.2, weight_decay=0.01),
        "sgd_nesterov": lambda p: torch.optim.SGD(p, 0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
        "adam": lambda p: torch.optim.Adam(p, 0.05, weight_decay=0.01),
        "adamw": lambda p: torch.optim.AdamW(p, 0.05),
        "rmsprop": lambda p: torch.optim.RMSprop(p),
        "rmsprop_momentum": lambda p: torch.optim.RMSprop(p, 0.02, momentum=0.9),
        "adagrad": lambda p: torch.optim.Adagrad(p, 0.05),
    }
    for name, maker in makers.items():
        p = nn.Parameter(start.clone())
        optimizer = maker([p])
        path = []
        for g in gradients:
            p.grad = g.clone()
            optimizer.step()
            path.append(p.detach().clone())
        put(f"optim/out/{name}", torch.stack(path))


def schedules():
    def rates(maker, steps=12, metric=None):
        optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], 0.5)
        schedule = maker(optimizer)
        out = []
        for i in range(steps):
            out.append(optimizer.param_groups[0]["lr"])
            optimizer.step()
            schedule.step() if metric is None else schedule.step(metric[i])
        return torch.tensor(out, dtype=torch.float64)

    s = torch.optim.lr_scheduler
    put("schedule/step", rates(lambda o: s.StepLR(o, 3, 0.2)))
    put("schedule/multi_step", rates(lambda o: s.MultiStepLR(o, [2, 7], 0.1)))
    put("schedule/cosine", rates(lambda o: s.CosineAnnealingLR(o, 12, 0.05)))
    put("schedule/polynomial", rates(lambda o: s.PolynomialLR(o, 10, 2.0)) if hasattr(s, "PolynomialLR")
        else torch.tensor([0.5 * (1 - min(i, 10) / 10) ** 2 for i in range(12)], dtype=torch.float64))
    put("schedule/one_cycle", rates(lambda o: s.OneCycleLR(o, 0.5, total_steps=12)))
    metric = [1.0, 0.9, 0.95, 0.91, 0.92, 0.93, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6]
    put("schedule/metric", torch.tensor(metric, dtype=torch.float64))
    put("schedule/plateau", rates(lambda o: s.ReduceLROnPlateau(o, factor=0.1, patience=2), metric=metric))


class Mlp(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(OrderedDict(
            fc1=nn.Linear(12, 16), relu1=nn.ReLU(), fc2=nn.Linear(16, 8), relu2=nn.ReLU(), fc3=nn.Linear(8, 3)))

    def forward(self, x):
        return self.layers(x.flatten(1))


class SmallCnn(nn.Module):
    def __init__(self):
        super().__init__()
        def stage(i, o, pool):
            parts = OrderedDict(pool=nn.MaxPool2d(2)) if pool else OrderedDict()
            parts.update(conv=nn.Conv2d(i, o, 3, padding=1, bias=False), bn=nn.BatchNorm2d(o), relu=nn.ReLU())
            return nn.Sequential(parts)
        self.body = nn.Sequential(OrderedDict(
            stage1=stage(2, 6, False), stage2=stage(6, 8, True), avgpool=nn.AdaptiveAvgPool2d(1), flatten=nn.Flatten()))
        self.linear = nn.Linear(8, 3)

    def forward(self, x):
        return self.linear(self.body(x))


def curve(case, model, x, y, optimizer):
    for name, value in model.state_dict().items():
        put(f"{case}/state/{name}", value)
    put(f"{case}/in/x", x)
    put(f"{case}/in/y", y)
    values = []
    for _ in range(10):
        optimizer.zero_grad()
        value = F.cross_entropy(model(x), y)
        value.backward()
        optimizer.step()
        values.append(value.detach())
    put(f"{case}/out/losses", torch.stack(values))
    for name, value in model.state_dict().items():
        put(f"{case}/after/{name}", value)


def curves():
    mlp = Mlp()
    curve("curve_mlp", mlp, torch.randn(20, 12), torch.randint(0, 3, (20,)),
          torch.optim.SGD(mlp.parameters(), 0.1, momentum=0.9, weight_decay=1e-3))
    cnn = SmallCnn()
    curve("curve_cnn", cnn, torch.randn(10, 2, 6, 6), torch.randint(0, 3, (10,)),
          torch.optim.AdamW(cnn.parameters(), 0.01))


def write(path):
    dtypes = {torch.float32: ("F32", 4), torch.float64: ("F64", 8), torch.int64: ("I64", 8)}
    header = {"__metadata__": {"version": VERSION, "torch": torch.__version__}}
    data = b""
    for name in sorted(golden, key=lambda n: (-dtypes[golden[n].dtype][1], n)):
        t = golden[name]
        raw = t.numpy().tobytes()
        header[name] = {"dtype": dtypes[t.dtype][0], "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


for section in (layers, losses, optimizers, schedules, curves):
    torch.manual_seed(7)  # sections do not move each other's numbers
    section()
write("golden.safetensors")

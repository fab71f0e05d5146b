"""Times PyTorch on the rows of `retort bench gpu`, on the first CUDA device, or on the processor if there is none.

usage: torch_rows.py full|small      prints one line of JSON: {"device": ..., "torch": ..., "rows": {name: seconds}}

Eager mode, TF32 off for F32. Kernels are timed by CUDA events over several calls, training steps by the clock with
the loss read, as Retort's are; the median counts.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

FULL = dict(matrix=4096, elements=1 << 28, images=64, side=56, small=(512, 32), large=(64, 224), gpt=(8, 512), runs=20)
SMALL = dict(matrix=192, elements=1 << 18, images=2, side=14, small=(4, 16), large=(2, 32), gpt=(2, 16), runs=3)
CUDA = torch.cuda.is_available()
DEVICE = torch.device("cuda" if CUDA else "cpu")
CALLS = 10  # in one pair of events
WARM_UP = 3


def wait():
    if CUDA:
        torch.cuda.synchronize()


def kernel_seconds(call, runs):
    for _ in range(WARM_UP):
        call()
    wait()
    seconds = []
    for _ in range(runs):
        if CUDA:
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            for _ in range(CALLS):
                call()
            end.record()
            wait()
            seconds.append(start.elapsed_time(end) / 1e3 / CALLS)
        else:
            begin = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def step_seconds(step, runs):
    for _ in range(WARM_UP):
        step()
    seconds = []
    for _ in range(runs):
        begin = time.perf_counter()
        step()
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def conv(inputs, outputs, size, stride=1):
    return nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)


class Block(nn.Module):
    """The basic block (`expansion` 1) or the bottleneck (4); without `projection` the shortcut is option A."""

    def __init__(self, inputs, width, stride, expansion, projection):
        super().__init__()
        outputs = width * expansion
        sizes = [(inputs, width, 3, stride), (width, width, 3, 1)]
        if expansion > 1:
            sizes = [(inputs, width, 1, 1), (width, width, 3, stride), (width, outputs, 1, 1)]
        layers = []
        for i, o, k, s in sizes:
            layers += [conv(i, o, k, s), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers[:-1])
        self.stride, self.missing = stride, outputs - inputs
        self.shortcut = None
        if projection and (stride > 1 or self.missing):
            self.shortcut = nn.Sequential(conv(inputs, outputs, 1, stride), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.body(x)
        if self.shortcut is not None:
            x = self.shortcut(x)
        elif self.stride > 1 or self.missing:
            x = F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.missing // 2, self.missing - self.missing // 2))
        return F.relu(x + y)


def stages(inputs, widths, counts, expansion, projection):
    blocks = []
    for number, (width, count) in enumerate(zip(widths, counts)):
        for i in range(count):
            blocks.append(Block(inputs, width, 2 if i == 0 and number > 0 else 1, expansion, projection))
            inputs = width * expansion
    return blocks


def resnet20():
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10)]
    stem = [conv(3, 16, 3), nn.BatchNorm2d(16), nn.ReLU(inplace=True)]
    return nn.Sequential(*stem, *stages(16, (16, 32, 64), (3, 3, 3), 1, False), *head)


def resnet50():
    head = [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 10)]
    stem = [conv(3, 64, 7, 2), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    return nn.Sequential(*stem, *stages(64, (64, 128, 256, 512), (3, 4, 6, 3), 4, True), *head)


class GptBlock(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(approximate="tanh"), nn.Linear(4 * width, width))

    def attend(self, x):
        n, t, width = x.shape
        q, k, v = (y.view(n, t, self.heads, -1).transpose(1, 2) for y in self.qkv(x).split(width, 2))
        if hasattr(F, "scaled_dot_product_attention"):
            y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:  # PyTorch 1
            scores = q @ k.transpose(2, 3) / q.shape[3] ** 0.5
            mask = torch.ones(t, t, dtype=torch.bool, device=x.device).tril()
            y = scores.masked_fill(~mask, float("-inf")).softmax(3) @ v
        return self.proj(y.transpose(1, 2).reshape(n, t, width))

    def forward(self, x):
        x = x + self.attend(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt(nn.Module):
    def __init__(self, vocabulary, context, width, layers, heads):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(GptBlock(width, heads) for _ in range(layers)))
        self.ln = nn.LayerNorm(width)

    def forward(self, x):
        y = self.tokens(x) + self.places(torch.arange(x.shape[1], device=x.device))
        return self.ln(self.blocks(y)) @ self.tokens.weight.t()


def trained(network, optimizer, x, target):
    network.to(DEVICE).train()

    def step():
        optimizer.zero_grad(set_to_none=True)
        logits = network(x)
        loss = F.cross_entropy(logits.view(-1, logits.shape[-1]), target)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step


def sgd(network):
    return torch.optim.SGD(network.to(DEVICE).parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)


def images(network, batch, side):
    x = torch.randn(batch, 3, side, side, device=DEVICE)
    return trained(network, sgd(network), x, torch.randint(10, (batch,), device=DEVICE))


def gpt(full, sequences, tokens):
    network = Gpt(50257, 1024, 768, 12, 12) if full else Gpt(100, tokens, 32, 2, 4)
    optimizer = torch.optim.AdamW(network.to(DEVICE).parameters(), lr=3e-4, weight_decay=0.1)
    vocabulary = network.tokens.num_embeddings
    x = torch.randint(vocabulary, (sequences, tokens), device=DEVICE)
    return trained(network, optimizer, x, torch.randint(vocabulary, (sequences * tokens,), device=DEVICE))


def main():
    full = sys.argv[1] == "full"
    size = FULL if full else SMALL
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cudnn.benchmark = True
    torch.manual_seed(1)
    rows = {}
    n, runs = size["matrix"], size["runs"]
    for name, dtype in (("F32", torch.float32), ("BF16", torch.bfloat16), ("F16", torch.float16)):
        if dtype == torch.float16 and not CUDA:
            continue  # PyTorch 1 has no such product on processors
        a, b = (torch.randn(n, n, device=DEVICE).to(dtype) for _ in range(2))
        rows[f"product {name} {n}^3"] = kernel_seconds(lambda: a @ b, runs)
    images_n, side = size["images"], size["side"]
    x = torch.randn(images_n, 64, side, side, device=DEVICE)
    w = torch.randn(64, 64, 3, 3, device=DEVICE)
    name = f"convolution F32 3x3 64 channels {images_n}x{side}x{side}"
    rows[name] = kernel_seconds(lambda: F.conv2d(x, w, padding=1), runs)
    x = torch.ones(size["elements"], device=DEVICE)
    y = -x
    for name, call in (("copy", x.clone), ("relu", lambda: torch.relu(x)), ("add", lambda: x + y)):
        rows[f"{name} F32 {x.numel()}"] = kernel_seconds(call, runs)
    del x, y, w
    batch, side = size["small"]
    rows[f"train ResNet-20 {batch}x3x{side}x{side}"] = step_seconds(images(resnet20(), batch, side), runs)
    batch, side = size["large"]
    rows[f"train ResNet-50 {batch}x3x{side}x{side}"] = step_seconds(images(resnet50(), batch, side), runs)
    sequences, tokens = size["gpt"]
    name = f"train GPT-2 {'small' if full else 'tiny'} {sequences}x{tokens}"
    rows[name] = step_seconds(gpt(full, sequences, tokens), runs)
    device = torch.cuda.get_device_name() if CUDA else "processor"
    print(json.dumps({"device": device, "torch": torch.__version__, "rows": rows}))


main()

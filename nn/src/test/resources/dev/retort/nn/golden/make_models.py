"""Writes models.safetensors: what PyTorch computes for tiny networks of each family of dev.retort.nn.models.
Run with Debian's python3-torch: python3 make_models.py

The modules below are written after the papers, with the names of torchvision (or of the distillation literature, where
torchvision has no such model). Nothing random is stored: values follow from their place. State entry k (in the order of
sorted names), element i, is a function of sin(0.37 * (i * i mod 1009) + k); see `fill`.

For each model NAME: NAME/in, NAME/train (output with batch statistics), NAME/eval (output with running statistics,
after that), NAME/grad [parameters, 2] and NAME/after [buffers, 2] in the order of sorted names. A row is the sum of
squares and the sum of sin(i + 1) times element i. Metadata NAME has the sorted names of the state dict.
"""

import json
import struct
from collections import OrderedDict

import torch
from torch import nn

torch.set_num_threads(1)
golden = OrderedDict()
metadata = {"version": "1", "torch": torch.__version__}


def conv(i, o, k, s=1, groups=1, bias=False):
    return nn.Conv2d(i, o, k, s, k // 2, groups=groups, bias=bias)


class SE(nn.Module):
    def __init__(self, c, ratio):
        super().__init__()
        hidden = max(1, c // ratio)
        self.fc1, self.fc2 = nn.Conv2d(c, hidden, 1), nn.Conv2d(hidden, c, 1)

    def forward(self, x):
        return x * torch.sigmoid(self.fc2(torch.relu(self.fc1(x.mean((2, 3), keepdim=True)))))


class Block(nn.Module):
    """Basic (expansion 1) or bottleneck (4) block; `early` puts the stride first."""

    def __init__(self, i, base, s, expansion, groups=1, inside=None, early=False, se=0):
        super().__init__()
        o = base * expansion
        inside = inside or base
        if expansion == 1:
            self.conv1, self.bn1 = conv(i, base, 3, s), nn.BatchNorm2d(base)
            self.conv2, self.bn2 = conv(base, o, 3), nn.BatchNorm2d(o)
        else:
            self.conv1, self.bn1 = conv(i, inside, 1, s if early else 1), nn.BatchNorm2d(inside)
            self.conv2, self.bn2 = conv(inside, inside, 3, 1 if early else s, groups), nn.BatchNorm2d(inside)
            self.conv3, self.bn3 = conv(inside, o, 1), nn.BatchNorm2d(o)
        self.se = SE(o, se) if se else None
        self.downsample = nn.Sequential(conv(i, o, 1, s), nn.BatchNorm2d(o)) if s != 1 or i != o else None

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if hasattr(self, "conv3"):
            y = self.bn3(self.conv3(torch.relu(y)))
        if self.se:
            y = self.se(y)
        return torch.relu(y + (self.downsample(x) if self.downsample else x))


class ResNet(nn.Module):
    def __init__(self, blocks, expansion, width, classes, groups=1, per_group=64, early=False, se=0):
        super().__init__()
        self.conv1, self.bn1, self.maxpool = conv(3, width, 7, 2), nn.BatchNorm2d(width), nn.MaxPool2d(3, 2, 1)
        i = width
        for s, n in enumerate(blocks):
            base = width << s
            stage = []
            for b in range(n):
                inside = base * per_group // 64 * groups
                stage.append(Block(i, base, 2 if s and not b else 1, expansion, groups, inside, early, se))
                i = base * expansion
            setattr(self, f"layer{s + 1}", nn.Sequential(*stage))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = self.maxpool(torch.relu(self.bn1(self.conv1(x))))
        for s in range(4):
            x = getattr(self, f"layer{s + 1}")(x)
        return self.fc(x.mean((2, 3)))


class CifarResNet(nn.Module):
    """With torchvision's names and projections: the wide ones of the distillation literature."""

    def __init__(self, n, stem, widths, classes):
        super().__init__()
        self.conv1, self.bn1 = conv(3, stem, 3), nn.BatchNorm2d(stem)
        i = stem
        for s, w in enumerate(widths):
            stage = []
            for b in range(n):
                stage.append(Block(i, w, 2 if s and not b else 1, 1))
                i = w
            setattr(self, f"layer{s + 1}", nn.Sequential(*stage))
        self.fc = nn.Linear(i, classes)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        for s in range(3):
            x = getattr(self, f"layer{s + 1}")(x)
        return self.fc(x.mean((2, 3)))


class PreAct(nn.Module):
    def __init__(self, i, base, s, expansion, projection):
        super().__init__()
        o = base * expansion
        sizes = [(i, base, 3, s), (base, base, 3, 1)] if expansion == 1 else [(i, base, 1, 1), (base, base, 3, s), (base, o, 1, 1)]
        self.n = len(sizes)
        for k, (a, b, kernel, stride) in enumerate(sizes, 1):
            setattr(self, f"bn{k}", nn.BatchNorm2d(a))
            setattr(self, f"conv{k}", conv(a, b, kernel, stride))
        self.projection = projection
        if s != 1 or i != o:
            setattr(self, projection, conv(i, o, 1, s))

    def forward(self, x):
        u = torch.relu(self.bn1(x))
        y = self.conv1(u)
        for k in range(2, self.n + 1):
            y = getattr(self, f"conv{k}")(torch.relu(getattr(self, f"bn{k}")(y)))
        project = getattr(self, self.projection, None)
        return y + (project(u) if project else x)


class PreActResNet(nn.Module):
    def __init__(self, blocks, expansion, width, classes):
        super().__init__()
        self.conv1, self.maxpool = conv(3, width, 7, 2), nn.MaxPool2d(3, 2, 1)
        i = width
        for s, n in enumerate(blocks):
            stage = []
            for b in range(n):
                stage.append(PreAct(i, width << s, 2 if s and not b else 1, expansion, "downsample"))
                i = (width << s) * expansion
            setattr(self, f"layer{s + 1}", nn.Sequential(*stage))
        self.bn, self.fc = nn.BatchNorm2d(i), nn.Linear(i, classes)

    def forward(self, x):
        x = self.maxpool(self.conv1(x))
        for s in range(4):
            x = getattr(self, f"layer{s + 1}")(x)
        return self.fc(torch.relu(self.bn(x)).mean((2, 3)))


class WideStage(nn.Module):
    def __init__(self, blocks):
        super().__init__()
        self.layer = nn.Sequential(*blocks)

    def forward(self, x):
        return self.layer(x)


class WideResNet(nn.Module):
    def __init__(self, n, k, classes):
        super().__init__()
        self.conv1 = conv(3, 16, 3)
        i = 16
        for s in range(3):
            o = (16 << s) * k
            blocks = []
            for b in range(n):
                blocks.append(PreAct(i, o, 2 if s and not b else 1, 1, "convShortcut"))
                i = o
            setattr(self, f"block{s + 1}", WideStage(blocks))
        self.bn1, self.fc = nn.BatchNorm2d(i), nn.Linear(i, classes)

    def forward(self, x):
        x = self.block3(self.block2(self.block1(self.conv1(x))))
        return self.fc(torch.relu(self.bn1(x)).mean((2, 3)))


class CifarVgg(nn.Module):
    def __init__(self, per_group, widths, classes):
        super().__init__()
        i = 3
        for g, (n, w) in enumerate(zip(per_group, widths)):
            layers = []
            for k in range(n):
                if k:
                    layers.append(nn.ReLU())
                layers += [conv(i, w, 3, bias=True), nn.BatchNorm2d(w)]
                i = w
            setattr(self, f"block{g}", nn.Sequential(*layers))
        self.classifier = nn.Linear(i, classes)

    def forward(self, x):
        for g in range(5):
            x = torch.relu(getattr(self, f"block{g}")(x))
            x = nn.functional.max_pool2d(x, 2) if g < 3 else x
        return self.classifier(x.mean((2, 3)))


class Vgg(nn.Module):
    def __init__(self, per_group, widths, hidden, classes, norm):
        super().__init__()
        layers = []
        i = 3
        for n, w in zip(per_group, widths):
            for _ in range(n):
                layers += [conv(i, w, 3, bias=True)] + ([nn.BatchNorm2d(w)] if norm else []) + [nn.ReLU()]
                i = w
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(i * 49, hidden), nn.ReLU(), nn.Dropout(0), nn.Linear(hidden, hidden), nn.ReLU(), nn.Dropout(0),
            nn.Linear(hidden, classes))

    def forward(self, x):
        return self.classifier(nn.functional.adaptive_avg_pool2d(self.features(x), 7).flatten(1))


def step(i, o, k, s=1, groups=1, act=nn.ReLU6):
    return nn.Sequential(conv(i, o, k, s, groups), nn.BatchNorm2d(o), act())


class Inverted(nn.Module):
    def __init__(self, layers, adds):
        super().__init__()
        self.conv, self.adds = nn.Sequential(*layers), adds

    def forward(self, x):
        return x + self.conv(x) if self.adds else self.conv(x)


def rounded(c):
    n = max(8, int(c + 4) // 8 * 8)
    return n + 8 if n < 0.9 * c else n


class MobileNetV2(nn.Module):
    def __init__(self, groups, width, classes):
        super().__init__()
        i = rounded(32 * width)
        features = [step(3, i, 3, 2)]
        for t, c, n, s in groups:
            o = rounded(c * width)
            for k in range(n):
                stride, h = s if k == 0 else 1, i * t
                layers = [step(i, h, 1)] if t != 1 else []
                layers += [step(h, h, 3, stride, h), conv(h, o, 1), nn.BatchNorm2d(o)]
                features.append(Inverted(layers, stride == 1 and i == o))
                i = o
        last = rounded(1280 * max(1, width))
        features.append(step(i, last, 1))
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(nn.Dropout(0), nn.Linear(last, classes))

    def forward(self, x):
        return self.classifier(self.features(x).mean((2, 3)))


class CifarMobileNetV2(nn.Module):
    def __init__(self, t, width, classes):
        super().__init__()
        i = int(32 * width)
        self.conv1 = step(3, i, 3, 2, act=nn.ReLU)
        table = [(1, 16, 1, 1), (t, 24, 2, 1), (t, 32, 3, 2), (t, 64, 4, 2), (t, 96, 3, 1), (t, 160, 3, 2), (t, 320, 1, 1)]
        groups = []
        for e, c, n, s in table:
            o = int(c * width)
            group = []
            for k in range(n):
                stride, h = s if k == 0 else 1, i * e
                layers = [conv(i, h, 1), nn.BatchNorm2d(h), nn.ReLU(), conv(h, h, 3, stride, h), nn.BatchNorm2d(h),
                          nn.ReLU(), conv(h, o, 1), nn.BatchNorm2d(o)]
                group.append(Inverted(layers, stride == 1 and i == o))
                i = o
            groups.append(nn.Sequential(*group))
        self.blocks = nn.Sequential(*groups)
        self.conv2 = step(i, 1280, 1, act=nn.ReLU)
        self.classifier = nn.Sequential(nn.Linear(1280, classes))

    def forward(self, x):
        return self.classifier(self.conv2(self.blocks(self.conv1(x))).mean((2, 3)))


def shuffle(x, g):
    n, c, h, w = x.shape
    return x.view(n, g, c // g, h, w).transpose(1, 2).reshape(n, c, h, w)


class ShuffleUnit(nn.Module):
    def __init__(self, i, o, s):
        super().__init__()
        b = o // 2
        self.s = s
        if s > 1:
            self.branch1 = nn.Sequential(conv(i, i, 3, s, i), nn.BatchNorm2d(i), conv(i, b, 1), nn.BatchNorm2d(b), nn.ReLU())
        self.branch2 = nn.Sequential(
            conv(i if s > 1 else b, b, 1), nn.BatchNorm2d(b), nn.ReLU(), conv(b, b, 3, s, b), nn.BatchNorm2d(b),
            conv(b, b, 1), nn.BatchNorm2d(b), nn.ReLU())

    def forward(self, x):
        if self.s > 1:
            return shuffle(torch.cat((self.branch1(x), self.branch2(x)), 1), 2)
        a, b = x.chunk(2, 1)
        return shuffle(torch.cat((a, self.branch2(b)), 1), 2)


class ShuffleNetV2(nn.Module):
    def __init__(self, stem, widths, repeats, last, classes):
        super().__init__()
        self.conv1 = step(3, stem, 3, 2, act=nn.ReLU)
        i = stem
        for s, (w, n) in enumerate(zip(widths, repeats), 2):
            units = []
            for k in range(n):
                units.append(ShuffleUnit(i, w, 1 if k else 2))
                i = w
            setattr(self, f"stage{s}", nn.Sequential(*units))
        self.conv5, self.fc = step(i, last, 1, act=nn.ReLU), nn.Linear(last, classes)

    def forward(self, x):
        x = nn.functional.max_pool2d(self.conv1(x), 3, 2, 1)
        return self.fc(self.conv5(self.stage4(self.stage3(self.stage2(x)))).mean((2, 3)))


class ShuffleV1Unit(nn.Module):
    def __init__(self, i, o, groups, s):
        super().__init__()
        m = o // 4
        self.g, self.s = 1 if i == 24 else groups, s
        self.conv1, self.bn1 = conv(i, m, 1, groups=self.g), nn.BatchNorm2d(m)
        self.conv2, self.bn2 = conv(m, m, 3, s, m), nn.BatchNorm2d(m)
        self.conv3, self.bn3 = conv(m, o, 1, groups=groups), nn.BatchNorm2d(o)

    def forward(self, x):
        y = shuffle(torch.relu(self.bn1(self.conv1(x))), self.g)
        y = self.bn3(self.conv3(torch.relu(self.bn2(self.conv2(y)))))
        return torch.relu(torch.cat((y, nn.functional.avg_pool2d(x, 3, 2, 1)), 1) if self.s == 2 else y + x)


class ShuffleNetV1(nn.Module):
    def __init__(self, widths, repeats, groups, classes):
        super().__init__()
        self.conv1, self.bn1 = conv(3, 24, 1), nn.BatchNorm2d(24)
        i = 24
        for s, (w, n) in enumerate(zip(widths, repeats), 1):
            units = []
            for k in range(n):
                units.append(ShuffleV1Unit(i, w if k else w - i, groups, 1 if k else 2))
                i = w
            setattr(self, f"layer{s}", nn.Sequential(*units))
        self.linear = nn.Linear(i, classes)

    def forward(self, x):
        x = self.layer3(self.layer2(self.layer1(torch.relu(self.bn1(self.conv1(x))))))
        return self.linear(x.mean((2, 3)))


def waves(shape, k):
    n = 1
    for d in shape:
        n *= d
    i = torch.arange(n, dtype=torch.int64)
    return torch.sin(0.37 * ((i * i) % 1009).double() + k).reshape(shape)


def fill(model):
    state = model.state_dict()
    for k, name in enumerate(sorted(state)):
        t = state[name]
        if not t.is_floating_point():
            continue
        w = waves(t.shape, k)
        if name.endswith("running_var"):
            w = 1 + 0.5 * w * w
        elif t.dim() > 1:
            w = w * (3.0 / (t.numel() / t.shape[0])) ** 0.5
        elif name.endswith("weight"):
            w = 1 + 0.3 * w
        else:
            w = 0.2 * w
        t.copy_(w)


def row(t):
    flat = t.detach().flatten()
    i = torch.arange(flat.numel(), dtype=torch.float64)
    return torch.stack([(flat * flat).sum(), (flat * torch.sin(i + 1)).sum()])


def case(name, model, size, batch=4):
    model = model.double().train()
    fill(model)
    metadata[name] = " ".join(n for n in sorted(model.state_dict()) if not n.endswith("num_batches_tracked"))
    x = waves((batch, 3, size, size), 5).requires_grad_()
    out = model(x)
    (out * waves(out.shape, 9)).sum().backward()
    golden[name + "/train"] = out
    params = dict(model.named_parameters())
    golden[name + "/grad"] = torch.stack([row(x.grad)] + [row(params[n].grad) for n in sorted(params)])
    buffers = {n: b for n, b in model.named_buffers() if b.is_floating_point()}
    if buffers:
        golden[name + "/after"] = torch.stack([row(buffers[n]) for n in sorted(buffers)])
    model.eval()
    golden[name + "/eval"] = model(x)


def write(path):
    header = {"__metadata__": metadata}
    data = b""
    for name, t in golden.items():
        raw = t.detach().contiguous().numpy().tobytes()
        header[name] = {"dtype": "F64", "shape": list(t.shape), "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + data)


case("resnet-basic", ResNet([2, 1, 1, 1], 1, 4, 5), 32)
case("resnet-bottleneck", ResNet([1, 2, 1, 1], 4, 4, 5), 32)
case("resnet-bottleneck-v1", ResNet([1, 1, 1, 1], 4, 4, 5, early=True), 32)
case("resnext", ResNet([1, 1, 1, 1], 4, 16, 5, groups=4, per_group=16), 32)
case("se-resnet", ResNet([1, 1, 1, 1], 1, 8, 5, se=4), 32)
case("preact-basic", PreActResNet([2, 1, 1, 1], 1, 4, 5), 32)
case("preact-bottleneck", PreActResNet([1, 1, 1, 1], 4, 4, 5), 32)
case("wide-resnet", WideResNet(1, 1, 5), 16)
case("resnet-8x4", CifarResNet(1, 4, [8, 16, 32], 5), 16)
case("cifar-vgg", CifarVgg([2, 1, 1, 1, 1], [4, 8, 8, 8, 8], 5), 16)
case("vgg", Vgg([1, 2], [4, 8], 16, 5, False), 28)
case("vgg-norm", Vgg([1, 2], [4, 8], 16, 5, True), 28)
case("mobilenet-v2", MobileNetV2([(1, 16, 1, 1), (6, 24, 2, 2), (6, 24, 1, 1)], 0.25, 5), 32)
case("cifar-mobilenet-v2", CifarMobileNetV2(2, 0.125, 5), 32)
case("shufflenet-v2", ShuffleNetV2(8, [8, 16, 32], [2, 1, 1], 16, 5), 64)
case("shufflenet-v1", ShuffleNetV1([48, 96, 144], [2, 1, 1], 3, 5), 16)
write("models.safetensors")

if __name__ == "__main__":
    def count(m):
        return sum(p.numel() for p in m.parameters())

    print("WRN-40-2, 16-2, 40-1 (100 classes)", count(WideResNet(6, 2, 100)), count(WideResNet(2, 2, 100)), count(WideResNet(6, 1, 100)))
    print("resnet8x4, 32x4", count(CifarResNet(1, 32, [64, 128, 256], 100)), count(CifarResNet(5, 32, [64, 128, 256], 100)))
    print("VGG-8, 13", count(CifarVgg([1] * 5, [64, 128, 256, 512, 512], 100)), count(CifarVgg([2] * 5, [64, 128, 256, 512, 512], 100)))
    print("MobileNetV2 half", count(CifarMobileNetV2(6, 0.5, 100)), "ShuffleNetV1", count(ShuffleNetV1([240, 480, 960], [4, 8, 4], 3, 100)))

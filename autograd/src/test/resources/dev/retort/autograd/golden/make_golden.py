"""Writes ops.safetensors: values and gradients that PyTorch computes in float64 for ops whose conventions are easy to
miss (windows, bins, ties, kinks, ignored and masked places). Run with Debian's python3-torch: python3 make_golden.py

Names: CASE/in/I, CASE/out/I, CASE/weight/I and CASE/grad/I = gradient of sum_k <out_k, weight_k> in input I.
"""

import json
import struct
from collections import OrderedDict

import torch
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(1)
golden = OrderedDict()
NAN = float("nan")
INF = float("inf")


def put(name, tensor):
    golden[name] = tensor.detach().clone().contiguous()


def case(name, function, *inputs):
    leaves = [i.clone().requires_grad_(i.is_floating_point()) for i in inputs]
    outs = function(*leaves)
    outs = outs if isinstance(outs, tuple) else (outs,)
    loss = 0
    for i, leaf in enumerate(leaves):
        put(f"{name}/in/{i}", leaf)
    for i, out in enumerate(outs):
        put(f"{name}/out/{i}", out)
        if out.is_floating_point() and out.requires_grad:
            weight = torch.randn_like(out)
            put(f"{name}/weight/{i}", weight)
            loss = loss + (out * weight).sum()
    if isinstance(loss, torch.Tensor):
        loss.backward()
        for i, leaf in enumerate(leaves):
            if leaf.grad is not None:
                put(f"{name}/grad/{i}", leaf.grad)


def randn(*shape):
    return torch.randn(*shape, dtype=torch.float64)


def tensor(*values):
    return torch.tensor(values, dtype=torch.float64)


def convolutions():
    x, w, b = randn(2, 4, 7, 6), randn(6, 2, 3, 2), randn(6)
    case("conv2d", lambda x, w, b: F.conv2d(x, w, b, (2, 1), (1, 2), (2, 1), 2), x, w, b)
    case("conv1d", lambda x, w: F.conv1d(x, w, None, 2, 3, 2), randn(2, 3, 8), randn(4, 3, 3))
    w = randn(4, 3, 3, 2)
    case("conv_transpose2d", lambda x, w, b: F.conv_transpose2d(x, w, b, (2, 3), (1, 0), (1, 2), 2, (1, 1)), x, w, randn(6))


def pooling():
    x = randn(2, 2, 7, 6)
    case("max_pool2d", lambda x: F.max_pool2d(x, (3, 2), (2, 3), (1, 1), ceil_mode=True), x)
    case("max_pool2d_nan", lambda x: F.max_pool2d(x, 3, 2, 1, return_indices=True),
         torch.where(randn(1, 2, 6, 6) > 1.2, torch.full((1,), NAN, dtype=torch.float64), randn(1, 2, 6, 6)))
    for pad in (True, False):
        case(f"avg_pool2d_{str(pad).lower()}", lambda x: F.avg_pool2d(x, (3, 2), (2, 3), (1, 1), True, pad), x)
    case("adaptive_avg_pool2d", lambda x: F.adaptive_avg_pool2d(x, (3, 8)), x)
    case("adaptive_max_pool2d", lambda x: F.adaptive_max_pool2d(x, (3, 4)), x)


def resampling():
    x = randn(1, 2, 3, 5)
    case("nearest", lambda x: F.interpolate(x, (7, 3), mode="nearest"), x)
    case("bilinear", lambda x: F.interpolate(x, (7, 3), mode="bilinear", align_corners=False), x)
    case("bilinear_corners", lambda x: F.interpolate(x, (7, 1), mode="bilinear", align_corners=True), x)


def norms():
    x, w, b = randn(3, 4, 2, 3), randn(4), randn(4)
    case("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, True, 0.1, 1e-3), x, w, b)
    case("batch_norm_eval", lambda x, m, v, w, b: F.batch_norm(x, m.detach(), v.detach(), w, b, False, 0.1, 1e-3),
         x, randn(4), randn(4).abs(), w, b)
    case("group_norm", lambda x, w, b: F.group_norm(x, 2, w, b, 1e-3), x, w, b)
    case("layer_norm", lambda x, w, b: F.layer_norm(x, (2, 3), w, b, 1e-3), x, randn(2, 3), randn(2, 3))


def losses():
    z, classes = randn(5, 4), torch.tensor([3, -100, 0, 1, 1])
    w = randn(4).abs()
    case("cross_entropy", lambda z, c, w: F.cross_entropy(z, c, w.detach(), reduction="none", label_smoothing=0.2),
         z, classes, w)
    case("cross_entropy_soft", lambda z, t: F.cross_entropy(z, t, reduction="none"), z, torch.softmax(randn(5, 4), 1))
    p = torch.softmax(randn(3, 4), 1)
    p[0, 1] = 0
    case("kl_div", lambda x, p: F.kl_div(x, p.detach(), reduction="none"), torch.log_softmax(randn(3, 4), 1), p)
    case("kl_div_log", lambda x, p: F.kl_div(x, p, reduction="none", log_target=True), randn(3, 4), randn(3, 4))
    x, y = tensor(0, 1, -3, 0.5, 2, -0.5), tensor(0, 0.5, 1, 0, 2, 0)
    case("smooth_l1", lambda x, y: F.smooth_l1_loss(x, y, reduction="none", beta=0.5), x, y)
    case("l1", lambda x, y: F.l1_loss(x, y, reduction="none"), x, y)
    case("bce", lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"), x * 100, y)


def attention():
    q, k, v = randn(1, 2, 3, 4), randn(1, 2, 5, 4), randn(1, 2, 5, 3)

    def attend(q, k, v, mask):
        scores = q @ k.transpose(-2, -1) * 0.5 + mask.detach()
        return torch.softmax(scores, -1) @ v, torch.logsumexp(scores, -1)

    case("attention", attend, q, k, v, torch.where(randn(3, 5) > 0.5, -INF, 0.0).double())


def elementwise():
    kinks = tensor(-20, -6, -3, -2.5, -1, -0.5, -1e-9, 0, 1e-9, 0.5, 1, 1.5, 2.5, 3, 6, 20, 30)
    smooth = tensor(-20, -6, -2.9, -2.5, -1, -0.5, -1e-9, 0, 1e-9, 0.5, 1, 1.5, 2.5, 2.9, 6, 20, 30)
    for name, f in {
        "relu": F.relu, "leaky_relu": lambda x: F.leaky_relu(x, 0.1), "elu": lambda x: F.elu(x, 1.5),
        "abs": torch.abs, "clamp": lambda x: torch.clamp(x, -1, 1.5), "sign": torch.sign, "round": torch.round,
        "softplus": lambda x: F.softplus(x, 2), "logsigmoid": F.logsigmoid, "erf": torch.erf,
    }.items():
        case(name, f, kinks)
    for name, f in {
        "gelu": F.gelu, "gelu_tanh": lambda x: F.gelu(x, approximate="tanh"), "silu": F.silu, "mish": F.mish,
        "hardswish": F.hardswish, "hardsigmoid": F.hardsigmoid,
    }.items():
        case(name, f, smooth)
    a, b = tensor(5, -5, 5, -5, 0, 7.5, 1), tensor(3, 3, -3, -3, 2, -2, 1)
    case("remainder", torch.remainder, a, b)
    case("maximum", torch.maximum, a, b)
    case("pow", torch.pow, a.abs(), b)
    case("pow_scalar", lambda x: x**3, a)


def reductions():
    x = tensor(1, 3, 3, -2, 0, 3).reshape(2, 3)
    case("amax", lambda x: torch.amax(x, (0, 1)), x)
    case("amin_dim", lambda x: torch.amin(x, 1), x)
    case("max", lambda x: torch.max(x, 1), x)
    case("argmax_nan", lambda x: torch.argmax(x, 1), tensor(1, NAN, 5, NAN, 7, 7, 2, 7).reshape(2, 4))
    case("prod", lambda x: torch.prod(x, 1), tensor(2, 0, 3, 0, 4, 0, 1, 2, 3).reshape(3, 3))
    case("var", lambda x: torch.var(x, (0, 2), unbiased=True), randn(2, 3, 4))
    case("logsumexp", lambda x: torch.logsumexp(x, 1), tensor(1, 2, -INF, 700, 701, 702).reshape(2, 3))
    for p in (0, 1, 2, 3, INF):
        case(f"norm_{p}", lambda x: torch.linalg.vector_norm(x, p, 1), tensor(3, -4, 0, 1, 2, 5).reshape(2, 3))
    case("norm_zero", lambda x: torch.linalg.vector_norm(x, 2, 0), torch.zeros(3, dtype=torch.float64))
    case("cumsum", lambda x: torch.cumsum(x, 1), x)
    case("sort", lambda x: torch.sort(x, stable=True), tensor(3, 1, 3, -INF, 2, 1, 0, -0.0))
    case("sort_descending", lambda x: torch.sort(x, stable=True, descending=True), tensor(3, 1, 3, INF, 2, 1))
    case("topk", lambda x: torch.topk(x, 2), tensor(3, 1, 4, 1.5, 9, 2.5).reshape(2, 3))


def indexing():
    x = randn(3, 4)
    case("gather", lambda x, i: torch.gather(x, 1, i), x, torch.tensor([[0, 0], [3, 1], [2, 2]]))
    case("scatter_add", lambda x, i, s: torch.scatter_add(x, 0, i, s), x, torch.tensor([[0, 2, 0, 1], [0, 2, 2, 2]]), randn(2, 4))
    case("index_add", lambda x, i, s: torch.index_add(x, 1, i, s), x, torch.tensor([3, 0, 3]), randn(3, 3))
    case("embedding", lambda i, w: F.embedding(i, w, padding_idx=1), torch.tensor([[0, 1], [1, 3]]), randn(4, 3))
    case("pad_reflect", lambda x: F.pad(x, (2, 3, 1, 1), mode="reflect"), randn(1, 1, 3, 4))
    case("pad_replicate", lambda x: F.pad(x, (2, 0, 0, 3), mode="replicate"), randn(1, 1, 3, 4))
    case("pad_crop", lambda x: F.pad(x, (-1, 2, 1, -2), value=7), x)
    case("roll", lambda x: torch.roll(x, (1, -5), (0, 1)), x)
    case("tril", lambda x: torch.tril(x, 1), x)


def algebra():
    x = randn(2, 3, 3)
    case("cholesky", lambda a: torch.linalg.cholesky((a + a.mT) / 2), x @ x.mT + torch.eye(3, dtype=torch.float64))
    case("solve_triangular", lambda a, b: torch.linalg.solve_triangular(a, b, upper=True), randn(3, 3) + 3 * torch.eye(3, dtype=torch.float64), randn(3, 2))
    case("eigvalsh", lambda a: torch.linalg.eigvalsh((a + a.mT) / 2), x)
    case("svdvals", lambda a: torch.linalg.svdvals(a), randn(4, 3))
    case("einsum", lambda a, b: torch.einsum("bij,jbk->kib", a, b), randn(2, 3, 4), randn(4, 2, 5))


def conversions():
    values = tensor(-1.5, -1, -0.5, 0.5, 1.5, 2.5, 126.9, 65504, 65520, 1 / 3, 1e-7, 3.0e38)
    case("to_half", lambda x: x.detach().to(torch.float16).double(), values)
    case("to_bfloat16", lambda x: x.detach().to(torch.bfloat16).double(), values)
    case("to_int", lambda x: x.detach().to(torch.int32).long(), values[:7])
    case("to_bool", lambda x: x.detach().to(torch.bool).long(), tensor(0, -0.0, 0.1, NAN, INF))
    case("fake_quantize", lambda x: torch.fake_quantize_per_tensor_affine(x.float(), 0.1, 3, 0, 15).double(), tensor(-1, -0.25, -0.05, 0, 0.05, 0.1, 1.3, 9))


def write(path):
    names = {torch.float64: "F64", torch.int64: "I64"}
    header, blobs, at = {}, [], 0
    for name, t in golden.items():
        data = t.numpy().tobytes()
        header[name] = {"dtype": names[t.dtype], "shape": list(t.shape), "data_offsets": [at, at + len(data)]}
        blobs.append(data)
        at += len(data)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


for family in (convolutions, pooling, resampling, norms, losses, attention, elementwise, reductions, indexing, algebra, conversions):
    family()
write("ops.safetensors")

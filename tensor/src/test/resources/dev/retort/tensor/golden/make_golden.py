#!/usr/bin/python3
"""Writes golden.safetensors: inputs and results of PyTorch for the cases of GoldenTest.java.

Made with PyTorch 1.13 (Debian: apt-get install python3-torch). Run it in this folder:

    /usr/bin/python3 make_golden.py

Everything is float64 (indices int64). Names: CASE/in0, CASE/in1, ... inputs; CASE/out the result. Gradients have golden
values of their own in the autograd module.
"""
import json
import math
import struct

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(20250101)
tensors = {}


def rand(*shape):
    """Uniform on [-2, 2), with few digits so that the values are exact in float32 too."""
    return torch.round((torch.rand(*shape) * 4 - 2) * 4096) / 4096


def positive(*shape):
    return rand(*shape).abs() + 0.25


def index(bound, *shape):
    return torch.randint(0, bound, shape)


def case(name, f, *inputs):
    for i, x in enumerate(inputs):
        tensors[f"{name}/in{i}"] = x
    tensors[f"{name}/out"] = f(*inputs)


def elementwise():
    case("erf", torch.erf, rand(3, 5) * 2)
    case("gelu", F.gelu, rand(3, 5) * 2)
    case("gelu_tanh", lambda x: F.gelu(x, approximate="tanh"), rand(3, 5) * 2)
    case("silu", F.silu, rand(3, 5) * 2)
    case("mish", F.mish, rand(3, 5) * 2)
    case("hardswish", F.hardswish, rand(3, 7) * 2)
    case("hardsigmoid", F.hardsigmoid, rand(3, 7) * 2)
    case("softplus", F.softplus, rand(3, 5) * 20)
    case("softplus_steep", lambda x: F.softplus(x, beta=2.5), rand(3, 5) * 8)
    case("elu", lambda x: F.elu(x, 0.7), rand(3, 5))
    case("leaky_relu", lambda x: F.leaky_relu(x, 0.1), rand(3, 5))
    case("log_sigmoid", F.logsigmoid, rand(3, 5) * 20)
    case("expm1", torch.expm1, rand(7) / 64)
    case("log1p", torch.log1p, rand(7) / 64)
    case("remainder", torch.remainder, rand(3, 5), rand(5) + 2.5)
    case("pow", torch.pow, positive(3, 4), rand(3, 4))
    case("clamp", lambda x: x.clamp(-1, 0.5), rand(3, 5))


def reductions():
    case("var", lambda x: x.var(dim=(0, 2), unbiased=True, keepdim=True), rand(3, 4, 5))
    case("var_biased", lambda x: x.var(dim=1, unbiased=False), rand(3, 5))
    case("std", lambda x: x.std(dim=-1), rand(3, 5))
    case("logsumexp", lambda x: x.logsumexp((0, 1)), rand(3, 4, 2) * 10)
    case("norm3", lambda x: torch.linalg.vector_norm(x, 3, dim=1), rand(3, 5))
    case("norm_infinity", lambda x: torch.linalg.vector_norm(x, math.inf, dim=1), rand(3, 5))
    case("norm_of_zeros", lambda x: torch.linalg.vector_norm(x, 2, dim=1), torch.tensor([[0.0, 0], [3, 4]]))
    case("prod_with_zeros", lambda x: x.prod(1), torch.tensor([[1.0, 0, 3], [2, 0.5, 4], [0, 0, 5]]))
    case("cumsum", lambda x: x.cumsum(1), rand(3, 5))
    case("max_along", lambda x: x.max(1).values, torch.tensor([[1.0, 3, 3], [2, 1, 0]]))
    case("softmax", lambda x: x.softmax(1), rand(2, 4, 3))
    case("log_softmax", lambda x: x.log_softmax(0), rand(4, 3))
    case("sort", lambda x: torch.sort(x, dim=0, descending=True, stable=True).values, rand(5, 3))
    case("topk", lambda x: x.topk(3, -1).values, rand(3, 6))


def movement():
    case("pad_reflect", lambda x: F.pad(x, (2, 1, 1, 2), mode="reflect"), rand(1, 2, 4, 5))
    case("pad_replicate", lambda x: F.pad(x, (2, 1, 0, 3), mode="replicate"), rand(1, 2, 4, 5))
    case("pad_crop", lambda x: F.pad(x, (-1, 2, 1, -2), value=0.5), rand(4, 5))
    case("roll", lambda x: x.roll((1, -7), (0, 1)), rand(3, 5))
    case("repeat_interleave", lambda x: x.repeat_interleave(3, 1), rand(2, 3))
    case("tril", lambda x: x.tril(-1), rand(2, 4, 3))
    case("gather", lambda x, i: x.gather(1, i), rand(3, 5), index(5, 2, 4))
    case("scatter_add", lambda x, i, s: x.scatter_add(0, i, s), rand(4, 3), index(4, 5, 2), rand(5, 2))
    case("index_add", lambda x, i, s: x.index_add(1, i, s), rand(3, 4), index(4, 6), rand(3, 6))
    case("embedding_padding", lambda w, i: F.embedding(i, w, padding_idx=2), rand(5, 3), torch.tensor([[2, 1], [4, 2]]))


def products():
    case("matmul_broadcast", torch.matmul, rand(2, 1, 3, 4), rand(5, 4, 2))
    case("linear", F.linear, rand(2, 3, 5), rand(4, 5), rand(4))
    case("einsum_attention", lambda q, k: torch.einsum("bhid,bhjd->bhij", q, k), rand(2, 2, 3, 4), rand(2, 2, 5, 4))
    case("einsum_diagonal", lambda a, b: torch.einsum("iij,jk->ik", a, b), rand(3, 3, 4), rand(4, 2))
    a = rand(4, 4)
    case("cholesky", lambda x: torch.linalg.cholesky((x + x.T) / 2), a @ a.T + 4 * torch.eye(4))
    case("triangular_solve", lambda a, b: torch.linalg.solve_triangular(a.tril(), b, upper=False),
         rand(4, 4) + 4 * torch.eye(4), rand(4, 3))
    case("eigenvalues", lambda x: torch.linalg.eigh((x + x.T) / 2)[0], rand(4, 4))
    case("singular_values", lambda x: torch.linalg.svd(x, full_matrices=False)[1], rand(3, 5))


def convolutions():
    case("conv2d", lambda x, w, b: F.conv2d(x, w, b, padding=1), rand(2, 3, 5, 6), rand(4, 3, 3, 3), rand(4))
    case("conv2d_uneven", lambda x, w, b: F.conv2d(x, w, b, stride=(2, 3), padding=(1, 2), dilation=(1, 2)),
         rand(1, 2, 6, 9), rand(3, 2, 2, 4), rand(3))
    case("conv2d_groups_dilation", lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=2, dilation=2, groups=2),
         rand(2, 4, 7, 7), rand(6, 2, 3, 3), rand(6))
    case("conv2d_depthwise", lambda x, w, b: F.conv2d(x, w, b, stride=2, padding=1, groups=3),
         rand(2, 3, 6, 5), rand(6, 1, 3, 3), rand(6))
    case("conv1d", lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=3, dilation=2, groups=2),
         rand(2, 4, 9), rand(6, 2, 3), rand(6))
    case("conv_transpose2d",
         lambda x, w, b: F.conv_transpose2d(x, w, b, stride=3, padding=1, output_padding=2, dilation=2, groups=2),
         rand(1, 4, 3, 4), rand(4, 3, 3, 2), rand(6))


def pools():
    case("max_pool_ceil", lambda x: F.max_pool2d(x, (3, 2), 2, (1, 0), ceil_mode=True), rand(2, 2, 6, 7))
    case("max_pool_padded", lambda x: F.max_pool2d(x, 3, (2, 1), 1), rand(1, 2, 5, 4))
    case("avg_pool_ceil", lambda x: F.avg_pool2d(x, (3, 2), 2, (1, 0), ceil_mode=True), rand(2, 2, 6, 7))
    case("avg_pool_no_pad", lambda x: F.avg_pool2d(x, 3, 2, 1, ceil_mode=True, count_include_pad=False),
         rand(1, 2, 6, 5))
    case("adaptive_avg_pool", lambda x: F.adaptive_avg_pool2d(x, (3, 2)), rand(1, 2, 5, 7))
    case("adaptive_max_pool", lambda x: F.adaptive_max_pool2d(x, (4, 3)), rand(1, 2, 5, 7))
    case("nearest_up", lambda x: F.interpolate(x, (7, 5), mode="nearest"), rand(1, 2, 3, 4))
    case("nearest_down", lambda x: F.interpolate(x, (2, 3), mode="nearest"), rand(1, 2, 5, 7))
    case("bilinear_up", lambda x: F.interpolate(x, (7, 5), mode="bilinear", align_corners=False), rand(1, 2, 3, 4))
    case("bilinear_down", lambda x: F.interpolate(x, (2, 3), mode="bilinear", align_corners=False), rand(1, 2, 5, 7))
    case("bilinear_aligned", lambda x: F.interpolate(x, (7, 3), mode="bilinear", align_corners=True), rand(1, 2, 3, 5))


def norms():
    case("batch_norm", lambda x, w, b: F.batch_norm(x, None, None, w, b, True, eps=1e-3),
         rand(3, 2, 2, 3), rand(2), rand(2))
    case("batch_norm_eval", lambda x, m, v, w, b: F.batch_norm(x, m, v, w, b, False, eps=1e-3),
         rand(3, 2, 4), rand(2), positive(2), rand(2), rand(2))
    case("layer_norm", lambda x, w, b: F.layer_norm(x, (3, 4), w, b, 1e-3), rand(2, 3, 4), rand(3, 4), rand(3, 4))
    case("group_norm", lambda x, w, b: F.group_norm(x, 2, w, b, 1e-3), rand(2, 4, 3, 2), rand(4), rand(4))
    case("instance_norm", lambda x: F.instance_norm(x, eps=1e-3), rand(2, 3, 2, 4))


def attention(q, k, v, mask=None, causal=False):
    k = k.repeat_interleave(q.shape[1] // k.shape[1], 1)
    v = v.repeat_interleave(q.shape[1] // v.shape[1], 1)
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores + mask
    if causal:
        t, s = scores.shape[-2:]
        scores = scores.masked_fill(torch.ones(t, s, dtype=torch.bool).triu(1 + s - t), -math.inf)
    return scores.softmax(-1) @ v


def attentions():
    case("attention_mask", attention, rand(2, 2, 3, 4), rand(2, 2, 5, 4), rand(2, 2, 5, 2), rand(1, 1, 3, 5))
    case("attention_causal_grouped", lambda q, k, v: attention(q, k, v, causal=True),
         rand(1, 4, 3, 4), rand(1, 2, 5, 4), rand(1, 2, 5, 4))


def losses():
    y = torch.tensor([2, -100, 0, 1, -100])
    case("cross_entropy", lambda x, y, w: F.cross_entropy(x, y, w, reduction="none"), rand(5, 3), y, positive(3))
    case("cross_entropy_smooth",
         lambda x, y, w: F.cross_entropy(x, y, w, reduction="none", label_smoothing=0.1), rand(5, 3), y, positive(3))
    case("cross_entropy_soft", lambda x, t: F.cross_entropy(x, t, reduction="none"), rand(4, 3), rand(4, 3).softmax(1))
    case("kl_div", lambda q, p: F.kl_div(q, p, reduction="none"), rand(3, 4), positive(3, 4))
    case("kl_div_log", lambda q, p: F.kl_div(q, p, reduction="none", log_target=True), rand(3, 4), rand(3, 4))
    case("smooth_l1", lambda x, y: F.smooth_l1_loss(x, y, reduction="none", beta=0.7), rand(3, 4), rand(3, 4))
    case("bce_with_logits", lambda x, y: F.binary_cross_entropy_with_logits(x, y, reduction="none"),
         rand(3, 4) * 20, torch.rand(3, 4))
    case("fake_quantize",
         lambda x: torch.fake_quantize_per_tensor_affine(x.float(), 0.125, 3, -8, 7).double(), rand(4, 5))


def steps(make, w, *gradients):
    parameter = w.clone().requires_grad_(True)
    optimizer = make([parameter])
    for g in gradients:
        parameter.grad = g.clone()
        optimizer.step()
    return parameter.detach()


def optimizers():
    def three(name, make):
        case(name, lambda *x: steps(make, *x), rand(7), rand(7), rand(7), rand(7))

    three("sgd", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True))
    three("sgd_dampening", lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, dampening=0.3))
    three("adam", lambda p: torch.optim.Adam(p, lr=0.1, weight_decay=0.1))
    three("adamw", lambda p: torch.optim.AdamW(p, lr=0.1, weight_decay=0.1))
    three("rmsprop", lambda p: torch.optim.RMSprop(p, lr=0.1, alpha=0.9, momentum=0.8, weight_decay=0.1))
    three("adagrad", lambda p: torch.optim.Adagrad(p, lr=0.1, weight_decay=0.1))


def save(path):
    header = {"__metadata__": {"made_by": "make_golden.py", "torch": torch.__version__}}
    blob = b""
    for name in sorted(tensors):
        x = tensors[name].contiguous()
        kind, letter = ("F64", "d") if x.is_floating_point() else ("I64", "q")
        data = struct.pack(f"<{x.numel()}{letter}", *x.flatten().tolist())
        header[name] = {"dtype": kind, "shape": list(x.shape), "data_offsets": [len(blob), len(blob) + len(data)]}
        blob += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + blob)


for section in (elementwise, reductions, movement, products, convolutions, pools, norms, attentions, losses, optimizers):
    section()
save("golden.safetensors")
print(len({name.split("/")[0] for name in tensors}), "cases,", len(tensors), "tensors")

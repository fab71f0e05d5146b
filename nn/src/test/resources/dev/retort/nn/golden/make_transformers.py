"""Writes transformers.safetensors: what PyTorch computes for a tiny network of each transformer family, in float64.
Run with Debian's python3-torch: python3 make_transformers.py
The modules are written here from the published descriptions, under the names of the public weights.
Names: CASE/state/NAME (state dict), CASE/in/NAME, CASE/out/NAME, CASE/grad/NAME (of the sum of <output, CASE/in/weight>).
"""

import json
import math
import struct
from collections import OrderedDict

import torch
import torch.nn.functional as F
from torch import nn

torch.set_num_threads(1)
torch.manual_seed(11)
torch.set_default_dtype(torch.float64)
golden = OrderedDict()


def put(name, tensor):
    golden[name] = tensor.detach().clone().contiguous()


def case(name, model, inputs, call):
    """Outputs and gradients of a model whose weights are drawn larger than usual, so that mistakes show."""
    with torch.no_grad():
        for key, p in model.named_parameters():
            p.copy_(torch.randn_like(p) * 0.3 + (1 if "norm" in key.lower() and key.endswith("weight") else 0))
    for key, value in model.state_dict().items():
        put(f"{name}/state/{key}", value)
    for key, value in inputs.items():
        put(f"{name}/in/{key}", value)
    outs = call(model, **inputs)
    loss = 0
    for key, out in outs.items():
        weight = torch.randn_like(out)
        put(f"{name}/in/weight_{key}", weight)
        put(f"{name}/out/{key}", out)
        loss = loss + (out * weight).sum()
    loss.backward()
    for key, p in model.named_parameters():
        if p.grad is not None:
            put(f"{name}/grad/{key}", p.grad)


def split(x, heads):
    b, t, e = x.shape
    return x.view(b, t, heads, e // heads).transpose(1, 2)


def join(x):
    b, h, t, d = x.shape
    return x.transpose(1, 2).reshape(b, t, h * d)


def attend(q, k, v, mask=None, causal=False):
    scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
    if mask is not None:
        scores = scores.masked_fill(mask[:, None, None, :] == 0, float("-inf"))
    if causal:
        t, s = scores.shape[-2:]
        scores = scores.masked_fill(torch.ones(t, s).triu(1 + s - t) == 1, float("-inf"))
    return scores.softmax(-1) @ v


# ---- GPT-2 -----------------------------------------------------------------------------------------------------------


class InputFirst(nn.Module):
    def __init__(self, n_in, n_out):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(n_in, n_out))
        self.bias = nn.Parameter(torch.empty(n_out))

    def forward(self, x):
        return x @ self.weight + self.bias


class Gpt2Attention(nn.Module):
    def __init__(self, e, heads):
        super().__init__()
        self.heads = heads
        self.c_attn = InputFirst(e, 3 * e)
        self.c_proj = InputFirst(e, e)

    def forward(self, x):
        q, k, v = (split(part, self.heads) for part in self.c_attn(x).chunk(3, -1))
        return self.c_proj(join(attend(q, k, v, causal=True)))


class Gpt2Mlp(nn.Module):
    def __init__(self, e, hidden):
        super().__init__()
        self.c_fc = InputFirst(e, hidden)
        self.c_proj = InputFirst(hidden, e)

    def forward(self, x):
        return self.c_proj(F.gelu(self.c_fc(x), approximate="tanh"))


class Gpt2Block(nn.Module):
    def __init__(self, e, heads):
        super().__init__()
        self.ln_1 = nn.LayerNorm(e)
        self.attn = Gpt2Attention(e, heads)
        self.ln_2 = nn.LayerNorm(e)
        self.mlp = Gpt2Mlp(e, 4 * e)

    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_2(x))


class Gpt2(nn.Module):
    def __init__(self, vocabulary, context, e, layers, heads):
        super().__init__()
        body = nn.Module()
        body.wte = nn.Embedding(vocabulary, e)
        body.wpe = nn.Embedding(context, e)
        body.h = nn.ModuleList(Gpt2Block(e, heads) for _ in range(layers))
        body.ln_f = nn.LayerNorm(e)
        self.transformer = body
        self.lm_head = nn.Linear(e, vocabulary, bias=False)
        self.lm_head.weight = body.wte.weight

    def forward(self, ids):
        body = self.transformer
        x = body.wte(ids) + body.wpe(torch.arange(ids.shape[1]))
        for block in body.h:
            x = block(x)
        return self.lm_head(body.ln_f(x))


# ---- Llama -----------------------------------------------------------------------------------------------------------


class RmsNorm(nn.Module):
    def __init__(self, e):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(e))

    def forward(self, x):
        return self.weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 1e-5)


def turn_half(x):
    a, b = x.chunk(2, -1)
    return torch.cat((-b, a), -1)


class LlamaAttention(nn.Module):
    def __init__(self, e, heads, groups, bias):
        super().__init__()
        d = e // heads
        self.heads, self.groups = heads, groups
        self.q_proj = nn.Linear(e, heads * d, bias=bias)
        self.k_proj = nn.Linear(e, groups * d, bias=bias)
        self.v_proj = nn.Linear(e, groups * d, bias=bias)
        self.o_proj = nn.Linear(heads * d, e, bias=False)

    def forward(self, x, cos, sin):
        q, k, v = split(self.q_proj(x), self.heads), split(self.k_proj(x), self.groups), split(self.v_proj(x), self.groups)
        q = q * cos + turn_half(q) * sin
        k = k * cos + turn_half(k) * sin
        repeat = self.heads // self.groups
        k, v = k.repeat_interleave(repeat, 1), v.repeat_interleave(repeat, 1)
        return self.o_proj(join(attend(q, k, v, causal=True)))


class LlamaMlp(nn.Module):
    def __init__(self, e, hidden):
        super().__init__()
        self.gate_proj = nn.Linear(e, hidden, bias=False)
        self.up_proj = nn.Linear(e, hidden, bias=False)
        self.down_proj = nn.Linear(hidden, e, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class LlamaBlock(nn.Module):
    def __init__(self, e, heads, groups, hidden, bias):
        super().__init__()
        self.self_attn = LlamaAttention(e, heads, groups, bias)
        self.mlp = LlamaMlp(e, hidden)
        self.input_layernorm = RmsNorm(e)
        self.post_attention_layernorm = RmsNorm(e)

    def forward(self, x, cos, sin):
        x = x + self.self_attn(self.input_layernorm(x), cos, sin)
        return x + self.mlp(self.post_attention_layernorm(x))


class Llama(nn.Module):
    def __init__(self, vocabulary, e, layers, heads, groups, hidden, bias):
        super().__init__()
        self.d = e // heads
        body = nn.Module()
        body.embed_tokens = nn.Embedding(vocabulary, e)
        body.layers = nn.ModuleList(LlamaBlock(e, heads, groups, hidden, bias) for _ in range(layers))
        body.norm = RmsNorm(e)
        self.model = body
        self.lm_head = nn.Linear(e, vocabulary, bias=False)

    def forward(self, ids):
        frequencies = 10000 ** (-torch.arange(0, self.d, 2) / self.d)
        angles = torch.arange(ids.shape[1])[:, None] * frequencies
        angles = torch.cat((angles, angles), -1)
        x = self.model.embed_tokens(ids)
        for block in self.model.layers:
            x = block(x, angles.cos(), angles.sin())
        return self.lm_head(self.model.norm(x))


# ---- BERT ------------------------------------------------------------------------------------------------------------


class BertAttention(nn.Module):
    """Post-LN: output.LayerNorm after the sum. Pre-LN: LayerNorm before."""

    def __init__(self, e, heads, pre):
        super().__init__()
        self.heads, self.pre = heads, pre
        setattr(self, "self", nn.Module())
        inner = getattr(self, "self")
        inner.query, inner.key, inner.value = nn.Linear(e, e), nn.Linear(e, e), nn.Linear(e, e)
        self.output = nn.Module()
        self.output.dense = nn.Linear(e, e)
        (self if pre else self.output).LayerNorm = nn.LayerNorm(e, eps=1e-12)

    def forward(self, x, mask):
        inner = getattr(self, "self")
        h = self.LayerNorm(x) if self.pre else x
        q, k, v = (split(f(h), self.heads) for f in (inner.query, inner.key, inner.value))
        y = self.output.dense(join(attend(q, k, v, mask))) + x
        return y if self.pre else self.output.LayerNorm(y)


class BertLayer(nn.Module):
    def __init__(self, e, heads, hidden, pre):
        super().__init__()
        self.pre = pre
        self.attention = BertAttention(e, heads, pre)
        self.intermediate = nn.Module()
        self.intermediate.dense = nn.Linear(e, hidden)
        self.output = nn.Module()
        self.output.dense = nn.Linear(hidden, e)
        (self.intermediate if pre else self.output).LayerNorm = nn.LayerNorm(e, eps=1e-12)

    def forward(self, x, mask):
        x = self.attention(x, mask)
        h = self.intermediate.LayerNorm(x) if self.pre else x
        y = self.output.dense(F.gelu(self.intermediate.dense(h))) + x
        return y if self.pre else self.output.LayerNorm(y)


class Bert(nn.Module):
    def __init__(self, vocabulary, context, e, layers, heads, hidden, pre):
        super().__init__()
        self.pre = pre
        self.embeddings = nn.Module()
        self.embeddings.word_embeddings = nn.Embedding(vocabulary, e, padding_idx=0)
        self.embeddings.position_embeddings = nn.Embedding(context, e)
        self.embeddings.token_type_embeddings = nn.Embedding(2, e)
        self.embeddings.LayerNorm = nn.LayerNorm(e, eps=1e-12)
        self.encoder = nn.Module()
        self.encoder.layer = nn.ModuleList(BertLayer(e, heads, hidden, pre) for _ in range(layers))
        if pre:
            self.LayerNorm = nn.LayerNorm(e, eps=1e-12)
        self.pooler = nn.Module()
        self.pooler.dense = nn.Linear(e, e)

    def forward(self, ids, mask, types):
        em = self.embeddings
        x = em.word_embeddings(ids) + em.position_embeddings(torch.arange(ids.shape[1])) + em.token_type_embeddings(types)
        x = em.LayerNorm(x)
        for layer in self.encoder.layer:
            x = layer(x, mask)
        if self.pre:
            x = self.LayerNorm(x)
        return x, torch.tanh(self.pooler.dense(x[:, 0]))


# ---- BART ------------------------------------------------------------------------------------------------------------


class BartAttention(nn.Module):
    def __init__(self, e, heads):
        super().__init__()
        self.heads = heads
        self.k_proj, self.v_proj, self.q_proj, self.out_proj = (nn.Linear(e, e) for _ in range(4))

    def forward(self, x, source, mask=None, causal=False):
        q, k, v = (split(part, self.heads) for part in (self.q_proj(x), self.k_proj(source), self.v_proj(source)))
        return self.out_proj(join(attend(q, k, v, mask, causal)))


class BartLayer(nn.Module):
    def __init__(self, e, heads, hidden, decoder):
        super().__init__()
        self.decoder = decoder
        self.self_attn = BartAttention(e, heads)
        self.self_attn_layer_norm = nn.LayerNorm(e)
        if decoder:
            self.encoder_attn = BartAttention(e, heads)
            self.encoder_attn_layer_norm = nn.LayerNorm(e)
        self.fc1 = nn.Linear(e, hidden)
        self.fc2 = nn.Linear(hidden, e)
        self.final_layer_norm = nn.LayerNorm(e)

    def forward(self, x, mask=None, source=None):
        own = None if self.decoder else mask
        x = self.self_attn_layer_norm(x + self.self_attn(x, x, own, causal=self.decoder))
        if self.decoder:
            x = self.encoder_attn_layer_norm(x + self.encoder_attn(x, source, mask))
        return self.final_layer_norm(x + self.fc2(F.gelu(self.fc1(x))))


class BartStack(nn.Module):
    def __init__(self, shared, context, e, layers, heads, hidden, decoder):
        super().__init__()
        self.embed_tokens = shared
        self.embed_positions = nn.Embedding(context + 2, e)
        self.layers = nn.ModuleList(BartLayer(e, heads, hidden, decoder) for _ in range(layers))
        self.layernorm_embedding = nn.LayerNorm(e)

    def forward(self, ids, mask, source=None):
        x = self.layernorm_embedding(self.embed_tokens(ids) + self.embed_positions(torch.arange(ids.shape[1]) + 2))
        for layer in self.layers:
            x = layer(x, mask, source)
        return x


class Bart(nn.Module):
    def __init__(self, vocabulary, context, e, layers, heads, hidden):
        super().__init__()
        self.model = nn.Module()
        self.model.shared = nn.Embedding(vocabulary, e)
        self.model.encoder = BartStack(self.model.shared, context, e, layers, heads, hidden, False)
        self.model.decoder = BartStack(self.model.shared, context, e, layers, heads, hidden, True)
        self.register_buffer("final_logits_bias", torch.randn(1, vocabulary))
        self.lm_head = nn.Linear(e, vocabulary, bias=False)
        self.lm_head.weight = self.model.shared.weight

    def forward(self, source, mask, target):
        encoded = self.model.encoder(source, mask)
        return self.lm_head(self.model.decoder(target, mask, encoded)) + self.final_logits_bias


# ---- vision ----------------------------------------------------------------------------------------------------------


class VitBlock(nn.Module):
    def __init__(self, e, heads, hidden):
        super().__init__()
        self.ln_1 = nn.LayerNorm(e, eps=1e-6)
        self.self_attention = nn.MultiheadAttention(e, heads, batch_first=True)
        self.ln_2 = nn.LayerNorm(e, eps=1e-6)
        self.mlp = nn.Sequential(nn.Linear(e, hidden), nn.GELU(), nn.Dropout(0.0), nn.Linear(hidden, e), nn.Dropout(0.0))

    def forward(self, x):
        y = self.ln_1(x)
        x = x + self.self_attention(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class Vit(nn.Module):
    def __init__(self, size, patch, e, layers, heads, hidden, classes):
        super().__init__()
        self.class_token = nn.Parameter(torch.empty(1, 1, e))
        self.conv_proj = nn.Conv2d(3, e, patch, patch)
        self.encoder = nn.Module()
        self.encoder.pos_embedding = nn.Parameter(torch.empty(1, (size // patch) ** 2 + 1, e))
        self.encoder.layers = nn.Sequential(
            OrderedDict((f"encoder_layer_{i}", VitBlock(e, heads, hidden)) for i in range(layers)))
        self.encoder.ln = nn.LayerNorm(e, eps=1e-6)
        self.heads = nn.Sequential(OrderedDict(head=nn.Linear(e, classes)))

    def forward(self, x):
        x = self.conv_proj(x).flatten(2).transpose(1, 2)
        x = torch.cat((self.class_token.expand(x.shape[0], -1, -1), x), 1) + self.encoder.pos_embedding
        return self.heads(self.encoder.ln(self.encoder.layers(x))[:, 0])


class DeitAttention(nn.Module):
    def __init__(self, e, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(e, 3 * e)
        self.proj = nn.Linear(e, e)

    def forward(self, x):
        q, k, v = (split(part, self.heads) for part in self.qkv(x).chunk(3, -1))
        return self.proj(join(attend(q, k, v)))


class DeitBlock(nn.Module):
    def __init__(self, e, heads, hidden):
        super().__init__()
        self.norm1 = nn.LayerNorm(e, eps=1e-6)
        self.attn = DeitAttention(e, heads)
        self.norm2 = nn.LayerNorm(e, eps=1e-6)
        self.mlp = nn.Module()
        self.mlp.fc1 = nn.Linear(e, hidden)
        self.mlp.fc2 = nn.Linear(hidden, e)

    def forward(self, x):
        x = x + self.attn(self.norm1(x))
        return x + self.mlp.fc2(F.gelu(self.mlp.fc1(self.norm2(x))))


class Deit(nn.Module):
    def __init__(self, size, patch, e, layers, heads, hidden, classes):
        super().__init__()
        self.cls_token = nn.Parameter(torch.empty(1, 1, e))
        self.dist_token = nn.Parameter(torch.empty(1, 1, e))
        self.pos_embed = nn.Parameter(torch.empty(1, (size // patch) ** 2 + 2, e))
        self.patch_embed = nn.Module()
        self.patch_embed.proj = nn.Conv2d(3, e, patch, patch)
        self.blocks = nn.Sequential(*(DeitBlock(e, heads, hidden) for _ in range(layers)))
        self.norm = nn.LayerNorm(e, eps=1e-6)
        self.head = nn.Linear(e, classes)
        self.head_dist = nn.Linear(e, classes)

    def forward(self, x):
        x = self.patch_embed.proj(x).flatten(2).transpose(1, 2)
        tokens = torch.cat((self.cls_token, self.dist_token), 1).expand(x.shape[0], -1, -1)
        x = self.norm(self.blocks(torch.cat((tokens, x), 1) + self.pos_embed))
        return self.head(x[:, 0]), self.head_dist(x[:, 1])


def main():
    ids = torch.randint(0, 11, (2, 6))
    case("gpt2", Gpt2(11, 8, 12, 2, 3), {"ids": ids}, lambda m, ids: {"logits": m(ids)})
    case("llama", Llama(11, 16, 2, 4, 2, 20, False), {"ids": ids}, lambda m, ids: {"logits": m(ids)})
    case("qwen", Llama(11, 16, 1, 4, 1, 20, True), {"ids": ids}, lambda m, ids: {"logits": m(ids)})
    mask = torch.tensor([[1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])
    types = torch.tensor([[0, 0, 0, 1, 1, 1], [0, 0, 1, 1, 0, 0]])
    texts = {"ids": ids, "mask": mask, "types": types}
    for name, pre in (("bert", False), ("bert_pre", True)):
        case(name, Bert(11, 8, 12, 2, 3, 20, pre), texts,
             lambda m, **inputs: dict(zip(("hidden", "pooled"), m(**inputs))))
    pair = {"source": ids, "mask": mask, "target": torch.randint(0, 11, (2, 4))}
    case("bart", Bart(11, 8, 12, 2, 3, 20), pair, lambda m, **inputs: {"logits": m(**inputs)})
    images = {"images": torch.randn(2, 3, 8, 8)}
    case("vit", Vit(8, 4, 12, 2, 3, 20, 5), images, lambda m, images: {"logits": m(images)})
    case("deit", Deit(8, 4, 12, 2, 3, 20, 5), images,
         lambda m, images: dict(zip(("logits", "distilled"), m(images))))
    save("transformers.safetensors")


def save(path):
    kinds = {torch.float64: "F64", torch.int64: "I64"}
    header, at, blobs = {"__metadata__": {"version": "1", "torch": torch.__version__}}, 0, []
    for name, tensor in golden.items():
        raw = tensor.numpy().tobytes()
        header[name] = {"dtype": kinds[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [at, at + len(raw)]}
        at += len(raw)
        blobs.append(raw)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


main()

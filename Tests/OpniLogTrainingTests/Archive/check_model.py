"""Reads a model of ours as its users do: torch.load in safe mode, every key and shape, torch.optim.Adam, and logits
by a few lines of PyTorch. Prints one JSON line.

    check_model.py MODEL WORDS    (token ids of one log as a JSON array on standard input)
"""

import json
import math
import sys

import torch
from torch.nn import functional as F

path, words = sys.argv[1], int(sys.argv[2])
tokens = json.load(sys.stdin)
file = torch.load(path)
assert list(file) == ["epoch", "model_state_dict", "optimizer_state_dict", "loss"], list(file)
state = file["model_state_dict"]

WIDTH = 256
shapes = {}
for stack, attentions, norms in (("encoder", ["self_attn"], 2), ("decoder", ["self_attn", "src_attn"], 3)):
    linears = [f"{stack}.layers.0.{attention}.linears.{i}" for attention in attentions for i in range(4)]
    linears += [f"{stack}.layers.0.feed_forward.w_{i}" for i in (1, 2)]
    for linear in linears:
        shapes[linear + ".weight"], shapes[linear + ".bias"] = (WIDTH, WIDTH), (WIDTH,)
    for norm in [f"{stack}.layers.0.sublayer.{i}.norm" for i in range(norms)] + [f"{stack}.norm"]:
        shapes[norm + ".a_2"], shapes[norm + ".b_2"] = (WIDTH,), (WIDTH,)
for embedding in ("src_embed", "tgt_embed"):
    shapes[embedding + ".0.lut.weight"], shapes[embedding + ".1.pe"] = (words, WIDTH), (1, 64, WIDTH)
shapes["generator.proj.weight"], shapes["generator.proj.bias"] = (words, WIDTH), (words,)
assert list(state) == list(shapes), set(state) ^ set(shapes)
assert {name: tuple(value.shape) for name, value in state.items()} == shapes
assert all(value.dtype == torch.float32 and value.isfinite().all() for value in state.values())

# The optimiser takes its state, sees every parameter that was trained, and can go on.
parameters = {name: torch.nn.Parameter(value.clone()) for name, value in state.items() if not name.endswith(".pe")}
adam = torch.optim.Adam(parameters.values(), lr=0.5)
adam.load_state_dict(file["optimizer_state_dict"])
group = adam.param_groups[0]
trained = [name for name in parameters if not name.startswith(("decoder", "tgt_embed"))]
assert [name for name in parameters if adam.state.get(parameters[name])] == trained
for name in trained:
    moments = adam.state[parameters[name]]
    assert moments["exp_avg"].shape == moments["exp_avg_sq"].shape == parameters[name].shape
    assert (moments["exp_avg_sq"] >= 0).all() and moments["exp_avg_sq"].max() > 0, name
    parameters[name].grad = torch.ones_like(parameters[name])
steps = {adam.state[parameters[name]]["step"].item() for name in trained}
adam.step()


def linear(name, x):
    return F.linear(x, state[name + ".weight"], state[name + ".bias"])


def norm(name, x):
    return state[name + ".a_2"] * (x - x.mean(-1, True)) / (x.std(-1, keepdim=True) + 1e-6) + state[name + ".b_2"]


rows = torch.tensor(tokens).repeat(len(tokens) - 1, 1)
rows[range(len(rows)), range(1, len(tokens))] = 2
layer = "encoder.layers.0."
x = state["src_embed.0.lut.weight"][rows] * math.sqrt(WIDTH) + state["src_embed.1.pe"][0, : len(tokens)]
q, k, v = (linear(f"{layer}self_attn.linears.{i}", x).unflatten(2, (8, 32)).transpose(1, 2) for i in range(3))
attended = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2)
x = norm(layer + "sublayer.0.norm", x + linear(layer + "self_attn.linears.3", attended))
x = norm(layer + "sublayer.1.norm", x + linear(layer + "feed_forward.w_2", linear(layer + "feed_forward.w_1", x).relu()))
logits = linear("generator.proj", norm("encoder.norm", x)[:, 0])

report = {"epoch": file["epoch"], "steps": sorted(steps), "rate": group["lr"], "weightDecay": group["weight_decay"]}
print(json.dumps({**report, "logits": logits.flatten().tolist()}))

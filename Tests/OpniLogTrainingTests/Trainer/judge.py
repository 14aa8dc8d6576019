"""The literal one-layer model: a row a masked variant, plain autograd, torch.optim.Adam, float64.

    judge.py FOLDER

FOLDER holds job.json (words, settings, logs), start/ and what the bridge computed: gradient/ of the first step and
end/ after all steps, a file of float64 a parameter. Prints one JSON line: the largest differences.
"""

import json
import math
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(0)
WIDTH, HEADS, LENGTH, PAD, MASK = 256, 8, 64, 0, 2


class Literal(nn.Module):
    """Nothing is shared between variants and nothing is left out."""

    def __init__(self, parameters):
        super().__init__()
        self.p = nn.ParameterDict({name.replace(".", "/"): nn.Parameter(value) for name, value in parameters.items()})
        position = torch.arange(LENGTH)[:, None] / 10000 ** (torch.arange(0, WIDTH, 2) / WIDTH)
        self.positions = torch.stack([position.sin(), position.cos()], -1).flatten(1)

    def get(self, name):
        return self.p[name.replace(".", "/")]

    def linear(self, name, x):
        return F.linear(x, self.get(name + ".weight"), self.get(name + ".bias"))

    def norm(self, name, x):
        centred = x - x.mean(-1, keepdim=True)
        return self.get(name + ".a_2") * centred / (x.std(-1, keepdim=True) + 1e-6) + self.get(name + ".b_2")

    def drop(self, x):
        """Where the original drops; here nothing is."""
        return x

    def forward(self, tokens):
        rows, length = tokens.shape
        x = F.embedding(tokens, self.get("src_embed.0.lut.weight")) * math.sqrt(WIDTH) + self.positions[:length]
        x = self.drop(x)
        layer = "encoder.layers.0."
        q, k, v = (
            self.linear(f"{layer}self_attn.linears.{i}", x).view(rows, length, HEADS, -1).transpose(1, 2)
            for i in range(3)
        )
        scores = q @ k.transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        scores = scores.masked_fill((tokens == PAD)[:, None, None, :], -1e9)
        attended = (self.drop(scores.softmax(-1)) @ v).transpose(1, 2).reshape(rows, length, WIDTH)
        x = self.norm(layer + "sublayer.0.norm", x + self.drop(self.linear(layer + "self_attn.linears.3", attended)))
        inner = self.drop(self.linear(layer + "feed_forward.w_1", x).relu())
        x = self.norm(layer + "sublayer.1.norm", x + self.drop(self.linear(layer + "feed_forward.w_2", inner)))
        return self.linear("generator.proj", self.norm("encoder.norm", x)[:, 0])


def variants(logs):
    """Every log as often as it occurs, every position of it masked in turn."""
    rows, labels = [], []
    for log in logs:
        for _ in range(log["multiplicity"]):
            for position in range(1, len(log["tokens"])):
                row = log["tokens"] + [PAD] * (LENGTH - len(log["tokens"]))
                labels.append(row[position])
                row[position] = MASK
                rows.append(row)
    return torch.tensor(rows), torch.tensor(labels)


def main(folder):
    job = json.loads((folder / "job.json").read_text())

    def load(kind, tensor):
        data = bytearray((folder / f"{kind}-{tensor['name']}").read_bytes())
        return torch.frombuffer(data, dtype=torch.float64).view(tensor["shape"])

    model = Literal({tensor["name"]: load("start", tensor) for tensor in job["tensors"]})
    rate = job["learningRate"]
    adam = torch.optim.Adam(model.parameters(), lr=rate, betas=(0.9, 0.999), weight_decay=job["weightDecay"])
    worst = {"loss": 0.0, "gradient": 0.0, "end": 0.0}

    for step, logs in enumerate(job["steps"]):
        tokens, labels = variants(logs)
        adam.zero_grad()
        loss = F.cross_entropy(model(tokens), labels)
        loss.backward()
        worst["loss"] = max(worst["loss"], abs(loss.item() - job["losses"][step]))
        if step == 0:
            for tensor in job["tensors"]:
                difference = model.get(tensor["name"]).grad - load("gradient", tensor)
                worst["gradient"] = max(worst["gradient"], difference.abs().max().item())
        adam.step()
    for tensor in job["tensors"]:
        difference = model.get(tensor["name"]).detach() - load("end", tensor)
        worst["end"] = max(worst["end"], difference.abs().max().item())
    print(json.dumps(worst))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

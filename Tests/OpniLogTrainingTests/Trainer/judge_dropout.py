"""The mean gradient under dropout, of the literal model and of ours.

    judge_dropout.py FOLDER

FOLDER holds job.json, start-… (a file of float64 a parameter) and gradients: [steps, numbers] of ours, every `stride`-th
number of each parameter's gradient. In the literal model each row, a masked variant of a copy of the log, has dropout of
its own, in the places where the original drops. Prints one JSON line: see DropoutLawTests.
"""

import json
import sys
from pathlib import Path

import torch
from torch.nn import functional as F

from judge import Literal, variants

torch.set_default_dtype(torch.float64)


class Dropping(Literal):
    """The literal model with dropout."""

    share = 0.0

    def drop(self, x):
        return F.dropout(x, self.share)


def gradients(model, job, numbers):
    """[steps, numbers]: each of the mean over the rows of all copies."""
    log = {"tokens": job["log"], "multiplicity": job["copies"]}
    tokens, labels = variants([log])
    # Padding changes nothing, and is most of the work.
    tokens = tokens[:, : len(job["log"])]
    parameters = [model.get(tensor["name"]) for tensor in job["tensors"]]
    rows = torch.empty(job["steps"], numbers)
    for step in range(job["steps"]):
        all_of_them = torch.autograd.grad(F.cross_entropy(model(tokens), labels), parameters)
        rows[step] = torch.cat([gradient.flatten()[:: job["stride"]] for gradient in all_of_them])
    return rows


def compare(ours, literal):
    count = ours.shape[0]
    error = ((ours.var(0) + literal.var(0)) / count).sqrt()
    seen = error > 1e-15  # a row of the embedding that no log holds has no gradient
    z = ((ours.mean(0) - literal.mean(0)) / error)[seen]
    return z.abs().max().item(), z.square().mean().item(), int(seen.sum())


def main(folder):
    job = json.loads((folder / "job.json").read_text())

    def load(tensor):
        data = bytearray((folder / f"start-{tensor['name']}").read_bytes())
        return torch.frombuffer(data, dtype=torch.float64).view(tensor["shape"])

    ours = torch.frombuffer(bytearray((folder / "gradients").read_bytes()), dtype=torch.float64).view(job["steps"], -1)
    model = Dropping({tensor["name"]: load(tensor) for tensor in job["tensors"]})
    model.share = job["dropout"]
    literal = gradients(model, job, ours.shape[1])
    largest, mean_square, numbers = compare(ours, literal)
    model.share = job["dropout"] + 0.02
    other_largest, other_mean_square, _ = compare(ours, gradients(model, job, ours.shape[1]))
    print(
        json.dumps(
            {
                "numbers": numbers,
                "largest": largest,
                "meanSquare": mean_square,
                "varianceRatio": (ours.var(0).sum() / literal.var(0).sum()).item(),
                "otherLargest": other_largest,
                "otherMeanSquare": other_mean_square,
            }
        )
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))

#!/usr/bin/env python3
"""The original's training loop in plain PyTorch, written for this benchmark, as slow as it is and no slower.

usage: original.py TABLE [--seed N] [--steps N] [--seconds S [--finish]] [--device cpu|cuda] [--save DIR]

TABLE is the table of the training lines (the original's 90 %; what it evaluates on is elsewhere). Prints JSON.

Followed from the original's in-memory training (under a million logs), in its order:
- All lines, repeats included, lie in memory in order of arrival (here: shuffled by the seed), are cut into words, given
  ids as they come, out of 10,000, and padded to 64.
- Up to 64,000 lines (the original's count, so with its 90 %: 57,600 here) are all taken once, in random order; of more,
  57,600 are drawn with replacement, a line with weight √f/f for the f lines of its text. The same draw, in the same order,
  is gone through three times, by torch's DataLoader, without workers, 32 lines a batch, the last one smaller.
- A batch is taken apart on the host: for every line and every real position after the first, a row is copied out, masked
  there, and copied again (deepcopy of tensors), the label likewise; rows, labels and line numbers become three tensors.
- The padding mask, the decoder's causal mask over the labels, and the count of labels are made too, on the host; on a GPU
  all four tensors are copied over by calls that wait.
- The encoder-decoder of literal.py over 64 positions a row, of which the encoder works; 10,000 logits a row; mean
  cross-entropy; backward; Adam (1e-3, 0.9/0.999, decay 0.005, parameters without a gradient passed over); gradients set
  to none; the loss fetched from the device each step and summed by labels; a figure every hundred steps.

Not timed: reading, words, padding, the making of the model, saving. The clock starts where the original's does, before
the first epoch. --steps and --seconds end early. With --finish the run goes on to its end untimed, with rows built by
indexing instead of copies and only as long as the longest of the batch: the same training, so that the model at the end
is a whole run's.
"""

import argparse
import collections
import copy
import json
import pathlib
import random
import resource
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

import literal
from templates import LENGTH, MASK, RESERVED, UNKNOWN, read_table, words_of

WORDS, BATCH, EPOCHS, MOST = 10_000, 32, 3, 57_600


class Tokenizer:
    """Ids in order of first sight."""

    def __init__(self):
        self.ids = {"<PAD>": 0, "<CLS>": 1, "<MASK>": 2, "<UNK>": 3, "<NUM>": 4, "<EMPTY>": 5}
        self.words = ["<PAD>", "<CLS>", "<MASK>", "<UNK>", "<NUM>"] + [f"<TMP{i}>" for i in range(RESERVED, WORDS)]
        self.next = RESERVED
        self.seen = {}

    def tokens(self, text):
        """A list of its own for each line, though equal lines are cut into words once: this is not timed."""
        if text not in self.seen:
            self.seen[text] = self.cut(text)
        return list(self.seen[text])

    def cut(self, text):
        words = words_of(text)
        for word in words:
            if word not in self.ids and self.next < WORDS:
                self.ids[word] = self.next
                self.words[self.next] = word
                self.next += 1
        return [self.ids.get(word, UNKNOWN) for word in words]

    def save(self, path):
        path.write_text("\n".join([str(WORDS), str(self.next), *self.words]) + "\n")


class Lines(Dataset):
    def __init__(self, data):
        self.data = data
        self.padded = torch.zeros(len(data), LENGTH, dtype=torch.long)
        for row, tokens in zip(self.padded, data):
            tokens = tokens[:LENGTH]
            row[: len(tokens)] = torch.tensor(tokens)

    def __getitem__(self, index):
        return self.padded[index], 1, min(len(self.data[index]), LENGTH) - 1, index

    def __len__(self):
        return len(self.data)


def order_of(data):
    """Which lines are trained on, in which order, the same in every epoch."""
    if len(data) <= MOST:
        return torch.randperm(len(data)).tolist()
    counts = collections.Counter(map(str, data))
    weights = [counts[str(tokens)] ** -0.5 for tokens in data]
    return list(WeightedRandomSampler(weights, MOST, replacement=True))


def masked_rows(batch):
    """A row a masked position, by copies."""
    sources, offsets, lengths, indices = batch
    rows, labels, lines = [], [], []
    for i, _ in enumerate(lengths):
        length = copy.deepcopy(lengths[i].item())
        line = copy.deepcopy(indices[i].item())
        tokens = copy.deepcopy(sources[i])
        offset = offsets[i].item()
        for position in range(offset, offset + length):
            row = copy.deepcopy(tokens)
            label = copy.deepcopy(row[position])
            row[position] = MASK
            rows.append(copy.deepcopy(row))
            labels.append(label)
            lines.append(line)
    return torch.stack(rows), torch.stack(labels), torch.Tensor(lines)


def masked_rows_by_index(batch):
    """The same rows, quickly, and without the padding that all of them have, which is masked out."""
    sources, _, lengths, indices = batch
    sources = sources[:, : lengths.max() + 1]
    line = torch.repeat_interleave(torch.arange(len(lengths)), lengths)
    first = torch.cumsum(lengths, 0) - lengths
    position = torch.arange(len(line)) - first[line] + 1
    rows = sources[line]
    labels = rows.gather(1, position[:, None]).squeeze(1)
    return rows.scatter(1, position[:, None], MASK), labels, indices[line].float()


class Prepared:
    """A batch with the masks that the model is given."""

    def __init__(self, source, target):
        self.source = source
        self.source_mask = (source != 0).unsqueeze(-2)
        self.target = target
        size = target.size(-1)
        causal = torch.triu(torch.ones(1, size, size), diagonal=1).to(torch.uint8) == 0
        self.target_mask = (target != 0).unsqueeze(-2) & causal.type_as(target != 0)
        self.labels = (target != 0).sum()


class Loop:
    def __init__(self, model, device):
        self.model, self.device = model, device
        self.criterion = nn.CrossEntropyLoss()
        self.adam = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.999), weight_decay=0.005)

    def step(self, batch, rows_of):
        """One step; the loss summed over labels, and the number of rows."""
        rows, targets, _ = rows_of(batch)
        prepared = Prepared(rows, targets)
        tensors = (prepared.source, prepared.target, prepared.source_mask, prepared.target_mask)
        labels = prepared.target
        if self.device == "cuda":
            tensors = [tensor.cuda() for tensor in tensors]
            labels = labels.cuda()
        logits = self.model.generator(self.model(*tensors))
        loss = self.criterion(logits, labels.reshape(-1))
        loss.backward()
        self.adam.step()
        self.adam.zero_grad()
        return loss.item() * prepared.labels, len(rows)


def train(loop, loader, options):
    """All epochs, or as much of them as was asked for. Steps, rows and seconds are of the timed part."""
    done = {"steps": 0, "rows": 0, "logs": 0, "seconds": 0.0, "stepsTaken": 0}
    timed = True
    total, labels = 0, 0
    start = time.perf_counter()
    for epoch in range(EPOCHS):
        for index, batch in enumerate(loader):
            loss, rows = loop.step(batch, masked_rows if timed else masked_rows_by_index)
            total, labels = total + loss, labels + rows
            if index % 100 == 1:
                done["loss"] = float(total / labels)
                total, labels = 0, 0
            done["stepsTaken"] += 1
            if not timed:
                continue
            done["steps"] += 1
            done["rows"] += rows
            done["logs"] += len(batch[2])
            done["seconds"] = time.perf_counter() - start
            if done["steps"] == options.steps or (options.seconds and done["seconds"] >= options.seconds):
                if not options.finish:
                    return done
                timed = False
    return done


def save(loop, tokenizer, folder):
    """The two files of the original."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(folder / "vocab.txt")
    torch.save(
        {"epoch": EPOCHS, "model_state_dict": loop.model.state_dict(), "optimizer_state_dict": loop.adam.state_dict(),
         "loss": 0}, folder / "nulog_model_latest.pt")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("table")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int)
    parser.add_argument("--seconds", type=float)
    parser.add_argument("--finish", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--save", type=pathlib.Path)
    options = parser.parse_args()

    torch.manual_seed(options.seed)
    texts = [text for text, lines in read_table(options.table) for _ in range(lines)]
    random.Random(options.seed).shuffle(texts)
    tokenizer = Tokenizer()
    data = [tokenizer.tokens(text) for text in texts]
    lines = Lines(data)
    loader = DataLoader(lines, sampler=order_of(data), batch_size=BATCH)
    model = literal.Literal(WORDS)
    if options.device == "cuda":
        model.cuda()
    model.train()
    loop = Loop(model, options.device)
    result = train(loop, loader, options)
    if options.save:
        save(loop, tokenizer, options.save)
    result.update(
        lines=len(data), words=tokenizer.next, stepsWanted=EPOCHS * len(loader),
        finished=result["stepsTaken"] == EPOCHS * len(loader), threads=torch.get_num_threads(),
        torch=torch.__version__, peakBytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
    print(json.dumps(result), flush=True)


main()

#!/usr/bin/env python3
"""What a step takes by itself: one loop over the bridge's C table, on logs of chance.

usage: steps.py BRIDGE cpu|cuda [--words V] [--logs N] [--lengths LEAST MOST] [--steps N] [--composed] [--float64] [--profile]

Prints when each of the first 20 steps had begun and what the others took; `--profile` adds libtorch's own table of operators
and kernels. The logs are the same for the same numbers, so the loss at the end tells whether two bridges compute alike.
"""

import argparse
import ctypes
import os
import random
import sys
import time

import torch

POINTER, INT, LONG, UNSIGNED, REAL, SIZE = (
    ctypes.c_void_p, ctypes.c_int32, ctypes.c_int64, ctypes.c_uint64, ctypes.c_double, ctypes.c_size_t)
LENGTH, FIRST_STEPS = 64, 20
# The table's functions, in the order of opnilog_torch.h.
FUNCTIONS = ["start", "facts", "create", "read", "write", "free", "live", "words", "step", "losses"]


def structure(name, **fields):
    return type(name, (ctypes.Structure,), {"_fields_": list(fields.items())})


Error = structure("Error", text=ctypes.c_char * 1024)
Start = structure("Start", size=SIZE, threads=INT, device=INT)
Place = structure("Place", device=INT, index=INT, type=INT, threads=INT)
Create = structure("Create", size=SIZE, place=Place, words=LONG, seed=UNSIGNED, composed=INT, most_variants=LONG)
Batch = structure("Batch", size=SIZE, tokens=POINTER, lengths=POINTER, multiplicities=POINTER, rows=LONG)
Step = structure(
    "Step", size=SIZE, batch=Batch, learning_rate=REAL, weight_decay=REAL, dropout=REAL, unknown_share=REAL,
    seed=UNSIGNED, step=UNSIGNED, apply=INT, gradient_norm_limit=REAL)
Loss = structure(
    "Loss", size=SIZE, sum=REAL, weight=REAL, first=REAL, among_50=REAL, variants=LONG, most_variants=LONG,
    halvings=LONG)


class Bridge:
    def __init__(self, path):
        library = ctypes.CDLL(path)
        library.opnilog_torch_bridge.restype = POINTER
        self.table = library.opnilog_torch_bridge()
        self.error = Error()

    def call(self, name, *arguments):
        # Two numbers of 32 bits stand before the functions.
        function = POINTER.from_address(self.table + 8 * (1 + FUNCTIONS.index(name))).value
        status = ctypes.CFUNCTYPE(INT, *[POINTER] * (len(arguments) + 1))(function)(
            *[a if isinstance(a, int) else ctypes.addressof(a) for a in arguments],
            ctypes.addressof(self.error))
        if status != 0:
            sys.exit(f"{name}: {self.error.text.decode()}")


class Run:
    def __init__(self, options):
        self.options = options
        self.bridge = Bridge(options.bridge)
        on_gpu = int(options.device == "cuda")
        start = Start(ctypes.sizeof(Start), os.cpu_count(), on_gpu)
        self.bridge.call("start", start)
        place = Place(on_gpu, 0, int(options.float64), 0)
        create = Create(ctypes.sizeof(Create), place, options.words, 1, int(options.composed), 0)
        self.model = POINTER()
        self.bridge.call("create", create, self.model)
        chance = random.Random(5)
        self.batches = [self.batch(chance) for _ in range(24)]
        self.losses, self.count, self.loss = (Loss * 256)(), LONG(0), 0.0

    def batch(self, chance):
        logs, words = self.options.logs, self.options.words
        tokens, lengths, multiplicities = (INT * (LENGTH * logs))(), (INT * logs)(), (INT * logs)(*[1] * logs)
        for log in range(logs):
            lengths[log] = chance.randint(*self.options.lengths)
            tokens[LENGTH * log] = 1
            for position in range(1, lengths[log]):
                tokens[LENGTH * log + position] = min(words - 1, 5 + int(chance.expovariate(8 / words)))
        return tokens, lengths, multiplicities

    def rows(self):
        return sum(sum(lengths) - self.options.logs for _, lengths, _ in self.batches) / len(self.batches)

    def step(self, number):
        tokens, lengths, multiplicities = (ctypes.addressof(a) for a in self.batches[number % len(self.batches)])
        batch = Batch(ctypes.sizeof(Batch), tokens, lengths, multiplicities, self.options.logs)
        self.bridge.call("step", self.model.value, Step(ctypes.sizeof(Step), batch, 1e-3, 0.005, 0.1, 0, 3, number, 1, 0.5))
        self.take(waits=0)

    def take(self, waits):
        for loss in self.losses:
            loss.size = ctypes.sizeof(Loss)
        self.bridge.call("losses", self.model.value, waits, self.losses, len(self.losses), self.count)
        for loss in self.losses[: self.count.value]:
            self.loss = loss.sum / loss.weight

    def time(self):
        start, ends = time.perf_counter(), []
        for number in range(FIRST_STEPS):
            self.step(number)
            ends.append(1e3 * (time.perf_counter() - start))
        self.take(waits=1)
        print("the first steps had begun after", " ".join(f"{end:.1f}" for end in ends), "ms")
        start = time.perf_counter()
        for number in range(FIRST_STEPS, FIRST_STEPS + self.options.steps):
            self.step(number)
        begun = time.perf_counter() - start
        self.take(waits=1)
        whole = time.perf_counter() - start
        print(f"{self.options.words} words, {self.options.logs} logs, {self.rows():.0f} rows: a step takes "
              f"{1e3 * whole / self.options.steps:.3f} ms, to begin it {1e3 * begun / self.options.steps:.3f} ms; loss "
              f"{self.loss:.6f}")

    def profile(self):
        with torch.profiler.profile() as profile:
            for number in range(10):
                self.step(number)
            self.take(waits=1)
        for column in ["self_cpu_time_total"] + ["self_cuda_time_total"] * (self.options.device == "cuda"):
            print(profile.key_averages().table(sort_by=column, row_limit=40, max_name_column_width=60))


def main():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    parser.add_argument("bridge")
    parser.add_argument("device", choices=["cpu", "cuda"])
    parser.add_argument("--words", type=int, default=364)
    parser.add_argument("--logs", type=int, default=128)
    parser.add_argument("--lengths", type=int, nargs=2, default=[8, 40])
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--composed", action="store_true")
    parser.add_argument("--float64", action="store_true")
    parser.add_argument("--profile", action="store_true")
    run = Run(parser.parse_args())
    run.time()
    if run.options.profile:
        run.profile()


main()

#!/usr/bin/env python3
"""Training beside the original's loop (original.py), by turns in one run, on the same logs.

usage: bench.py PROGRAM BRIDGE DATA OUT [options]

PROGRAM is opnilog-train, BRIDGE libopnilog_torch.so, DATA a folder of prepare.py's. Writes train.txt and train.json to OUT.
See Benchmarks/train.sh for what is compared and why that is fair.

--sets NAME…          of hadoop, linux, cluster-a (hadoop and cluster-a)
--device cpu|cuda     of both sides
--rounds N            rounds of rates, and of runs to the original's loss (CPU 5, GPU 3)
--rate-steps N        steps of the original in a round (CPU 10, GPU 60)
--original-limit S    seconds that a whole run of the original's is timed at most (CPU 900, GPU 30). On a GPU it then goes on
                      to its end untimed, with rows built quickly; on a CPU it is not even begun if it would take longer
--original-loss N=X   where the original's run on set N ends, if it was measured elsewhere
--batches B…          sizes of ours to try on the way to that loss (32)
--reach-steps N=S     steps of ours that reach it, if they are known; found by trying otherwise
--parts PART…         rates, reach, quality, floor; all by default
--recipes RECIPE…     ours, original: whose whole runs `quality` makes; both by default
"""

import argparse
import json
import pathlib
import statistics
import sys
import tempfile

import floor
import judge
import report
from sides import Sides
from templates import read_table, words_of

# Steps that are tried on the way to the original's loss.
LADDER = [28, 40, 56, 80, 112, 160, 224, 320, 450, 640, 900, 1280, 1800, 2560, 3600]
# The original's settings, of which ours has no flag.
LOGS, EPOCHS, MOST = 32, 3, 57_600


class Bench:
    def __init__(self, options, work):
        self.options = options
        self.sides = Sides(options.program, options.bridge, options.data, work, options.device)
        self.results = {"device": options.device, "machine": report.machine(options.device), "sets": {}}

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def judge(self, name, model, **more):
        table = self.sides.table(name, "held-out")
        return judge.judge(self.sides.work / model, table, self.options.device, **more)

    def facts(self, name):
        """A set in numbers."""
        facts = json.loads((self.sides.data / name / "set.json").read_text())
        templates = read_table(self.sides.table(name))
        positions = {text: min(len(words_of(text)), 64) - 1 for text, _ in templates}
        root = sum(lines**0.5 for _, lines in templates)
        facts.update(
            templates=len(templates),
            rowsOfLine=sum(positions[text] * lines for text, lines in templates) / facts["lines"],
            rowsOfDraw=sum(positions[text] * lines**0.5 for text, lines in templates) / root)
        draws = min(facts["lines"], MOST)
        facts["stepsOfOriginal"] = EPOCHS * -(-draws // LOGS)
        facts["drawsOfOriginal"] = draws
        return facts

    def rates(self, name, found):
        """Rounds of the original's loop and of ours with the original's law, batch and recipe."""
        steps = self.options.rate_steps
        ours_steps = 1000 if self.options.device == "cuda" else 200
        found["rates"] = []
        for turn in range(self.options.rounds):
            original = self.sides.original(name, seed=turn, steps=steps)
            ours = self.sides.ours(
                name, "rate", turn, recipe="original", samples=ours_steps * LOGS, epochs=1, batch_size=LOGS)
            self.say(f"{name}: {ours['logs'] / ours['seconds']:.0f} logs/s, the original's "
                     f"{original['logs'] / original['seconds']:.1f}")
            found["rates"].append({"original": original, "ours": ours})

    def original_end(self, name, found):
        """The original's whole run: its seconds and its loss, each as well as it can be had."""
        limit = self.options.original_limit
        rate = statistics.median(r["original"]["seconds"] / r["original"]["steps"] for r in found["rates"])
        whole = rate * found["facts"]["stepsOfOriginal"]
        end = {"seconds": whole, "secondsFrom": "seconds a step times steps", "lossFrom": "given"}
        if name in self.options.original_loss:
            found["original"] = dict(end, loss=self.options.original_loss[name])
        elif self.options.device == "cuda" or whole <= limit:
            run = self.sides.original(name, "original", seconds=limit, finish=True)
            if run["steps"] == run["stepsWanted"]:
                end.update(seconds=run["seconds"], secondsFrom="measured")
            else:
                end["seconds"] = run["seconds"] / run["steps"] * run["stepsWanted"]
            judged = self.judge(name, "original")
            found["original"] = dict(
                end, run=run, judged=judged, loss=judged["loss"],
                lossFrom=f"its own run of {run['stepsWanted']:,} steps")
        else:
            judged = self.full_recipe(name, found, "original")["judged"]
            found["original"] = dict(
                end, loss=judged["loss"], lossFrom="ours with --recipe original, by the same law, batch and steps")
        self.say(f"{name}: the original ends at {found['original']['loss']:.4f} after {found['original']['seconds']:.0f} s")

    def full_recipe(self, name, found, recipe):
        """A whole run by a recipe of ours: its defaults, or the original's numbers."""
        if recipe in found["recipes"]:
            return found["recipes"][recipe]
        more = {}
        if recipe == "original":
            more = {"samples": found["facts"]["drawsOfOriginal"], "epochs": EPOCHS, "batch_size": LOGS}
        run = self.sides.ours(name, recipe + "-recipe", recipe=recipe, **more)
        found["recipes"][recipe] = {"run": run, "judged": self.judge(name, recipe + "-recipe")}
        self.say(f"{name}: --recipe {recipe} ends at {found['recipes'][recipe]['judged']['loss']:.4f} "
                 f"after {run['seconds']:.1f} s")
        return found["recipes"][recipe]

    def attempt(self, name, batch, steps, seed):
        run = self.sides.ours(name, "reach", seed, recipe="ours", samples=batch * steps, epochs=1, batch_size=batch)
        run.update(batch=batch, judged=self.judge(name, "reach"))
        self.say(f"{name}: {steps} steps of {batch}: {run['judged']['loss']:.4f} in {run['seconds']:.2f} s")
        return run

    def search(self, name, batch, target):
        """The lowest rung of the ladder whose run ends at the target or below: up two rungs at a time, then the one between.
        None where no rung does."""
        def ends_there(rung):
            run = self.attempt(name, batch, LADDER[rung], 0)
            return run if run["judged"]["loss"] <= target else None

        for rung in range(0, len(LADDER), 2):
            if run := ends_there(rung):
                return (ends_there(rung - 1) if rung > 0 else None) or run
        return None

    def reach(self, name, found):
        """Whole runs of ours, as short as they reach the original's loss in most rounds."""
        target = found["original"]["loss"]
        steps = self.options.reach_steps.get(name)
        batch = self.options.batches[0]
        if steps is None:
            found["tried"] = [run for run in (self.search(name, b, target) for b in self.options.batches) if run]
            if not found["tried"]:
                found["reach"] = None
                return
            best = min(found["tried"], key=lambda run: run["seconds"])
            batch, steps = best["batch"], best["fitSteps"]
        while True:
            rounds = [self.attempt(name, batch, steps, seed) for seed in range(1, self.options.rounds + 1)]
            if statistics.median(run["judged"]["loss"] for run in rounds) <= target:
                break
            steps = next((rung for rung in LADDER if rung > steps), None)
            if steps is None:
                rounds = None
                break
        found["reach"] = rounds

    def quality(self, name, found):
        """The recipes at their full length, and the lines that occur once."""
        once = self.sides.table(name, "once")
        for recipe in self.options.recipes:
            result = self.full_recipe(name, found, recipe)
            scores = self.sides.scores(name, recipe + "-recipe")
            result["judged"] = self.judge(name, recipe + "-recipe", once=once, scores=scores)
        if "run" in found.get("original", {}):
            found["original"]["judged"] = self.judge(name, "original", once=once)

    def floor(self, name, found):
        """How much longer than its floor a step of ours takes, at the defaults and at the original's batches."""
        runs = {"ours": self.full_recipe(name, found, "ours")["run"]}
        if "rates" in found:
            runs["original"] = found["rates"][-1]["ours"]
        types = ["float32", "bfloat16"] if self.options.device == "cuda" else ["float32"]
        found["floors"] = []
        for recipe, run in runs.items():
            rows = run["rows"] / run["steps"]
            logs = rows / found["facts"]["rowsOfDraw"]
            for kind in types:
                found["floors"].append(dict(
                    floor.floor_of(
                        run["words"], rows, rows + logs, logs, self.options.device, getattr(floor.torch, kind)),
                    recipe=recipe, type=kind, measuredSeconds=run["seconds"] / run["steps"]))

    def run(self):
        """All parts that were asked for; what is known is written after each, so that a run that is cut off leaves it."""
        for name in self.options.sets:
            found = self.results["sets"][name] = {"facts": self.facts(name), "recipes": {}}
            for needed, part in (
                (("rates", "reach"), self.rates), (("reach",), self.original_end), (("reach",), self.reach),
                (("quality",), self.quality), (("floor",), self.floor),
            ):
                if set(needed) & set(self.options.parts):
                    part(name, found)
                    self.write()

    def write(self):
        out = self.options.out
        (out / "train.json").write_text(json.dumps(self.results, indent=1))
        (out / "train.txt").write_text(report.text(self.results))


def numbers(text):
    name, value = text.split("=")
    return name, float(value)


def parse():
    parser = argparse.ArgumentParser(usage=__doc__, add_help=False)
    for name in ("program", "bridge", "data", "out"):
        parser.add_argument(name, type=lambda text: pathlib.Path(text).resolve())
    parser.add_argument("--sets", nargs="+", default=["hadoop", "cluster-a"])
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--rate-steps", type=int)
    parser.add_argument("--original-limit", type=float)
    parser.add_argument("--original-loss", nargs="*", type=numbers, default=[])
    parser.add_argument("--batches", nargs="+", type=int, default=[32])
    parser.add_argument("--reach-steps", nargs="*", type=numbers, default=[])
    parser.add_argument("--recipes", nargs="+", choices=["ours", "original"], default=["ours", "original"])
    parser.add_argument("--parts", nargs="+", default=["rates", "reach", "quality", "floor"])
    options = parser.parse_args()
    options.original_loss = dict(options.original_loss)
    options.reach_steps = {name: int(steps) for name, steps in options.reach_steps}
    on_gpu = options.device == "cuda"
    options.rounds = options.rounds or (3 if on_gpu else 5)
    options.rate_steps = options.rate_steps or (60 if on_gpu else 10)
    options.original_limit = options.original_limit or (30 if on_gpu else 900)
    return options


def main():
    options = parse()
    options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as work:
        bench = Bench(options, work)
        bench.run()
    print(report.text(bench.results))


main()

"""The results as a text for people."""

import datetime
import os
import statistics


def machine(device):
    """Which machine this is, in a line."""
    with open("/proc/cpuinfo") as file:
        names = [line.split(":", 1)[1].strip() for line in file if line.startswith("model name")]
    parts = [names[0] if names else "unknown processor", f"{len(os.sched_getaffinity(0))} cores"]
    if device == "cuda":
        import torch

        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts + [f"load {os.getloadavg()[0]:.1f} before", datetime.date.today().isoformat()])


def middle(values, form):
    """The median, and the range."""
    values = list(values)
    return f"{form(statistics.median(values))} [{form(min(values))} … {form(max(values))}]"


def count(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}"


def times(value):
    return f"{value:,.1f} ×"


def seconds(value):
    return f"{value:,.2f} s" if value < 100 else f"{value:,.0f} s"


def mebibytes(run):
    text = f"{run['peakBytes'] / 2**20:,.0f} MiB"
    return text + (f", GPU {run['deviceBytes'] / 2**20:,.0f} MiB" if run.get("deviceBytes") else "")


def table(head, rows):
    return "\n".join("| " + " | ".join(row) + " |" for row in [head, ["---"] * len(head), *rows]) + "\n"


def facts_of(facts):
    return (
        f"{facts['lines']:,} lines of {facts['from']} to train on, {facts['templates']:,} templates; "
        f"{facts['heldOut']:,} lines ({facts['heldOutBy']}) to judge by, never seen.\n"
        f"The original: {facts['drawsOfOriginal']:,} of them three times, {facts['stepsOfOriginal']:,} steps of 32.\n")


def rates_of(found):
    """Rows are masked positions of the logs drawn; equal logs of a batch are computed once by ours. Of ours only the latter
    are counted, the former follow from its logs and its law."""
    rounds, mean = found["rates"], found["facts"]["rowsOfDraw"]

    def of(side, what):
        return [r[side][what] / r[side]["seconds"] for r in rounds]

    drawn = [rate * mean for rate in of("ours", "logs")]
    original, logs = of("original", "rows"), of("original", "logs")
    rows = [
        ["the original's loop", middle(original, count), "all", middle(logs, count),
         mebibytes(rounds[0]["original"])],
        ["ours, --recipe original", middle(drawn, count), middle(of("ours", "rows"), count),
         middle(of("ours", "logs"), count), mebibytes(rounds[0]["ours"])],
        ["times, round by round", middle((a / b for a, b in zip(drawn, original)), times), "",
         middle((a / b for a, b in zip(of("ours", "logs"), logs)), times), ""]]
    return (
        f"### Rates: the original's law, batches of 32, {len(rounds)} rounds by turns\n\n"
        + table(["who", "rows/s, median [least … most]", "of them computed", "logs/s", "peak memory"], rows)
        + f"\nSteps of a round: {rounds[0]['original']['steps']} and {rounds[0]['ours']['steps']}. "
        f"Stall of ours (waiting for batches): {middle((r['ours']['waitedShare'] for r in rounds), '{:.2%}'.format)}\n")


def reach_of(found):
    original, rounds = found["original"], found["reach"]
    text = (
        "### To the original's loss\n\n"
        f"The original ends at {original['loss']:.4f} ({original['lossFrom']}) after {seconds(original['seconds'])} "
        f"({original['secondsFrom']}).\n")
    if not rounds:
        return text + "No run of ours that was tried ends there.\n"
    first = rounds[0]
    shares = [original["seconds"] / run["seconds"] for run in rounds]
    walls = [original["seconds"] / run["wallSeconds"] for run in rounds]
    return text + (
        f"Ours, {first['fitSteps']:,} steps of {first['batch']} and a closing pass of "
        f"{first['steps'] - first['fitSteps']:,}, {len(rounds)} seeds:\n\n" + table(
            ["held-out loss", "seconds of training", "original's time over it", "over the whole process", "peak memory"],
            [[middle((run["judged"]["loss"] for run in rounds), "{:.4f}".format),
              middle((run["seconds"] for run in rounds), seconds), middle(shares, times), middle(walls, times),
              mebibytes(first)]])
        + f"\n{sum(run['judged']['loss'] <= original['loss'] for run in rounds)} of {len(rounds)} seeds end at that loss or "
        f"below. Stall: {middle((run['waitedShare'] for run in rounds), '{:.2%}'.format)}\n")


def finals_of(found):
    """Everything that was trained at its full length."""
    runs = [(f"ours, --recipe {name}", result["run"], result["judged"]) for name, result in found["recipes"].items()]
    if "run" in found.get("original", {}):
        runs.insert(0, ("the original's loop", found["original"]["run"], found["original"]["judged"]))
    rows = []
    for name, run, judged in runs:
        whole = found["original"]["seconds"] if "stepsTaken" in run else run["seconds"]
        once = [f"{judged['onceAnomalous']:.1%}" if "once" in judged else ""]
        rows.append([
            name, f"{run.get('stepsTaken', run['steps']):,}", seconds(whole), f"{judged['loss']:.4f}",
            f"{judged['accuracy']:.4f}", f"{judged['drawLoss']:.4f}", f"{judged['drawAccuracy']:.4f}", *once,
            mebibytes(run)])
    text = "### At full length, on the held-out lines\n\n" + table(
        ["who", "steps", "training", "loss", "accuracy", "loss, √f", "accuracy, √f", "once-only lines called anomalous",
         "peak memory"], rows)
    text += (f"\n{runs[0][2]['positions']:,} masked positions, with a weight of 1 a line; √f: with that weight for a template "
             "of f lines, as the original draws what it trains and evaluates on.\n")
    judged = runs[-1][2]
    if "once" in judged:
        differ = sum(result["judged"].get("scoresThatDiffer", 0) for result in found["recipes"].values())
        text += (f"{judged['once']:,} lines without the original's keywords whose masked text occurs once, and that nobody "
                 f"trained on. `score` and the judge differ on {differ} of them.\n")
    return text


def floors_of(found):
    rows = [
        [f"--recipe {f['recipe']}", f["type"], f"{f['rows']:,}", f"{f['operations'] / 1e9:.2f} G",
         f"{f['generatorShare']:.0%}", f"{f['bytes'] / 1e6:.1f} MB",
         "/".join(f"{f[rate] / 1e9:,.0f}" for rate in ("generatorRate", "layerRate", "largeRate")),
         f"{f['copyRate'] / 1e9:,.0f}", f"{f['productSeconds'] * 1e3:.2f} + {f['copySeconds'] * 1e3:.2f}",
         f"{f['measuredSeconds'] * 1e3:.2f}", f"{f['seconds'] / f['measuredSeconds']:.0%}"]
        for f in found["floors"]]
    return "### A step beside its floor\n\n" + table(
        ["batches of", "products in", "rows", "operations", "of them generator", "bytes of Adam",
         "torch.mm, GFLOP/s: generator/layer/2048³", "copies, GB/s", "floor, ms: products + copies", "measured, ms",
         "reached"], rows) + (
        f"\n{found['floors'][0]['words']:,} words. Rates are this machine's at the step's own shapes; copies count what is "
        "read and what is written.\n")


def text(results):
    parts = [
        "# Training\n\n"
        "By `make bench-train`, which tells what is compared. The original's loop is the benchmark's own (original.py). "
        f"{results['machine']}. Both sides on {results['device']}.\n"]
    for name, found in results["sets"].items():
        parts.append(f"## {name}\n\n" + facts_of(found["facts"]))
        if "rates" in found:
            parts.append(rates_of(found))
        if "reach" in found:
            parts.append(reach_of(found))
        if found["recipes"] or "run" in found.get("original", {}):
            parts.append(finals_of(found))
        if "floors" in found:
            parts.append(floors_of(found))
    return "\n".join(parts)

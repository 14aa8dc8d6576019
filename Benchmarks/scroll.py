"""How fast an index is read: ours, a bare libcurl loop, and opensearch-py's scan, one after the other in each round.

scroll.py OURS DECODER BARE PYTHON SIMULATE NODE DATA RESULTS PAIRS

OURS, DECODER and BARE are built programs, PYTHON has opensearch-py, SIMULATE is opnilog-train, NODE the script that starts a real
node ("" for none), DATA an NDJSON file of logs that the node is loaded with.
"""

import gzip
import json
import os
import platform
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import urllib.request

ours, decoder, bare, python, simulate, node, data, results, pairs = sys.argv[1:10]
pairs = int(pairs)
here = os.path.dirname(os.path.abspath(__file__))
DOCUMENTS = int(os.environ.get("OPNILOG_BENCH_DOCUMENTS", "1000000"))
# Microseconds a page of 10,000 documents: what ours takes more than the bare loop, .23 s a million.
COMPUTING = "2300"
SERVERS = os.environ.get("OPNILOG_BENCH_SERVERS", "embedded node").split()


def run(*command):
    out = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return json.loads(out.strip().splitlines()[-1])


# When the logs of the node's index begin, a millisecond apart.
EPOCH = 1_600_000_000_000


def bare_at_once(url, index, count, windows):
    """So many bare loops at once, each over an equal part of the time, in as many windows together as ours has."""
    part = DOCUMENTS // count
    loops = [
        subprocess.Popen(
            [bare, url, index, "10000", "whole", str(-(-windows // count)), str(EPOCH + part * i), str(EPOCH + part * (i + 1))],
            stdout=subprocess.PIPE, text=True)
        for i in range(count)]
    found = [json.loads(loop.communicate()[0].strip().splitlines()[-1]) for loop in loops]
    return {key: (max if key == "seconds" else sum)(each[key] for each in found)
            for key in ("documents", "seconds", "cpu", "peakRSS")}


def contenders(url, index, windows):
    """What is compared: the same choice of _source for all, one scroll at a time, and ours as it comes. `windows`: also the
    bare loop over as many windows of time as ours makes of the index, and two of them at once."""
    found = {}
    if windows:
        count = -(-DOCUMENTS // 128_000)
        cut = [str(count), str(EPOCH), str(EPOCH + DOCUMENTS)]
        for source in ("whole", "field"):
            found[f"bare loop in windows, {source}"] = lambda source=source: run(
                bare, url, index, "10000", source, *cut)
        found["bare loop in windows beside computing, whole"] = lambda: run(
            bare, url, index, "10000", "whole", *cut, COMPUTING)
        found["two bare loops at once, in windows, whole"] = lambda: bare_at_once(url, index, 2, count)
    for source in ("whole", "field"):
        found[f"bare loop, {source}"] = lambda source=source: run(bare, url, index, "10000", source)
        found[f"ours, one scroll, {source}"] = lambda source=source: run(ours, url, index, "1", source)
    found["ours, as it comes"] = lambda: run(ours, url, index, "0", "automatic")
    found["opensearch-py scan, field"] = lambda: run(
        python, f"{here}/scroll/scan.py", url, index, "10000", "field")
    return found


def spread(values):
    values = sorted(values)
    return f"{statistics.median(values):.3f} [{values[0]:.3f} … {values[-1]:.3f}]"


def measure(title, url, index, lines, windows=False):
    candidates = contenders(url, index, windows)
    for measure_once in candidates.values():
        measure_once()
    seen = {name: [] for name in candidates}
    for pair in range(pairs):
        # Another order in each round, so that nobody always follows the same.
        for name in random.Random(pair).sample(list(candidates), len(candidates)):
            seen[name].append(candidates[name]())
            print(f"{title}, round {pair + 1}: {name}: {seen[name][-1]}", file=sys.stderr)
    lines += ["", f"## {title}", ""]
    lines += ["| who | documents/s, median [least … most] | client CPU s a million documents | peak memory, MiB |",
              "|---|---|---|---|"]
    for name, rounds in seen.items():
        rates = [r["documents"] / r["seconds"] for r in rounds]
        cpu = [r["cpu"] / r["documents"] * 1e6 for r in rounds]
        memory = max(r["peakRSS"] for r in rounds) / 2**20
        low, high = min(rates), max(rates)
        lines.append(f"| {name} | {statistics.median(rates):,.0f} [{low:,.0f} … {high:,.0f}] | {spread(cpu)} | {memory:.0f} |")
    lines.append("")

    def ratio(a, b):
        return spread([y["seconds"] / x["seconds"] * x["documents"] / y["documents"]
                       for x, y in zip(seen[a], seen[b])])

    for source in ("whole", "field"):
        lines.append(f"Rate of ours over the bare loop's, {source}, round by round: "
                     + ratio(f"ours, one scroll, {source}", f"bare loop, {source}"))
    if windows:
        for source in ("whole", "field"):
            lines.append(f"Rate of ours over the bare loop's in windows, {source}, round by round: "
                         + ratio(f"ours, one scroll, {source}", f"bare loop in windows, {source}"))
        computing = "bare loop in windows beside computing, whole"
        lines.append("Rate of the bare loop in windows, whole, beside as much computing as ours over that without: "
                     + ratio(computing, "bare loop in windows, whole"))
        lines.append("Rate of ours over the bare loop's in windows beside as much computing, whole: "
                     + ratio("ours, one scroll, whole", computing))
        lines.append("Rate of ours, as it comes, over two bare loops' at once: "
                     + ratio("ours, as it comes", "two bare loops at once, in windows, whole"))
    lines.append("Rate of ours, as it comes, over the better bare loop's: "
                 + ratio("ours, as it comes", max(("bare loop, whole", "bare loop, field"), key=lambda n: statistics.median(
                     r["documents"] / r["seconds"] for r in seen[n]))))
    lines.append("Rate of ours, as it comes, over opensearch-py's: "
                 + ratio("ours, as it comes", "opensearch-py scan, field"))


def scroll_pages(url, body, count):
    """The first pages of a scroll, as they come."""
    def ask(path, body):
        request = urllib.request.Request(url + path, json.dumps(body).encode(), {"Content-Type": "application/json"})
        return urllib.request.urlopen(request).read()

    pages = [ask("/logs/_search?scroll=1m", body)]
    while len(pages) < count:
        pages.append(ask("/_search/scroll", {"scroll": "1m", "scroll_id": json.loads(pages[-1])["_scroll_id"]}))
    return pages


def decode(url, lines):
    """How fast pages are taken apart, in memory: pages of 2 MiB as they are asked for, by turns."""
    lines += ["", "## Taking pages apart, one core", ""]
    for source, body in (("whole", {}), ("field", {"_source": ["log"]})):
        pages = scroll_pages(url, {"size": 7000, "sort": ["_doc"], **body}, 10)
        with tempfile.TemporaryDirectory() as folder:
            files = [os.path.join(folder, str(number)) for number in range(len(pages))]
            for path, page in zip(files, pages):
                with open(path, "wb") as file:
                    file.write(page)
            found = run(decoder, "1000", *files)
            alone = run(decoder, "300", files[0])
        lines.append(
            f"{source}: {found['pages']} pages of {found['documents']:,} documents, {found['bytes'] / 1e6:.1f} MB, by turns: "
            f"{found['gigabytesPerSecond']:.2f} GB/s (median of 1,000), {found['best']:.2f} at best; the first one again and "
            f"again: {alone['gigabytesPerSecond']:.2f}")


def large(url, lines):
    """Documents of up to a megabyte, a second apart: what the client takes of memory for them."""
    random.seed(7)
    sizes = [random.randint(1_000, 1_000_000) for _ in range(2_000)]
    for start in range(0, len(sizes), 50):
        body = "".join(
            f'{{"index":{{"_index":"large","_id":"{start + at}"}}}}\n'
            + json.dumps({"time": EPOCH + (start + at) * 1_000, "log": "request took long " * (size // 18)}) + "\n"
            for at, size in enumerate(sizes[start:start + 50]))
        request = urllib.request.Request(
            url + "/_bulk", body.encode(), {"content-type": "application/x-ndjson"}, method="POST")
        urllib.request.urlopen(request).read()
    lines += ["", f"## Documents from 1 KB to 1 MB, {len(sizes):,} of them, {sum(sizes) / 1e9:.2f} GB, the embedded server", ""]
    for name, *choice in (("as it comes", "0", "automatic"), ("one scroll, whole", "1", "whole")):
        rounds = [run(ours, url, "large", *choice) for _ in range(5)]
        peaks = sorted(each["peakRSS"] / 2**20 for each in rounds)
        rates = sorted(each["bytes"] / each["seconds"] / 1e9 for each in rounds)
        lines.append(
            f"ours, {name}: peak memory {peaks[2]:.0f} MiB [{peaks[0]:.0f} … {peaks[-1]:.0f}], {rates[2]:.2f} GB/s of pages")


def logs(path, count):
    """Logs of a file over and over, a millisecond apart, as an index of logs that came in the order of their time."""
    with gzip.open(path, "rt") as file:
        documents = [json.loads(line) for line in file]
    out = tempfile.NamedTemporaryFile(suffix=".ndjson.gz", delete=False)
    with gzip.open(out, "wt", compresslevel=1) as file:
        for number in range(count):
            document = dict(documents[number % len(documents)], time=EPOCH + number)
            file.write(json.dumps(document) + "\n")
    os.chmod(out.name, 0o644)
    return out.name


def machine():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.machine())
    return f"{model}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f} before"


lines = ["# Reading an index", "",
         f"By `make bench-scroll`: {pairs} rounds, everybody in each round, in random order. {machine()}.",
         "Ours counts documents and message bytes; the bare loop looks for its scroll id only."]

if "embedded" in SERVERS:
    server = subprocess.Popen(
        [simulate, "simulate", "--documents", str(DOCUMENTS), "--port", "0"], stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, text=True)
    url = server.stdout.readline().strip()
    decode(url, lines)
    measure(f"The embedded server, {DOCUMENTS:,} documents", url, "logs", lines)
    large(url, lines)
    server.send_signal(signal.SIGTERM)
    server.wait()

for version in (["2.19"] if node and "node" in SERVERS else []):
    started = json.loads(subprocess.run(
        [node, "start", "--version", version, "--heap", "1g", "--ttl", "3600"], check=True, capture_output=True,
        text=True).stdout)
    try:
        file = logs(data, DOCUMENTS)
        subprocess.run([node, "load", started["dir"], file, "--index", "logs", "--shards", "1"], check=True,
                       capture_output=True)
        os.unlink(file)
        measure(f"A real node, {started['version']}, {DOCUMENTS:,} documents, one shard", started["url"], "logs", lines,
                windows=True)
    finally:
        subprocess.run([node, "stop", started["dir"]], check=True, capture_output=True)

with open(results, "w") as file:
    file.write("\n".join(lines) + "\n")
print("\n".join(lines))

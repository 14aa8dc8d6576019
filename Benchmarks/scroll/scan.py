"""opensearch-py's own way to read an index: scan.py URL INDEX SIZE whole|field; one line of JSON."""

import json
import resource
import sys
import time

from opensearchpy import OpenSearch
from opensearchpy.helpers import scan

url, index, size, source = sys.argv[1:5]
start = time.perf_counter()
before = resource.getrusage(resource.RUSAGE_SELF)
client = OpenSearch(url, timeout=120)
query = {"sort": ["_doc"]}
if source == "field":
    query["_source"] = ["log"]
documents = message_bytes = 0
for hit in scan(client, index=index, query=query, size=int(size), preserve_order=True):
    documents += 1
    message_bytes += len(hit["_source"].get("log") or "")
usage = resource.getrusage(resource.RUSAGE_SELF)
cpu = usage.ru_utime + usage.ru_stime - before.ru_utime - before.ru_stime
# What getrusage calls the peak begins with that of the process that started this one.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM:"))
print(json.dumps({
    "documents": documents, "seconds": time.perf_counter() - start, "cpu": cpu, "peakRSS": peak * 1024}))

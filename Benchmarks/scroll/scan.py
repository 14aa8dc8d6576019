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
print(json.dumps({
    "documents": documents, "seconds": time.perf_counter() - start, "cpu": cpu, "peakRSS": usage.ru_maxrss * 1024}))

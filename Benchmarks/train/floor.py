"""What a training step would take at least: its operations at the rate that this machine multiplies matrices of these
shapes at, and its bytes at the rate that it copies."""

import time

import torch

WIDTH, LENGTH = 256, 64
# Query, key, value, output and two layers of the feed-forward with their biases; three norms.
LAYER_PARAMETERS = 6 * (WIDTH * WIDTH + WIDTH) + 3 * 2 * WIDTH


def operations(words, rows, tokens, logs):
    """Multiplications and additions of a step's matrix products, forward and (twice that) backward: of the generator,
    and of the layer, in which keys and values are a token's, the query a log's, all behind the attention a row's."""
    generator = rows * WIDTH * words
    layer = WIDTH * WIDTH * (3 * rows + 2 * (tokens + LENGTH) + logs)
    attention = WIDTH * (tokens + rows * tokens / logs)
    return {"generator": 3 * 2 * generator, "layer": 3 * 2 * (layer + attention)}


def bytes_moved(words):
    """Of Adam over all parameters, which is dense: value and two moments read and written, the gradient written and
    read. Nothing else has to leave the caches."""
    parameters = words * (2 * WIDTH + 1) + LAYER_PARAMETERS
    return 8 * 4 * parameters


def seconds_of(work, device, least=0.4):
    """Of one call, the best of several."""
    def wait():
        if device == "cuda":
            torch.cuda.synchronize()

    for _ in range(3):
        work()
    wait()
    best, begin = float("inf"), time.perf_counter()
    while time.perf_counter() - begin < least:
        start = time.perf_counter()
        for _ in range(5):
            work()
        wait()
        best = min(best, (time.perf_counter() - start) / 5)
    return best


def product_rate(shapes, device, type):
    """Operations a second over matrix products of these (rows, inner, columns)."""
    total, seconds = 0, 0.0
    for rows, inner, columns in shapes:
        a, b = (torch.randn(*size, device=device).to(type) for size in ((rows, inner), (inner, columns)))
        to = torch.empty(rows, columns, device=device, dtype=type)
        seconds += seconds_of(lambda: torch.mm(a, b, out=to), device)
        total += 2 * rows * inner * columns
    return total / seconds


def copy_rate(device):
    """Bytes read and written a second by a copy that no cache holds."""
    a = torch.zeros(1 << 26, device=device)
    b = torch.empty_like(a)
    return 2 * 4 * a.numel() / seconds_of(lambda: b.copy_(a), device)


def floor_of(words, rows, tokens, logs, device, type=torch.float32):
    """The floor of a step of these numbers (means over a run), in seconds, and what it is made of. Adam's numbers are
    float32 whatever the products' type."""
    rows = round(rows)
    work = operations(words, rows, tokens, logs)
    generator = product_rate([(rows, WIDTH, words), (rows, words, WIDTH), (words, rows, WIDTH)], device, type)
    layer = product_rate([(rows, WIDTH, WIDTH)], device, type)
    copied = copy_rate(device)
    products = work["generator"] / generator + work["layer"] / layer
    return {
        "words": words, "rows": rows, "tokens": tokens, "logs": logs, "operations": sum(work.values()),
        "generatorShare": work["generator"] / sum(work.values()), "generatorRate": generator, "layerRate": layer,
        "largeRate": product_rate([(2048, 2048, 2048)], device, type), "bytes": bytes_moved(words),
        "copyRate": copied, "productSeconds": products, "copySeconds": bytes_moved(words) / copied,
        "seconds": products + bytes_moved(words) / copied}

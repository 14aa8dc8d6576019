"""The judge of both sides: a model's files, the original's or ours, on lines that neither side has seen.

Loads nulog_model_latest.pt and vocab.txt into the literal model: every position masked in turn, no dropout. Lines that mask to nothing are left out, since the original forgets their word when it saves. A word without
an id is <UNK>, as when a service scores; both sides have ids for the same words, those of the training lines.
"""

import json

import torch

import literal
from templates import CLS, LENGTH, MASK, NUMBER, UNKNOWN, read_table, read_vocabulary, words_of

ROWS = 1024  # at once
RULE = 0.7


def load(folder, device):
    ids, size = read_vocabulary(folder / "vocab.txt")
    model = literal.Literal(size)
    saved = torch.load(folder / "nulog_model_latest.pt", map_location="cpu", weights_only=True)
    model.load_state_dict(saved["model_state_dict"])
    return ids, model.to(device).eval()


def tokens_of(text, ids):
    """Ids, and which positions count for a score: those whose word holds no digit."""
    words = words_of(text)[:LENGTH]
    tokens = [CLS] + [NUMBER if word == "<NUM>" else ids.get(word, UNKNOWN) for word in words[1:]]
    return tokens, [False] + [not any(map(str.isdigit, word)) for word in words[1:]]


def rows_of(logs):
    """Rows with one position masked, their labels, and which log and position each is of."""
    longest = max(len(tokens) for tokens, _ in logs)
    rows, labels, places = [], [], []
    for log, (tokens, _) in enumerate(logs):
        for position in range(1, len(tokens)):
            rows.append(tokens[:position] + [MASK] + tokens[position + 1 :] + [0] * (longest - len(tokens)))
            labels.append(tokens[position])
            places.append((log, position))
    return torch.tensor(rows), torch.tensor(labels), places


def chunks(logs):
    """Logs of like length together, so that padding stays short; it is masked out, so that a figure does not change."""
    order = sorted(range(len(logs)), key=lambda index: len(logs[index][0]))
    chunk, rows = [], 0
    for index in order:
        chunk.append(index)
        rows += len(logs[index][0]) - 1
        if rows >= ROWS:
            yield chunk
            chunk, rows = [], 0
    if chunk:
        yield chunk


@torch.no_grad()
def positions(model, logs, device):
    """For each log a list of (cross-entropy, rank of the true word, label) by position."""
    results = [[] for _ in logs]
    for chunk in chunks(logs):
        rows, labels, places = rows_of([logs[index] for index in chunk])
        rows, labels = rows.to(device), labels.to(device)
        logits = model.generator(model(rows, None, (rows != 0).unsqueeze(1), None))
        entropy = torch.nn.functional.cross_entropy(logits, labels, reduction="none")
        ranks = (logits > logits.gather(1, labels[:, None])).sum(1)
        figures = zip(places, entropy.tolist(), ranks.tolist(), labels.tolist())
        for (log, _), loss, rank, label in figures:
            results[chunk[log]].append((loss, rank, label))
    return results


def means(results, weights):
    """Mean loss and accuracy over all positions, with a weight a log."""
    positions = sum(weight * len(log) for log, weight in zip(results, weights))
    return tuple(
        sum(weight * sum(map(figure, log)) for log, weight in zip(results, weights)) / positions
        for figure in (lambda position: position[0], lambda position: position[1] == 0))


def score(log, counts):
    ranks = [rank for (_, rank, _), isCounted in zip(log, counts[1:]) if isCounted]
    return sum(rank < 50 for rank in ranks) / len(ranks) if ranks else 1.0


def once_only(table, model, ids, device, scores):
    """Of a table of templates that nobody trained on, and that a model should find normal: the share that the original's
    rule calls anomalous, by the judge and by a file of `opnilog-train score`."""
    texts = [text for text, _ in read_table(table)]
    logs = [tokens_of(text, ids) for text in texts]
    judged = [score(log, counted) for log, (_, counted) in zip(positions(model, logs, device), logs)]
    result = {"once": len(texts), "onceAnomalous": anomalous(judged)}
    if scores:
        with open(scores) as file:
            given = {line["masked"]: line["score"] for line in map(json.loads, file)}
        result["onceAnomalousByScore"] = anomalous([given[text] for text in texts])
        result["scoresThatDiffer"] = sum(abs(own - given[text]) > 1e-6 for own, text in zip(judged, texts))
    return result


def anomalous(scores):
    return sum(score < RULE for score in scores) / max(1, len(scores))


def judge(folder, table, device, once=None, scores=None):
    """Mean cross-entropy and accuracy over all masked positions of a table's lines, with a weight of 1 a line, and with
    √f for a template of f lines, as the original draws what it trains and evaluates on.

    once: a table for `once_only`. scores: the NDJSON of `opnilog-train score` over the same lines."""
    ids, model = load(folder, device)
    templates = [(text, lines) for text, lines in read_table(table) if text]
    logs = [tokens_of(text, ids) for text, _ in templates]
    lines = [lines for _, lines in templates]
    judged = positions(model, logs, device)
    result = {"positions": sum(count * len(log) for count, log in zip(lines, judged)), "lines": sum(lines)}
    result["loss"], result["accuracy"] = means(judged, lines)
    result["drawLoss"], result["drawAccuracy"] = means(judged, [count**0.5 for count in lines])
    if once:
        result.update(once_only(once, model, ids, device, scores))
    return result

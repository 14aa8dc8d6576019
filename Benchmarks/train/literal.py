"""The original's model, written for the benchmark from its description: every module that it has, and nothing shared
between rows. Parameters bear the names of its files, so that either side's model loads."""

import copy
import math

import torch
from torch import nn

WIDTH, HEADS, LENGTH, DROPOUT = 256, 8, 64, 0.1


class Norm(nn.Module):
    """Over the unbiased standard deviation, not the variance."""

    def __init__(self):
        super().__init__()
        self.a_2 = nn.Parameter(torch.ones(WIDTH))
        self.b_2 = nn.Parameter(torch.zeros(WIDTH))

    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        deviation = x.std(-1, keepdim=True)
        return self.a_2 * (x - mean) / (deviation + 1e-6) + self.b_2


class Attention(nn.Module):
    def __init__(self):
        super().__init__()
        self.linears = nn.ModuleList(nn.Linear(WIDTH, WIDTH) for _ in range(4))
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, query, key, value, mask):
        def heads(linear, x):
            return linear(x).view(x.size(0), -1, HEADS, WIDTH // HEADS).transpose(1, 2)

        q, k, v = (heads(linear, x) for linear, x in zip(self.linears, (query, key, value)))
        scores = torch.matmul(q, k.transpose(-2, -1)) / math.sqrt(WIDTH // HEADS)
        scores = scores.masked_fill(mask.unsqueeze(1) == 0, -1e9)
        weights = self.dropout(torch.softmax(scores, dim=-1))
        joined = torch.matmul(weights, v).transpose(1, 2).contiguous().view(query.size(0), -1, WIDTH)
        return self.linears[3](joined)


class FeedForward(nn.Module):
    def __init__(self):
        super().__init__()
        self.w_1 = nn.Linear(WIDTH, WIDTH)
        self.w_2 = nn.Linear(WIDTH, WIDTH)
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x):
        return self.w_2(self.dropout(torch.relu(self.w_1(x))))


class Sublayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = Norm()
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x, inner):
        return self.norm(x + self.dropout(inner(x)))


class EncoderLayer(nn.Module):
    def __init__(self):
        super().__init__()
        self.self_attn = Attention()
        self.feed_forward = FeedForward()
        self.sublayer = nn.ModuleList([Sublayer(), Sublayer()])

    def forward(self, x, mask):
        x = self.sublayer[0](x, lambda y: self.self_attn(y, y, y, mask))
        return self.sublayer[1](x, self.feed_forward)


class DecoderLayer(nn.Module):
    """There in every file, and never used."""

    def __init__(self):
        super().__init__()
        self.self_attn = Attention()
        self.src_attn = Attention()
        self.feed_forward = FeedForward()
        self.sublayer = nn.ModuleList([Sublayer(), Sublayer(), Sublayer()])


class Stack(nn.Module):
    """One layer, as the original is used, and a norm behind it."""

    def __init__(self, layer):
        super().__init__()
        self.layers = nn.ModuleList([layer])
        self.norm = Norm()

    def forward(self, x, mask):
        for layer in self.layers:
            x = layer(x, mask)
        return self.norm(x)


class Embedding(nn.Module):
    def __init__(self, words):
        super().__init__()
        self.lut = nn.Embedding(words, WIDTH)

    def forward(self, x):
        return self.lut(x) * math.sqrt(WIDTH)


class Positions(nn.Module):
    def __init__(self):
        super().__init__()
        self.dropout = nn.Dropout(DROPOUT)
        place = torch.arange(LENGTH).unsqueeze(1)
        rate = torch.exp(torch.arange(0, WIDTH, 2) * -(math.log(10000.0) / WIDTH))
        table = torch.zeros(LENGTH, WIDTH)
        table[:, 0::2] = torch.sin(place * rate)
        table[:, 1::2] = torch.cos(place * rate)
        self.register_buffer("pe", table.unsqueeze(0))

    def forward(self, x):
        return self.dropout(x + self.pe[:, : x.size(1)])


class Generator(nn.Module):
    """Of position 0 alone."""

    def __init__(self, words):
        super().__init__()
        self.proj = nn.Linear(WIDTH, words)

    def forward(self, x):
        return self.proj(x[:, 0, :])


class Literal(nn.Module):
    """Encoder and decoder with an embedding each, of which the encoder's half works. `words`: rows of embedding and
    generator. `forward` wants tokens and a mask `[rows, 1, length]`, and takes the decoder's two for nothing."""

    def __init__(self, words):
        super().__init__()
        positions = Positions()
        self.encoder = Stack(EncoderLayer())
        self.decoder = Stack(DecoderLayer())
        self.src_embed = nn.Sequential(Embedding(words), copy.deepcopy(positions))
        self.tgt_embed = nn.Sequential(Embedding(words), copy.deepcopy(positions))
        self.generator = Generator(words)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter)

    def forward(self, source, target, source_mask, target_mask):
        return self.encoder(self.src_embed(source), source_mask)

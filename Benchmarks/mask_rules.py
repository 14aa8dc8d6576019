"""The mask rules in plain Python `re`: what `make bench-mask` compares with. One substitution a rule, in their order."""

import re

BEFORE, AFTER = r"((?<=[^A-Za-z0-9])|^)", r"((?=[^A-Za-z0-9])|$)"
MARKS = r"!\(\)\-\.\?\[\]_`~;:@#$%^&+=\*"
MONTHS = (
    r"Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|Jun(?:e)?|Jul(?:y)?|Aug(?:ust)?"
    r"|Sep(?:tember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?"
)
UNITS = r"s|ds|cs|ms|µs|ns|ps|fs|as|zs|ys"

ESCAPE = re.compile(r"(\x9B|\x1B\[)[0-?]*[ -/]*[@-~]")
FIRST = [
    ("<URL>", r"(http|ftp|https)://([\w_-]+(?:(?:\.*[\w_-]+)+))([\w.,@?^=%&:/~+#-]*[\w@?^=%&/~+#-])?"),
    (
        "<UTC_DATE>",
        r"\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[1-2]\d|3[0-1])[T|\s](?:[0-1]\d|2[0-3]):[0-5]\d:[0-5]\d"
        r"(?:\.\d+|)[(?:Z|(?:\+|\-)(?:\d{2}):?(?:\d{2}))]",
    ),
    ("<KLOG_DATE>", r"[IWEF]\d{4}\s\d{2}:\d{2}:\d{2}[\.\d+]*"),
    ("<CUSTOM_DATE>", rf"({MONTHS})\s+(\d{{1,2}}) (2[0-3]|[01]?[0-9]):([0-5]?[0-9]):([0-5]?[0-9])"),
]
SPACED = re.compile(r"[=|:]")
SECOND = [
    ("<GO_FILE_PATH>", r"[^\s]+\.go : [0-9]+"),
    ("<EMAIL_ADDRESS>", r"[a-z0-9]+[\._]?[a-z0-9]+[@]\w+[.]\w{2,3}"),
    ("<IP>", BEFORE + r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}\/\d{1,3})" + AFTER),
    ("<IP>", BEFORE + r"(\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3})" + AFTER),
    ("<DURATION>", BEFORE + rf"(\d+\.\d+\s*({UNITS}))" + AFTER),
    ("<PATH>", r"(/[a-zA-Z_\-\./\(?:[0-9]+[a-zA-Z0-9]|[a-zA-Z]+[0-9]\)]*[\s]?)"),
    ("<TOKEN_WITH_DIGIT>", rf"(?:[0-9]+[a-zA-Z{MARKS}]|[a-zA-Z{MARKS}]+[0-9])[a-zA-Z0-9{MARKS}]*"),
    ("<NUM>", BEFORE + r"([\-\+]?\d*\.?\d+)" + AFTER),
    ("<EMPTY_SET>", r"{[\s]*}"),
    ("<EMPTY_LIST>", r"\[[\s]*\]"),
]
FIRST = [(mask, re.compile(pattern)) for mask, pattern in FIRST]
SECOND = [(mask, re.compile(pattern)) for mask, pattern in SECOND]
SPLIT = re.compile(r"""([|:| \(|\)|\[|\]\'|\{|\}|"|,|=])""")
DROPPED = r"""([| \(|\)|\[|\]\'|\{|\}|"|,])"""


def mask(message):
    text = ESCAPE.sub("", message)
    for name, pattern in FIRST:
        text = pattern.sub(name, text)
    text = SPACED.sub(r" \g<0> ", text)
    text = text.replace("\n", " ").replace("\r", " ").replace("\t", " ")
    for name, pattern in SECOND:
        text = pattern.sub(name, text)
    return " ".join(piece for piece in SPLIT.split(text) if piece not in DROPPED).lower()
